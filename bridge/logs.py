"""Logging: one line per finished unit of work, values as fields; JSON for machines, plain text for a terminal.

Everything goes to standard error, so that a command's answer stays alone on standard output. What libraries log through
the standard library comes out in the same shape. Secrets and customer data are never passed to a logger; as a second
door, fields with a telling name are blanked.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import Processor

_TELLING = ("secret", "password", "access_key", "authorization", "token", "assertion")
_CHATTY = {"urllib3": logging.WARNING, "msal": logging.WARNING, "alembic": logging.WARNING, "dramatiq": logging.WARNING}


def set_up(log_format: Literal["json", "text"], *, level: int = logging.INFO) -> None:
    """Set up logging for this process. Calling it again replaces what was set up before."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _blank_secrets,
    ]
    last: list[Processor]
    if log_format == "json":
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    else:
        # plain tracebacks: richer ones print local variables, and a secret may be among them
        plain = structlog.dev.plain_traceback
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, at_least in _CHATTY.items():
        logging.getLogger(name).setLevel(max(at_least, level))


def _blank_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        if any(word in name.lower() for word in _TELLING):
            event[name] = "***"
    return event
