"""Couple, uncouple and match: what a person or the setup asks for.

All three can be repeated: coupling a coupled pair and matching again change nothing.
"""

from __future__ import annotations

from bridge.clients.errors import CompanionMissing
from bridge.context import CompanyContext, Outcome
from bridge.coupling import options, records
from bridge.coupling.company import let_go
from bridge.coupling.errors import MappingUnknown, NotCoupled
from bridge.coupling.match import Candidate, Matching, Reason
from bridge.coupling.match import match as decide
from bridge.coupling.tables import BY_MAPPING, CUSTOMER, MATCHED, OptionTable, Table
from bridge.store import couplings, jobs
from bridge.store.models import Coupling

ALL = "ALL"
LISTED = 20
"""So many unmatched records are named one by one; of the others only the number is told."""

_WHY = {
    Reason.NO_VALUE: "it has no value to match by",
    Reason.NONE: "Sales has no record with the same value",
    Reason.SEVERAL_HERE: "several records in Business Central have the same value",
    Reason.SEVERAL_THERE: "several records in Sales have the same value",
    Reason.TAKEN: "the record with the same value in Sales is coupled already",
}


def couple(ctx: CompanyContext, mapping: str, bc_id: str, sales_id: str) -> Outcome:
    """Couple two records that both exist: ids, or what people call them (number, code, name of the unit, e-mail).

    Raises MappingUnknown, RecordNotFound, NotOfThisMapping, and AlreadyCoupled when one end has another partner.
    """
    table = _table(mapping)
    if isinstance(table, OptionTable):
        return Outcome(counts={"coupled": 1}, notes=(options.couple_option(ctx, table, bc_id, sales_id),))
    here, there = records.bc_record(ctx, table, bc_id), records.sales_record(ctx, table, sales_id)
    coupled = couplings.couple(ctx.db, ctx.company.id, _coupling(table, here, there), ctx.clock())
    return Outcome(
        counts={"coupled": 1},
        notes=(f"{table.mapping}: {coupled.bc_number} is coupled to {coupled.sales_name} ({coupled.sales_id}).",),
    )


def uncouple(ctx: CompanyContext, mapping: str, either_id: str) -> Outcome:
    """End a coupling, named by an id or number of either side; the records stay, and the one in Sales no longer belongs
    to our company. Raises NotCoupled, and RemoteError when Sales refuses that: the coupling stays then."""
    table = BY_MAPPING.get(mapping.strip().upper())
    if isinstance(table, OptionTable):
        return Outcome(counts={"uncoupled": 1}, notes=(options.uncouple_option(ctx, table, either_id),))
    name = table.mapping if table is not None else mapping.strip().upper()
    found = _coupled(ctx, name, either_id)
    freed = let_go(ctx, found)
    ended = couplings.uncouple(ctx.db, ctx.company.id, name, found.sales_id)
    if ended is None:
        raise NotCoupled(name, either_id)
    if name == CUSTOMER.mapping:
        jobs.wake(ctx.db, "CUSTOMER STATISTICS", ctx.clock(), ctx.company.id)
    return Outcome(
        counts={"uncoupled": 1, "modified": int(freed)},
        notes=(f"{name}: {ended.bc_number} and {ended.sales_name} are no longer coupled.",),
    )


def match(ctx: CompanyContext, mapping: str) -> Outcome:
    """Couple all uncoupled records of a mapping that equal values identify, or of every mapping with ``ALL``.

    Unmatched records are no failure: most often the other side does not have them, and need not.
    """
    if mapping.strip().upper() != ALL:
        return _match_one(ctx, _table(mapping))
    counts = {"coupled": 0, "unchanged": 0, "unmatched": 0}
    notes: list[str] = []
    for table in MATCHED:
        try:
            one = _match_one(ctx, table)
        except CompanionMissing as error:
            notes.append(f"{table.mapping}: not matched, {error}")
            continue
        counts = {name: counts[name] + one.counts[name] for name in counts}
        notes += one.notes
    return Outcome(counts=counts, notes=tuple(notes))


def _match_one(ctx: CompanyContext, table: Table | OptionTable) -> Outcome:
    if isinstance(table, OptionTable):
        found, before = options.match_options(ctx, table)
        return _told(table.mapping, found, len(found.pairs), before)
    known = couplings.of_mapping(ctx.db, ctx.company.id, table.mapping)
    found = decide(
        list(records.in_business_central(ctx, table)),
        list(records.in_sales(ctx, table)),
        coupled_bc={coupling.bc_id for coupling in known},
        coupled_sales={coupling.sales_id for coupling in known},
    )
    wanted = [_coupling(table, here, there) for here, there in found.pairs]
    made = couplings.couple_many(ctx.db, ctx.company.id, wanted, ctx.clock()) if wanted else 0
    return _told(table.mapping, found, made, len(known))


def _told(mapping: str, found: Matching, made: int, before: int) -> Outcome:
    notes = [f"{mapping}: {made} coupled, {before} were coupled before, {len(found.unmatched)} unmatched."]
    notes += [
        f"{mapping}: {unmatched.record.label} is unmatched: {_WHY[unmatched.reason]}."
        for unmatched in found.unmatched[:LISTED]
    ]
    if len(found.unmatched) > LISTED:
        notes.append(f"{mapping}: {len(found.unmatched) - LISTED} more are unmatched.")
    return Outcome(counts={"coupled": made, "unchanged": before, "unmatched": len(found.unmatched)}, notes=tuple(notes))


def _table(mapping: str) -> Table | OptionTable:
    try:
        return BY_MAPPING[mapping.strip().upper()]
    except KeyError:
        raise MappingUnknown(mapping, BY_MAPPING) from None


def _coupling(table: Table, here: Candidate, there: Candidate) -> couplings.NewCoupling:
    return couplings.NewCoupling(
        mapping=table.mapping,
        table_id=table.table_id,
        bc_id=here.id,
        bc_number=here.label,
        sales_table=table.sales_table,
        sales_id=there.id,
        sales_name=there.name or there.label,
    )


def _coupled(ctx: CompanyContext, mapping: str, either: str) -> Coupling:
    record_id = records.guid_or_none(either)
    wanted = either.strip().casefold()
    for coupling in couplings.of_mapping(ctx.db, ctx.company.id, mapping):
        if record_id in (coupling.bc_id, coupling.sales_id):
            return coupling
        if record_id is None and wanted in (coupling.bc_number.casefold(), coupling.sales_name.casefold()):
            return coupling
    raise NotCoupled(mapping, either)
