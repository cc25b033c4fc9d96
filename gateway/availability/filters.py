"""``$filter``: text → odata-query's tree → the reduced tree that the store turns into SQL.

Every text is answered with a tree or refused with a reason and a position, counted from 1. Three steps:

1. *Walk* the grammar in front of the library (:mod:`gateway.availability.grammar`): what is no OData and what is not
   served ends here, each by name and position.
2. *Parse* by odata-query what is left, in a wording that it understands.
3. *Check and reduce*: literals against the type of the property, the property on the left, and ``or`` between
   conditions on one property only, as in Business Central.

Trees are cached by text and the values of its aliases: form scripts ask the same few shapes, and a text always means
the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from gateway.availability.grammar import MAX_DEPTH, Walk
from gateway.availability.model import PROPERTIES, Edm
from gateway.availability.wording import FilterInvalid, FilterNotServed, FilterSyntax, Wording
from gateway.errors import InvalidGuid, ODataError

MAX_NODES = 200
_MAX_DIGITS = 20
_TESTS = frozenset({"contains", "startswith", "endswith"})
_NO_ALIASES: Mapping[str, str] = {}


def parse(text: str, aliases: Mapping[str, str] = _NO_ALIASES) -> ast._Node:
    """The checked and reduced tree of a $filter; ``aliases`` maps ``@name`` to the text given for it. Raises an
    :class:`ODataError` of status 400 for anything else."""
    used = tuple(sorted((name, value) for name, value in aliases.items() if name in text))
    outcome = _parse(text, used)
    if isinstance(outcome, ODataError):
        raise outcome.with_traceback(None)
    return outcome


@lru_cache(maxsize=1024)
def _parse(text: str, aliases: tuple[tuple[str, str], ...]) -> ast._Node | ODataError:
    try:
        tree, positions = _tree(_worded(text, dict(aliases)))
        return _Reducer(positions).condition(tree)
    except ODataError as refusal:
        return refusal


def _worded(text: str, aliases: Mapping[str, str]) -> Wording:
    """Check a whole ``$filter``. Raises an :class:`ODataError` of status 400 for what is no OData or is not served."""
    walk = Walk(text, "$filter", aliases)
    walk.whole()
    if walk.complaint is not None:
        raise walk.complaint
    wording, at = Wording(), 0
    for start, end, replacement in sorted(walk.changes):
        wording.add(text[at:start], at)
        wording.add(replacement, start, moved=True)
        at = end
    wording.add(text[at:], at)
    return wording


def _tree(wording: Wording) -> tuple[ast._Node, dict[int, int]]:
    """The library's tree, and the position of each of its leaves by identity."""
    text, positions, kept = wording.text, {}, []
    try:
        for token in ODataLexer().tokenize(text):
            token_text = text[token.index :]
            positions[id(token.value)] = wording.position(token.index + len(token_text) - len(token_text.lstrip()))
            kept.append(token)
        tree = ODataParser().parse(iter(kept))
    except ODataException as error:
        token = getattr(error, "token", None)
        at = wording.position(int(token.index) if token is not None else len(text) - 1)
        raise FilterNotServed(at, "an expression of this form") from None
    except (ValueError, TypeError, AttributeError, RecursionError, NotImplementedError):
        raise FilterNotServed(1, "an expression of this form") from None
    if not isinstance(tree, ast._Node):
        raise FilterNotServed(1, "an expression of this form")
    return tree, positions


class _Reducer:
    """Checks a tree and brings it to the reduced form; knows where in the text each leaf stood."""

    def __init__(self, positions: dict[int, int]) -> None:
        self._positions = positions
        self._nodes = 0
        self._depth = 0

    def condition(self, node: ast._Node) -> ast._Node:
        """A node that is true or false for a row."""
        self._count()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterInvalid(1, f"more than {MAX_DEPTH} levels deep")
        try:
            return self._condition(node)
        finally:
            self._depth -= 1

    def _condition(self, node: ast._Node) -> ast._Node:
        match node:
            case ast.BoolOp():
                parts = [self.condition(part) for part in _chain(node)]
                if isinstance(node.op, ast.Or) and len({name for part in parts for name in _properties(part)}) > 1:
                    raise FilterInvalid(
                        self._at(node.op), "'or' is served between conditions on the same property only, not across two"
                    )
                return _halved(node.op, parts)
            case ast.UnaryOp(op=ast.Not()):
                return ast.UnaryOp(node.op, self.condition(node.operand))
            case ast.Compare():
                return self._comparison(node)
            case ast.Call() if node.func.name in _TESTS:
                return self._test(node)
            case ast.Boolean():
                return node
        raise FilterInvalid(self._at(node), "a condition is expected here, such as ItemNo eq '1000'")

    def _comparison(self, node: ast.Compare) -> ast._Node:
        left, right, comparator = node.left, node.right, node.comparator
        if isinstance(left, ast._Literal) and not isinstance(left, ast.List) and not isinstance(right, ast._Literal):
            left, right, comparator = right, left, _FLIPPED.get(type(comparator), comparator)
        if isinstance(right, ast.Boolean) and isinstance(comparator, (ast.Eq, ast.NotEq)):
            positive = right.py_val == isinstance(comparator, ast.Eq)
            inner = self.condition(left)
            return inner if positive else ast.UnaryOp(ast.Not(), inner)
        name = self._operand(left)
        if isinstance(comparator, ast.In):
            if not isinstance(right, ast.List):
                raise FilterSyntax(self._at(right), "after 'in' comes a list in parentheses")
            return ast.Compare(comparator, left, ast.List([self._literal(name, one) for one in right.val]))
        return ast.Compare(comparator, left, self._literal(name, right))

    def _test(self, node: ast.Call) -> ast._Node:
        name = self._operand(node.args[0])
        if PROPERTIES[name].edm is not Edm.STRING:
            raise FilterInvalid(
                self._at(node.func), f"{node.func.name} works on text, {name} is {PROPERTIES[name].edm.value}"
            )
        if not isinstance(node.args[1], ast.String):
            raise FilterInvalid(self._at(node.args[1], node.func), f"{node.func.name} looks for a text in quotes")
        self._count()
        return ast.Call(node.func, [node.args[0], node.args[1]])

    def _operand(self, node: ast._Node) -> str:
        """Check what stands left of a comparison; answer the property it is about."""
        self._count()
        if isinstance(node, ast.Identifier):
            return node.name
        if not isinstance(node, ast.Call) or node.func.name in _TESTS:
            raise FilterNotServed(
                self._at(node), "a comparison without a property on one side and a value on the other"
            )
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterInvalid(self._at(node.func), f"more than {MAX_DEPTH} levels deep")
        name = self._operand(node.args[0])
        self._depth -= 1
        if PROPERTIES[name].edm is not Edm.STRING:
            raise FilterInvalid(
                self._at(node.func), f"{node.func.name} works on text, {name} is {PROPERTIES[name].edm.value}"
            )
        for number in node.args[1:]:
            if not isinstance(number, ast.Integer) or not re.fullmatch(r"\+?\d{1,4}", number.val):
                raise FilterInvalid(self._at(number, node.func), "substring takes whole numbers from 0 to 9999")
        return name

    def _literal(self, name: str, node: ast._Node) -> ast._Literal:
        self._count()
        edm = PROPERTIES[name].edm
        if isinstance(node, ast.Null):
            return node
        if not isinstance(node, ast._Literal):
            raise FilterNotServed(self._at(node), "a comparison of two properties")
        if edm is Edm.STRING and isinstance(node, ast.String):
            return node
        if edm is Edm.GUID and isinstance(node, ast.GUID):
            return ast.GUID(node.val.lower())
        if edm in (Edm.INT32, Edm.DECIMAL) and isinstance(node, (ast.Integer, ast.Float)):
            return self._number(node)
        hint = {
            Edm.STRING: "a text in single quotes",
            Edm.GUID: "a GUID without quotes",
            Edm.INT32: "a number",
            Edm.DECIMAL: "a number",
        }[edm]
        refusal = f"{name} is {edm.value} and is compared with {hint}"
        if edm is Edm.GUID:
            raise InvalidGuid(f"$filter, position {self._at(node)}: {refusal}.")
        raise FilterInvalid(self._at(node), refusal)

    def _number(self, node: ast.Integer | ast.Float) -> ast.Float:
        try:
            number = Decimal(node.val)
        except InvalidOperation:  # the exponent alone is beyond what Decimal holds
            mantissa, _, exponent = node.val.lower().partition("e")
            size = -_MAX_DIGITS if exponent.startswith("-") else _MAX_DIGITS + 1
            sign = Decimal(mantissa)
            number = Decimal(1).scaleb(size).copy_sign(sign) if sign else Decimal(0)
        if number.adjusted() > _MAX_DIGITS:  # beyond every quantity: only its sign matters
            number = Decimal(1).scaleb(_MAX_DIGITS).copy_sign(number)
        return ast.Float(str(number))

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise FilterInvalid(1, f"more than {MAX_NODES} parts; ask in several requests")

    def _at(self, *nodes: Any) -> int:
        """Where the first of these that has a place in the text stands; nodes made by the parser have their leaves'."""
        for node in nodes:
            if id(node) in self._positions:
                return self._positions[id(node)]
            for child in getattr(node, "__dict__", {}).values():
                found = self._at(*child) if isinstance(child, list) else self._at(child) if _is_node(child) else 0
                if found:
                    return found
        return 0


def _is_node(value: object) -> bool:
    return isinstance(value, ast._Node)


_FLIPPED: dict[type[ast._Comparator], ast._Comparator] = {
    ast.Lt: ast.Gt(),
    ast.LtE: ast.GtE(),
    ast.Gt: ast.Lt(),
    ast.GtE: ast.LtE(),
}


def _chain(node: ast.BoolOp) -> list[ast._Node]:
    """The members of "a or b or c", without recursion: a chain may be long, and is one level deep."""
    found: list[ast._Node] = []
    waiting: list[ast._Node] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.BoolOp) and type(one.op) is type(node.op):
            waiting += [one.right, one.left]
        else:
            found.append(one)
    return found


def _halved(operator: ast._BoolOpToken, parts: list[ast._Node]) -> ast._Node:
    """A chain as a tree of its halves: nobody who walks it has to go deep."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return ast.BoolOp(operator, _halved(operator, parts[:middle]), _halved(operator, parts[middle:]))


def _properties(node: ast._Node) -> set[str]:
    """Which properties a reduced condition is about."""
    match node:
        case ast.BoolOp():
            return _properties(node.left) | _properties(node.right)
        case ast.UnaryOp():
            return _properties(node.operand)
        case ast.Compare():
            return _properties(node.left)
        case ast.Call():
            return _properties(node.args[0])
        case ast.Identifier():
            return {node.name}
    return set()
