"""Models and migrations say the same; an upgrade may be repeated and may meet another one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bridge.errors import SchemaOutOfDate
from bridge.store.database import Database, check_schema, upgrade
from bridge.store.models import Base
from tests.processes import environment


def test_migrations_and_models_agree(db):
    """Whoever changes a model adds a migration: comparing the upgraded database with the models finds nothing."""
    with db.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_upgrade_may_be_repeated(db):
    upgrade(db)
    upgrade(db)
    check_schema(db)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/bridge.db"
        return
    services = request.getfixturevalue("services")
    url = services.new_database()
    yield url
    services.drop_database(url)


def test_a_database_without_tables_is_refused_with_the_command_to_run(empty_url):
    database = Database(empty_url)
    with pytest.raises(SchemaOutOfDate, match=r"python -m bridge\.store upgrade"):
        check_schema(database)
    database.close()


def test_two_upgrades_at_once_both_end_well(empty_url):
    """Two release steps, or two commands that open a new SQLite file: one waits for the other."""
    command = [sys.executable, "-m", "bridge.store", "upgrade"]
    env = environment({"DATABASE_URL": empty_url})
    both = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    database = Database(empty_url)
    check_schema(database)
    database.close()
