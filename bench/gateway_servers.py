"""The servers that are measured, each as its own processes, and what processor time they take.

All Python ones run under ``gunicorn.conf.py``, with the same number of processes. CAP gets as many of its own.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import requests

from bench.gateway_world import COMPANY, USER
from demo.processes import ROOT, Child, environment, free_port

CAP = Path(__file__).with_name("cap")
CAP_NODE = 20
"""The oldest Node that the pinned CAP runs on."""
CAP_KEY = secrets.token_urlsafe(33)
_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    child: Child
    address: str

    def processor_seconds(self) -> float:
        """What its processes have used so far: those of its session, this is how each child is started."""
        ticks = 0
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text("utf-8").rpartition(")")[2].split()
                except OSError:
                    continue  # it has just ended
                if int(fields[3]) == self.child.process.pid:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS


class Servers:
    """Starts servers and ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []

    def gateway(self, name: str, settings: Mapping[str, str]) -> Server:
        """The gateway exactly as it ships."""
        return self._gunicorn(name, ["wsgi:app"], settings)

    def bare(self, name: str, application: str, settings: Mapping[str, str], answers: Path) -> Server:
        """Something of :mod:`bench.gateway_bare` under the gateway's own gunicorn settings."""
        conf = str(ROOT / "bench" / "gateway_bare_conf.py")
        return self._gunicorn(name, ["-c", conf, application], {**settings, "BENCH_ANSWERS": str(answers)})

    def _gunicorn(self, name: str, arguments: list[str], settings: Mapping[str, str]) -> Server:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "gunicorn", *arguments, "--bind", f"127.0.0.1:{port}"]
        env = environment({"PUBLIC_URL": address, **settings})
        return self._start(name, command, env, address, "/healthz")

    def cap(self, name: str, database_url: str, processes: int) -> Server:
        """The same service on SAP CAP; its table is made from the gateway's."""
        _fill_flat_table(database_url)
        port = free_port()
        found = urlsplit(database_url)
        credentials = {
            "host": found.hostname,
            "port": found.port,
            "user": found.username,
            "password": found.password or "",
            "database": found.path.lstrip("/"),
        }
        config = {
            "requires": {
                "db": {"kind": "postgres", "credentials": credentials},
                "auth": {"kind": "basic", "users": {USER: {"password": CAP_KEY}}},
            }
        }
        env = {
            "NODE_ENV": "production",
            "PORT": str(port),
            "CDS_WORKERS": str(processes),
            "CDS_CONFIG": json.dumps(config),
        }
        command = ["node", str(CAP / "node_modules" / "@sap" / "cds" / "bin" / "serve.js")]
        return self._start(name, command, environment(env), f"http://127.0.0.1:{port}", "/", cwd=CAP)

    def _start(
        self, name: str, command: list[str], env: Mapping[str, str], address: str, path: str, cwd: Path = ROOT
    ) -> Server:
        child = Child(name, command, log=self._folder / f"{name.replace(' ', '-')}.log", env=env, cwd=cwd)
        self._children.append(child)
        child.wait_ready(lambda: _answers(address + path), _START_SECONDS)
        return Server(name, child, address)

    def stop(self) -> None:
        for child in self._children:
            child.stop()


def _answers(address: str) -> bool:
    try:
        requests.get(address, timeout=5)
    except requests.RequestException:
        return False
    return True


def why_no_cap() -> str:
    """Why CAP cannot be compared with here, or nothing; installs what bench/cap pins when it is not there."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "node and npm are not on this machine: apt-get install npm"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < CAP_NODE:
        return f"node {version} is too old, CAP needs {CAP_NODE} or newer"
    mark, lock = CAP / "node_modules" / ".package-lock.json", CAP / "package-lock.json"
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
        ended = subprocess.run(command, cwd=CAP, capture_output=True, text=True, check=False, timeout=600)
        if ended.returncode:
            return f"npm ci ended with code {ended.returncode}: {ended.stderr.strip()[-300:]}"
    return ""


def _fill_flat_table(database_url: str) -> None:
    """What CAP answers from: the gateway's rows, joined beforehand, with an index for each question."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE IF EXISTS availability_rows CASCADE")
        connection.execute(
            """
            CREATE TABLE availability_rows AS
            SELECT c.sales_id AS crm_id, c.bc_id AS integration_id, c.table_id, i.number AS itemno,
                   i.base_unit AS uom, i.inventory / 100000.0 AS inventory  -- kept in hundred-thousandths
            FROM couplings c JOIN availability_items i ON i.company_id = c.company_id AND i.item_id = c.bc_id
            WHERE c.company_id = %s AND c.mapping = 'ITEM-PRODUCT'
            """,
            (COMPANY.id,),
        )
        connection.execute("ALTER TABLE availability_rows ADD PRIMARY KEY (crm_id, integration_id)")
        connection.execute("CREATE INDEX ON availability_rows (itemno text_pattern_ops)")
        # The view that cds deploy would make of the service's projection.
        connection.execute("CREATE VIEW availability_productitemavailability AS SELECT * FROM availability_rows")
        connection.execute("ANALYZE availability_rows")
