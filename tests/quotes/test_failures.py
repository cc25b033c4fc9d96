"""What keeps a quote from going on: told once by its code with a next step, healed when the cause is gone, never made
twice. Failures of section 8 that quotes have, each provoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bridge import overview
from bridge.clients.errors import Refused, ServerFailed
from bridge.orders.gather import QUOTE_MAPPING
from bridge.records import Side
from bridge.store import couplings, failures, journal
from tests.orders.seller import product, write_in
from tests.quotes.conftest import QuoteDesk
from tests.quotes.seller import TENT, QuoteSeller

SHARED = "A quote number of which only 35 characters are kept"


def told(desk: QuoteDesk, number: str) -> str:
    """Record, text and advice of the one failure that is listed of a quote."""
    [failure] = [one for one in desk.failures() if one.record.startswith(f"Sales quote {number}")]
    return f"{failure.record} | {failure.text} | {failure.advice}"


def uncouple_gas(desk: QuoteDesk, seller: QuoteSeller) -> couplings.NewCoupling:
    """Take a product's coupling away; answers what would bring it back."""
    product_id = seller.id_of("products", "productnumber", "GAS-230")
    gone = couplings.uncouple(desk.ctx.db, desk.ctx.company.id, "ITEM-PRODUCT", product_id)
    assert gone is not None
    return couplings.NewCoupling("ITEM-PRODUCT", 27, gone.bc_id, gone.bc_number, "product", product_id, "GAS-230")


def test_e_quo_04_a_product_that_is_not_coupled_holds_up_its_quote_alone(desk: QuoteDesk, seller: QuoteSeller):
    back = uncouple_gas(desk, seller)
    quote_id = seller.quote("Q-1", TENT, product("GAS-230", 2))
    seller.quote("Q-2")
    desk.pick_up()
    assert desk.quote_codes()["Q-1"] == ["E-QUO-04"]
    assert desk.bc_quotes("Q-1") == []
    assert len(desk.bc_quotes("Q-2")) == 1
    text = told(desk, "Q-1")
    assert text.startswith(
        "Sales quote Q-1, line 2 | Sales quote Q-1, line 2: product GAS-230 is not coupled to an item."
    )
    assert "revise it in Sales" in text
    assert "order" not in text

    couplings.couple(desk.ctx.db, desk.ctx.company.id, back, desk.ctx.clock())
    desk.pick_up()  # at once: it does not wait for the end of its pause

    assert "Q-1" not in desk.quote_codes()
    assert len(desk.bc_quote("Q-1")["lines"]) == 2
    [history] = failures.history_of(desk.ctx.db, [quote_id])
    assert history.resolved_at is not None


def test_e_quo_04_several_causes_are_told_together(desk: QuoteDesk, seller: QuoteSeller):
    desk.sandbox.bc.call("POST", "set-company", {"freight_account": "", "write_in_item": ""})
    seller.quote("Q-1", write_in("Special"), freightamount=100, shipto_line1="Vei 1", shipto_country="Atlantis")
    desk.pick_up()
    text = told(desk, "Q-1")
    for cause in ("no write-in product", "no freight account", 'country "Atlantis"'):
        assert cause in text
    assert desk.bc_quotes("Q-1") == []


def test_e_quo_04_a_blocked_customer_is_told_in_business_centrals_words(desk: QuoteDesk, seller: QuoteSeller):
    desk.sandbox.bc.set_customer("10100", blocked="All")
    seller.quote("Q-1")
    desk.pick_up()
    assert "is blocked: " in told(desk, "Q-1")

    desk.sandbox.bc.set_customer("10100", blocked="")
    desk.wait(minutes=1)
    desk.pick_up()

    assert len(desk.bc_quotes("Q-1")) == 1
    assert "Q-1" not in desk.quote_codes()


def test_e_quo_02_a_won_quote_waits_while_its_order_is_stuck(desk: QuoteDesk, seller: QuoteSeller):
    quote_id = seller.quote("Q-1", TENT, product("GAS-230", 2))
    desk.pick_up()
    back = uncouple_gas(desk, seller)
    order = seller.order_of(quote_id)
    desk.pick_up()
    assert desk.quote_codes()["Q-1"] == ["E-QUO-02"]
    assert order in told(desk, "Q-1")
    assert desk.codes()[order] == ["E-ORD-10"]

    couplings.couple(desk.ctx.db, desk.ctx.company.id, back, desk.ctx.clock())
    desk.pick_up()

    assert "Q-1" not in desk.quote_codes()
    assert desk.bc_order(order)["quoteNumber"] == desk.bc_quote("Q-1")["number"]
    assert desk.versions(desk.bc_quote("Q-1")["number"]) == 1


def test_e_quo_05_without_the_companion_quotes_wait_and_orders_do_not(desk: QuoteDesk, seller: QuoteSeller):
    desk.sandbox.bc.install_companion(False)
    seller.quote("Q-1")
    seller.sell("SO-1", TENT)
    desk.pick_up()
    assert desk.quote_codes()["Q-1"] == ["E-QUO-05"]
    assert "companion/README.md" in told(desk, "Q-1")
    assert desk.is_acknowledged("SO-1")

    desk.sandbox.bc.install_companion(True)
    desk.wait(minutes=1)
    desk.pick_up()

    assert len(desk.bc_quotes("Q-1")) == 1
    assert "Q-1" not in desk.quote_codes()


def test_e_quo_06_an_order_that_came_before_its_quote_is_given_its_number_once_it_may_be(
    desk: QuoteDesk, seller: QuoteSeller
):
    quote_id = seller.quote("Q-1")
    order = seller.order_of(quote_id)
    desk.with_settings(pick_up_quotes=False)
    desk.pick_up()
    assert not desk.bc_order(order).get("quoteNumber")
    desk.with_settings(pick_up_quotes=True)
    set_header = desk.ctx.bc.set_order_header

    def locked(order_id: str, fields: Mapping[str, Any]) -> str:
        raise Refused("Another user has locked the order.", system=Side.BUSINESS_CENTRAL, purpose="set order header")

    desk.ctx.bc.set_order_header = locked  # type: ignore[method-assign]
    desk.pick_up()
    assert desk.quote_codes()["Q-1"] == ["E-QUO-06"]
    assert "Another user has locked the order." in told(desk, "Q-1")
    number = desk.bc_quote("Q-1")["number"]
    assert desk.versions(number) == 0

    desk.ctx.bc.set_order_header = set_header  # type: ignore[method-assign]
    desk.wait(minutes=1)
    desk.pick_up()

    assert (desk.bc_order(order)["quoteNumber"], desk.versions(number)) == (number, 1)
    assert "Q-1" not in desk.quote_codes()


def a_quote_by_hand(desk: QuoteDesk, reference: str) -> str:
    """A quote that somebody else than the bridge has made in Business Central; its id."""
    made = desk.ctx.bc.create("salesQuotes", {"customerNumber": "10100"}, purpose="test")
    desk.ctx.bc.set_order_header(made["id"], {"yourReference": reference})
    return str(made["id"])


def test_what_somebody_else_made_is_adopted_and_not_made_again(desk: QuoteDesk, seller: QuoteSeller):
    by_hand = a_quote_by_hand(desk, "Q-1")
    seller.quote("Q-1")
    outcome = desk.pick_up()
    assert outcome.counts["quotes_adopted"] == 1
    assert (desk.bc_quote("Q-1")["id"], desk.bc_quote("Q-1")["lines"]) == (by_hand, [])


def test_e_quo_07_two_quotes_of_one_reference_are_told_apart_by_a_person(desk: QuoteDesk, seller: QuoteSeller):
    by_hand = a_quote_by_hand(desk, SHARED[:35])
    theirs = couplings.NewCoupling(QUOTE_MAPPING, 36, by_hand, "SQ1", "quote", seller.draft(f"{SHARED} 1", TENT))
    couplings.couple(desk.ctx.db, desk.ctx.company.id, theirs, desk.ctx.clock())
    seller.quote(f"{SHARED} 2")
    desk.pick_up()
    assert desk.quote_codes()[f"{SHARED} 2"] == ["E-QUO-07"]
    assert len(desk.bc_quotes(SHARED[:35])) == 1


def test_e_net_01_when_business_central_is_away_nothing_is_lost(desk: QuoteDesk, seller: QuoteSeller):
    seller.quote("Q-1")
    desk.sandbox.faults({"system": "business-central", "kind": "503", "retry_after": 0})
    desk.pick_up()
    assert desk.quote_codes()["Q-1"] == ["E-NET-01"]
    desk.sandbox.clear_faults()
    desk.wait(minutes=1)
    desk.pick_up()
    assert len(desk.bc_quotes("Q-1")) == 1
    assert "Q-1" not in desk.quote_codes()


def test_orders_go_on_when_only_quotes_cannot_be_listed(desk: QuoteDesk, seller: QuoteSeller):
    seller.sell("SO-1", TENT)
    desk.sandbox.faults({"system": "sales", "path": "/quotes$", "kind": "503", "retry_after": 0})
    with pytest.raises(ServerFailed, match="list all quotes"):
        desk.pick_up()
    assert desk.is_acknowledged("SO-1")


def test_a_deleted_quote_is_made_again_when_it_is_touched_or_at_the_daily_look(desk: QuoteDesk, seller: QuoteSeller):
    quote_id = seller.quote("Q-1")
    seller.quote("Q-2")
    desk.pick_up()
    for number in ("Q-1", "Q-2"):
        desk.ctx.bc.delete("salesQuotes", desk.bc_quote(number)["id"], purpose="test")
    desk.pick_up()
    assert desk.bc_quotes("Q-1") == desk.bc_quotes("Q-2") == []

    desk.sandbox.move_clock(60)  # Sales' clock must not lag behind ours
    seller.change_active(quote_id, description="Please again")
    desk.pick_up()
    assert desk.bc_quote("Q-1")["workDescription"] == "Please again"
    assert desk.bc_quotes("Q-2") == []

    desk.wait(hours=25)
    desk.pick_up()
    assert len(desk.bc_quotes("Q-1")) == len(desk.bc_quotes("Q-2")) == 1


def test_a_revision_of_a_quote_that_was_deleted_is_made_new(desk: QuoteDesk, seller: QuoteSeller):
    quote_id = seller.quote("Q-1")
    desk.pick_up()
    gone = desk.bc_quote("Q-1")
    desk.ctx.bc.delete("salesQuotes", gone["id"], purpose="test")
    revision = seller.revise(quote_id)
    desk.pick_up()
    assert desk.bc_quote("Q-1")["number"] != gone["number"]
    coupled = couplings.by_sales_names(desk.ctx.db, desk.ctx.company.id, QUOTE_MAPPING, ["Q-1"])["Q-1"]
    assert [(row.sales_id, row.bc_number) for row in coupled] == [(revision, desk.bc_quote("Q-1")["number"])]
    ends = {entry.sales_id: entry.end_reason for entry in journal.find(desk.ctx.db, "Q-1")}
    assert ends == {quote_id: "revised", revision: ""}


def test_a_won_quote_that_was_deleted_is_left_at_that(desk: QuoteDesk, seller: QuoteSeller):
    quote_id = seller.quote("Q-1")
    desk.pick_up()
    desk.ctx.bc.delete("salesQuotes", desk.bc_quote("Q-1")["id"], purpose="test")
    order = seller.order_of(quote_id)
    desk.pick_up()
    assert desk.is_acknowledged(order)
    assert not desk.bc_order(order).get("quoteNumber")
    assert desk.bc_quotes("Q-1") == []
    [entry] = journal.find(desk.ctx.db, "Q-1")
    assert (entry.state, entry.end_reason) == ("done", "won")


def test_a_quote_that_is_not_wanted_any_more_is_closed_and_not_listed(desk: QuoteDesk, seller: QuoteSeller):
    uncouple_gas(desk, seller)
    ids = {number: seller.quote(number, product("GAS-230")) for number in ("lost", "draft", "deleted")}
    desk.pick_up()
    assert {desk.quote_codes()[number][0] for number in ids} == {"E-QUO-04"}
    seller.close(ids["lost"], 5)
    seller.to_draft(ids["draft"])
    seller.to_draft(ids["deleted"])
    seller.admin.call("DELETE", f"quotes({ids['deleted']})")
    desk.wait(minutes=1)

    desk.pick_up()

    assert not set(desk.quote_codes()) & set(ids)
    ends = {number: journal.find(desk.ctx.db, number)[0].end_reason for number in ids}
    assert ends == {"lost": "closed", "draft": "not-active", "deleted": "deleted-in-sales"}


def test_a_revision_finds_the_quote_whose_creation_had_an_unknown_end(desk: QuoteDesk, seller: QuoteSeller):
    """Business Central made the first revision, we never heard back; meanwhile there is a second one."""
    first = seller.quote("Q-1")
    desk.sandbox.faults({"system": "business-central", "path": "CreateSalesQuotes", "kind": "after", "times": 20})
    desk.pick_up()
    assert desk.quote_codes()["Q-1"] == ["E-NET-02"]
    desk.sandbox.clear_faults()
    made = desk.bc_quote("Q-1")
    seller.revise(first, name="Second")
    desk.wait(minutes=3)

    desk.pick_up()
    desk.pick_up()

    after = desk.bc_quote("Q-1")
    assert (after["number"], after["externalDocumentNumber"]) == (made["number"], "SECOND")
    assert desk.versions(made["number"]) == 1
    assert "Q-1" not in desk.quote_codes()


def test_s44_a_quote_the_bridge_does_not_know_is_found_by_its_reference(desk: QuoteDesk, seller: QuoteSeller):
    """Quotes are left alone, and somebody else brought this one over."""
    desk.with_settings(pick_up_quotes=False)
    by_hand = a_quote_by_hand(desk, "Q-1")
    order = seller.order_of(seller.quote("Q-1"))

    desk.pick_up()

    quote = desk.bc_quote("Q-1")
    assert (quote["id"], desk.bc_order(order)["quoteNumber"]) == (by_hand, quote["number"])
    assert desk.versions(quote["number"]) == 1


def test_s20_to_s25_a_quote_is_for_the_customer_an_order_would_be_for(desk: QuoteDesk, seller: QuoteSeller):
    """By account or by contact; a prospect of one's own is no customer, the company of a contact may be one."""
    prospect = seller.id_of("accounts", "accountnumber", "10120")
    seller.change(f"accounts({prospect})", customertypecode=1)
    seller.quote("prospect", customer="10120")
    for number, columns in {
        "contact of a prospect": {"parentcustomerid_account@odata.bind": f"/accounts({prospect})"},
        "contact of nobody": {},
    }.items():
        person = seller.create("contacts", firstname=number, lastname="Li", **columns)
        customer = {"customerid_account@odata.bind": None, "customerid_contact@odata.bind": f"/contacts({person})"}
        seller.quote(number, **customer)
    desk.pick_up()
    assert "account Trebygg Sunnmøre AS is not of type customer." in told(desk, "prospect")
    assert "does not lead to an account." in told(desk, "contact of nobody")
    assert desk.bc_quote("contact of a prospect")["customerNumber"] == "10120"
    assert {code for codes in desk.quote_codes().values() for code in codes} == {"E-QUO-04", "E-QUO-01"}


def test_a_quote_can_be_shown_and_put_back_by_its_number(desk: QuoteDesk, seller: QuoteSeller):
    uncouple_gas(desk, seller)
    quote_id = seller.quote("Q-1", product("GAS-230"))
    desk.pick_up()
    db = desk.ctx.db
    view = overview.about(db, "Q-1")
    assert [(order.entry.kind, order.entry.state) for order in view.orders] == [("quote", "seen")]
    [failure] = [one for one in overview.failure_list(db) if one.record_id == quote_id]
    assert (failure.subject, failure.code, failure.heals_by_itself) == ("quote", "E-QUO-04", False)
    assert journal.find(db, "Q-1")[0].next_attempt_at is not None

    assert overview.put_back(db, "Q-1", desk.ctx.clock()).orders == 1

    assert journal.find(db, "Q-1")[0].next_attempt_at is None
