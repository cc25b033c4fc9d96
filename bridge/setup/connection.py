"""Check the connection of both systems from sign-in to single rights, and say what each finding means. Changes nothing.

A check fails when the main job cannot work. A note is something a person should know: a capability that is missing, a
switch that makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bridge.clients.business_central import BusinessCentralCompany
from bridge.clients.errors import CompanionMissing, RemoteError, Unreachable
from bridge.clients.sales import Sales
from bridge.errors import BridgeError
from bridge.explain import explain
from bridge.records import Company, guid
from bridge.settings import Settings
from bridge.wiring import Bridge, choose

ADMINISTRATOR_TEMPLATE = "627090ff-40a3-4053-8790-584edc5be201"
"""Dataverse's own System Administrator role, the same in every organization."""
NEEDED_IN_BUSINESS_CENTRAL = (
    "items",
    "itemLedgerEntries",
    "customers",
    "salespeoplePurchasers",
    "unitsOfMeasure",
    "salesOrders",
    "salesQuotes",
    "salesShipments",
    "salesInvoices",
)
NEEDED_IN_SALES = (
    "salesorders",
    "salesorderdetails",
    "quotes",
    "quotedetails",
    "products",
    "accounts",
    "uomschedules",
    "systemusers",
)
WITHOUT_COMPANION = {
    "release": "Orders are created but stay Open; somebody has to release them in Business Central.",
    "quotes": "Quotes are not brought over; each says so as a listed failure (PICK_UP_QUOTES=false leaves them alone).",
    "bursts": "Orders are created one request at a time, and a lost reply is looked up by external document number.",
    "feeds": "The item ledger is re-read with an overlap instead of by row version.",
    "order modes": "Whether Business Central handles orders both ways by itself cannot be seen; make sure it does not.",
}
"""What is missing without the companion, by capability."""


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: what was looked at, how it came out, what was seen, what to do."""

    system: str
    id: str
    state: State
    detail: str
    advice: str = ""


def check_connection(bridge: Bridge) -> list[Check]:
    """Run every check that makes sense, Business Central first. Never raises for what a remote system answers."""
    return [
        *_guarded("Business Central", lambda: _business_central(bridge)),
        *_guarded("Sales", lambda: _sales(bridge)),
    ]


def _guarded(system: str, checks: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The checks up to the first error, which ends this system's list as a failed check."""
    try:
        yield from checks()
    except (RemoteError, BridgeError) as error:
        why = explain(error)
        yield Check(system, "connection", State.FAILED, why.text, why.advice)


def _business_central(bridge: Bridge) -> Iterator[Check]:
    system = "Business Central"
    known = bridge.business_central.companies()
    names = ", ".join(company.name for company in known)
    yield Check(system, "sign-in", State.OK, f"Signed in at {bridge.settings.bc_url}; companies: {names or 'none'}.")
    for company in choose(known, bridge.settings.bc_company):
        yield Check(system, "company", State.OK, f"{company.name} ({company.id}).")
        client = bridge.business_central.in_company(company)
        yield from _companion(client, company)
        yield from _rights(system, client, NEEDED_IN_BUSINESS_CENTRAL)


def _companion(client: BusinessCentralCompany, company: Company) -> Iterator[Check]:
    system = "Business Central"
    try:
        found = client.bridge_setup()
    except CompanionMissing:
        advice = "Publish it as companion/README.md says."
        yield Check(system, "companion", State.NOTE, f"Not installed in {company.name}.", advice)
        for capability, consequence in WITHOUT_COMPANION.items():
            yield Check(system, f"without companion: {capability}", State.NOTE, consequence, advice)
        return
    yield Check(system, "companion", State.OK, f"Version {found.companion_version} in {company.name}.")
    if not found.knows_quotes:
        detail = f"Version {found.companion_version} creates no quotes."
        yield Check(system, "quotes", State.NOTE, detail, "Publish version 1.1 or later; companion/README.md says how.")
    if found.bidirectional_orders:
        yield Check(
            system,
            "order mode",
            State.FAILED,
            f"{company.name} handles orders both ways by itself: every order would be created twice.",
            "Switch bidirectional sales orders off in Business Central's CRM Connection Setup, or do not use pick-up.",
        )
    else:
        yield Check(system, "order mode", State.OK, "Business Central leaves submitted orders to others.")
    if not found.freight_account_number:
        yield Check(
            system,
            "freight account",
            State.NOTE,
            "No G/L account for freight is set: orders with freight are refused.",
            "Set the freight account in Business Central's Sales & Receivables Setup.",
        )


def _sales(bridge: Bridge) -> Iterator[Check]:
    system, sales = "Sales", bridge.sales
    me = sales.who_am_i()
    yield Check(system, "sign-in", State.OK, f"Signed in at {bridge.settings.sales_url} as user {me.user_id}.")
    yield from _user(sales, me.user_id)
    yield from _organization(sales, bridge.settings)
    yield from _rights(system, sales, NEEDED_IN_SALES)


def _user(sales: Sales, user_id: str) -> Iterator[Check]:
    system = "Sales"
    user = sales.row(
        "systemusers",
        user_id,
        purpose="check integration user",
        select=("fullname", "isdisabled", "accessmode", "isintegrationuser"),
        expand="systemuserroles_association($select=roleid,name,_roletemplateid_value)",
    )
    name = user.get("fullname") or user_id
    if user.get("isdisabled"):
        yield Check(system, "user enabled", State.FAILED, f"{name} is disabled.", "Enable the user in Sales.")
        return
    yield Check(system, "user enabled", State.OK, f"{name} is enabled.")
    roles = user.get("systemuserroles_association") or []
    names = ", ".join(sorted(str(role.get("name", "?")) for role in roles))
    if not roles:
        yield Check(
            system,
            "user roles",
            State.FAILED,
            f"{name} has no security role.",
            "Give it the integration roles in Sales.",
        )
    elif any(guid(role.get("_roletemplateid_value") or role["roleid"]) == ADMINISTRATOR_TEMPLATE for role in roles):
        yield Check(
            system,
            "user roles",
            State.FAILED,
            f"{name} is System Administrator.",
            "Use a user of its own with the integration roles only: Sales must be able to tell its changes apart.",
        )
    else:
        yield Check(system, "user roles", State.OK, f"{name} has: {names}.")
    if user.get("isintegrationuser"):
        yield Check(system, "integration user", State.OK, f"{name} may change submitted orders.")
    else:
        yield Check(
            system,
            "integration user",
            State.FAILED,
            f"{name} is not an integration user: it may not acknowledge submitted orders.",
            "Set systemuser.isintegrationuser to true for it.",
        )


def _organization(sales: Sales, settings: Settings) -> Iterator[Check]:
    columns = ("organizationid", "issopintegrationenabled")
    rows = sales.rows("organizations", purpose="check order integration", select=columns)
    organization = next(iter(rows), None)
    if organization is not None and organization.get("issopintegrationenabled"):
        yield Check("Sales", "order integration", State.OK, "Switched on: sellers have Submit Order.")
        return
    yield Check(
        "Sales",
        "order integration",
        State.FAILED,
        f"Switched off in {settings.sales_url}: sellers cannot submit orders.",
        "Set organization.issopintegrationenabled to true, with System Administrator rights.",
    )


def _rights(system: str, client: BusinessCentralCompany | Sales, entity_sets: Sequence[str]) -> Iterator[Check]:
    """Whether one row of each of these can be read."""
    for entity_set in entity_sets:
        try:
            next(iter(client.rows(entity_set, purpose="check rights", top=1)), None)
        except Unreachable:
            raise
        except RemoteError as error:
            yield Check(system, f"read {entity_set}", State.FAILED, str(error))
        else:
            yield Check(system, f"read {entity_set}", State.OK, "Readable.")
