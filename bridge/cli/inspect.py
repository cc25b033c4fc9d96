"""Commands that look, and the one that puts back: jobs, failures, show, retry. They ask our own state only."""

from __future__ import annotations

import click

from bridge import overview
from bridge.cli.common import FAILED, WRONG_CALL, State, company_option, json_option, pass_state, report
from bridge.cli.output import failure_rows, print_json, print_table, progress_bar
from bridge.overview import OrderView, RecordView
from bridge.store import journal
from bridge.store.journal import Kind
from bridge.work.pick_up import process
from bridge.work.wakeups import announce


@click.command("jobs")
@company_option
@json_option
@pass_state
def list_jobs(state: State) -> None:
    """What runs when, who runs it now, and how it went last."""
    bridge = state.bridge
    views = overview.job_list(bridge.db, bridge.clock(), state.company_filter())
    if state.as_json:
        print_json(views)
        return
    rows: list[dict[str, object]] = [
        {
            "Job": view.name,
            "Company": view.company,
            "State": view.state,
            "Every": f"{view.every_seconds} s",
            "Due": view.due_at,
            "Last run": view.finished_at,
            "Outcome": view.last_outcome or "not run yet",
            "Counts": view.counts if view.last_outcome == "finished" else "",
            "Error": view.error,
        }
        for view in views
    ]
    print_table("Jobs", rows, empty="No jobs yet: a worker defines them when it starts (python -m bridge work).")


@click.command("failures")
@company_option
@json_option
@pass_state
def list_failures(state: State) -> None:
    """What is stuck, why, and what to do about it. Ends with 0 also when something is listed."""
    found = overview.failure_list(state.bridge.db, state.company_filter())
    if state.as_json:
        print_json(found)
    else:
        print_table("Stuck", failure_rows(found), empty="Nothing is stuck.")


@click.command("retry")
@click.argument("record", required=False)
@click.option("--all", "everything", is_flag=True, help="Put back everything that waits.")
@click.option("--now", is_flag=True, help="Work on it in this process instead of leaving it to the worker.")
@company_option
@json_option
@pass_state
def retry(state: State, record: str | None, everything: bool, now: bool) -> None:
    """Put RECORD back, or everything with --all: it is due now, whatever its pause was.

    RECORD is what `failures` shows: the number of an order or quote, a record's id, or the whole text of its first
    column. A running worker takes it up at once, else the next pick-up does.
    """
    if bool(record) == everything:
        raise click.UsageError("Give either a RECORD or --all.")
    bridge = state.bridge
    back = overview.put_back(bridge.db, record, bridge.clock())
    if record is not None and back.nothing:
        known = not overview.about(bridge.db, record).is_empty
        why = "has nothing that waits" if known else "is not known here: no order, failure or coupling has that name"
        click.echo(f"{record} {why}.", err=True)
        raise SystemExit(FAILED if known else WRONG_CALL)
    announce(bridge.settings.redis_url)
    if now:
        _work_on(state, record)
    if state.as_json:
        print_json({"orders": back.orders, "jobs": back.jobs})
        return
    orders = {0: "No order or quote", 1: "1 order or quote"}.get(back.orders, f"{back.orders} orders and quotes")
    click.echo(f"{orders} put back. Due now: {', '.join(back.jobs) or 'no job'}.")


def _work_on(state: State, record: str | None) -> None:
    company = state.one_company()
    only = [entry.sales_id for entry in journal.find(state.bridge.db, record)] if record else []
    with progress_bar() as progress:
        outcome = process(state.bridge.context(company, progress), only=only)
    report(state, "Retry", company, outcome, ("order", "quote"))


@click.command("show")
@click.argument("record")
@json_option
@pass_state
def show(state: State, record: str) -> None:
    """Everything known of RECORD: an order or quote by either number, an item or customer by number or name, any id."""
    view = overview.about(state.bridge.db, record)
    if view.is_empty:
        click.echo(f"Nothing is known of {record}. Orders and quotes are known once they were picked up.", err=True)
        raise SystemExit(FAILED)
    if state.as_json:
        print_json(_as_document(view))
        return
    for order in view.orders:
        _print_order(order)
    couplings: list[dict[str, object]] = [
        {
            "Mapping": row.mapping,
            "Business Central": f"{row.bc_number or '?'} {row.bc_id}",
            "Sales": f"{row.sales_name or row.sales_table} {row.sales_id}",
            "Since": row.coupled_at,
        }
        for row in view.couplings
    ]
    items: list[dict[str, object]] = [
        {
            "Item": row.number,
            "Name": row.name,
            "Quantity on hand": row.inventory,
            "Unit": row.base_unit,
            "Blocked": row.blocked,
            "Read": row.refreshed_at,
        }
        for row in view.items
    ]
    failures = [
        {**row, "Resolved": failure.resolved_at}
        for row, failure in zip(failure_rows(view.failures), view.failures, strict=True)
    ]
    invoices: list[dict[str, object]] = [
        {
            "Invoice": row.bc_number,
            "In Sales": f"{row.state} {row.sales_id}",
            "Payment": row.payment,
            "Told to Sales": row.payment_told or "not yet",
            "Found": row.found_at,
            "Next attempt": row.next_attempt_at,
        }
        for row in view.invoices
    ]
    statistics: list[dict[str, object]] = [
        {"Customer": row.customer_number, "Told to Sales": row.told_at, "Figure": figure, "Value": value}
        for row in view.statistics
        for figure, value in sorted(row.told.items())
    ]
    tables = (
        ("Couplings", couplings),
        ("Availability", items),
        ("Posted invoices", invoices),
        ("Account statistics", statistics),
        ("Failures, resolved ones too", failures),
    )
    for title, rows in tables:
        if rows:
            print_table(title, rows, empty="")


def _print_order(order: OrderView) -> None:
    entry = order.entry
    of_orders: dict[str, object] = {
        "Release": entry.release_state or "not tried yet",
        "Released": entry.released_at,
        "Acknowledged": entry.acknowledged_at,
        "Sales agrees since": order.pushed_at,
    }
    facts: dict[str, object] = {
        f"{entry.kind.capitalize()} in Sales": f"{entry.sales_number} {entry.sales_id}",
        f"{entry.kind.capitalize()} in Business Central": f"{entry.bc_order_number or '–'} {entry.bc_order_id or ''}",
        "Journal": entry.state,
        "Status there": entry.bc_status,
        "Submitted" if entry.kind == Kind.ORDER else "Changed in Sales": entry.submitted_at,
        "Picked up": entry.seen_at,
        "Created": entry.created_at,
        **(of_orders if entry.kind == Kind.ORDER else {}),
        "Ended": f"{entry.end_reason} {entry.ended_at:%Y-%m-%d %H:%M:%SZ}" if entry.ended_at else "",
        "Attempts": entry.attempts,
        "Next attempt": entry.next_attempt_at,
        "Held by": entry.lease_owner,
    }
    print_table(entry.sales_number, [{"": name, " ": value} for name, value in facts.items()], empty="")
    lines: list[dict[str, object]] = [
        {
            "Line": line.line_number,
            "Quantity": line.quantity,
            "Unit price": line.unit_price,
            "Discount": line.discount_amount,
        }
        for line in order.lines
    ]
    events: list[dict[str, object]] = [
        {"Event": event.kind, "Document": event.number, "Found": event.found_at, "Told to Sales": event.told_at}
        for event in order.events
    ]
    notes: list[dict[str, object]] = [
        {
            "Note of": note.created_on,
            "State": f"waits for {'Sales' if note.waiting == 'sales' else 'Business Central'}"
            if note.waiting
            else "both",
            "In Sales": note.sales_id,
            "In Business Central": note.bc_id,
        }
        for note in order.notes
    ]
    for title, rows in (("Lines as written", lines), ("Since then", events), ("Notes", notes)):
        if rows:
            print_table(title, rows, empty="")


def _as_document(view: RecordView) -> dict[str, object]:
    return {
        "orders": [
            {
                **_columns(order.entry),
                "lines": [_columns(line) for line in order.lines],
                "events": [_columns(event) for event in order.events],
                "notes": [_columns(note) for note in order.notes],
                "pushed_at": order.pushed_at,
            }
            for order in view.orders
        ],
        "couplings": [_columns(row) for row in view.couplings],
        "availability": [_columns(row) for row in view.items],
        "invoices": [_columns(row) for row in view.invoices],
        "statistics": [_columns(row) for row in view.statistics],
        "failures": view.failures,
    }


def _columns(row: object) -> dict[str, object]:
    return {name: value for name, value in sorted(vars(row).items()) if not name.startswith("_")}
