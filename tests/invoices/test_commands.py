"""What people see and do about the way back: show, failures, retry, and the statistics of one customer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bridge import overview
from bridge.cli.runs import recurring_jobs
from bridge.coupling.service import couple, uncouple
from bridge.status.back import push_all
from bridge.status.run import push_status
from bridge.store import jobs
from bridge.work.recurring import define
from demo.product import Product
from tests.invoices.conftest import Office
from tests.orders.seller import product


@pytest.fixture
def commands(office: Office, tmp_path: Path) -> Product:
    """The commands, on the office's database."""
    settings = office.desk.ctx.settings
    return Product({**office.sandbox.env, "DATABASE_URL": settings.database_url}, tmp_path / "product")


@pytest.fixture(autouse=True)
def jobs_are_defined(office: Office) -> None:
    ctx = office.desk.ctx
    define(ctx.db, [ctx.company], recurring_jobs(ctx.settings), ctx.clock())


def test_show_tells_of_invoice_notes_push_and_statistics(office: Office, commands: Product):
    number = office.invoiced("SHOWN", product("GAS-230"))
    push_all(office.desk.ctx)

    shown = commands.bridge("show", number).expect(0).out
    assert number in shown
    assert "billed" in shown
    assert "POSTEDSALESINV-INV" in shown

    office.seller.sell("SHOWN-2", product("GAS-230"))
    office.desk.pick_up()
    office.sandbox.bc.call("POST", "add-note", {"order": "SHOWN-2", "subject": "a", "body": "b"})
    push_all(office.desk.ctx)
    document = commands.bridge("show", "SHOWN-2", "--json").expect(0).json
    [order] = document["orders"]
    assert order["pushed_at"]
    assert [note["waiting"] for note in order["notes"]] == [""]

    assert "Statistics, " in commands.bridge("update-statistics", "10100").expect(0).out
    assert "Account statistics" in commands.bridge("show", "10100").expect(0).out
    missing = commands.bridge("update-statistics", "50100").expect(1).err
    assert "E-STA-03: No customer 50100 is coupled" in missing


def test_retry_names_an_invoice_by_its_number_and_wakes_its_job(office: Office):
    ctx = office.desk.ctx
    number = office.invoiced("RETRIED", product("TARP-3X4"))
    product_id = office.seller.id_of("products", "productnumber", "TARP-3X4")
    uncouple(ctx, "ITEM-PRODUCT", "TARP-3X4")
    push_all(ctx)
    couple(ctx, "ITEM-PRODUCT", "TARP-3X4", product_id)

    back = overview.put_back(ctx.db, number, ctx.clock())

    assert back.jobs == ("POSTEDSALESINV-INV",)
    [row] = overview.about(ctx.db, number).invoices
    assert row.next_attempt_at is None


def test_an_invoice_found_as_an_event_wakes_the_job_that_takes_it_over(office: Office):
    """Without a webhook it would wait for its timer."""
    ctx = office.desk.ctx
    job = jobs.get(ctx.db, ctx.company.id, "POSTEDSALESINV-INV")
    assert job is not None
    claimed = jobs.claim(
        ctx.db, job.id, owner="test", lease=timedelta(minutes=1), now=ctx.clock(), early=True
    )  # fmt: skip
    assert claimed is not None
    jobs.finish(ctx.db, claimed, owner="test", now=ctx.clock())
    office.invoiced("EVENT", product("GAS-230"))

    push_status(ctx)

    woken = jobs.get(ctx.db, ctx.company.id, "POSTEDSALESINV-INV")
    assert woken is not None and woken.due_at <= ctx.clock()
