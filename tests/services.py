"""A real Redis and a real PostgreSQL for tests, started by the test session that needs them and ended with it.

``python -m tests.services`` looks whether they are on this machine and installs them with Debian's package manager when
they are not. Where neither can be had it fails, loudly, unless ALLOW_MISSING_SERVICES=1.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from functools import cached_property
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from demo.processes import Child, ChildFailed, environment, free_port

PACKAGES = {"Redis": "redis-server", "PostgreSQL": "postgresql", "Node": "npm", "Chromium": "chromium"}
SERVERS = frozenset({"Redis", "PostgreSQL"})
SCRIPTS = Path(__file__).parent / "thirdparty" / "js"
"""Where the clients written in JavaScript are, with what they need pinned in package-lock.json."""
IN_A_BROWSER = Path(__file__).parent / "form_script" / "js"
"""The same for what runs in Chromium."""


def find_redis() -> Path | None:
    found = shutil.which("redis-server")
    return Path(found) if found else None


def find_postgres() -> Path | None:
    """The folder that holds both ``initdb`` and ``postgres``, the newest version first."""
    versioned = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*versioned, *([Path(on_path).parent] if on_path else [])]
    return next((path for path in candidates if (path / "initdb").exists() and (path / "postgres").exists()), None)


def find_node() -> Path | None:
    """The ``node`` program, if there is ``npm`` beside it."""
    found = shutil.which("node")
    return Path(found) if found and shutil.which("npm") else None


def find_chromium() -> Path | None:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return Path(found) if found else None


def missing() -> list[str]:
    """Names of the programs this machine does not have."""
    found = {
        "Redis": find_redis(),
        "PostgreSQL": find_postgres(),
        "Node": find_node(),
        "Chromium": find_chromium(),
    }
    return [name for name, path in found.items() if path is None]


class Node:
    """Runs scripts and tools of :data:`SCRIPTS`. What they need is installed when the first test asks."""

    def __init__(self) -> None:
        program = find_node()
        assert program is not None, "no node on this machine"
        self._program = program
        install_scripts(SCRIPTS)

    def run(self, script: str, **env: str) -> str:
        """Run a script to its end; what it printed. CalledProcessError with its error output when it fails."""
        return self._call([str(self._program), str(SCRIPTS / script)], env)

    def tool(self, name: str, *arguments: str) -> str:
        """Run an installed tool to its end."""
        return self._call([str(SCRIPTS / "node_modules" / ".bin" / name), *arguments], {})

    def _call(self, command: list[str], env: dict[str, str]) -> str:
        done = subprocess.run(
            command, cwd=SCRIPTS, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
        done.check_returncode()
        return done.stdout


def install_scripts(folder: Path) -> None:
    """Install what the folder's lock file pins, unless it is there already."""
    mark = folder / "node_modules" / ".package-lock.json"
    lock = folder / "package-lock.json"
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=600)


def allowed_to_be_missing() -> bool:
    return os.environ.get("ALLOW_MISSING_SERVICES") == "1"


class Services:
    """Both servers, each started when first asked for. :meth:`stop` ends them and removes their files."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bridge-services-")
        self._children: list[Child] = []
        self.folder = Path(self._folder.name)
        self.folder.chmod(0o755)

    @cached_property
    def redis_url(self) -> str:
        """Database 0 of a Redis that keeps nothing on disk."""
        program = find_redis()
        assert program is not None, "no redis-server on this machine"
        port = free_port()
        command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = self._start("redis", [*command, "--dir", str(self.folder)])
        with redis.Redis(port=port) as client:
            server.wait_ready(lambda: _answers(client), 20)
        return f"redis://127.0.0.1:{port}/0"

    def empty_redis(self) -> str:
        """The Redis, with nothing in it."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()
        return self.redis_url

    def new_database(self, template: str = "template1") -> str:
        """URL of a fresh PostgreSQL database, a copy of ``template``."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(f"{self._postgres}/postgres", autocommit=True) as connection:
            command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
        return f"{self._postgres}/{name}"

    def drop_database(self, url: str) -> None:
        with psycopg.connect(f"{self._postgres}/postgres", autocommit=True) as connection:
            name = sql.Identifier(url.rpartition("/")[2])
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def stop(self) -> None:
        for child in reversed(self._children):
            child.stop()
        self._folder.cleanup()

    @cached_property
    def _postgres(self) -> str:
        programs = find_postgres()
        assert programs is not None, "no PostgreSQL on this machine"
        account = _ordinary_account()
        data = self.folder / "postgres"
        data.mkdir(mode=0o700)
        os.chown(data, account.pw_uid, account.pw_gid)
        make = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        making = self._start("initdb", [*make, "--no-sync"], account)
        if making.process.wait(60):
            raise ChildFailed(f"initdb ended with code {making.process.returncode}.\n{making.tail()}")
        port = free_port()
        server = self._start("postgres", [str(programs / "postgres"), "-D", str(data), *_options(port)], account)
        url = f"postgresql://postgres@127.0.0.1:{port}"
        server.wait_ready(lambda: _accepts(f"{url}/postgres"), 30)
        return url

    def _start(self, name: str, command: list[str], account: pwd.struct_passwd | None = None) -> Child:
        child = Child(
            name,
            command,
            log=self.folder / f"{name}.log",
            env=environment({}),
            cwd=self.folder,
            **(_as_account(account) if account else {}),
        )
        self._children.append(child)
        return child


def _options(port: int) -> list[str]:
    settings = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",  # tests lose nothing when the machine loses power
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _ordinary_account() -> pwd.struct_passwd:
    """Who PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ChildFailed("PostgreSQL refuses to run as root, and this machine has neither a postgres nor a nobody account")


def _as_account(account: pwd.struct_passwd) -> dict[str, int]:
    return {"user": account.pw_uid, "group": account.pw_gid} if os.geteuid() == 0 else {}


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def install_packages(packages: list[str]) -> None:
    """Install these with Debian's package manager; what it says when it cannot goes to the terminal."""
    rights: list[str] = []
    if os.geteuid() != 0:
        rights = ["sudo", "-n", "--"]
    # Debian starts what it installs; a test machine wants the programs only.
    keep_quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        try:
            subprocess.run([*rights, *keep_quiet, "apt-get", *arguments], stdin=subprocess.DEVNULL, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"apt-get {arguments[0]}: {error}", file=sys.stderr)
            return


def main() -> int:
    """Find the servers or install them; 0 when the tests can run."""
    absent = missing()
    if absent and shutil.which("apt-get"):
        packages = [PACKAGES[name] for name in absent]
        print(f"Tests need {' and '.join(absent)}: installing {' '.join(packages)} with apt-get.", flush=True)
        install_packages(packages)
        absent = missing()
    if "Node" not in absent:
        for folder in (SCRIPTS, IN_A_BROWSER):
            install_scripts(folder)
    if not absent:
        return 0
    names = " and ".join(absent)
    if allowed_to_be_missing():
        print(f"*** {names} not found: ALLOW_MISSING_SERVICES=1, so the tests that need them are left out. ***")
        return 0
    print(
        f"*** {names} not found, and could not be installed. Tests need a real one: install"
        f" {' '.join(PACKAGES[name] for name in absent)}, or leave those tests out with ALLOW_MISSING_SERVICES=1. ***",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
