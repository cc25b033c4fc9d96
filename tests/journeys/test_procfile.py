"""The Procfile's roles as they stand, under a Procfile runner, against Redis and PostgreSQL."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import requests
from rich.console import Console

from demo.teller import Teller
from demo.walk import Walk
from tests.conftest import SECRET_KEY
from tests.processes import Product, SandboxProcess, free_port, until


def test_the_demos_walk_passes_through_the_procfiles_roles(
    sandbox: SandboxProcess, postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    product = Product(
        {
            "DATABASE_URL": postgres_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET_KEY,
            "PUBLIC_URL": address,
            "AVAILABILITY_POLL_SECONDS": "2",
            "PUSH_STATUS_SECONDS": "5",
            **sandbox.env,
        },
        tmp_path,
    )
    honcho = [*product.python, "-m", "honcho", "start", "--no-colour"]
    release = product.start("release", [*honcho, "release"], product.env)
    assert release.process.wait(60) == 0, release.tail()
    story = (tmp_path / "story.log").open("w", encoding="utf-8")
    walk = Walk(Teller(Console(file=story, highlight=False)), sandbox, product)
    try:
        walk.prepare()
        roles = product.start("roles", [*honcho, "web", "worker"], product.env | {"PORT": str(port)})
        roles.wait_ready(lambda: _alive(address), 60)

        walk.main_job(address)

        os.kill(roles.process.pid, signal.SIGTERM)
        until(lambda: not roles.running, 30, "the roles to stop when asked")
    finally:
        story.close()
        product.stop()


def _alive(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=2).ok
    except requests.RequestException:
        return False
