"""The command line without any remote system: what it shows, puts back, refuses, and its exit codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from bridge.__main__ import COMMANDS, main
from bridge.records import new_id, utc_now
from bridge.store import companies, couplings, failures, jobs, journal
from bridge.store.database import Database
from bridge.store.models import AvailabilityItem
from tests.processes import Product, free_port
from tests.work.office import COMPANY

ITEM = "33333333-3333-4333-8333-333333333333"
PRODUCT = "44444444-4444-4444-8444-444444444444"


@pytest.fixture
def alone(sqlite_url, tmp_path) -> Product:
    """An installation that knows no remote system."""
    return Product({"DATABASE_URL": sqlite_url}, tmp_path / "product")


@pytest.fixture
def stuck(sqlite_url) -> str:
    """A database with one company, its jobs, a coupled item and an order that waits because of a failure; the order's
    Sales id."""
    db, now = Database(sqlite_url), utc_now()
    companies.save(db, [COMPANY])
    for name in ("PICK-UP", "AVAILABILITY"):
        jobs.define(db, COMPANY.id, name, 60, now)
        held = jobs.get(db, COMPANY.id, name)
        assert held is not None
        claimed = jobs.claim(db, held.id, owner="somebody", lease=timedelta(minutes=1), now=now)
        assert claimed is not None
        jobs.finish(db, claimed, owner="somebody", now=now, counts={"created": 2})
    couplings.couple(
        db, COMPANY.id, couplings.NewCoupling("ITEM-PRODUCT", 27, ITEM, "HOSE-12", "product", PRODUCT, "Hose"), now
    )
    with db.write() as session:
        session.add(
            AvailabilityItem(
                company_id=COMPANY.id, item_id=ITEM, number="HOSE-12", name="Hose", inventory=7, refreshed_at=now
            )
        )
    order = journal.SeenOrder(new_id(), "SO-1042", now)
    journal.note_seen(db, COMPANY.id, [order], now)
    [row] = journal.claim(db, COMPANY.id, owner="somebody", limit=1, lease=timedelta(minutes=1), now=now)
    journal.let_go(db, [row.id], owner="somebody")
    later = now + timedelta(hours=1)
    journal.change(db, {row.id: {"next_attempt_at": later}}, now)
    problem = failures.Problem(
        subject="order",
        record_id=order.sales_id,
        record="Sales order SO-1042, line 3",
        code="E-ORD-99",
        text="Product GASKET is not coupled to an item.",
        advice="Couple it.",
        heals_by_itself=True,
        next_attempt_at=later,
    )
    failures.report(db, COMPANY.id, [problem], now)
    db.close()
    return order.sales_id


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_explains_itself(command):
    """--help says what the command does and ends with 0."""
    shown = CliRunner().invoke(main, [command.name, "--help"])
    assert shown.exit_code == 0
    assert command.help.splitlines()[0].split()[0] in shown.output


@pytest.mark.parametrize("verb", ["sync", "reset", "enable", "disable", "setup guide", "setup"])
def test_a_verb_that_keeps_its_place_says_so(verb):
    refused = CliRunner().invoke(main, verb.split())
    assert refused.exit_code == 2
    assert "not built yet" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["retry"], ["retry", "SO-1", "--all"], ["couple", "CUSTOMER"], ["show"]]
)
def test_a_wrong_call_ends_with_2(alone, arguments):
    assert "Usage:" in alone.bridge(*arguments).expect(2).err


def test_a_setting_that_cannot_be_is_named_without_its_value(alone):
    refused = alone.bridge("jobs", WORK_LEASE_SECONDS="s3cret").expect(2)
    assert "SettingInvalid: WORK_LEASE_SECONDS" in refused.err
    assert "whole seconds" in refused.err
    assert "s3cret" not in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize("verb", ["pick-up", "push-status", "refresh-availability", "match", "work"])
def test_a_missing_setting_is_named(alone, verb):
    assert "NotConfigured: Not set: BC_URL." in alone.bridge(verb).expect(2).err


def test_a_remote_system_that_is_away_is_one_line_and_ends_with_1(alone):
    settings = {
        "BC_URL": f"http://127.0.0.1:{free_port()}/BC",
        "BC_COMPANY": COMPANY.name,
        "BC_AUTH": "basic",
        "BC_USERNAME": "bridge",
        "BC_ACCESS_KEY": "s3cret-key",
        "SALES_URL": f"http://127.0.0.1:{free_port()}",
    }
    failed = alone.bridge("pick-up", "--json", **settings).expect(1)
    assert failed.json["error"]["code"] == "Unreachable"
    [line] = failed.err.strip().splitlines()
    assert line.startswith("Unreachable: Business Central")
    assert "s3cret" not in failed.out + failed.err


def test_a_server_database_without_tables_is_not_upgraded_silently(alone, services):
    url = services.new_database()
    try:
        assert "python -m bridge.store upgrade" in alone.bridge("jobs", DATABASE_URL=url).expect(1).err
        alone.bridge("setup", "database", DATABASE_URL=url).expect(0)
        alone.bridge("jobs", DATABASE_URL=url).expect(0)
    finally:
        services.drop_database(url)


def test_a_sqlite_file_is_made_by_the_first_command(alone, tmp_path):
    assert "No jobs yet" in alone.bridge("jobs", DATABASE_URL=f"sqlite:///{tmp_path}/var/new.db").expect(0).out
    assert (tmp_path / "var/new.db").exists()


def test_jobs_says_what_runs_when_and_how_it_went(alone, stuck):
    shown = alone.bridge("jobs").expect(0).out
    assert "PICK-UP" in shown
    assert "2 created" in shown
    listed = {job["name"]: job for job in alone.bridge("jobs", "--json").expect(0).json}
    assert listed["PICK-UP"]["state"] == "waiting"
    assert listed["AVAILABILITY"]["last_outcome"] == "finished"


def test_failures_says_what_is_wrong_and_what_to_do(alone, stuck):
    shown = " ".join(alone.bridge("failures").expect(0).out.split())
    for part in ("SO-1042", "E-ORD-99", "GASKET", "Couple it."):
        assert part in shown
    [failure] = alone.bridge("failures", "--json", "--company", COMPANY.name).expect(0).json
    assert (failure["record_id"], failure["heals_by_itself"], failure["tries"]) == (stuck, True, 1)
    assert "Stranger" in alone.bridge("failures", "--company", "Stranger").expect(2).err


@pytest.mark.parametrize("how", [["SO-1042"], ["{id}"], ["Sales order SO-1042, line 3"], ["--all"]])
def test_retry_puts_back_by_whatever_name_and_wakes_the_job(alone, stuck, sqlite_url, how):
    done = alone.bridge("retry", *(part.format(id=stuck) for part in how), "--json").expect(0)
    assert done.json == {"orders": 1, "jobs": ["PICK-UP"]}
    db = Database(sqlite_url)
    assert journal.counts(db, COMPANY.id, utc_now()) == {"due": 1, "leased": 0, "waiting": 0}
    assert [job.name for job in jobs.due(db, utc_now())] == ["PICK-UP"]
    db.close()


def test_retry_of_something_nobody_knows_is_a_wrong_call(alone, stuck):
    assert "not known here" in alone.bridge("retry", "SO-9").expect(2).err
    assert "nothing that waits" in alone.bridge("retry", "HOSE-12").expect(1).err


def test_show_tells_everything_known_of_a_record(alone, stuck):
    shown = " ".join(alone.bridge("show", "SO-1042").expect(0).out.split())
    for part in (stuck, "seen", "E-ORD-99"):
        assert part in shown
    item = alone.bridge("show", "HOSE-12", "--json").expect(0).json
    assert [row["sales_id"] for row in item["couplings"]] == [PRODUCT]
    assert [row["inventory"] for row in item["availability"]] == ["7"]
    assert "Nothing is known" in alone.bridge("show", "SO-9").expect(1).err
