"""A parsed ``$filter`` as a test on one row, and what it says about the rows worth looking at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sandbox.odata.tree import (
    All,
    Compare,
    Dialect,
    Fault,
    Kind,
    KindOf,
    Named,
    Node,
    Not,
    Operand,
    Quantified,
    QueryRefused,
    Some,
    Value,
)

R = TypeVar("R")


Extension = Callable[[Named | Quantified], Callable[[R], bool]]
"""Brings a part that only one dialect has to a test on one row."""


def compile_filter(
    node: Node,
    get: Callable[[R, str], Any],
    kind_of: KindOf,
    dialect: Dialect,
    extension: Extension[R] | None = None,
) -> Callable[[R], bool]:
    """Bring a tree to a test on one row. ``get(row, path)`` answers the stored value or None; times are aware UTC."""
    match node:
        case All():
            tests = [compile_filter(part, get, kind_of, dialect, extension) for part in node.parts]
            return lambda row: all(test(row) for test in tests)
        case Some():
            tests = [compile_filter(part, get, kind_of, dialect, extension) for part in node.parts]
            return lambda row: any(test(row) for test in tests)
        case Not():
            test = compile_filter(node.part, get, kind_of, dialect, extension)
            return lambda row: not test(row)
        case Compare():
            return _comparison(node, get, kind_of(node.left.path), dialect)
        case Named() | Quantified():
            if extension is None:
                raise QueryRefused(Fault.NOT_SERVED, "This part of the filter is not served here.")
            return extension(node)


def _comparison(node: Compare, get: Callable[[R, str], Any], kind: Kind, dialect: Dialect) -> Callable[[R], bool]:
    path, operator, cut = node.left.path, node.operator, node.left.cut
    textual = kind in {Kind.TEXT, Kind.CODE, Kind.OPTION}
    fold = textual and (node.left.folded or kind is not Kind.TEXT or dialect.fold_text)

    def brought(value: Any) -> Any:
        return value.casefold() if fold and isinstance(value, str) else value

    values = tuple(brought(value) for value in node.values)
    wanted = values[0]
    if cut is not None:
        equal = operator == "eq"
        return lambda row: ((brought(get(row, path)) or "")[cut] == wanted) is equal
    if operator == "in":
        return lambda row: brought(get(row, path)) in values
    if operator == "eq":
        return lambda row: brought(get(row, path)) == wanted
    if operator == "ne":
        differs = dialect.null_differs or wanted is None
        return lambda row: brought(found) != wanted if (found := get(row, path)) is not None or differs else False
    if dialect.like_wildcards and operator in _IN_TEXT and isinstance(wanted, str) and set("%_[") & set(wanted):
        pattern = _like(operator, wanted)
        return lambda row: (found := brought(get(row, path))) is not None and pattern.fullmatch(found) is not None
    holds = _ORDERED.get(operator) or _IN_TEXT[operator]

    def test(row: R) -> bool:
        found = brought(get(row, path))
        return found is not None and wanted is not None and bool(holds(found, wanted))

    return test


def _like(operator: str, text: str) -> re.Pattern[str]:
    """A text with SQL wildcards as a pattern for the whole value."""
    pieces = []
    for piece in re.findall(r"\[\^?[^\]]+\]|.", text, re.DOTALL):
        if len(piece) > 1:
            pieces.append(piece[:-1].replace("\\", "\\\\") + "]")
        else:
            pieces.append({"%": ".*", "_": "."}.get(piece, re.escape(piece)))
    before, behind = {"contains": (".*", ".*"), "startswith": ("", ".*"), "endswith": (".*", "")}[operator]
    return re.compile(before + "".join(pieces) + behind, re.DOTALL)


_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda found, wanted: found > wanted,
    "ge": lambda found, wanted: found >= wanted,
    "lt": lambda found, wanted: found < wanted,
    "le": lambda found, wanted: found <= wanted,
}
_IN_TEXT: Mapping[str, Callable[[Any, Any], bool]] = {
    "contains": lambda found, wanted: wanted in found,
    "startswith": lambda found, wanted: found.startswith(wanted),
    "endswith": lambda found, wanted: found.endswith(wanted),
}


def required_values(node: Node, path: str) -> tuple[Value, ...] | None:
    """The only values of ``path`` a row can have to pass, where the filter says so (eq, in, eq or eq); else None."""
    match node:
        case Compare() if node.left.path == path and node.operator in {"eq", "in"} and _as_stored(node.left):
            return node.values
        case All():
            return next((found for part in node.parts if (found := required_values(part, path)) is not None), None)
        case Some():
            each = [required_values(part, path) for part in node.parts]
            return None if None in each else tuple(value for found in each for value in found or ())
    return None


def _as_stored(left: Operand) -> bool:
    return not left.folded and left.cut is None


def lower_bound(node: Node, path: str) -> Value:
    """A value that ``path`` of every passing row is at least, or None where the filter names none."""
    match node:
        case Compare() if node.left == Operand(path) and node.operator in {"eq", "gt", "ge"}:
            return node.values[0]
        case All():
            return next((found for part in node.parts if (found := lower_bound(part, path)) is not None), None)
    return None
