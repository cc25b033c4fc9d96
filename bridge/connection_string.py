"""Read the classic connection string to Dynamics 365 Sales: ``AuthType=…;Url=…;…``.

Order of the pairs is free, keys ignore case and have several spellings, a value may be quoted, the last of two equal
keys wins. Secrets stay out of every error. Only what this service can sign in with is accepted; the others are refused
by name, since waiting or retrying would not help.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PAIR = re.compile(
    r"""\s*(?P<key>[^=;]+?)\s*=\s*
        (?: '(?P<single>(?:[^']|'')*)' | "(?P<double>(?:[^"]|"")*)" | (?P<plain>[^;]*?) )\s*(?:;|$)""",
    re.VERBOSE,
)
_SPELLINGS = {
    "authtype": "AuthType",
    "authenticationtype": "AuthType",
    "url": "Url",
    "serviceuri": "Url",
    "service uri": "Url",
    "server": "Url",
    "clientid": "ClientId",
    "appid": "ClientId",
    "applicationid": "ClientId",
    "clientsecret": "ClientSecret",
    "secret": "ClientSecret",
    "thumbprint": "Thumbprint",
    "certthumbprint": "Thumbprint",
    "certificate": "Certificate",
}
_REFUSALS = {
    "ad": "AuthType=AD is Windows sign-in on premises; this service reaches Sales online only",
    "ifd": "AuthType=IFD is on-premises federation; this service reaches Sales online only",
    "office365": "AuthType=Office365 was switched off in April 2022",
    "oauth": "AuthType=OAuth signs in a person with a password, which this service does not do",
}


class ConnectionStringInvalid(ValueError):
    """The string cannot be used; the text names the part and never holds a value that may be secret."""


@dataclass(frozen=True, slots=True)
class SalesConnection:
    """What the string says. ``certificate`` is the path of a PEM file; one of it and ``secret`` is filled."""

    url: str
    client_id: str
    secret: str
    certificate: str


def parse(text: str) -> SalesConnection:
    """Read a connection string. Raises :class:`ConnectionStringInvalid`."""
    pairs = _pairs(text)
    kind = pairs.get("AuthType", "").lower()
    if kind in _REFUSALS:
        raise ConnectionStringInvalid(f"{_REFUSALS[kind]}; use AuthType=ClientSecret or AuthType=Certificate")
    if kind not in ("clientsecret", "certificate"):
        raise ConnectionStringInvalid("AuthType is missing or unknown; use ClientSecret or Certificate")
    if kind == "certificate" and pairs.get("Thumbprint"):
        raise ConnectionStringInvalid(
            "Thumbprint points into a Windows certificate store; give the path of a PEM file as Certificate instead"
        )
    wanted = ("Url", "ClientId", "ClientSecret" if kind == "clientsecret" else "Certificate")
    missing = [name for name in wanted if not pairs.get(name)]
    if missing:
        raise ConnectionStringInvalid(f"{' and '.join(missing)} missing in a string of AuthType {pairs['AuthType']}")
    if not pairs["Url"].startswith(("http://", "https://")):
        raise ConnectionStringInvalid("Url is not an http or https address")
    return SalesConnection(
        url=pairs["Url"].rstrip("/"),
        client_id=pairs["ClientId"],
        secret=pairs.get("ClientSecret", "") if kind == "clientsecret" else "",
        certificate=pairs.get("Certificate", "") if kind == "certificate" else "",
    )


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        if text[position] in "; \t\r\n":
            position += 1
            continue
        match = _PAIR.match(text, position)
        if match is None:
            raise ConnectionStringInvalid(f"no key=value at position {position + 1}")
        single, double = match["single"], match["double"]
        if single is not None:
            value = single.replace("''", "'")
        elif double is not None:
            value = double.replace('""', '"')
        else:
            value = match["plain"]
        key = match["key"].strip()
        found[_SPELLINGS.get(key.lower(), key)] = value
        position = match.end()
    return found
