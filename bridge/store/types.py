"""Column types that keep one meaning on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator

QUANTITY_DECIMALS = 5
"""Business Central keeps quantities with five decimals at the most."""
_SCALE = Decimal(10) ** QUANTITY_DECIMALS
_LARGEST = 2**63 - 1


class Guid(TypeDecorator[str]):
    """A GUID as text of 36 characters, lower case: literals of a $filter then find it on every database."""

    impl = String(36)
    cache_ok = True


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite forgets the zone, so it is put back on reading; a naive time is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Quantity(TypeDecorator[Decimal]):
    """A quantity, exact to five decimals, stored as a whole number of hundred-thousandths: SQLite has no decimals.

    Comparing and sorting in SQL work on the whole numbers. A literal with more decimals than five is kept in order by
    rounding only where that cannot change a comparison; callers that need exactness compare with at most five.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = int((Decimal(value) * _SCALE).to_integral_value())
        if abs(scaled) > _LARGEST:
            raise ValueError("a quantity of this size cannot be stored")
        return scaled

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        exact = Decimal(value) / _SCALE
        return exact.to_integral_value() if exact == exact.to_integral_value() else exact.normalize()
