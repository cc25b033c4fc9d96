"""What a load balancer sees: a process that answers, one that cannot serve, one that is about to stop."""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bridge.records import Side
from bridge.secrets import hook_secret
from tests.conftest import SECRET_KEY
from tests.processes import Gateway, Product, SandboxProcess, free_port, until

NOWHERE = {
    "SALES_URL": "http://127.0.0.1:9",
    "BC_URL": "http://127.0.0.1:9/v2.0/none/none",
    "BC_COMPANY": "Nobody",
    "SECRET_KEY": SECRET_KEY,
}
"""Both remote systems at an address where nothing listens."""


def test_alive_answers_in_milliseconds_with_everything_behind_it_down(tmp_path: Path) -> None:
    closed = free_port()
    product = Product(
        NOWHERE
        | {
            "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{closed}/none?connect_timeout=2",
            "REDIS_URL": f"redis://127.0.0.1:{closed}/0",
        },
        tmp_path,
    )
    try:
        gateway = product.gateway()
        seconds = []
        for _ in range(50):
            began = time.monotonic()
            assert gateway.get("/healthz").status_code == 200
            seconds.append(time.monotonic() - began)
        assert statistics.median(seconds) < 0.05, f"median {statistics.median(seconds):.3f} s"

        ready = gateway.get("/readyz")

        assert ready.status_code == 503
        checks = {check["name"]: check for check in ready.json()["checks"]}
        assert checks["database"]["status"] == "failed"
        assert checks["database"]["hint"]
    finally:
        product.stop()


def test_ready_turns_503_while_the_database_is_away_and_comes_back_by_itself(
    sandbox: SandboxProcess, postgres_url: str, tmp_path: Path
) -> None:
    product = Product({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": postgres_url, **sandbox.env}, tmp_path)
    product.bridge("refresh-availability", "--full").expect(0)
    try:
        gateway = product.gateway()
        until(lambda: gateway.get("/readyz").status_code == 200, 20, "the gateway to be ready")

        _let_in(postgres_url, False)
        until(lambda: gateway.get("/readyz").status_code == 503, 20, "the gateway to say that it cannot serve")
        assert gateway.get("/healthz").status_code == 200

        _let_in(postgres_url, True)
        until(lambda: gateway.get("/readyz").status_code == 200, 20, "the gateway to be ready again")
    finally:
        product.stop()


def test_remote_systems_away_mean_degraded_and_not_unready(
    start_sandbox: Callable[..., SandboxProcess], install: Callable[..., Product]
) -> None:
    """Sending requests elsewhere would help nobody: every process has the same aged answers."""
    sandbox = start_sandbox()
    product = install(sandbox, AVAILABILITY_MAX_AGE="1", AVAILABILITY_STALE_IF_ERROR="600")
    product.bridge("refresh-availability", "--full").expect(0)
    gateway = product.gateway()

    sandbox.stop()

    until(lambda: gateway.get("/readyz").json()["status"] == "degraded", 20, "the gateway to call itself degraded")
    assert gateway.get("/readyz").status_code == 200


def test_a_stopping_gateway_turns_unready_first_and_finishes_what_it_has(
    sandbox: SandboxProcess, product: Product
) -> None:
    product.bridge("refresh-availability", "--full").expect(0)
    gateway = product.gateway(DRAIN_SECONDS="3")
    until(lambda: gateway.get("/readyz").status_code == 200, 20, "the gateway to be ready")
    with _half_a_request(gateway) as connection:
        gateway.child.process.terminate()

        until(lambda: gateway.get("/readyz").status_code == 503, 3, "the gateway to turn unready")
        assert gateway.get("/healthz").status_code == 200, "it stopped answering before anybody could know"
        connection.sendall(b"}")
        connection.settimeout(10)

        assert connection.recv(1000).split(b"\r\n")[0].split(b" ")[1] == b"204"
    until(lambda: not gateway.child.running, 20, "the gateway to end")
    assert gateway.child.process.returncode == 0, gateway.child.tail()


def _half_a_request(gateway: Gateway) -> socket.socket:
    """A connection on which a webhook has been sent, all but its last byte."""
    address = urlsplit(gateway.address)
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=10)
    body = json.dumps({"MessageName": "Update"}).encode()
    head = (
        "POST /hooks/sales HTTP/1.1",
        f"Host: {address.netloc}",
        f"x-bridge-key: {hook_secret(SECRET_KEY, Side.SALES)}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body[:-1])
    return connection


def _let_in(url: str, allowed: bool) -> None:
    """Open the database to connections, or close it and end those there are."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        word = sql.SQL("true" if allowed else "false")
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), word))
        if not allowed:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
