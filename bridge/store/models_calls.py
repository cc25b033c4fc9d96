"""The table of what workers have asked of the remote systems."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from bridge.store.models import Base


class RemoteCalls(Base):
    """Requests and operations of all workers together since the table was made, by system, HTTP verb and purpose."""

    __tablename__ = "remote_calls"
    system: Mapped[str] = mapped_column(String(20), primary_key=True)
    verb: Mapped[str] = mapped_column(String(10), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(100), primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger, default=0)
    operations: Mapped[int] = mapped_column(BigInteger, default=0)
