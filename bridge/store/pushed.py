"""What products in Sales were last told about their quantity on hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, case, delete, exists, or_, select

from bridge.store.couplings import ITEM_TABLE
from bridge.store.database import Database
from bridge.store.models import AvailabilityItem, Coupling, Failure, PushedQuantity

SUBJECT = "availability"
"""What failures to tell a product are listed under, by the product's id."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A product that has to be told: its id, its item's number, and the quantity, below zero as 0."""

    sales_id: str
    number: str
    quantity: Decimal


def moved(db: Database, company_id: str, now: datetime, most: int) -> list[Moved]:
    """Up to ``most`` coupled products whose stock is not what they were told; skipped couplings are left alone, and
    products that refused wait for the attempt they were promised."""
    quantity = case((AvailabilityItem.inventory < 0, Decimal(0)), else_=AvailabilityItem.inventory)
    refused = exists().where(
        Failure.company_id == company_id,
        Failure.subject == SUBJECT,
        Failure.record_id == Coupling.sales_id,
        Failure.resolved_at.is_(None),
        Failure.next_attempt_at > now,
    )
    statement = (
        select(Coupling.sales_id, AvailabilityItem.number, AvailabilityItem.inventory)
        .join(
            AvailabilityItem,
            and_(AvailabilityItem.company_id == Coupling.company_id, AvailabilityItem.item_id == Coupling.bc_id),
        )
        .outerjoin(
            PushedQuantity,
            and_(PushedQuantity.company_id == Coupling.company_id, PushedQuantity.sales_id == Coupling.sales_id),
        )
        .where(
            Coupling.company_id == company_id,
            Coupling.mapping == "ITEM-PRODUCT",
            Coupling.table_id == ITEM_TABLE,
            Coupling.skipped.is_(False),
            or_(PushedQuantity.sales_id.is_(None), PushedQuantity.quantity != quantity),
            ~refused,
        )
        .order_by(Coupling.sales_id)
        .limit(most)
    )
    with db.read() as session:
        return [Moved(row.sales_id, row.number, max(row.inventory, Decimal(0))) for row in session.execute(statement)]


def told(db: Database, company_id: str, quantities: Mapping[str, Decimal], now: datetime) -> None:
    """Note what these products have been told."""
    rows = [
        {"company_id": company_id, "sales_id": one, "quantity": quantity, "pushed_at": now}
        for one, quantity in quantities.items()
    ]
    if not rows:
        return
    with db.write() as session:
        statement = db.insert(PushedQuantity)
        replaced = {name: statement.excluded[name] for name in ("quantity", "pushed_at")}
        session.execute(statement.on_conflict_do_update(index_elements=["company_id", "sales_id"], set_=replaced), rows)


def forget(db: Database) -> None:
    """Nobody has been told anything: others may write the quantities while the push is switched off."""
    with db.write() as session:
        session.execute(delete(PushedQuantity))
