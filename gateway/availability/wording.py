"""The refusals of expressions, and an expression worded for odata-query with the way back to what the caller wrote."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from gateway.errors import BadRequest, SyntaxRefused

_SERVED = (
    "eq ne gt ge lt le in and or not, startswith, endswith, contains, substring, tolower, toupper "
    "(docs/availability.md)"
)


class FilterNotServed(BadRequest):
    """Valid OData that this service does not answer."""

    def __init__(self, position: int, what: str, option: str = "$filter") -> None:
        served = "properties with asc or desc" if option == "$orderby" else _SERVED
        super().__init__(f"{option}, position {position}: {what} is not served. Served are: {served}.")


class FilterSyntax(SyntaxRefused):
    """Text that is no OData expression."""

    def __init__(self, position: int, what: str, option: str = "$filter") -> None:
        super().__init__(f"{option}, position {position}: {what}.")


class FilterInvalid(BadRequest):
    """An expression whose parts do not fit each other."""

    def __init__(self, position: int, what: str, option: str = "$filter") -> None:
        super().__init__(f"{option}, position {position}: {what}.")


@dataclass(slots=True)
class Wording:
    """An expression as odata-query understands it, and where each part of it stood in the caller's own text."""

    text: str = ""
    _starts: list[int] = field(default_factory=list)
    _origins: list[tuple[int, bool]] = field(default_factory=list)

    def add(self, text: str, origin: int, *, moved: bool = False) -> None:
        """Append a part that began at ``origin`` (from 0); a ``moved`` part stands as a whole for one place there."""
        if text:
            self._starts.append(len(self.text))
            self._origins.append((origin, moved))
            self.text += text

    def position(self, index: int) -> int:
        """Where the caller wrote what stands at ``index`` here, counted from 1."""
        part = bisect_right(self._starts, index) - 1
        if part < 0:
            return index + 1
        origin, moved = self._origins[part]
        return origin + 1 if moved else origin + 1 + index - self._starts[part]
