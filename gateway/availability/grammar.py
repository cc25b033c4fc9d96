"""The grammar of OData expressions, in front of odata-query: what is valid, where a text stops being so, what is
served.

odata-query parses about half of what the standard allows and has no position for what it refuses. So every expression
is walked here first, by the standard's own rules. The outcome is one of three: text that is no OData is refused with
its position; what is valid and not served here is refused by name, whatever else stands around it; the rest is handed
to odata-query in a wording that it understands: operators in lower case, aliases replaced by their values, lists in
parentheses and with a comma in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from gateway.availability import tokens
from gateway.availability.model import PROPERTIES
from gateway.availability.wording import FilterInvalid, FilterNotServed, FilterSyntax
from gateway.errors import InvalidGuid, ODataError

MAX_DEPTH = 50
_MORE = "more was expected"


class Walk:
    """One pass over an expression. ``complaint`` is the first thing that is valid and not served; ``changes`` are the
    places to word differently: start, end, text."""

    def __init__(self, text: str, option: str, aliases: Mapping[str, str]) -> None:
        self.text = text
        self.at = 0
        self.complaint: ODataError | None = None
        self.changes: list[tuple[int, int, str]] = []
        self._option = option
        self._aliases = aliases
        self._depth = 0
        self._parts = 0

    def whole(self) -> None:
        """The text is one expression from its first character to its last."""
        if not self.text.strip():
            raise self.syntax("the expression is empty", 0)
        self.expression()
        if self.at < len(self.text):
            raise self.syntax("this does not belong here" if self.text[self.at] in ") ,\t" else "unexpected character")

    def syntax(self, what: str, at: int | None = None) -> FilterSyntax:
        """The error for a text that stops being OData here."""
        return FilterSyntax((self.at if at is None else at) + 1, what, self._option)

    def unserved(self, at: int, what: str) -> None:
        """Note something valid that is not served; the first one is what the caller is told."""
        if self.complaint is None:
            self.complaint = FilterNotServed(at + 1, what, self._option)

    def expression(self) -> None:
        """Operands with operators between them; odata-query knows which bind stronger."""
        self._deeper()
        self._operand()
        while (found := tokens.OPERATOR.match(self.text, self.at)) is not None:
            operator, start = found[1].lower(), found.start(1)
            if operator not in tokens.OPERATORS:
                break
            if operator != found[1]:
                self.changes.append((start, found.end(1), operator))
            if operator in tokens.ARITHMETIC or operator == "has":
                self.unserved(start, f"'{operator}'")
            self.at = found.end(1)
            if operator not in ("in",) and not self.space():
                raise self.syntax(f"a space is missing after {operator}" if self.at < len(self.text) else _MORE)
            self.space()
            if operator != "in" or not self._list():
                self._operand()
        self._depth -= 1

    def _deeper(self) -> None:
        self._depth += 1
        self._parts += 1
        if self._depth > MAX_DEPTH or self._parts > tokens.MAX_PARTS:
            what = f"too complex: at most {tokens.MAX_PARTS // 4} parts, {MAX_DEPTH} levels deep"
            raise FilterInvalid(self.at + 1, what, self._option)

    def space(self) -> bool:
        """Go past spaces; whether there were any."""
        found = tokens.SPACE.match(self.text, self.at)
        assert found is not None
        moved = found.end() > self.at
        self.at = found.end()
        return moved

    def _sees(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def _takes(self, mark: str) -> bool:
        if self._sees(mark):
            self.at += len(mark)
            return True
        return False

    def _needs(self, mark: str) -> None:
        if not self._takes(mark):
            raise self.syntax(_MORE if self.at >= len(self.text) else f"'{mark}' is expected here")

    def _operand(self) -> None:
        self._parts += 1
        start = self.at
        if start >= len(self.text):
            raise self.syntax(_MORE)
        if self._literal():
            return
        if self._takes("("):
            self.space()
            self.expression()
            self.space()
            self._needs(")")
        elif self._sees("[") or self._sees("{"):
            self._json()
            self.unserved(start, "a collection or an object")
        elif self._takes("-"):
            self.unserved(start, "arithmetic")
            self.space()
            self._below(self._operand)
        elif (alias := tokens.ALIAS.match(self.text, start)) is not None:
            self._alias(alias)
        elif self.text[start] in "$@":
            self._variable()
        elif (name := tokens.NAME.match(self.text, start)) is not None and not self.text.startswith("-", name.end()):
            self._named(name)
        elif (odd := tokens.ODD.match(self.text, start)) is not None:
            if "-" in odd[0].lstrip("-"):
                raise InvalidGuid(f'{self._option}, position {start + 1}: "{odd[0][:60]}" is not a GUID.')
            raise self.syntax(f'"{odd[0][:60]}" is not a number')
        else:
            raise self.syntax("a quote is not closed" if self.text[start] in "'\"" else "unexpected character")

    def _below(self, step: Callable[[], None]) -> None:
        self._deeper()
        step()
        self._depth -= 1

    def _literal(self) -> bool:
        """A literal of any type. Not the words null, true and false alone: those are looked at as names."""
        text, start = self.text, self.at
        if (found := tokens.TEXT.match(text, start)) is not None:
            if "\0" in found[0]:
                raise self.syntax("a character that no value can hold", start + found[0].index("\0"))
        elif (found := tokens.GUID.match(text, start)) is not None:
            pass
        elif (found := tokens.TIME.match(text, start)) is not None:
            self.unserved(start, "a date or time, no property holds one,")
        elif (found := tokens.NUMBER.match(text, start)) is not None:
            pass
        elif (found := tokens.INFINITE.match(text, start)) is not None:
            self.unserved(start, f"'{found[0]}'")
        elif (name := tokens.NAME.match(text, start)) is not None and text.startswith("'", name.end()):
            found = tokens.TEXT.match(text, name.end())
            if name[0].lower() in tokens.OPERATORS | {"not"}:
                raise self.syntax(f"a space is missing after {name[0]}", name.end())
            if found is None:
                raise self.syntax("a quote is not closed", name.end())
            if name[0].lower() == "guid":
                raise self.syntax("a GUID is written without the word and without quotes")
            self.unserved(start, f"a literal of the kind {name[0]}'…'")
        else:
            return False
        self.at = found.end()
        return True

    def _named(self, name: re.Match[str]) -> None:
        start, word = self.at, name[0]
        lower = word.lower()
        self.at = name.end()
        if lower == "not" and not self._sees("/"):
            if lower != word:
                self.changes.append((start, name.end(), lower))
            if not self.space() and not self._sees("("):
                raise self.syntax("a space is missing after not" if self.at < len(self.text) else _MORE)
            if self.at == name.end():
                self.changes.append((self.at, self.at, " "))  # not(…), as most people write it
            self._below(self._operand)
            return
        if lower in tokens.CONSTANTS and not self._sees("/") and not self._sees("("):
            self.changes.append((start, name.end(), lower))
            return
        if lower in ("any", "all") and self._sees("("):
            raise self.syntax(f"{word} follows a collection and a slash, as in Lines/{lower}(…)")
        if self._sees("(") and lower in tokens.ARGUMENTS:
            self._method(start, word)
        elif self._sees("("):
            self.unserved(start, f"the function '{word[:60]}'")
            self._parameters()
        elif "." in word and not self._sees("/"):
            raise self.syntax(f"'{word[:60]}' is a function and needs its arguments in parentheses")
        elif lower in tokens.SERVED_METHODS:
            raise self.syntax(f"{word} needs its arguments in parentheses", start)
        elif word not in PROPERTIES and not self._sees("/") and self.complaint is None:
            known = ", ".join(PROPERTIES)
            what = f"there is no property '{word[:60]}'. There are: {known}"
            self.complaint = FilterInvalid(start + 1, what, self._option)
        self._path(start)

    def _method(self, start: int, word: str) -> None:
        lower = word.lower()
        if lower not in tokens.SERVED_METHODS:
            self.unserved(start, f"'{word}'")
        elif lower != word:
            self.changes.append((start, self.at, lower))
        least, most = tokens.ARGUMENTS[lower]
        self._needs("(")
        self.space()
        given = 0
        while not self._sees(")"):
            if given:
                self._needs(",")
                self.space()
            typed = tokens.NAME.match(self.text, self.at) if lower in tokens.TYPES else None
            if typed is not None and self.text[typed.end() :].lstrip(" \t").startswith(")"):
                self.at = typed.end()
            else:
                self.expression()
                if lower == "case":
                    self.space()
                    self._needs(":")
                    self.space()
                    self.expression()
            self.space()
            given += 1
        if not least <= given <= most:
            wanted = f"{least}" if least == most else f"{least} or {most}"
            raise self.syntax(f"{word} has {wanted} arguments, not {given}")
        self._needs(")")

    def _variable(self) -> None:
        start = self.at
        annotation = tokens.ANNOTATION.match(self.text, start)
        if annotation is not None:
            self.at = annotation.end()
        elif not (self._takes("$it") or self._takes("$this")):
            if not self._sees("$root/"):
                raise self.syntax("after $ comes it, this or root/, after @ a name")
            self.at += len("$root")
        self.unserved(start, "a path, lambda, alias or variable")
        self._path(start)

    def _path(self, start: int) -> None:
        """What may follow a name: further segments, each with a key, arguments or a lambda."""
        while self._takes("/"):
            self.unserved(start, "a path, lambda, alias or variable")
            self._parts += 1
            if self._takes("$filter("):
                self.expression()
                self._needs(")")
            elif not self._takes("$count"):
                segment = tokens.ANNOTATION.match(self.text, self.at) or tokens.NAME.match(self.text, self.at)
                if segment is None:
                    raise self.syntax(_MORE if self.at >= len(self.text) else "a name is expected here")
                self.at = segment.end()
                if segment[0].lower() in ("any", "all") and self._sees("("):
                    self._lambda(needed=segment[0].lower() == "all")
                    continue
            if self._sees("("):
                self._parameters()

    def _lambda(self, *, needed: bool) -> None:
        self._needs("(")
        self.space()
        if needed or not self._sees(")"):
            variable = tokens.NAME.match(self.text, self.at)
            if variable is None:
                raise self.syntax("the name of a variable is expected here")
            self.at = variable.end()
            self.space()
            self._needs(":")
            self.space()
            self.expression()
            self.space()
        self._needs(")")

    def _parameters(self) -> None:
        """A key or arguments: (1), (ID=1,Name='x'), ()."""
        self._needs("(")
        self.space()
        first = True
        while not self._sees(")"):
            if not first:
                if not self._takes(";"):
                    self._needs(",")
                self.space()
            name = tokens.NAME.match(self.text, self.at) or tokens.OPTION.match(self.text, self.at)
            if name is not None and self.text.startswith("=", name.end()):
                self.at = name.end() + 1
            self.expression()
            self.space()
            first = False
        self._needs(")")

    def _alias(self, alias: re.Match[str]) -> None:
        """An alias stands for its value; one without value is null, as the standard has it."""
        value = Walk(self._aliases.get(alias[0], "null"), alias[0], {})
        value._depth = self._depth
        value.space()
        if value._list() or value._literal() or value._constant():
            value.space()
        if value.at < len(value.text) or not value.text:
            value.at = 0
            value.changes.clear()
            value.expression()
            self.unserved(alias.start(), f"the alias {alias[0]} for an expression")
        if value.at < len(value.text):
            raise value.syntax("this does not belong here")
        if value.complaint is not None and self.complaint is None:
            self.complaint = value.complaint
        text, shift = value.text, 0
        for start, end, replacement in sorted(value.changes):
            text = text[: start + shift] + replacement + text[end + shift :]
            shift += len(replacement) - (end - start)
        self.at = alias.end()
        self.changes.append((alias.start(), alias.end(), text.strip(" \t")))

    def _constant(self) -> bool:
        name = tokens.NAME.match(self.text, self.at)
        if name is None or name[0].lower() not in tokens.CONSTANTS:
            return False
        self.changes.append((self.at, name.end(), name[0].lower()))
        self.at = name.end()
        return True

    def _list(self) -> bool:
        """A list of literals in parentheses or brackets, worded as odata-query wants it. False, and nothing taken, for
        an expression in parentheses."""
        start, changed = self.at, len(self.changes)
        closing = {"(": ")", "[": "]"}.get(self.text[start : start + 1])
        if closing is None:
            return False
        self.at += 1
        self.space()
        count = 0
        while not self._sees(closing):
            if count:
                self._needs(",")
                self.space()
            item = self.at
            if self._sees('"'):
                self._json_text()
            elif not (self._literal() or self._constant()):
                if count:
                    raise self.syntax(_MORE if item >= len(self.text) else "a list holds values only")
                del self.changes[changed:]
                self.at = start
                return False
            self.space()
            self._parts += 1
            count += 1
            if self._parts > tokens.MAX_PARTS:
                raise FilterInvalid(self.at + 1, f"too complex: at most {tokens.MAX_PARTS // 4} parts", self._option)
        # A list of one needs a comma there, and an empty one, which matches nothing, something to be made of.
        ending = {0: "null,null)", 1: ",)"}.get(count, ")")
        self.changes += [(start, start + 1, "("), (self.at, self.at + 1, ending)]
        self.at += 1
        return True

    def _json_text(self) -> None:
        found = tokens.JSON_TEXT.match(self.text, self.at)
        if found is None:
            raise self.syntax("a quote is not closed, or a character is not escaped")
        value = str(json.loads(found[0]))
        if tokens.UNHELD.search(value):
            raise self.syntax("a character that no value can hold")
        self.changes.append((found.start(), found.end(), "'" + value.replace("'", "''") + "'"))
        self.at = found.end()

    def _json(self) -> None:
        """A collection [..] or an object {..}; its values may be expressions."""
        self._deeper()
        closing = "]" if self._takes("[") else "}"
        if closing == "}":
            self._needs("{")
        self.space()
        first = True
        while not self._sees(closing):
            if not first:
                self._needs(",")
                self.space()
            if closing == "}":
                if not self._sees('"'):
                    raise self.syntax("a name in double quotes is expected here")
                self._json_text()
                self.space()
                self._needs(":")
                self.space()
            if self._sees('"'):
                self._json_text()
            else:
                self.expression()
            self.space()
            first = False
        self._needs(closing)
        self._depth -= 1
