"""The database: opened once per process, short transactions, the same behaviour on SQLite and PostgreSQL.

On SQLite every write transaction begins IMMEDIATE, so two processes never both read and then both try to write; the
loser waits up to :data:`BUSY_SECONDS`. No transaction may span a remote call: take what is needed, close it, call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bridge.errors import SchemaOutOfDate

DatabaseFailed = SQLAlchemyError
"""What reading and writing may raise when the database is away or busy, for callers that go on and try again."""

BUSY_SECONDS = 30
_READ = "bridge_read_only"


class Database:
    """One engine and the two ways to use it: :meth:`read` and :meth:`write`. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_pre_ping": not self.is_sqlite}
        if self.is_sqlite:
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            options["connect_args"] = {"timeout": BUSY_SECONDS}
        else:
            options |= {"pool_size": 10, "max_overflow": 10}
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            _make_sqlite_strict(self.engine)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One short write transaction: committed at the end, rolled back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view for reading; takes no write lock. Objects read stay usable afterwards, as plain values."""
        engine = self.engine.execution_options(**{_READ: True})
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    def insert(self, model: type[Any]) -> Any:
        """An INSERT that knows ON CONFLICT, which both databases have, each in its own dialect package."""
        return (sqlite if self.is_sqlite else postgresql).insert(model)

    def close(self) -> None:
        self.engine.dispose()


def _make_sqlite_strict(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin on its own: it would begin DEFERRED
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a journal row must survive a power cut, not only a killed process
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(_READ, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _alembic(database: Database, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Bring the tables to this program's version. Repeatable; two processes at once are serialised by the database."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7265431)")
        command.upgrade(_alembic(database, connection), "head")


def check_schema(database: Database) -> None:
    """Raise :class:`SchemaOutOfDate` unless the tables are those of this program."""
    with database.engine.execution_options(**{_READ: True}).begin() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        wanted = ScriptDirectory.from_config(_alembic(database, connection)).get_current_head()
    if found != wanted:
        raise SchemaOutOfDate(found, str(wanted))
