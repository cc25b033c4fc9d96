"""The tables. Every id is a GUID as 36-character lower-case text, every time is aware UTC, quantities are exact.

Objects read from here are used as values: nothing outside ``bridge.store`` changes one and expects it to be saved.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bridge.records import new_id
from bridge.store.types import Guid, Quantity, UtcDateTime


class Base(DeclarativeBase):
    """Common ground of the models; the naming convention makes migrations the same on both databases."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, Decimal: Quantity}


Base.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class CompanyRow(Base):
    """A Business Central company this install serves, resolved from BC_COMPANY; ``position`` 0 is the default."""

    __tablename__ = "companies"
    id: Mapped[str] = mapped_column(Guid, primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    display_name: Mapped[str] = mapped_column(String(250), default="")
    position: Mapped[int] = mapped_column(Integer)
    sales_company_id: Mapped[str | None] = mapped_column(Guid)
    """The ``bcbi_company`` row of this company in Sales; empty until it has been looked up."""
    companion_version: Mapped[str | None] = mapped_column(String(30))
    """Version of the companion found there; empty when it is not installed or nobody has asked yet."""


class Coupling(Base):
    """One record in Business Central and one in Sales that are the same thing. Unique on either end per mapping."""

    __tablename__ = "couplings"
    __table_args__ = (
        UniqueConstraint("company_id", "mapping", "bc_id", name="uq_couplings_bc"),
        UniqueConstraint("company_id", "mapping", "sales_id", name="uq_couplings_sales"),
        Index("ix_couplings_sales_id", "sales_id"),
        Index("ix_couplings_bc_id", "bc_id"),
    )
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(Guid)
    mapping: Mapped[str] = mapped_column(String(40))
    table_id: Mapped[int] = mapped_column(Integer)
    """Business Central's table number: 27 Item, 156 Resource, 18 Customer, 36 Sales Header, 204 Unit of Measure."""
    bc_id: Mapped[str] = mapped_column(Guid)
    bc_number: Mapped[str] = mapped_column(String(20), default="")
    sales_table: Mapped[str] = mapped_column(String(64))
    sales_id: Mapped[str] = mapped_column(Guid)
    sales_name: Mapped[str] = mapped_column(String(250), default="")
    coupled_at: Mapped[datetime]
    skipped: Mapped[bool] = mapped_column(Boolean, default=False)


class OptionCoupling(Base):
    """A Sales option value and the Business Central code it stands for, e.g. payment terms 1 ↔ 30 DAYS."""

    __tablename__ = "option_couplings"
    __table_args__ = (UniqueConstraint("company_id", "mapping", "option_value", name="uq_option_couplings_option"),)
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(Guid)
    mapping: Mapped[str] = mapped_column(String(40))
    option_value: Mapped[int] = mapped_column(Integer)
    bc_id: Mapped[str] = mapped_column(Guid)
    bc_code: Mapped[str] = mapped_column(String(10))
    coupled_at: Mapped[datetime]


class JournalEntry(Base):
    """One Sales order on its way to Business Central. Written before the first remote write; unique by Sales id."""

    __tablename__ = "order_journal"
    __table_args__ = (
        Index("ix_order_journal_open", "company_id", "state", "next_attempt_at"),
        Index("ix_order_journal_bc_order_id", "bc_order_id"),
        Index("ix_order_journal_bc_order_number", "bc_order_number"),
    )
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(10), default="order")
    company_id: Mapped[str] = mapped_column(Guid)
    sales_id: Mapped[str] = mapped_column(Guid, unique=True)
    sales_number: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    """One of :class:`bridge.store.journal.State`."""
    release_state: Mapped[str] = mapped_column(String(20), default="")
    """One of :class:`bridge.store.journal.ReleaseState`."""
    bc_order_id: Mapped[str | None] = mapped_column(Guid)
    bc_order_number: Mapped[str | None] = mapped_column(String(20))
    bc_status: Mapped[str] = mapped_column(String(20), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    created_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(20), default="")
    """Empty while followed, then ``invoiced``, ``deleted-in-bc``, ``deleted-in-sales``."""
    missing_since: Mapped[datetime | None]
    """First time the Business Central order was not found; a deletion counts only after a second look."""
    updated_at: Mapped[datetime]


class JournalLine(Base):
    """Which Business Central line a Sales order line became, with the values written."""

    __tablename__ = "order_journal_lines"
    __table_args__ = (UniqueConstraint("entry_id", "line_number", name="uq_order_journal_lines_number"),)
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    entry_id: Mapped[str] = mapped_column(ForeignKey("order_journal.id", ondelete="CASCADE"))
    sales_line_id: Mapped[str | None] = mapped_column(Guid)
    bc_line_id: Mapped[str | None] = mapped_column(Guid)
    line_number: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[Decimal]
    unit_price: Mapped[Decimal]
    discount_amount: Mapped[Decimal]
    seen_quantity: Mapped[Decimal | None]
    """The quantity Business Central showed last; empty until the line was seen there after its creation."""


class OrderEvent(Base):
    """Something that happened to an order in Business Central, found once, told to Sales once."""

    __tablename__ = "order_events"
    __table_args__ = (UniqueConstraint("entry_id", "kind", "key", name="uq_order_events_key"),)
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    entry_id: Mapped[str] = mapped_column(ForeignKey("order_journal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    """``released``, ``shipped``, ``invoiced``, ``completed``."""
    key: Mapped[str] = mapped_column(String(60))
    """What makes it one event: the document's id, or the count of the release."""
    number: Mapped[str] = mapped_column(String(20), default="")
    found_at: Mapped[datetime]
    post_id: Mapped[str] = mapped_column(Guid, default=new_id)
    """The id the timeline post will have in Sales: chosen here first, so that a repeated write is refused as known."""
    told_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, default=0)


class AvailabilityItem(Base):
    """The projection: one row per Business Central item, inventory as the sum of its ledger entries."""

    __tablename__ = "availability_items"
    __table_args__ = (Index("ix_availability_items_number", "company_id", "number"),)
    company_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    item_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    number: Mapped[str] = mapped_column(String(20), default="")
    name: Mapped[str] = mapped_column(String(100), default="")
    base_unit: Mapped[str] = mapped_column(String(10), default="")
    inventory: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    blocked: Mapped[bool] = mapped_column(Boolean, default=False)
    modified_at: Mapped[datetime | None]
    entry_number: Mapped[int] = mapped_column(BigInteger, default=0)
    """Newest ledger entry of the company when this row was read."""
    refreshed_at: Mapped[datetime]


class AvailabilityTail(Base):
    """How far the item ledger of a company has been tailed. ``tailed_at`` is what an answer's Age counts from."""

    __tablename__ = "availability_tails"
    company_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    last_entry_number: Mapped[int] = mapped_column(BigInteger, default=0)
    recent_entries: Mapped[list[int]] = mapped_column(JSON, default=list)
    """Entry numbers already seen inside the overlap that the next tail re-reads: late commits carry lower numbers."""
    items_watermark: Mapped[datetime | None]
    row_version: Mapped[int] = mapped_column(BigInteger, default=0)
    tailed_at: Mapped[datetime | None]
    """When the last complete tail began to read: an answer is never older than it says."""
    full_at: Mapped[datetime | None]


class OpenLine(Base):
    """What a line of an open order still has to ship or to receive of an item, or what of a transfer is on its way."""

    __tablename__ = "availability_lines"
    __table_args__ = (
        Index("ix_availability_lines_item", "company_id", "item_id"),
        Index("ix_availability_lines_document", "company_id", "document_id"),
    )
    company_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    line_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    """``sale`` takes from stock on ``due_on``, ``purchase`` adds to it; ``transit`` left one location and arrives at
    ``location`` then."""
    document_id: Mapped[str] = mapped_column(Guid)
    item_id: Mapped[str] = mapped_column(Guid)
    quantity: Mapped[Decimal]
    """What is outstanding, in ``unit``: API v2.0 does not say how many base units that is."""
    unit: Mapped[str] = mapped_column(String(10), default="")
    due_on: Mapped[date | None] = mapped_column(Date)
    variant: Mapped[str] = mapped_column(String(10), default="", server_default="")
    location: Mapped[str] = mapped_column(String(10), default="", server_default="")


class AvailabilityQuestion(Base):
    """A question about one item that only Business Central can answer, asked by the gateway, answered by the worker.

    One row per wording of the question, however many ask it: the row is what makes them one flight.
    """

    __tablename__ = "availability_questions"
    __table_args__ = (Index("ix_availability_questions_asked_at", "company_id", "asked_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """A digest of company and question."""
    company_id: Mapped[str] = mapped_column(Guid)
    question: Mapped[dict[str, Any]] = mapped_column(JSON)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    """When the worker began to ask: the answer is never older than that."""
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str] = mapped_column(Text, default="")


class PushedQuantity(Base):
    """The quantity on hand that a product in Sales was last told."""

    __tablename__ = "pushed_quantities"
    company_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    sales_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    quantity: Mapped[Decimal]
    pushed_at: Mapped[datetime]


class Watermark(Base):
    """Up to here all has been dealt with; moves last."""

    __tablename__ = "watermarks"
    company_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    moved_at: Mapped[datetime]


class Job(Base):
    """A recurring job of one company: due at a time, claimed with a lease, taken over when the lease runs out."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("company_id", "name", name="uq_jobs_name"), Index("ix_jobs_due_at", "due_at"))
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60))
    company_id: Mapped[str] = mapped_column(Guid)
    interval_seconds: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    due_at: Mapped[datetime]
    wakes: Mapped[int] = mapped_column(Integer, default=0)
    """Counts wake-ups, so that one arriving while the job runs makes it run once more."""
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    """Empty before the first run, then ``finished`` or ``failed``."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    failures_in_a_row: Mapped[int] = mapped_column(Integer, default=0)


class Failure(Base):
    """Something that went wrong with one record, kept with its history; open until ``resolved_at`` is set."""

    __tablename__ = "failures"
    __table_args__ = (
        Index("ix_failures_open", "resolved_at", "company_id"),
        Index("ix_failures_record_id", "record_id"),
    )
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(Guid)
    subject: Mapped[str] = mapped_column(String(20))
    """``order``, ``status``, ``coupling``, ``availability`` or ``job``."""
    record_id: Mapped[str] = mapped_column(String(60))
    record: Mapped[str] = mapped_column(String(250))
    """What a person would call it, e.g. "Sales order SO-1042, line 3"."""
    code: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    advice: Mapped[str] = mapped_column(Text, default="")
    heals_by_itself: Mapped[bool] = mapped_column(Boolean, default=False)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    count: Mapped[int] = mapped_column(Integer, default=1)
    next_attempt_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]


class ServiceKey(Base):
    """A web service access key: salted SHA-256 only; the key itself was shown once and is not here."""

    __tablename__ = "service_keys"
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    user_name: Mapped[str] = mapped_column(String(250), index=True)
    salt: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(60), default="availability")
    origins: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Browser origins that may use it, apart by blanks; empty for any that CORS_ORIGINS lets in."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    """Set while its user is disabled; a revoked key stays revoked when the user is enabled again."""
    last_used_at: Mapped[datetime | None]
    """To the minute."""


class KeyEvent(Base):
    """One thing done to a key, and by whom: the audit trail. Rows are only ever added."""

    __tablename__ = "key_events"
    __table_args__ = (Index("ix_key_events_user_name", "user_name", "at"),)
    id: Mapped[str] = mapped_column(Guid, primary_key=True, default=new_id)
    at: Mapped[datetime]
    key_id: Mapped[str] = mapped_column(Guid)
    user_name: Mapped[str] = mapped_column(String(250))
    action: Mapped[str] = mapped_column(String(20))
    """``created``, ``rotated out``, ``revoked``, ``disabled`` or ``enabled``."""
    by: Mapped[str] = mapped_column(String(100))
    detail: Mapped[str] = mapped_column(Text, default="")


class Publication(Base):
    """Whether a company's availability is published, and what stands in Sales about it. No row: published, by hand."""

    __tablename__ = "publications"
    company_id: Mapped[str] = mapped_column(Guid, primary_key=True)
    published: Mapped[bool] = mapped_column(Boolean)
    connection_id: Mapped[str] = mapped_column(String(36), default="")
    """The ``nav_connection`` row in Sales."""
    url: Mapped[str] = mapped_column(String(250), default="")
    user_name: Mapped[str] = mapped_column(String(250), default="")
    changed_at: Mapped[datetime]


class Generation(Base):
    """Counters that move when what they name has changed; caches compare them. ``availability`` and ``keys``."""

    __tablename__ = "generations"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
