"""Couple options of Sales choice columns with Business Central codes: payment terms, shipment methods, agents.

The couplings are kept for the columns of the table account; orders and quotes use copies with the same values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bridge.clients.odata import any_of, quote_text
from bridge.context import CompanyContext
from bridge.coupling.errors import NotCoupled, RecordNotFound
from bridge.coupling.match import Candidate, Matching, key, match
from bridge.coupling.tables import OptionTable
from bridge.records import guid
from bridge.store import couplings
from bridge.store.models import OptionCoupling

_CHOICES = "EntityDefinitions(LogicalName='account')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata"


@dataclass(frozen=True, slots=True)
class Code:
    """A row of one of Business Central's small code tables."""

    id: str
    code: str
    description: str


def read_labels(ctx: CompanyContext, column: str) -> dict[int, str]:
    """The options of a choice column of the table account: value → label, in the language of the bridge's user."""
    rows = ctx.sales.rows(
        _CHOICES,
        purpose="read options",
        select=("LogicalName",),
        filter=any_of("LogicalName", [quote_text(column)]),
        expand="OptionSet($select=Options)",
    )
    found = [row for row in rows if row["LogicalName"] == column]
    return {int(option["Value"]): _label(option) for row in found for option in row["OptionSet"]["Options"]}


def _label(option: dict[str, Any]) -> str:
    label = option.get("Label") or {}
    localized = [label["UserLocalizedLabel"]] if label.get("UserLocalizedLabel") else label.get("LocalizedLabels", [])
    return str(localized[0]["Label"]) if localized else ""


def read_codes(ctx: CompanyContext, table: OptionTable) -> Iterator[Code]:
    rows = ctx.bc.rows(
        table.bc_set, purpose="read codes", select=("id", "code", "displayName"), companion=table.companion
    )
    for row in rows:
        yield Code(guid(row["id"]), row["code"], row["displayName"])


def match_options(ctx: CompanyContext, table: OptionTable) -> tuple[Matching, int]:
    """Couple codes whose code or description equals an option's label; couplings made before stay. The second value
    says how many there were before."""
    known = list(couplings.options(ctx.db, ctx.company.id).get(table.mapping, {}).values())
    codes = {code.id: code for code in read_codes(ctx, table)}
    labels = read_labels(ctx, table.column)
    found = match(
        [Candidate(c.id, c.code, (key(c.code), key(c.description)), c.description) for c in codes.values()],
        [Candidate(str(value), label, (key(label), key(label)), label) for value, label in labels.items()],
        coupled_bc={coupling.bc_id for coupling in known},
        coupled_sales={str(coupling.option_value) for coupling in known},
    )
    if found.pairs:
        new = [_coupling(ctx, table, codes[here.id], int(there.id)) for here, there in found.pairs]
        couplings.replace_options(ctx.db, ctx.company.id, table.mapping, [*_copies(known), *new])
    return found, len(known)


def couple_option(ctx: CompanyContext, table: OptionTable, wanted_code: str, wanted_option: str) -> str:
    """Couple one code (or its id) with one option (value or label); both get free of their former partners. Answers
    what was coupled, in words. Raises RecordNotFound."""
    wanted = wanted_code.strip().casefold()
    code = next((c for c in read_codes(ctx, table) if wanted in (c.code.casefold(), c.id)), None)
    if code is None:
        raise RecordNotFound(table.mapping, "Business Central code", wanted_code, advice=f"See {table.bc_set} there.")
    labels = read_labels(ctx, table.column)
    option = wanted_option.strip().casefold()
    value = next((v for v, label in labels.items() if option in (str(v), label.casefold())), None)
    if value is None:
        offered = ", ".join(f"{v} {label}" for v, label in labels.items()) or "none"
        raise RecordNotFound(table.mapping, f"option of {table.column}", wanted_option, advice=f"There are: {offered}.")
    known = couplings.options(ctx.db, ctx.company.id).get(table.mapping, {}).values()
    others = [other for other in known if other.option_value != value and other.bc_id != code.id]
    new = _coupling(ctx, table, code, value)
    couplings.replace_options(ctx.db, ctx.company.id, table.mapping, [*_copies(others), new])
    return f"{table.mapping}: {code.code} is coupled to option {value} ({labels[value]})."


def uncouple_option(ctx: CompanyContext, table: OptionTable, either: str) -> str:
    """End the coupling of a code, its id, or an option value. Raises NotCoupled."""
    wanted = either.strip().casefold()
    known = list(couplings.options(ctx.db, ctx.company.id).get(table.mapping, {}).values())
    ended = [o for o in known if wanted in (o.bc_code.casefold(), o.bc_id, str(o.option_value))]
    if not ended:
        raise NotCoupled(table.mapping, either)
    kept = [other for other in known if other not in ended]
    couplings.replace_options(ctx.db, ctx.company.id, table.mapping, _copies(kept))
    return f"{table.mapping}: {ended[0].bc_code} and option {ended[0].option_value} are no longer coupled."


def _coupling(ctx: CompanyContext, table: OptionTable, code: Code, value: int) -> OptionCoupling:
    return OptionCoupling(
        company_id=ctx.company.id,
        mapping=table.mapping,
        option_value=value,
        bc_id=code.id,
        bc_code=code.code,
        coupled_at=ctx.clock(),
    )


def _copies(kept: list[OptionCoupling]) -> list[OptionCoupling]:
    """New rows with the same facts: the store replaces a mapping's options as a whole."""
    return [
        OptionCoupling(
            company_id=old.company_id,
            mapping=old.mapping,
            option_value=old.option_value,
            bc_id=old.bc_id,
            bc_code=old.bc_code,
            coupled_at=old.coupled_at,
        )
        for old in kept
    ]
