"""What products in Sales were last told about their quantity on hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, or_, select

from bridge.store.couplings import ITEM_TABLE
from bridge.store.database import Database
from bridge.store.models import AvailabilityItem, Coupling, PushedQuantity


def moved(db: Database, company_id: str, most: int) -> dict[str, Decimal]:
    """Up to ``most`` products whose stock is not what they were told: id in Sales → stock, which may be negative."""
    statement = (
        select(Coupling.sales_id, AvailabilityItem.inventory)
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
            or_(PushedQuantity.sales_id.is_(None), PushedQuantity.quantity != AvailabilityItem.inventory),
        )
        .order_by(Coupling.sales_id)
        .limit(most)
    )
    with db.read() as session:
        return {row.sales_id: row.inventory for row in session.execute(statement)}


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
