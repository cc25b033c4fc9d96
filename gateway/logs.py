"""One structured line per request: request id, caller, status, milliseconds; no query string, no header, no key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import FilteringBoundLogger, Processor

from gateway.logbook import Entry

_ATOMIC = 4096
"""Several processes write to one pipe: so many characters at once are never torn apart by another's (PIPE_BUF)."""


def logger(log_format: str, stream: TextIO | None = None) -> FilteringBoundLogger:
    """A logger that writes JSON lines for machines, or readable ones for a terminal."""
    # Tracebacks without the values of local variables: a key may be among them.
    in_json = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([in_json] if log_format == "json" else []),
        _renderer(log_format),
    ]
    made: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stdout),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        cache_logger_on_first_use=True,
    ).bind()
    return made


def request_lines(log_format: str, stream: TextIO | None = None) -> Callable[[Sequence[Entry]], None]:
    """Writes one line per answered request, in the form of :func:`logger`'s lines, and many at once."""
    render = _renderer(log_format)
    out = stream or sys.stdout

    def write(entries: Sequence[Entry]) -> None:
        pending: list[str] = []
        size = 0
        for one in entries:
            line = f"{render(None, 'info', _facts(one))!s}\n"
            if pending and size + len(line) > _ATOMIC:
                _send(pending, out)
                pending, size = [], 0
            pending.append(line)
            size += len(line)
        _send(pending, out)

    return write


def _send(lines: Sequence[str], out: TextIO) -> None:
    out.write("".join(lines))
    out.flush()


def _renderer(log_format: str) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _facts(entry: Entry) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "request_id": entry.request_id,
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "caller": entry.caller,
        "ms": round(entry.seconds * 1000, 2),
        "memo": entry.memo,
    }
    if entry.failure:
        facts |= {"failure": entry.failure, "address": entry.address}
    return facts | {"event": "request", "level": "info", "timestamp": entry.at.isoformat().replace("+00:00", "Z")}
