"""What can keep an order from going on: a stable code each, words for people, and how it is tried again.

The codes are listed in docs/orders.md. ``facts`` keeps the parts of the sentence for whoever needs them apart.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from bridge.errors import BridgeError


class Retry(StrEnum):
    """When it makes sense to try again. Everything is tried again in the end; the classes differ in how soon."""

    EVERY_RUN = "R"
    """Nobody has to do anything: it passes by itself."""
    AFTER_CHANGE = "C"
    """Somebody has to mend a record first; then it heals at the next try."""
    OPERATOR = "N"
    """Somebody has to decide."""


class OrderProblem(BridgeError):
    """One order cannot go on, or went on with something to tell. ``line`` counts from 1 in the order of the lines."""

    code = "E-ORD-26"
    noun: ClassVar[str] = "order"
    retry: Retry = Retry.AFTER_CHANGE
    tries_at_once: ClassVar[int] = 0
    """How often it is tried again at the next run, before the pauses begin."""
    says: ClassVar[str] = "Business Central refused: {text}"
    hint: ClassVar[str] = "Mend what Business Central names; the order is then created by itself."

    def __init__(self, order: str, *, line: int | None = None, **facts: object) -> None:
        where = f"Sales {self.noun} {order}" + (f", line {line}" if line is not None else "")
        sentence = self.says.format(order=order, **facts).rstrip()
        sentence += "" if sentence.endswith((".", "!", "?")) else "."
        super().__init__(f"{where}: {sentence}", advice=self.hint.format(order=order, **facts))
        self.order, self.line, self.facts, self.where, self.sentence = order, line, facts, where, sentence
        self.heals_by_itself = self.retry is Retry.EVERY_RUN


class Refused(OrderProblem):
    """Business Central said no for a reason we have no code of our own for."""


class OrdersProcessedElsewhere(BridgeError):
    """Another integration takes orders from the same Sales; two would make each order twice."""

    code = "E-CFG-01"

    def __init__(self, company: str) -> None:
        super().__init__(
            f'Order processing of company "{company}" is stopped: Business Central processes Sales orders itself.',
            advice="Switch bidirectional order synchronization off in its Dynamics 365 connection setup.",
        )


class CompanyNotInSales(BridgeError):
    """Sales has no row that stands for this Business Central company, so orders could not be told apart."""

    code = "E-CFG-02"

    def __init__(self, company: str, company_id: str) -> None:
        super().__init__(
            f'Sales does not know the Business Central company "{company}".',
            advice=f"It needs a row in its companies (bcbi_company) with external id {company_id}; "
            "setup makes one: python -m bridge setup.",
        )


class NotSubmitted(OrderProblem):
    code = "E-ORD-00"
    says = "it is not submitted any more, and nothing was created."
    hint = "Submit it again when it is ready."


class NotSubmittedButCreated(OrderProblem):
    code = "E-ORD-00"
    retry = Retry.OPERATOR
    says = "it is not submitted any more, but Business Central has it as order {number}."
    hint = "Submit it again to have it acknowledged, or delete the order in Business Central."


class CustomerEmpty(OrderProblem):
    code = "E-ORD-01"
    says = "it has no customer."
    hint = "Choose a customer in Sales and submit the order again."


class CustomerLeadsNowhere(OrderProblem):
    code = "E-ORD-02"
    says = "customer {kind} {name} does not lead to an account."
    hint = "Choose an account, or give the contact an account as its company."


class AccountNotACustomer(OrderProblem):
    code = "E-ORD-03"
    says = "account {name} is not of type customer."
    hint = "Set its relationship type to Customer in Sales."


class AccountNotCoupled(OrderProblem):
    code = "E-ORD-04"
    says = "account {name} has no Business Central customer."
    hint = "Couple it: python -m bridge couple CUSTOMER BC_ID {id}, or python -m bridge match CUSTOMER."


class CustomerGone(OrderProblem):
    code = "E-ORD-05"
    says = "the coupled customer {number} no longer exists in Business Central."
    hint = "Couple the account to another customer; first: python -m bridge uncouple CUSTOMER {id}."


class CustomerBlocked(OrderProblem):
    code = "E-ORD-06"
    says = "customer {number} is blocked: {text}"
    hint = "Unblock the customer in Business Central; the order is then created by itself."


class CurrencyUnknown(OrderProblem):
    code = "E-ORD-07"
    says = "currency {iso} is unknown in {system}."
    hint = "Set the currency up there, or change it on the order."


class RateMissing(OrderProblem):
    code = "E-ORD-08"
    says = "Business Central has no exchange rate: {text}"
    hint = "Enter the exchange rate; the order is then created by itself."


class CountryUnknown(OrderProblem):
    code = "E-ORD-09"
    says = 'country "{text}" of the {which} address is not a Business Central country.'
    hint = "Write a code of Business Central's countries/regions, or add the country there."


class ProductNotCoupled(OrderProblem):
    code = "E-ORD-10"
    says = "product {name} is not coupled to {kind}."
    hint = "Couple it: python -m bridge couple {mapping} BC_ID {id}; or correct the line."


class ProductGone(OrderProblem):
    code = "E-ORD-10"
    says = "an item or resource that it needs no longer exists: {text}"
    hint = "Couple the product to another item, or correct the line."


class ProductNotActive(OrderProblem):
    code = "E-ORD-11"
    says = "product {name} is not active."
    hint = "Activate the product in Sales, or take it off the order."


class WriteInNotSetUp(OrderProblem):
    code = "E-ORD-12"
    says = "the line has no product, and no write-in product is set up."
    hint = "Fill in Write-in Product No. in Sales & Receivables Setup in Business Central."


class WriteInCoupled(OrderProblem):
    code = "E-ORD-13"
    retry = Retry.OPERATOR
    says = "write-in product {number} must not be coupled to a Sales product."
    hint = "Uncouple it, or choose another one in Sales & Receivables Setup."


class ProductTypeNotServed(OrderProblem):
    code = "E-ORD-14"
    retry = Retry.OPERATOR
    says = "product {name}: only inventory and service products can be ordered."
    hint = "Take the line off the order, or change the product's type in Sales."


class AlreadyPosted(OrderProblem):
    code = "E-ORD-15"
    retry = Retry.OPERATOR
    says = "Business Central has posted it already as {document}."
    hint = "Nothing was created. Close the order in Sales, or give a new order another number."


class BusinessCentralOrderGone(OrderProblem):
    code = "E-ORD-16"
    retry = Retry.OPERATOR
    says = "its Business Central order {number} was deleted."
    hint = "Decide: uncouple to have it created again (python -m bridge uncouple SALESORDER-ORDER {id}), or cancel it."


class UnitNotCoupled(OrderProblem):
    code = "E-ORD-17"
    says = "unit {unit} is not the unit that product {product} has in Business Central."
    hint = "Order it in the product's default unit, or couple unit {id} with unit groups on."


class UnitGone(OrderProblem):
    code = "E-ORD-18"
    says = "a unit no longer exists: {text}"
    hint = "Add the unit to the item in Business Central, or couple the unit anew."


class FreightAccountMissing(OrderProblem):
    code = "E-ORD-19"
    says = "it has freight, but no freight account is set up."
    hint = "Fill in Freight G/L Acc. No. in Sales & Receivables Setup in Business Central."


class QuantityZero(OrderProblem):
    code = "E-ORD-20"
    says = "the quantity is 0."
    hint = "Give a quantity, or take the line off the order."


class FreightWithoutLines(OrderProblem):
    code = "E-ORD-21"
    says = "it has freight but no lines."
    hint = "Add what is to be shipped, or remove the freight."


class DiscountCannotBePlaced(OrderProblem):
    code = "E-ORD-22"
    says = "no line allows an invoice discount: {text}"
    hint = "Allow invoice discount on an item, or give the discount on the lines."


class SalesRefusedUpdate(OrderProblem):
    code = "E-ORD-23"
    says = "Business Central has it as order {number}, but Sales refused to record that: {text}"
    hint = "Mend what Sales names. The Business Central order is kept, and only this step is tried again."


class ChangedWhileAcknowledged(SalesRefusedUpdate):
    """Somebody else kept changing the row, or Sales was not able to answer: it passes."""

    retry = Retry.EVERY_RUN
    says = "Business Central has it as order {number}; Sales could not record that yet: {text}"
    hint = "Nothing to do: this step is tried again by itself."


class AmountsDiffer(OrderProblem):
    code = "E-ORD-25"
    retry = Retry.OPERATOR
    says = "Business Central order {number} differs from what was ordered: {what}."
    hint = "Compare the two orders and correct the one that is wrong."


class AlreadyCoupledElsewhere(OrderProblem):
    code = "E-ORD-27"
    retry = Retry.OPERATOR
    says = "Business Central order {number} is already coupled to another Sales order."
    hint = "Two Sales orders share the first 35 characters of their number and the customer; give one another number."


class AmountsHeld(OrderProblem):
    code = "E-REL-05"
    retry = Retry.OPERATOR
    says = "Business Central order {number} is held Open, since it differs from what was ordered: {what}."
    hint = (
        "Correct it in Business Central or in Sales, then: python -m bridge retry {order}. Or release it by hand in "
        "Business Central: it is then taken as it is."
    )


class Unreachable(OrderProblem):
    code = "E-NET-01"
    retry = Retry.EVERY_RUN
    says = "{system} cannot be reached: {text}"
    hint = "Nothing is lost; it is tried again by itself."


class NotAllowed(OrderProblem):
    code = "E-NET-03"
    says = "{system} does not serve us: {text}"
    hint = "{advice}."


class OutcomeUnknown(OrderProblem):
    code = "E-NET-02"
    retry = Retry.EVERY_RUN
    says = "the reply of Business Central was lost, so it may have the order or not: {text}"
    hint = "Nothing to do: the next try finds the order by its reference, or creates it."


class SalesOrderGone(OrderProblem):
    code = "E-END-02"
    retry = Retry.OPERATOR
    says = "it was deleted in Sales while it was being created in Business Central."
    hint = "Look in Business Central for an order with Your Reference {order}, and delete it if it is not wanted."


class PriceMayIncludeVat(OrderProblem):
    code = "E-ORD-30"
    says = "the price of item {item} includes VAT, and whether it does for this customer only the companion can tell."
    hint = "Install the companion (companion/README.md), or clear Price Includes VAT on the item."


class Unreadable(OrderProblem):
    code = "E-ORD-29"
    retry = Retry.OPERATOR
    says = "its data cannot be made sense of: {text}"
    hint = "Look for an unusual value on the order; please report this text."


class NothingToRelease(OrderProblem):
    code = "E-REL-01"
    says = "Business Central order {number} has no lines to release."
    hint = "Add lines in Business Central and release it, or delete it."


class ReleaseRefused(OrderProblem):
    code = "E-REL-02"
    says = "Business Central order {number} could not be released: {text}"
    hint = "Mend what Business Central names; the release is then tried again by itself."


class ReleaseNeedsCompanion(OrderProblem):
    code = "E-REL-04"
    says = "Business Central order {number} stays Open: releasing needs the companion extension."
    hint = "Install the companion (companion/README.md), or release the order by hand."


WANT_A_COUPLING = frozenset({AccountNotCoupled.code, ProductNotCoupled.code, UnitNotCoupled.code})
"""Codes whose advice names, by its Sales id, what has to be coupled."""

AFTER_ACKNOWLEDGEMENT = frozenset(
    {AmountsDiffer.code, AmountsHeld.code, NothingToRelease.code, ReleaseRefused.code, ReleaseNeedsCompanion.code}
)
"""Codes that stay listed although the order itself is done."""
