"""What customers owe and buy stands on their accounts in Sales: scenarios by their numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge import overview
from bridge.coupling.service import couple, uncouple
from bridge.records import Side
from bridge.status.invoices.run import sync_invoices
from bridge.status.statistics import run as statistics
from bridge.status.statistics.errors import CustomerNotCoupled
from bridge.status.statistics.run import update_one, update_statistics
from bridge.store import couplings
from tests.invoices.conftest import Office, office
from tests.orders.seller import product

__all__ = ["office"]

MONEY = (
    "balance",
    "outstandingorders",
    "shippednotinvoiced",
    "outstandinginvoices",
    "total",
    "creditlimit",
    "totalsales",
)


def money(value: object) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def account_of(office: Office, customer: str) -> dict[str, Any]:
    query = f"accounts?$filter=accountnumber eq '{customer}'&$expand=nav_AccountStatisticsId"
    return dict(office.seller.admin.row(query))


def row_of(office: Office, customer: str) -> dict[str, Any]:
    return dict(account_of(office, customer)["nav_AccountStatisticsId"])


def in_bc(office: Office, customer: str) -> dict[str, Any]:
    company = office.desk.ctx.company.id
    path = f"api/salesbridge/bridge/v1.0/companies({company})/customerStatistics?$filter=number eq '{customer}'"
    return dict(office.bc.row(path))


def cost(office: Office, work: Any) -> dict[Side, int]:
    calls = office.desk.bridge.calls
    before = {side: calls.totals(side).requests for side in Side}
    work()
    return {side: calls.totals(side).requests - before[side] for side in Side}


def listed(office: Office) -> list[tuple[str, str]]:
    return [(one.record, one.code) for one in office.desk.failures() if one.subject == "statistics"]


@pytest.fixture(scope="module")
def told(office: Office) -> Office:
    """Some business was done, and the statistics of every customer were told once."""
    office.invoiced("STAT-1", product("PACK-45", 2), customer="10100")
    office.seller.sell("STAT-2", product("GAS-230", 7), customer="10110")
    office.desk.pick_up()
    outcome = update_statistics(office.desk.ctx)
    assert outcome.counts["inserted"] == 13
    return office


def test_s_122_the_row_is_made_linked_and_true(told: Office):
    for customer in ("10100", "10110", "20100"):
        row, theirs = row_of(told, customer), in_bc(told, customer)
        for name in MONEY:
            camel = next(key for key in theirs if key.lower() == name)
            assert money(row[f"nav_{name}lcy"]) == money(theirs[camel]), (customer, name)
        assert (row["nav_name"], row["nav_customerno"]) == (theirs["displayName"], customer)
        assert row["nav_overdueamountsasof"].startswith(theirs["overdueAsOf"])
        kroner = told.seller.id_of("transactioncurrencies", "isocurrencycode", "NOK")
        assert row["_transactioncurrencyid_value"] == kroner
    assert money(row_of(told, "10100")["nav_balancelcy"]) > 0
    assert money(row_of(told, "10110")["nav_outstandingorderslcy"]) > 0
    assert row_of(told, "20100")["nav_balancelcy"] == 0, "0 that was told, not an empty column"


def test_s_123_nothing_changed_is_two_reads_and_a_new_entry_one_write(told: Office):
    ctx = told.desk.ctx
    update_statistics(ctx)
    assert cost(told, lambda: update_statistics(ctx)) == {Side.BUSINESS_CENTRAL: 2, Side.SALES: 0}

    number = told.direct_invoice("20100", "GAS-230")
    before = row_of(told, "10110")["versionnumber"]
    assert cost(told, lambda: update_statistics(ctx)) == {Side.BUSINESS_CENTRAL: 3, Side.SALES: 1}
    assert money(row_of(told, "20100")["nav_balancelcy"]) == money(in_bc(told, "20100")["balance"]) > 0
    assert row_of(told, "10110")["versionnumber"] == before

    told.pay(number)
    update_statistics(ctx)
    assert money(row_of(told, "20100")["nav_balancelcy"]) == 0


def test_an_order_that_changes_is_news_too(told: Office):
    told.seller.sell("STAT-3", product("GAS-230", 3), customer="10160")
    told.desk.pick_up()
    update_statistics(told.desk.ctx)
    assert (
        money(row_of(told, "10160")["nav_outstandingorderslcy"]) == money(in_bc(told, "10160")["outstandingOrders"]) > 0
    )


def test_what_is_overdue_is_read_anew_every_day(told: Office):
    ctx = told.desk.ctx
    update_statistics(ctx)
    told.desk.wait(days=1)
    assert cost(told, lambda: update_statistics(ctx)) == {Side.BUSINESS_CENTRAL: 3, Side.SALES: 0}


def test_one_customer_on_demand_with_their_invoices_and_no_watermark(told: Office):
    ctx = told.desk.ctx
    number = told.invoiced("STAT-4", product("GAS-230"), customer="10140")
    sync_invoices(ctx)
    told.pay(number)

    outcome = update_one(ctx, "10140")

    assert outcome.counts["modified"] == 1
    assert told.state(number) == (2, 100001)
    assert money(row_of(told, "10140")["nav_totalsaleslcy"]) == money(in_bc(told, "10140")["totalSales"]) > 0
    with pytest.raises(CustomerNotCoupled, match="No customer 50100 is coupled"):
        update_one(ctx, "50100")


def test_a_lost_reply_makes_no_second_row(told: Office):
    ctx = told.desk.ctx
    account = account_of(told, "10130")["accountid"]
    uncouple(ctx, "CUSTOMER", "10130")
    update_statistics(ctx)
    couple(ctx, "CUSTOMER", "10130", account)
    told.sandbox.faults({"system": "sales", "method": "POST", "path": "batch", "kind": "after", "skip": 1, "times": 1})
    update_statistics(ctx)
    told.sandbox.clear_faults()
    told.desk.wait(hours=1)
    update_statistics(ctx)

    rows = told.seller.admin.rows("nav_accountstatisticses?$filter=nav_customerno eq '10130'")
    assert [row["nav_accountstatisticsid"] for row in rows] == [row_of(told, "10130")["nav_accountstatisticsid"]]
    assert money(rows[0]["nav_creditlimitlcy"]) == money(in_bc(told, "10130")["creditLimit"])


def test_s_125_an_uncoupled_customer_leaves_no_row(told: Office):
    ctx = told.desk.ctx
    account = account_of(told, "10150")["accountid"]
    uncouple(ctx, "CUSTOMER", "10150")

    update_statistics(ctx)

    assert told.seller.admin.rows("nav_accountstatisticses?$filter=nav_customerno eq '10150'") == []
    assert account_of(told, "10150")["nav_AccountStatisticsId"] is None
    couple(ctx, "CUSTOMER", "10150", account)


def test_s_124_a_deleted_account_is_listed_skipped_and_the_others_go_on(told: Office):
    ctx = told.desk.ctx
    account = account_of(told, "30100")["accountid"]
    update_statistics(ctx)
    told.seller.admin.call("DELETE", f"accounts({account})")
    for customer in ("30100", "40100"):
        told.direct_invoice(customer, "GAS-230")

    update_statistics(ctx)

    assert listed(told) == [("Customer 30100", "E-STA-01")]
    assert money(row_of(told, "40100")["nav_balancelcy"]) > 0
    [coupling] = [row for row in couplings.find(ctx.db, "30100") if row.mapping == "CUSTOMER"]
    assert coupling.skipped
    assert cost(told, lambda: update_statistics(ctx)) == {Side.BUSINESS_CENTRAL: 2, Side.SALES: 0}
    overview.put_back(ctx.db, "Customer 30100", ctx.clock())
    update_statistics(ctx)
    assert listed(told) == [("Customer 30100", "E-STA-01")], "it was tried again, and is still gone"
    uncouple(ctx, "CUSTOMER", "30100")
    update_statistics(ctx)
    assert listed(told) == []


def test_without_the_companion_only_what_is_known_is_told(told: Office):
    told.direct_invoice("20110", "GAS-230")
    told.sandbox.bc.install_companion(False)
    try:
        update_one(told.desk.ctx, "20110")
    finally:
        told.sandbox.bc.install_companion(True)
    assert money(row_of(told, "20110")["nav_balancelcy"]) == money(in_bc(told, "20110")["balance"]) > 0


def test_without_the_solution_in_sales_nothing_fails(told: Office, monkeypatch: pytest.MonkeyPatch):
    ctx = told.desk.ctx
    account = account_of(told, "10120")["accountid"]
    uncouple(ctx, "CUSTOMER", "10120")
    update_statistics(ctx)
    couple(ctx, "CUSTOMER", "10120", account)
    monkeypatch.setattr(statistics, "LINK", "nav_nothingofthekind")

    outcome = update_statistics(ctx)

    assert outcome.failed == 0
    assert outcome.notes[0].startswith("Sales has no account statistics")
    monkeypatch.undo()
    update_statistics(ctx)
    assert row_of(told, "10120")["nav_customerno"] == "10120"
