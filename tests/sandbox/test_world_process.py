"""``python -m sandbox`` as a process: its settings file, its answers, and its end."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import requests

PATIENCE = 60


def test_it_says_where_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env_file = tmp_path / "folder" / "sandbox.env"
    command = [sys.executable, "-m", "sandbox", "--env-file", str(env_file), "--faults", '{"kind":"503"}']
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        assert lines[0].endswith("is up.\n")
        settings = dict(one.split("=", 1) for one in shlex.split(env_file.read_text("utf-8")))
        assert not any(settings["ENTRA_CLIENT_SECRET"] in line for line in lines)
        assert env_file.stat().st_mode & 0o077 == 0
        bundle = Path(settings["REQUESTS_CA_BUNDLE"])
        assert bundle.read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert settings["BC_URL"].endswith("/v2.0/contoso/sandbox")
        root = settings["BC_URL"].removesuffix("/v2.0/contoso/sandbox")
        with requests.Session() as session:
            session.trust_env = False
            for address in (root, settings["SALES_URL"]):
                health = session.get(f"{address}/_sandbox/health", timeout=PATIENCE).json()
                assert health["company"] == settings["BC_COMPANY"]
            assert session.get(f"{settings['SALES_URL']}/api/data/v9.2/", timeout=PATIENCE).status_code == 503
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert (env_file.exists(), bundle.exists()) == (False, False)
    finally:
        process.kill()
        process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def test_a_wrong_option_ends_it_with_2_and_a_reason() -> None:
    command = [sys.executable, "-m", "sandbox", "--faults", "often:1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 2
    assert "expected one of before, after" in ended.stderr
