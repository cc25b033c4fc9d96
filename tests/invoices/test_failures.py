"""Failures of invoices that the scenarios do not provoke: each one's code and words."""

from __future__ import annotations

import pytest

from bridge.records import new_id
from bridge.status.invoices import write
from bridge.status.invoices.errors import PaymentRefused
from bridge.status.invoices.run import sync_invoices
from bridge.store import invoices
from bridge.store.invoices import FoundInvoice, Payment
from tests.invoices.conftest import Office
from tests.orders.seller import product


def test_an_invoice_that_cannot_be_read_yet_heals_by_itself(office: Office):
    ctx = office.desk.ctx
    found = FoundInvoice(new_id(), "NOTYET", new_id(), None, Payment.BILLED)
    invoices.note_found(ctx.db, ctx.company.id, [found], ctx.clock())

    sync_invoices(ctx)

    [problem] = office.listed("NOTYET")
    assert (problem.code, problem.heals_by_itself) == ("E-INV-04", True)
    assert problem.text == "Posted invoice NOTYET: it is posted, but cannot be read yet."


def test_more_lines_than_one_transaction_holds_are_told(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(write, "MOST_LINES", 1)
    number = office.invoiced("LONG", product("GAS-230"), product("MAT-FOAM"))

    sync_invoices(office.desk.ctx)

    [problem] = office.listed(number)
    assert problem.code == "E-INV-07"
    assert problem.text.endswith("it has 2 lines; at most 1 can be written in one transaction.")
    assert office.in_sales(number) == []
    monkeypatch.undo()
    office.desk.wait(hours=1)
    sync_invoices(office.desk.ctx)
    assert office.state(number) == (0, 4)


def test_an_order_that_was_deleted_in_sales_leaves_its_invoice_alone(office: Office):
    order_id = office.seller.sell("DELETED", product("GAS-230"))
    office.desk.pick_up()
    office.seller.admin.call("DELETE", f"salesorders({order_id})")
    number = office.post("DELETED")

    outcome = sync_invoices(office.desk.ctx)

    assert outcome.counts["gone"] == 1
    assert office.in_sales(number) == []
    assert office.listed(number) == []
    assert office.shown(number)["invoices"][0]["state"] == "gone"


def test_a_refused_state_says_which(office: Office):
    problem = PaymentRefused("103001", payment="paid", text="No.")
    assert problem.code == "E-INV-11"
    assert problem.text == "Posted invoice 103001: it is paid, but Sales refused to show that: No."
    assert problem.advice.startswith("Mend what Sales names")


def test_a_currency_that_sales_does_not_have_is_named(office: Office):
    """Last of all: the currency stays away."""
    number = office.invoiced("KRONOR", product("GAS-230"), customer="20100", currency="SEK")
    kronor = office.seller.id_of("transactioncurrencies", "isocurrencycode", "SEK")
    office.seller.admin.call("DELETE", f"transactioncurrencies({kronor})")

    sync_invoices(office.desk.ctx)

    [problem] = office.listed(number)
    assert (problem.code, problem.text) == ("E-INV-10", f"Posted invoice {number}: Sales has no currency SEK.")
