"""Which resource an address means: the part of the path from ``ODataV4`` on, percent-decoded once.

Anything before ``ODataV4`` is accepted and kept for the links, so that addresses of an on-premises server
(``/BC170/ODataV4/…``) and of the online service (``/v2.0/<tenant>/<environment>/ODataV4/…``) work unchanged.
``OData``, which older releases wrote into Sales, is an alias that a setting opens; answers are OData V4 there too.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from gateway.availability.model import KEYS, PROPERTIES, SET
from gateway.errors import BadRequest, InvalidGuid, ResourceNotFound, SyntaxRefused

_ROOT = re.compile(r"(?P<prefix>(?:/[^/]+)*?)/(?P<face>OData(?:V4)?)(?:/(?P<rest>.*))?", re.DOTALL)
_COMPANY = re.compile(
    r"Company\((?:Name=)?'(?P<name>(?:[^']|'')*)'\)(?:/(?P<rest>.*))?|Company\(Id=(?P<id>[^()/]*)\)(?:/(?P<rest2>.*))?",
    re.DOTALL,
)
_V3_GUID = re.compile(r"guid'([^']*)'")
_ROWS = re.compile(rf"{SET}(?:\((?P<key>[^()]*)\))?(?:/(?P<rest>.*))?", re.DOTALL)


class Kind(Enum):
    SERVICE_DOCUMENT = auto()
    METADATA = auto()
    COMPANIES = auto()
    COMPANY_COUNT = auto()
    COMPANY = auto()
    ROWS = auto()
    COUNT = auto()
    ROW = auto()
    PROPERTY = auto()
    VALUE = auto()


@dataclass(frozen=True, slots=True)
class Address:
    """``company_name`` or ``company_id`` is set when the path names a company; ``key`` holds CRM_ID and Integration_ID
    of a single row; ``property`` the one asked for."""

    kind: Kind
    prefix: str
    """All before and with ``ODataV4``."""
    company_name: str | None = None
    company_id: str | None = None
    key: tuple[str, str] | None = None
    property: str = ""


def guid(text: str, where: str) -> str:
    """A GUID in its one form: 36 characters, lower case. Raises InvalidGuid when it is none."""
    if re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is None:
        raise InvalidGuid(f'{where}: "{text[:60]}" is not a GUID of the form 00000000-0000-0000-0000-000000000000.')
    return str(uuid.UUID(text))


def parse(path: str, aliases: Mapping[str, str]) -> Address:
    """Read a path; ``aliases`` are values a key may refer to. Raises ResourceNotFound for a segment that is not served,
    BadRequest for a key that is none."""
    root = _ROOT.fullmatch(path)
    if root is None:
        raise ResourceNotFound(f'There is nothing at "{path[:200]}".')
    prefix, rest = f"{root['prefix']}/{root['face']}", root["rest"] or ""
    if (company := _COMPANY.fullmatch(rest)) is not None:
        name = company["name"].replace("''", "'") if company["name"] is not None else None
        company_id = guid(company["id"], "Company(Id=…)") if name is None else None
        rest = company["rest"] or company["rest2"] or ""
        if not rest:
            return Address(Kind.COMPANY, prefix, name, company_id)
        return _rows(rest, prefix, name, company_id, aliases)
    match rest.removesuffix("/"):
        case "":
            return Address(Kind.SERVICE_DOCUMENT, prefix)
        case "$metadata":
            return Address(Kind.METADATA, prefix)
        case "Company":
            return Address(Kind.COMPANIES, prefix)
        case "Company/$count":
            return Address(Kind.COMPANY_COUNT, prefix)
        case _:
            return _rows(rest, prefix, None, None, aliases)


def _rows(rest: str, prefix: str, name: str | None, company_id: str | None, aliases: Mapping[str, str]) -> Address:
    found = _ROWS.fullmatch(rest)
    if found is None:
        raise ResourceNotFound(f'No resource "{rest[:200]}". Served are {SET}, Company and $metadata.')
    tail = (found["rest"] or "").removesuffix("/")
    if found["key"] is None:
        if tail not in ("", "$count"):
            raise ResourceNotFound(f'No resource "{tail[:200]}" below {SET}.')
        return Address(Kind.COUNT if tail else Kind.ROWS, prefix, name, company_id)
    key = _key(found["key"], aliases)
    wanted, _, after = tail.partition("/")
    if not wanted:
        return Address(Kind.ROW, prefix, name, company_id, key)
    if wanted not in PROPERTIES or after not in ("", "$value"):
        raise ResourceNotFound(f'No resource "{tail[:200]}" below a row of {SET}.')
    return Address(Kind.VALUE if after else Kind.PROPERTY, prefix, name, company_id, key, wanted)


def _key(text: str, aliases: Mapping[str, str]) -> tuple[str, str]:
    parts = [part.partition("=") for part in text.split(",")]
    if any(not equals for _, equals, _ in parts) or len(parts) != len(KEYS):
        raise SyntaxRefused(f"The key of {SET} has two parts: write ({KEYS[0]}=<guid>,{KEYS[1]}=<guid>).")
    values = {name.strip(): value.strip() for name, _, value in parts}
    if set(values) != set(KEYS):
        raise BadRequest(f"The key of {SET} is made of {' and '.join(KEYS)}, each once.")
    crm_id, integration_id = (guid(_value(values[name], aliases), name) for name in KEYS)
    return crm_id, integration_id


def _value(text: str, aliases: Mapping[str, str]) -> str:
    if not text.startswith("@"):
        return _V3_GUID.sub(r"\1", text)
    if text not in aliases:
        raise BadRequest(f"The alias {text[:60]} in the key has no value; add {text[:60]}=<guid> to the query.")
    return aliases[text].strip()
