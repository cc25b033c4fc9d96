"""A checked $filter tree as SQL over the availability projection, with one meaning on SQLite and PostgreSQL.

The tree is odata-query's, in the reduced form that the gateway's check leaves: a comparison has a property, a folding
of one, or a part of one on its left and literals of the matching type on its right; a chain of one operator is halved,
so that hundreds of members are a few levels deep. Nothing here judges what a caller
may ask; it only has to give the same rows on both databases:

- text is compared without regard to case, as Business Central compares codes, and ordered by code point;
- a quantity is kept in hundred-thousandths, so a literal between two of them is brought to its neighbour first, and
  one beyond every quantity decides the comparison by itself;
- a GUID is text of 36 characters, lower case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any, cast

from odata_query import ast
from odata_query.visitor import NodeVisitor
from sqlalchemy import ColumnElement, Integer, and_, false, func, not_, or_, true

from bridge.store.types import QUANTITY_DECIMALS

_QUANTITY_STEP, _LARGEST_QUANTITY = Decimal(1).scaleb(-QUANTITY_DECIMALS), Decimal(92_233_720_368_547)
_WHOLE_STEP, _LARGEST_WHOLE = Decimal(1), Decimal(2**31 - 1)

_Compare = Callable[[Any, Any], ColumnElement[bool]]
_COMPARE: dict[type[ast._Comparator], _Compare] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
}


def fold(text: str) -> str:
    """Upper case, letter by letter: what SQL's upper() does; "ß" keeps its length."""
    return "".join(upper if len(upper := letter.upper()) == 1 else letter for letter in text)


class FilterToSql(NodeVisitor):
    """Turns a checked tree into a condition. ``columns`` maps property names to SQL expressions."""

    def __init__(self, columns: Mapping[str, ColumnElement[Any]]) -> None:
        self._columns = columns

    def condition(self, tree: ast._Node) -> ColumnElement[bool]:
        """The WHERE clause of this tree."""
        found: ColumnElement[bool] = self.visit(tree)
        return found

    def visit_Boolean(self, node: ast.Boolean) -> ColumnElement[bool]:
        return true() if node.py_val else false()

    def visit_BoolOp(self, node: ast.BoolOp) -> ColumnElement[bool]:
        join = and_ if isinstance(node.op, ast.And) else or_
        return join(self.condition(node.left), self.condition(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ColumnElement[bool]:
        return not_(self.condition(node.operand))

    def visit_Identifier(self, node: ast.Identifier) -> ColumnElement[Any]:
        return self._columns[node.name]

    def visit_Compare(self, node: ast.Compare) -> ColumnElement[bool]:
        if isinstance(node.comparator, ast.In):
            wanted = cast(ast.List, node.right)
            return or_(*(self._compare(ast.Eq(), node.left, one) for one in wanted.val))
        return self._compare(node.comparator, node.left, node.right)

    def _compare(self, comparator: ast._Comparator, left: ast._Node, right: ast._Node) -> ColumnElement[bool]:
        if isinstance(right, ast.Null):  # no column here is ever empty
            return true() if isinstance(comparator, ast.NotEq) else false()
        if isinstance(right, ast.String):
            return _COMPARE[type(comparator)](self._text(left), fold(right.val))
        if isinstance(right, ast.GUID):
            return _COMPARE[type(comparator)](self.visit(left), right.val.lower())
        return self._compare_number(comparator, self.visit(left), Decimal(cast(ast.Float, right).val))

    def _compare_number(
        self, comparator: ast._Comparator, column: ColumnElement[Any], number: Decimal
    ) -> ColumnElement[bool]:
        whole = type(column.type) is Integer
        step, largest = (_WHOLE_STEP, _LARGEST_WHOLE) if whole else (_QUANTITY_STEP, _LARGEST_QUANTITY)
        if number.copy_abs() > largest:  # no row holds as much: the literal is above all of them, or below
            wanted = (ast.Lt, ast.LtE, ast.NotEq) if number > 0 else (ast.Gt, ast.GtE, ast.NotEq)
            return true() if isinstance(comparator, wanted) else false()
        floor = number.quantize(step, ROUND_FLOOR)
        bound = int(floor) if whole else floor
        if floor == number:
            return _COMPARE[type(comparator)](column, bound)
        match comparator:  # the literal lies between two values that a row can hold: none equals it
            case ast.Eq():
                return false()
            case ast.NotEq():
                return true()
            case ast.Lt() | ast.LtE():
                return column <= bound
            case _:
                return column > bound

    def _text(self, node: ast._Node) -> ColumnElement[Any]:
        """The folded text of a property, of tolower/toupper of one (the same, case does not count) or of a part."""
        if isinstance(node, ast.Identifier):
            return func.upper(self.visit(node))
        call = cast(ast.Call, node)
        inner = self._text(call.args[0])
        if call.func.name != "substring":
            return inner
        start, *length = (int(cast(ast.Integer, one).val) for one in call.args[1:])
        return func.substr(inner, start + 1, *length)  # OData counts from 0, SQL from 1

    def visit_Call(self, node: ast.Call) -> ColumnElement[bool]:
        text, wanted = self._text(node.args[0]), fold(cast(ast.String, node.args[1]).val)
        match node.func.name:
            case "contains":
                return text.contains(wanted, autoescape=True)
            case "startswith":
                return text.startswith(wanted, autoescape=True)
            case _:
                return text.endswith(wanted, autoescape=True)
