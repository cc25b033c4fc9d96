"""``GET set?sql=SELECT …``: one table, chosen columns, conditions, order and TOP, answered as the list they stand for.

The statement is turned into the query options that say the same. Joins, groups, functions, ``*`` and DISTINCT are
refused by name; how the real preview words its refusals is unverified.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote, urlencode

from sandbox.sales.errors import DataverseError
from sandbox.sales.http import Call
from sandbox.sales.model import Column, Kind, Table

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(<>|!=|<=|>=|[=<>(),*]))")
_WORDS = re.compile(
    "SELECT|TOP|FROM|AS|WHERE|ORDER|BY|ASC|DESC|AND|OR|NOT|IS|NULL|IN|LIKE|BETWEEN",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    "DISTINCT|JOIN|INNER|LEFT|RIGHT|GROUP|HAVING|UNION|OFFSET|FETCH|CASE|WITH|INTO|INSERT|UPDATE|DELETE",
    re.IGNORECASE,
)
_OPERATORS = {"=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_UNQUOTED = (Kind.GUID, Kind.LOOKUP, Kind.DATE, Kind.MOMENT)


def as_list(call: Call, table: Table) -> Call:
    """The request for the list that the statement means. Raises DataverseError where there is no such list."""
    options = _Statement(call.options["sql"], table).options()
    return replace(call, query=urlencode(options, quote_via=quote, safe="$,()"))


class _Statement:
    def __init__(self, text: str, table: Table) -> None:
        self._table = table
        self._alias = table.name
        self._tokens = _split(text)
        self._at = 0

    def options(self) -> dict[str, str]:
        self._expect("SELECT")
        top = self._take() if self._found("TOP") else ""
        if top and not top.isdecimal():
            raise _syntax(top)
        columns = [self._take()]
        while self._found(","):
            columns.append(self._take())
        self._expect("FROM")
        name = self._take()
        if name.lower() != self._table.name:
            raise _refused(f"the table '{name}' in a query of '{self._table.name}'")
        if self._found("AS") or (self._ahead and not _WORDS.fullmatch(self._ahead)):
            self._alias = self._take().lower()
        found = {"$select": ",".join(self._column(name).property for name in columns)}
        if self._found("WHERE"):
            found["$filter"] = self._either()
        if self._found("ORDER"):
            self._expect("BY")
            found["$orderby"] = self._order()
            while self._found(","):
                found["$orderby"] += f",{self._order()}"
        if self._ahead:
            raise _syntax(self._ahead)
        if top:
            found["$top"] = top
        return found

    @property
    def _ahead(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._ahead
        if not token:
            raise _syntax("the end")
        self._at += 1
        return token

    def _found(self, word: str) -> bool:
        if self._ahead == word:
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._found(word):
            raise _syntax(self._ahead or "the end")

    def _column(self, name: str) -> Column:
        if name == "*":
            raise _refused("SELECT *")
        bare = name.lower().removeprefix(f"{self._alias}.").removeprefix(f"{self._table.name}.")
        column = self._table.columns.get(bare)
        if column is None or not column.read:
            raise DataverseError(
                400, "0x80041103", f"'{self._table.name}' entity doesn't contain attribute with Name = '{bare}'."
            )
        return column

    def _order(self) -> str:
        column = self._column(self._take())
        descending = self._found("DESC")
        if not descending:
            self._found("ASC")
        return f"{column.property} desc" if descending else column.property

    def _either(self) -> str:
        parts = [self._both()]
        while self._found("OR"):
            parts.append(self._both())
        return " or ".join(parts) if len(parts) == 1 else f"({' or '.join(parts)})"

    def _both(self) -> str:
        parts = [self._single()]
        while self._found("AND"):
            parts.append(self._single())
        return " and ".join(parts)

    def _single(self) -> str:
        if self._found("NOT"):
            return f"not ({self._single()})"
        if self._found("("):
            inner = self._either()
            self._expect(")")
            return f"({inner})"
        column = self._column(self._take())
        if self._found("IS"):
            operator = "ne" if self._found("NOT") else "eq"
            self._expect("NULL")
            return f"{column.property} {operator} null"
        negated = self._found("NOT")
        test = self._ranged(column)
        return f"not ({test})" if negated else test

    def _ranged(self, column: Column) -> str:
        if self._found("LIKE"):
            return _like(column, self._take())
        if self._found("IN"):
            self._expect("(")
            values = [_literal(column, self._take())]
            while self._found(","):
                values.append(_literal(column, self._take()))
            self._expect(")")
            return f"({' or '.join(f'{column.property} eq {value}' for value in values)})"
        if self._found("BETWEEN"):
            low = _literal(column, self._take())
            self._expect("AND")
            return f"({column.property} ge {low} and {column.property} le {_literal(column, self._take())})"
        written = self._take()
        operator = _OPERATORS.get(written)
        if operator is None:
            raise _syntax(written)
        return f"{column.property} {operator} {_literal(column, self._take())}"


def _split(text: str) -> list[str]:
    found: list[str] = []
    at, text = 0, text.rstrip().rstrip(";").rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _syntax(text[at:].strip())
        word = match.group(0).strip()
        if _REFUSED.fullmatch(word):
            raise _refused(word.upper())
        found.append(word.upper() if _WORDS.fullmatch(word) else word)
        at = match.end()
    return found


def _literal(column: Column, written: str) -> str:
    quoted = written.startswith("'")
    if quoted and column.kind in _UNQUOTED:
        return written[1:-1]
    if column.kind is Kind.YESNO and written in ("0", "1"):
        return "true" if written == "1" else "false"
    if not quoted and not re.fullmatch(r"-?\d+(\.\d+)?", written):
        raise _syntax(written)
    return written


def _like(column: Column, written: str) -> str:
    if not written.startswith("'"):
        raise _syntax(written)
    text = written[1:-1]
    start, end = text.startswith("%"), text.endswith("%")
    middle = text.removeprefix("%").removesuffix("%")
    name = "contains" if start and end else "startswith" if end else "endswith" if start else ""
    return f"{name}({column.property},'{middle}')" if name else f"{column.property} eq '{text}'"


def _refused(what: str) -> DataverseError:
    return DataverseError(400, "0x80040203", f"The sandbox does not serve {what} in sql.")


def _syntax(near: str) -> DataverseError:
    return DataverseError(400, "0x80040203", f"Incorrect syntax near '{near[:40]}'.")
