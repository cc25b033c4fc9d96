"""What becomes of a Sales record when it is uncoupled: it belongs to no company any more."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.clients.errors import RemoteError
from bridge.clients.sales import Write
from bridge.coupling.service import ALL, match, uncouple
from bridge.orders.run import pick_up
from bridge.store import couplings, journal
from tests.availability.surroundings import Surroundings
from tests.processes import SandboxProcess

ORDER = "SO-1001"


@pytest.fixture
def picked_up(here: Surroundings) -> Surroundings:
    """The orders of the demo company are in Business Central, stamped with our company."""
    match(here.ctx, ALL)
    pick_up(here.ctx)
    return here


def order(here: Surroundings) -> dict[str, Any]:
    [entry] = journal.find(here.ctx.db, ORDER)
    columns = ("statecode", "statuscode", "lastbackofficesubmit", "_bcbi_companyid_value")
    return here.ctx.sales.row("salesorders", entry.sales_id, purpose="test", select=columns)


def test_an_uncoupled_order_stays_submitted_and_belongs_to_nobody(picked_up: Surroundings):
    assert order(picked_up)["_bcbi_companyid_value"]

    outcome = uncouple(picked_up.ctx, "SALESORDER-ORDER", ORDER)

    row = order(picked_up)
    assert (row["statecode"], row["statuscode"]) == (1, 3)
    assert row["_bcbi_companyid_value"] is None
    assert row["lastbackofficesubmit"], "it is not picked up a second time"
    assert outcome.counts == {"uncoupled": 1, "modified": 1}


def test_an_account_that_belongs_to_us_is_let_go_and_one_of_nobody_is_not_written(picked_up: Surroundings):
    ctx = picked_up.ctx
    ours = order(picked_up)["_bcbi_companyid_value"]
    coupled = {row.bc_number: row for row in couplings.of_mapping(ctx.db, ctx.company.id, "CUSTOMER")}
    path = f"accounts({coupled['10100'].sales_id})"
    bind = {"bcbi_CompanyId@odata.bind": f"/bcbi_companies({ours})"}
    assert all(one.ok for one in ctx.sales.batch([Write("PATCH", path, bind)], purpose="test"))

    assert uncouple(ctx, "CUSTOMER", "10100").counts["modified"] == 1
    assert uncouple(ctx, "CUSTOMER", "10110").counts["modified"] == 0

    columns = ("accountid", "_bcbi_companyid_value")
    row = ctx.sales.row("accounts", coupled["10100"].sales_id, purpose="test", select=columns)
    assert row["_bcbi_companyid_value"] is None


def test_a_record_that_is_gone_is_uncoupled_all_the_same(picked_up: Surroundings):
    [entry] = journal.find(picked_up.ctx.db, ORDER)
    picked_up.ctx.sales.delete("salesorders", entry.sales_id, purpose="test")

    assert uncouple(picked_up.ctx, "SALESORDER-ORDER", ORDER).counts == {"uncoupled": 1, "modified": 0}


def test_while_sales_is_away_the_coupling_stays(picked_up: Surroundings, sandbox: SandboxProcess):
    sandbox.faults({"system": "sales", "kind": "before"})
    with pytest.raises(RemoteError):
        uncouple(picked_up.ctx, "SALESORDER-ORDER", ORDER)
    sandbox.clear_faults()

    [entry] = journal.find(picked_up.ctx.db, ORDER)
    ctx = picked_up.ctx
    assert entry.sales_id in couplings.by_sales_ids(ctx.db, ctx.company.id, "SALESORDER-ORDER", [entry.sales_id])
