"""Commands on couplings: couple, uncouple, match."""

from __future__ import annotations

import click

from bridge.cli.common import State, company_option, json_option, pass_state, report
from bridge.cli.output import progress_bar
from bridge.coupling import service


@click.command("couple")
@click.argument("mapping")
@click.argument("bc_id")
@click.argument("sales_id")
@company_option
@json_option
@pass_state
def couple(state: State, mapping: str, bc_id: str, sales_id: str) -> None:
    """Couple the record BC_ID in Business Central with SALES_ID in Sales, e.g. in MAPPING "CUSTOMER".

    Both may be ids or what people call the record: its number, its code, its name.
    """
    company = state.one_company()
    outcome = service.couple(state.bridge.context(company), mapping.upper(), bc_id, sales_id)
    report(state, f"Couple {mapping.upper()}", company, outcome, ("coupling",))


@click.command("uncouple")
@click.argument("mapping")
@click.argument("either_id")
@company_option
@json_option
@pass_state
def uncouple(state: State, mapping: str, either_id: str) -> None:
    """Forget the coupling that has EITHER_ID, an id or a number, on one side. The records themselves stay."""
    company = state.one_company()
    outcome = service.uncouple(state.bridge.context(company), mapping.upper(), either_id)
    report(state, f"Uncouple {mapping.upper()}", company, outcome, ("coupling",))


@click.command("match")
@click.argument("mapping", default=service.ALL)
@company_option
@json_option
@pass_state
def match(state: State, mapping: str) -> None:
    """Couple what is the same by its number or name in MAPPING, e.g. "ITEM-PRODUCT", or in every mapping.

    Existing couplings stay. What has no match is told, and is no failure.
    """
    company = state.one_company()
    with progress_bar() as progress:
        outcome = service.match(state.bridge.context(company, progress), mapping.upper())
    report(state, f"Match {mapping.upper()}", company, outcome, ("coupling",))
