"""What the gateway is compared with: a bare WSGI callable, and the smallest Flask view, that give the same bytes.

Both look the answer up by the request's target in a file of answers that were the gateway's (BENCH_ANSWERS, pickled by
:mod:`bench.gateway_world` of this same run). They check no key, count nothing and write no line.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, request

Question = tuple[str, str | None]
Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers, body."""


def _answers() -> dict[Question, Answer]:
    answers: dict[Question, Answer] = pickle.loads(Path(os.environ["BENCH_ANSWERS"]).read_bytes())
    return answers


class Bare:
    """The WSGI callable."""

    def __init__(self) -> None:
        self._answers = _answers()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, headers, body = self._answers[environ["RAW_URI"], environ.get("HTTP_IF_NONE_MATCH")]
        start_response(status, headers)
        return [body]


def create_flask() -> Flask:
    """One view on one route."""
    app = Flask(__name__, static_folder=None)
    answers = _answers()

    @app.get("/<path:path>")
    def answer(path: str) -> Response:
        status, headers, body = answers[request.environ["RAW_URI"], request.environ.get("HTTP_IF_NONE_MATCH")]
        return Response(body, status, headers)

    return app
