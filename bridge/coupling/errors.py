"""Why a coupling could not be made or ended."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import BridgeError


class MappingUnknown(BridgeError):
    code = "MappingUnknown"

    def __init__(self, mapping: str, known: Iterable[str]) -> None:
        super().__init__(f'There is no mapping "{mapping}".', advice=f"There are: {', '.join(known)}.")
        self.mapping = mapping


class RecordNotFound(BridgeError):
    """One end of the wanted pair does not exist, or the mapping does not take it."""

    code = "RecordNotFound"

    def __init__(self, mapping: str, what: str, wanted: str, *, advice: str) -> None:
        super().__init__(f"{mapping}: {what} {wanted} was not found.", advice=advice)
        self.mapping, self.wanted = mapping, wanted


class NotOfThisMapping(BridgeError):
    code = "NotOfThisMapping"

    def __init__(self, mapping: str, record: str, column: str, found: object, wanted: object) -> None:
        super().__init__(
            f"{mapping}: {record} has {column} {found}; this mapping takes records with {wanted} only.",
            advice="Choose another record, or the mapping that it belongs to.",
        )
        self.mapping, self.record, self.column = mapping, record, column


class NotCoupled(BridgeError):
    code = "NotCoupled"

    def __init__(self, mapping: str, wanted: str) -> None:
        super().__init__(
            f"{mapping}: {wanted} is not coupled.", advice=f"See what is known of it: python -m bridge show {wanted}"
        )
        self.mapping, self.wanted = mapping, wanted
