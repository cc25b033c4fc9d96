"""What every test may ask for: real servers, the sandbox as a process, the product as processes.

Servers are started when the first test asks, once per session. Databases are fresh for every test. The sandbox is one
process for the session, put back to its start before each test; a test that ends or spoils it starts its own with
``start_sandbox``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.store.database import Database, upgrade
from demo.walk import MAPPINGS
from tests import services as machine
from tests.processes import Child, Gateway, Product, SandboxProcess, free_port

SECRET_KEY = "only-for-tests-0123456789-0123456789-0123456789"
_ON_SERVERS = {"postgresql", "redis", "servers"}
"""Values of test parameters that mean a real Redis or PostgreSQL."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need a server this machine lacks end the run before it starts, unless they may be left out."""
    absent = machine.missing()
    if not absent:
        return
    needing = [item for item in items if _needs(item, absent)]
    if not needing:
        return
    names = " and ".join(absent)
    if not machine.allowed_to_be_missing():
        pytest.exit(
            f"{names} not found, and {len(needing)} tests need it. Run make services, or set ALLOW_MISSING_SERVICES=1.",
            returncode=1,
        )
    print(f"\n*** {names} not found: {len(needing)} tests LEFT OUT because of ALLOW_MISSING_SERVICES=1 ***\n")
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]


def _needs(item: pytest.Item, absent: list[str]) -> bool:
    callspec = getattr(item, "callspec", None)
    parameters = {str(value) for value in callspec.params.values()} if callspec else set()
    fixtures = set(getattr(item, "fixturenames", ()))
    if "Node" in absent and fixtures & {"node", "browser"}:
        return True
    if "Chromium" in absent and "browser" in fixtures:
        return True
    without_servers = bool(machine.SERVERS & set(absent))
    return without_servers and bool(parameters & _ON_SERVERS or fixtures & {"redis_url", "postgres_url"})


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failed test shows the ends of the logs of the processes it ran."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.failed and folder is not None:
        for log in sorted(Path(folder).rglob("*.log")):
            lines = log.read_text("utf-8", errors="replace").splitlines()
            report.sections.append((f"end of {log.name}", "\n".join(lines[-40:])))


@pytest.fixture(scope="session")
def services() -> Iterator[machine.Services]:
    """The real servers of this session."""
    running = machine.Services()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def node() -> machine.Node:
    """Node, with the clients of tests/thirdparty/js installed."""
    return machine.Node()


@pytest.fixture
def redis_url(services: machine.Services) -> str:
    """A real, empty Redis."""
    return services.empty_redis()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file of this version, to be copied."""
    path = tmp_path_factory.mktemp("template") / "bridge.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()  # the last connection to close moves what the write-ahead log holds into the file
    return path


@pytest.fixture(scope="session")
def migrated_postgres(services: machine.Services) -> str:
    """Name of a PostgreSQL database of this version, to be copied."""
    url = services.new_database()
    database = Database(url)
    upgrade(database)
    database.close()
    return url.rpartition("/")[2]


@pytest.fixture
def postgres_url(services: machine.Services, migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database of this version without rows."""
    url = services.new_database(migrated_postgres)
    yield url
    services.drop_database(url)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """An SQLite database of this version without rows."""
    shutil.copy(migrated_sqlite, tmp_path / "bridge.db")
    return f"sqlite:///{tmp_path}/bridge.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of this version; the test runs once on each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture(params=["alone", "servers"])
def state(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where an installation keeps its state: one machine alone (SQLite, no Redis), or PostgreSQL and Redis."""
    if request.param == "alone":
        return {"DATABASE_URL": request.getfixturevalue("sqlite_url"), "REDIS_URL": ""}
    return {
        "DATABASE_URL": request.getfixturevalue("postgres_url"),
        "REDIS_URL": request.getfixturevalue("redis_url"),
    }


@pytest.fixture(scope="session")
def _session_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"), "--webhook-delay", "0.2")
    yield process
    process.stop()


@pytest.fixture
def sandbox(_session_sandbox: SandboxProcess) -> SandboxProcess:
    """Both remote systems with the demo company, as at their start."""
    _session_sandbox.reset()
    return _session_sandbox


@pytest.fixture
def start_sandbox(tmp_path: Path) -> Iterator[Callable[..., SandboxProcess]]:
    """Starts a sandbox of the test's own, with these options."""
    started: list[SandboxProcess] = []

    def start(*options: str) -> SandboxProcess:
        started.append(SandboxProcess(tmp_path / f"sandbox-{len(started)}", *options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def install(state: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Product]]:
    """Makes an installation that talks to a given sandbox, with further settings."""
    made: list[Product] = []

    def make(sandbox: SandboxProcess, **extra: str) -> Product:
        env = {"SECRET_KEY": SECRET_KEY, **state, **sandbox.env, **extra}
        made.append(Product(env, tmp_path / f"product-{len(made)}"))
        return made[-1]

    yield make
    for product in made:
        product.stop()


@pytest.fixture
def product(install: Callable[..., Product], sandbox: SandboxProcess) -> Product:
    """An installation against the session's sandbox."""
    return install(sandbox)


@pytest.fixture
def couple_all() -> Callable[[Product], None]:
    """Couples all that matches, mapping by mapping."""

    def couple(product: Product) -> None:
        for mapping in MAPPINGS:
            product.bridge("match", mapping).expect(0)

    return couple


@pytest.fixture
def bridge(product: Product) -> Callable[..., object]:
    """``bridge("pick-up")`` runs that command to its end and answers code, output and JSON."""
    return product.bridge


@pytest.fixture
def gateway(product: Product) -> Gateway:
    """The web role, answering."""
    return product.gateway()


@pytest.fixture
def worker(product: Product) -> Child:
    """The worker role, started."""
    return product.worker()


@pytest.fixture
def port() -> int:
    """A port nobody uses."""
    return free_port()
