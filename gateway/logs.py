"""One structured line per request: request id, caller, status, milliseconds; no query string, no header, no key."""

from __future__ import annotations

import sys
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import FilteringBoundLogger, Processor


def logger(log_format: str, stream: TextIO | None = None) -> FilteringBoundLogger:
    """A logger that writes JSON lines for machines, or readable ones for a terminal."""
    # Tracebacks without the values of local variables: a key may be among them.
    in_json = (
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(),
    )
    in_text = (structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),)
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *(in_json if log_format == "json" else in_text),
    ]
    made: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stdout),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        cache_logger_on_first_use=True,
    ).bind()
    return made
