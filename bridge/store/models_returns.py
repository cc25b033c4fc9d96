"""The tables of what goes back to Sales besides an order's status: invoices, notes, changes of orders, statistics."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bridge.records import new_id
from bridge.store.models import Base
from bridge.store.types import Guid


class PostedInvoice(Base):
    """A posted invoice that Sales shall have. Written when it is found, before the first write to Sales."""

    __tablename__ = "posted_invoices"
    __table_args__ = (
        UniqueConstraint("company_id", "bc_id", name="uq_posted_invoices_bc"),
        Index("ix_posted_invoices_sales_id", "sales_id"),
        Index("ix_posted_invoices_bill_to_id", "company_id", "bill_to_id"),
    )
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(Guid)
    bc_id: Mapped[str] = mapped_column(Guid)
    bc_number: Mapped[str] = mapped_column(String(20))
    bill_to_id: Mapped[str] = mapped_column(Guid)
    """The customer who owes it: entries in their ledger may change what is left to pay."""
    order_id: Mapped[str | None] = mapped_column(Guid)
    """The Sales order it belongs to; empty for an invoice of another origin until its reference has been looked up."""
    sales_id: Mapped[str] = mapped_column(Guid)
    """The id the invoice has or will have in Sales: chosen here first, so that a repeated write is refused as known."""
    state: Mapped[str] = mapped_column(String(10))
    """``waiting`` until Sales has it, then ``there``; ``gone`` when Sales has deleted it."""
    payment: Mapped[str] = mapped_column(String(10), default="")
    """What Business Central says: ``billed``, ``partial``, ``paid`` or ``canceled``."""
    payment_told: Mapped[str] = mapped_column(String(10), default="")
    """The same, as Sales was last told."""
    wants: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    """Couplings it waits for, as pairs of mapping and Business Central id or code."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None]
    found_at: Mapped[datetime]
    written_at: Mapped[datetime | None]


class OrderPush(Base):
    """How far the changes of one order in Business Central have gone to Sales."""

    __tablename__ = "order_pushes"
    entry_id: Mapped[str] = mapped_column(ForeignKey("order_journal.id", ondelete="CASCADE"), primary_key=True)
    is_due: Mapped[bool] = mapped_column(Boolean, default=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None]
    pushed_at: Mapped[datetime | None]
    """When Sales was last found to agree, or made to."""
    notes_read_at: Mapped[datetime | None]
    """When the notes that the order had in Sales were read as a whole; newer ones come by themselves."""


class OrderNote(Base):
    """One note that both systems have, or shall have. ``sales_id`` is chosen for a note on its way there."""

    __tablename__ = "order_notes"
    __table_args__ = (
        UniqueConstraint("company_id", "sales_id", name="uq_order_notes_sales"),
        Index("ix_order_notes_bc_id", "company_id", "bc_id"),
        Index("ix_order_notes_waiting", "company_id", "waiting"),
    )
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(Guid)
    entry_id: Mapped[str] = mapped_column(ForeignKey("order_journal.id", ondelete="CASCADE"))
    sales_id: Mapped[str] = mapped_column(Guid)
    bc_id: Mapped[str | None] = mapped_column(String(40))
    """Empty until Business Central has it."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """Of subject and text as both sides have them: a change that leaves it as it is, is none."""
    waiting: Mapped[str] = mapped_column(String(10), default="")
    """``bc`` or ``sales``: the side that has not been told yet; empty when both agree."""
    subject: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    """Kept only while it waits."""
    created_on: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None]
    coupled_at: Mapped[datetime | None]


class StatisticsRow(Base):
    """The account statistics of one customer: the row they have in Sales, and what it was last told."""

    __tablename__ = "customer_statistics"
    company_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    customer_number: Mapped[str] = mapped_column(String(20), default="")
    account_id: Mapped[str] = mapped_column(Guid)
    sales_id: Mapped[str] = mapped_column(Guid)
    """The id its row has or will have in Sales, chosen here first."""
    told: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Column of the Sales row → text of the value it was last told."""
    is_due: Mapped[bool] = mapped_column(Boolean, default=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    read_on: Mapped[date | None] = mapped_column(Date)
    """The day of the figures: what is overdue changes from day to day without anybody's doing."""
