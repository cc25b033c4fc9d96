"""One document out of another: a quote's next revision, the order of a quote, the invoice of an order.

Header and lines are copied column by column where both tables have the column and it may be set; numbers, states and
totals are the new document's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from sandbox.sales import pricing, writes
from sandbox.sales.close_actions import add_close_activity
from sandbox.sales.environment import Environment
from sandbox.sales.errors import DataverseError, invalid_argument, not_found
from sandbox.sales.http import Answer, Call, json_answer
from sandbox.sales.model import Ref, Row
from sandbox.sales.query import Reading, read_options, show_rows
from sandbox.sales.schema import TABLES
from sandbox.sales.security import VERBS

QUOTE_DRAFT, QUOTE_ACTIVE, QUOTE_WON, QUOTE_CLOSED = range(4)
_OWN_HEADER = {"statecode", "statuscode", "submitdate", "lastbackofficesubmit", "ispricelocked", "overriddencreatedon"}
_OWN_LINE = {"parentbundleid", "productassociationid", "overriddencreatedon"}


def _source(env: Environment, call: Call, parameter: str, table: str) -> Row:
    body = call.json() if call.body else {}
    if not isinstance(body, Mapping) or not body.get(parameter):
        raise invalid_argument(f"Required field '{parameter}' is missing.")
    row_id = writes.as_id(str(body[parameter]))
    row = env.store.get(table, row_id)
    if row is None:
        raise not_found(table, row_id)
    env.privileges.demand(call.caller.users, VERBS[1], TABLES[table], row)
    return row


def _answer(env: Environment, call: Call, table: str, row_id: str) -> Answer:
    declared = TABLES[table]
    columns = call.json().get("ColumnSet")
    wanted: Iterable[str] = ()
    if isinstance(columns, Mapping) and not columns.get("AllColumns"):
        wanted = columns.get("Columns") or (declared.id,)
    names = ",".join(declared.columns[n].property if n in declared.columns else n for n in wanted)
    options = read_options({"$select": names} if names else {})
    row = env.store.get(table, row_id)
    if row is None:
        raise not_found(table, row_id)
    shown = show_rows(env, declared, [row], Reading(options, call.annotations), call.base)[0]
    context = f"{call.base}/$metadata#{declared.entity_set}/$entity"
    return json_answer(200, {"@odata.context": context, **shown})


def _copied(row: Row, source: str, target: str, own: set[str]) -> Row:
    here, there = TABLES[source], TABLES[target]
    return {
        name: value
        for name, value in row.items()
        if name in there.columns
        and (there.columns[name].create or there.columns[name].update)
        and name not in own
        and name not in (here.id, there.id)
        and value is not None
    }


def _copy(env: Environment, call: Call, row: Row, source: str, target: str, **extra: Any) -> str:
    """A new document with the lines of ``row``; answers its id."""
    here, there = pricing.BY_HEADER[source], pricing.BY_HEADER[target]
    numbers = {family.number for family in pricing.FAMILIES if family.number}
    header = _copied(row, source, target, _OWN_HEADER | numbers) | extra
    new_id = str(uuid4())
    with env.transaction():
        writes.create_stored(env, TABLES[target], new_id, header, call.caller)
        for line in list(env.store.where(here.line, here.parent, row[TABLES[source].id])):
            copied = _copied(line, here.line, there.line, _OWN_LINE | {here.parent})
            copied[there.parent] = Ref(target, new_id)
            writes.create_stored(env, TABLES[there.line], str(uuid4()), copied, call.caller)
        lines = [line[TABLES[there.line].id] for line in env.store.where(there.line, there.parent, new_id)]
        if env.organization.get("oobpricecalculationenabled"):
            pricing.recalculate(env, there, new_id, lines)
    return new_id


def revise_quote(env: Environment, call: Call, _row: Row | None) -> Answer:
    """A Draft with the next revision number and the same quote number; the closed quote stays as it is."""
    quote = _source(env, call, "QuoteId", "quote")
    if quote["statecode"] != QUOTE_CLOSED:
        raise DataverseError(400, "0x80040233", f"The quote {quote['quoteid']} must be closed before it is revised.")
    same = list(env.store.where("quote", "quotenumber", quote.get("quotenumber")))
    if any(other["statecode"] in (QUOTE_DRAFT, QUOTE_ACTIVE) for other in same):
        raise DataverseError(
            400, "0x80048d00", f"There is a draft or active quote with the number {quote.get('quotenumber')} already."
        )
    revision = max(int(other.get("revisionnumber") or 0) for other in same) + 1
    new_id = _copy(env, call, quote, "quote", "quote", quotenumber=quote.get("quotenumber"), revisionnumber=revision)
    return _answer(env, call, "quote", new_id)


def quote_to_order(env: Environment, call: Call, _row: Row | None) -> Answer:
    """The order of a won quote; an Active one is won on the way (unverified in the real service)."""
    quote = _source(env, call, "QuoteId", "quote")
    if quote["statecode"] not in (QUOTE_ACTIVE, QUOTE_WON):
        raise DataverseError(400, "0x80040233", f"The quote {quote['quoteid']} is neither active nor won.")
    body = call.json()
    with env.transaction():
        if quote["statecode"] == QUOTE_ACTIVE:
            close = {"subject": body.get("QuoteCloseSubject"), "description": body.get("QuoteCloseDescription")}
            add_close_activity(env, "quote", quote, close, call.caller)
            status = int(body.get("QuoteCloseStatus") or -1)
            writes.set_state(env, TABLES["quote"], quote["quoteid"], QUOTE_WON, status, call.caller)
        new_id = _copy(env, call, quote, "quote", "salesorder", quoteid=Ref("quote", quote["quoteid"]))
    return _answer(env, call, "salesorder", new_id)


def order_to_invoice(env: Environment, call: Call, _row: Row | None) -> Answer:
    """An invoice with the lines of an order; the order keeps its state (unverified in the real service)."""
    order = _source(env, call, "SalesOrderId", "salesorder")
    link = Ref("salesorder", order["salesorderid"])
    new_id = _copy(env, call, order, "salesorder", "invoice", salesorderid=link)
    return _answer(env, call, "invoice", new_id)


def from_opportunity(target: str) -> Any:
    """The action that makes a document of table ``target`` out of an opportunity."""

    def action(env: Environment, call: Call, _row: Row | None) -> Answer:
        opportunity = _source(env, call, "OpportunityId", "opportunity")
        link = Ref("opportunity", opportunity["opportunityid"])
        new_id = _copy(env, call, opportunity, "opportunity", target, opportunityid=link)
        return _answer(env, call, target, new_id)

    return action
