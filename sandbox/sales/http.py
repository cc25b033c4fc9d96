"""A request and its answer as the Web API sees them, apart from any web framework: batch parts are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import simplejson

from sandbox.sales.environment import Caller
from sandbox.sales.errors import DataverseError, bad_payload
from sandbox.sales.model import Ref
from sandbox.sales.paths import References
from sandbox.sales.render import Annotations

JSON = "application/json; odata.metadata=minimal"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``path`` is below the service root and decoded, ``query`` as it came; header names lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    caller: Caller
    base: str
    """The absolute address of the service root."""
    references: References = field(default_factory=References)

    def header(self, name: str) -> str:
        """A header, blank if absent. The literal ``null`` that clients send to defeat caches counts as absent."""
        value = self.headers.get(name, "")
        return "" if value == "null" else value

    @property
    def options(self) -> dict[str, str]:
        """The query options, decoded."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def preferences(self) -> dict[str, str]:
        """The ``Prefer`` header taken apart; values without quotes."""
        found: dict[str, str] = {}
        text = self.header("prefer")
        quoted = False
        part = ""
        for letter in text + ",":
            if letter == '"':
                quoted = not quoted
            elif letter == "," and not quoted:
                name, _, value = part.strip().partition("=")
                found[name.strip()] = value.strip()
                part = ""
            else:
                part += letter
        found.pop("", None)
        return found

    @property
    def annotations(self) -> Annotations:
        """The annotations the answer is to carry."""
        wanted = self.preferences.get("odata.include-annotations", "")
        return Annotations(tuple(pattern.strip() for pattern in wanted.split(",") if pattern.strip()))

    @property
    def detect_duplicates(self) -> bool:
        """Whether the request turned duplicate detection on; it is off unless asked for."""
        return self.header("mscrm.suppressduplicatedetection").lower() == "false"

    def json(self) -> Any:
        """The body as JSON with decimal numbers kept exact; 400 if it is none."""
        try:
            return simplejson.loads(self.body, use_decimal=True)
        except (ValueError, UnicodeDecodeError) as error:
            raise bad_payload(self.path.partition("(")[0], f"Invalid JSON. {error}") from None

    def inner(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, references: References
    ) -> Call:
        """A part of this batch, by the same caller."""
        return replace(self, method=method, path=path, query=query, headers=headers, body=body, references=references)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply. ``created`` is the row a request created or wrote, for references inside a change set."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    created: Ref | None = None


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None, created: Ref | None = None) -> Answer:
    """An answer with a JSON body; decimals are written as numbers, digit for digit."""
    text = simplejson.dumps(body, use_decimal=True, ensure_ascii=False, separators=(",", ":"))
    return Answer(status, text.encode(), {"Content-Type": JSON, "OData-Version": "4.0", **(headers or {})}, created)


def as_answer(error: DataverseError, *, detailed: bool = False) -> Answer:
    """A refusal as the Web API words it; ``detailed`` adds the annotations a request may ask for."""
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if detailed:
        told["@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"] = "0"
        told["@Microsoft.PowerApps.CDS.HelpLink"] = "http://go.microsoft.com/fwlink/?LinkID=398563"
        told["@Microsoft.PowerApps.CDS.InnerError.Message"] = error.message
    return json_answer(error.status, {"error": told})
