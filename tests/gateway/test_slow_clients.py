"""Whoever sends slowly waits by himself: threads are for requests that have arrived."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from demo.processes import ROOT, Child, environment, until
from gateway.worker import is_whole
from tests.conftest import SECRET_KEY
from tests.processes import free_port

HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
MANY = 40
"""Far more than threads."""
Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path, sqlite_url: str) -> Iterator[Start]:
    """Starts a gateway of two threads as it ships, but for its patience in seconds; answers its address."""
    children: list[Child] = []

    def run(*, whole: int = 10, queue: int = 30, status: int = 200) -> str:
        conf = tmp_path / "conf.py"
        conf.write_text(
            f"import runpy\nfrom gateway import worker\nworker.WHOLE_SECONDS, worker.QUEUE_SECONDS = {whole}, {queue}\n"
            f"globals().update(runpy.run_path({str(ROOT / 'gunicorn.conf.py')!r}))\n"
        )
        address = f"http://127.0.0.1:{free_port()}"
        settings = {"SECRET_KEY": SECRET_KEY, "PUBLIC_URL": address, "LOG_FORMAT": "json", "DATABASE_URL": sqlite_url}
        env = environment(settings | {"WEB_THREADS": "2", "DRAIN_SECONDS": "0"})
        command = [sys.executable, "-m", "gunicorn", "-c", str(conf), "wsgi:app", "--bind", urlsplit(address).netloc]
        child = Child("gateway", command, log=tmp_path / "gateway.log", env=env)
        children.append(child)
        child.wait_ready(lambda: health(address) == status, 30)
        return address

    yield run
    for child in children:
        child.stop()


def health(address: str) -> int:
    try:
        return requests.get(f"{address}/healthz", timeout=5).status_code
    except requests.RequestException:
        return 0


def connected(address: str, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=20)
    made.sendall(sent)
    return made


def answer(client: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one answer."""
    received = b""
    while not (parts := received.partition(b"\r\n\r\n"))[1] or len(parts[2]) < length(parts[0]):
        more = client.recv(4096)
        assert more, received
        received += more
    return parts[0], parts[2]


def length(head: bytes) -> int:
    lines = [line.partition(b":") for line in head.split(b"\r\n")]
    return next((int(value) for name, _, value in lines if name.lower() == b"content-length"), 0)


SLOW = {
    "silent": b"",
    "one letter": b"G",
    "half a head": HEAD,
    "behind empty lines": b"\r\n\r\n" + HEAD,
    "half a body": b"POST /hooks/sales HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n{",
    "half of the second": HEAD + b"\r\n" + HEAD,
}


def test_slow_clients_take_no_thread_from_others(start: Start):
    address = start()
    for name, begun in SLOW.items():
        slow = [connected(address, begun) for _ in range(MANY)]
        assert [health(address) for _ in range(5)] == [200] * 5, name
        for client in slow:
            client.close()
    assert health(address) == 200


def test_a_request_that_comes_in_pieces_is_answered_like_any_other(start: Start):
    address = start()
    client = connected(address)
    for piece in (b"GET /hea", b"lthz HTTP/1.1\r\nHo", b"st: a\r", b"\n\r", b"\n" + HEAD, b"\r\n"):
        client.sendall(piece)
        assert health(address) == 200
    received = b""
    while received.count(b"HTTP/1.1 200 OK") < 2:  # the connection is kept for the second
        more = client.recv(4096)
        assert more, received
        received += more
    client.close()


def test_a_request_that_never_comes_whole_is_told_so(start: Start, tmp_path: Path):
    address = start(whole=1)
    client, silent = connected(address, HEAD), connected(address)
    head, body = answer(client)
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n") and b"Connection: close" in head
    assert json.loads(body)["error"]["code"] == "Internal_ServerError"
    assert client.recv(1) == b""
    assert silent.recv(1) == b"", "who says nothing is not answered either"

    def logged() -> list[dict[str, object]]:
        lines = [json.loads(line) for line in (tmp_path / "gateway.log").read_text().splitlines() if line[:1] == "{"]
        return [line for line in lines if line.get("failure") == "slow"]

    until(logged, 5, "the refusal in the log")
    assert logged()[0]["status"] == 408 and logged()[0]["address"] == "127.0.0.1"
    client.close()
    silent.close()


def test_a_request_that_waited_too_long_for_a_thread_is_told_when_to_come_back(start: Start):
    address = start(queue=-1, status=503)
    refused = requests.get(f"{address}/healthz", timeout=5)
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert refused.json()["error"]["code"] == "Internal_TenantUnavailable"


@pytest.mark.parametrize(
    ("received", "whole"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False),
        (b"\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"POST / HTTP/1.1\r\ncontent-length:2\r\nExpect: 100-continue\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"x" * 70_000, True),
    ],
)
def test_what_counts_as_a_whole_request(received: bytes, whole: bool):
    assert is_whole(received) is whole
