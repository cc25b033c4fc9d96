"""``$filter`` from text to tree: tokens, precedence, literals that fit their properties."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NoReturn

from sandbox.odata.tokens import Token, tokens
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
    Written,
    paths,
)

_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_TEXT_TESTS = frozenset({"contains", "startswith", "endswith"})
_FLIPPED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge", "eq": "eq", "ne": "ne"}
_DEEPEST = 60


def _moment(text: str) -> datetime:
    # Seven decimals are legal in OData; datetime keeps six.
    plain = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00"))
    return datetime.fromisoformat(plain).astimezone(UTC)


class _Parser:
    def __init__(self, text: str, dialect: Dialect, kind_of: KindOf) -> None:
        self.text, self.dialect, self.kind_of = text, dialect, kind_of
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.either()
        if self.ahead.kind != "end":
            self.fail()
        return node

    @property
    def ahead(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, mark: str) -> None:
        if self.ahead.text != mark:
            self.fail(f"'{mark}' expected")
        self.at += 1

    def fail(self, what: str = "Syntax error") -> NoReturn:
        token = self.ahead
        raise QueryRefused(Fault.SYNTAX, f"{what} at position {token.position} in '{self.text}'.", "", token.position)

    def either(self) -> Node:
        parts = [self.both()]
        while self.ahead.text == "or":
            self.take()
            parts.append(self.both())
        if len(parts) == 1:
            return parts[0]
        if not self.dialect.or_across_fields and len({path for part in parts for path in paths(part)}) > 1:
            raise QueryRefused(
                Fault.OR_ACROSS_FIELDS,
                "The 'OR' operator is not supported on distinct fields on an OData filter.",
                "or",
            )
        return Some(tuple(parts))

    def both(self) -> Node:
        parts = [self.single()]
        while self.ahead.text == "and":
            self.take()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def single(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise QueryRefused(Fault.NOT_SERVED, "The filter is nested too deeply.", "(", self.ahead.position)
        try:
            if self.ahead.text == "not":
                self.take()
                return Not(self.single())
            if self.ahead.text == "(":
                self.take()
                node = self.either()
                self.expect(")")
                return node
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Node:
        if self.ahead.kind == "lambda":
            if self.dialect.extensions:
                return self.quantified()
            head = self.take().text.partition("(")[0]
            if not self.dialect.ignore_lambdas:
                raise QueryRefused(Fault.NOT_SERVED, f"'{head}' is not served.", head)
            return All(())
        if self.ahead.kind == "function":
            return self.named()
        if self.ahead.text in _TEXT_TESTS and self.tokens[self.at + 1].text == "(":
            return self.text_test()
        left = self.operand()
        operator = self.ahead.text
        if operator == "in" and self.dialect.in_operator and isinstance(left, Operand):
            self.take()
            return self.checked("in", left, self.several())
        if operator not in _COMPARISONS:
            if isinstance(left, Operand) and self.kind_of(left.path) is Kind.BOOL and not left.folded:
                return self.checked("eq", left, (True,))
            self.fail("Operator expected")
        self.take()
        right = self.operand()
        if isinstance(left, Operand) and not isinstance(right, Operand):
            return self.checked(operator, left, (right,))
        if isinstance(right, Operand) and not isinstance(left, Operand):
            return self.checked(_FLIPPED[operator], right, (left,))
        raise QueryRefused(Fault.NOT_SERVED, "A comparison needs one property and one value.", operator)

    def quantified(self) -> Node:
        text = self.take().text
        head, _, inside = text.partition("(")
        path, _, quantifier = head.rpartition("/")
        variable, colon, condition = inside[:-1].partition(":")
        if not inside[:-1].strip() and quantifier == "any":
            self.kind_of(f"{path}/")
            return Quantified(path, False, None)
        if not colon:
            self.fail("A range variable expected")
        start = f"{variable.strip()}/"

        def kind_within(inner: str) -> Kind:
            if not inner.startswith(start):
                raise QueryRefused(Fault.UNKNOWN_PROPERTY, f"{inner} is not in scope.", inner)
            return self.kind_of(f"{path}/{inner.removeprefix(start)}")

        parser = _Parser(condition, self.dialect, kind_within)
        parser.depth = self.depth
        return Quantified(path, quantifier == "all", _without(parser.whole(), start))

    def named(self) -> Node:
        token = self.take()
        if not self.dialect.extensions:
            name = token.text.partition("(")[0]
            raise QueryRefused(Fault.NOT_SERVED, f"Function '{name}' is not served.", name, token.position)
        name, _, inside = token.text.partition("(")
        arguments: dict[str, str] = {}
        for part in split_arguments(inside[:-1]):
            key, equals, value = part.partition("=")
            if not equals:
                raise QueryRefused(Fault.SYNTAX, f"'{part}' is no named argument of {name}.", part, token.position)
            arguments[key.strip()] = value.strip()
        return Named(name, arguments)

    def text_test(self) -> Node:
        operator = self.take().text
        self.expect("(")
        left = self.operand()
        self.expect(",")
        right = self.operand()
        self.expect(")")
        if self.ahead.text == "eq" and self.tokens[self.at + 1].text in {"true", "false"}:
            self.take()
            if self.take().text == "false":
                return Not(self.text_compare(operator, left, right))
        return self.text_compare(operator, left, right)

    def text_compare(self, operator: str, left: Operand | Written, right: Operand | Written) -> Compare:
        if isinstance(left, Operand) and left.folded and not self.dialect.nested_functions:
            raise QueryRefused(Fault.NOT_SERVED, f"{operator} cannot hold another function.", operator)
        if not isinstance(left, Operand) or not isinstance(right, str):
            raise QueryRefused(Fault.NOT_SERVED, f"{operator} needs a property and a text.", operator)
        if self.kind_of(left.path) not in {Kind.TEXT, Kind.CODE, Kind.OPTION}:
            raise QueryRefused(Fault.WRONG_TYPE, f"{operator} cannot be applied to '{left.path}'.", left.path)
        return Compare(operator, left, (right,))

    def several(self) -> tuple[Written, ...]:
        self.expect("(")
        values = [self.literal()]
        while self.ahead.text == ",":
            self.take()
            values.append(self.literal())
        self.expect(")")
        return tuple(values)

    def operand(self) -> Operand | Written:
        token = self.ahead
        if token.kind != "word" or token.text in {"true", "false", "null"}:
            return self.literal()
        self.take()
        if self.ahead.text != "(":
            self.kind_of(token.text)
            return Operand(token.text)
        if token.text == "substring" and self.dialect.substring:
            return self.substring()
        if token.text not in {"tolower", "toupper"}:
            raise QueryRefused(Fault.NOT_SERVED, f"Function '{token.text}' is not served.", token.text, token.position)
        self.take()
        inner = self.operand()
        self.expect(")")
        if isinstance(inner, Operand):
            return replace(inner, folded=True)
        return str(inner).lower() if token.text == "tolower" else str(inner).upper()

    def substring(self) -> Operand:
        """``substring(property,start)`` or ``substring(property,start,length)``, to be compared for equality."""
        self.expect("(")
        inner = self.operand()
        numbers: list[Written] = []
        while self.ahead.text == "," and len(numbers) < 2:
            self.take()
            numbers.append(self.literal())
        self.expect(")")
        if not isinstance(inner, Operand) or inner.cut is not None:
            raise QueryRefused(Fault.NOT_SERVED, "substring needs a property.", "substring")
        if inner.folded and not self.dialect.nested_functions:
            raise QueryRefused(Fault.NOT_SERVED, "substring cannot hold another function.", "substring")
        if self.kind_of(inner.path) not in {Kind.TEXT, Kind.CODE}:
            raise QueryRefused(Fault.WRONG_TYPE, f"substring cannot be applied to '{inner.path}'.", inner.path)
        if not numbers or not all(isinstance(one, Decimal) and one >= 0 and one == int(one) for one in numbers):
            raise QueryRefused(Fault.WRONG_TYPE, "substring needs whole numbers for its start and length.", "substring")
        if self.ahead.text not in {"eq", "ne"}:
            raise QueryRefused(Fault.NOT_SERVED, "substring can be compared with eq and ne only.", "substring")
        start, *length = (int(str(one)) for one in numbers)
        return Operand(inner.path, inner.folded, slice(start, start + length[0] if length else None))

    def literal(self) -> Written:
        token = self.take()
        try:
            match token.kind, token.text:
                case "word", "true" | "false":
                    return token.text == "true"
                case "word", "null":
                    return None
                case "text", text:
                    return text[1:-1].replace("''", "'")
                case "guid", text:
                    return uuid.UUID(text)
                case "moment", text:
                    return _moment(text)
                case "date", text:
                    return date.fromisoformat(text)
                case "number", text:
                    return Decimal(text)
        except ValueError as wrong:
            raise QueryRefused(
                Fault.WRONG_TYPE, f"Unable to convert '{token.text}'.", token.text, token.position
            ) from wrong
        self.at -= 1
        return self.fail()

    def checked(self, operator: str, left: Operand, values: Sequence[Written]) -> Compare:
        kind = self.kind_of(left.path)
        return Compare(operator, left, tuple(self.fitting(kind, left.path, value) for value in values))

    def fitting(self, kind: Kind, path: str, value: Written) -> Value:
        match kind, value:
            case _, None:
                return None
            case Kind.GUID, uuid.UUID():
                return str(value)
            case Kind.GUID, str() if self.dialect.quoted_guids and _is_guid(value):
                return str(uuid.UUID(value))
            case ((Kind.TEXT | Kind.CODE | Kind.OPTION), str()):
                return value
            case ((Kind.NUMBER | Kind.OPTION), Decimal()):
                return value
            case Kind.BOOL, bool():
                return value
            case Kind.DATE, datetime():
                return value.date()
            case Kind.MOMENT, datetime():
                return value
            case Kind.DATE, date():
                return value
            case Kind.MOMENT, date():
                return datetime.combine(value, time(), UTC)
        raise QueryRefused(
            Fault.WRONG_TYPE, f"'{path}' is of type {kind.value} and cannot be compared with '{value}'.", path
        )


def _without(node: Node, start: str) -> Node:
    """The same tree with the range variable taken off its paths."""
    match node:
        case Compare():
            left = replace(node.left, path=node.left.path.removeprefix(start))
            return Compare(node.operator, left, node.values)
        case Not():
            return Not(_without(node.part, start))
        case All():
            return All(tuple(_without(part, start) for part in node.parts))
        case Some():
            return Some(tuple(_without(part, start) for part in node.parts))
        case Quantified():
            return Quantified(node.path.removeprefix(start), node.every, node.body)
    return node


def split_arguments(text: str) -> list[str]:
    """Cut at commas outside of quotes and brackets."""
    parts, depth, quote, start = [], 0, "", 0
    for at, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "[(":
            depth += 1
        elif letter in "])":
            depth -= 1
        elif letter == "," and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def parse_filter(text: str, dialect: Dialect, kind_of: KindOf) -> Node:
    """Bring a ``$filter`` to a tree whose literals fit their properties. Raises QueryRefused."""
    return _Parser(text, dialect, kind_of).whole()
