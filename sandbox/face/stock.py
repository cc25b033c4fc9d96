"""Stock as the form script in Sales gets it: from the gateway that ``nav_connection`` names, with the key it holds."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote

SERVICE = "ProductItemAvailability"
SECONDS = 4
AT_ONCE = 20
"""Products asked for in one request: a filter must stay within what gateways accept."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What one product has: the item behind it, its unit, and the quantity on hand."""

    item: str
    unit: str
    inventory: Decimal


@dataclass(slots=True)
class Answer:
    """Stock by product id. ``hint`` says why there is none, ``age`` how many seconds old it is."""

    by_product: Mapping[str, Stock] = field(default_factory=dict)
    hint: str = ""
    age: str = ""

    @property
    def asked(self) -> bool:
        """Whether a gateway answered."""
        return not self.hint


def ask(connection: Mapping[str, Any] | None, products: Iterable[str]) -> Answer:
    """Ask for these product ids. Never raises: what goes wrong becomes the hint."""
    address = str((connection or {}).get("nav_dynamicsnavodataurl") or "").rstrip("/")
    if connection is None or not address:
        return Answer(hint="No gateway is connected yet, so there is no stock to show.")
    if not address.startswith(("http://", "https://")):
        return Answer(hint=f"The gateway's address {address} is no web address.")
    if not address.endswith(SERVICE):
        address = f"{address}/{SERVICE}"
    user = connection.get("nav_dynamicsnavodatausername") or ""
    key = connection.get("nav_dynamicsnavodataaccesskey") or ""
    credentials = base64.b64encode(f"{user}:{key}".encode()).decode()
    found: dict[str, Stock] = {}
    age = ""
    wanted = list(products)
    try:
        for start in range(0, len(wanted), AT_ONCE):
            chosen = " or ".join(f"CRM_ID eq {product}" for product in wanted[start : start + AT_ONCE])
            rows, age = _fetch(f"{address}?$filter={quote(chosen)}", credentials)
            found |= {
                str(row["CRM_ID"]).lower(): Stock(str(row["ItemNo"]), str(row["UOM"]), Decimal(str(row["Inventory"])))
                for row in rows
            }
    except urllib.error.HTTPError as error:
        with error:
            return Answer(hint=_refusal(error.code))
    except (urllib.error.URLError, OSError):
        return Answer(hint=f"The gateway at {address} does not answer.")
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return Answer(hint=f"What answers at {address} is not {SERVICE}.")
    return Answer(found, age=age)


def _fetch(url: str, credentials: str) -> tuple[list[dict[str, Any]], str]:
    request = urllib.request.Request(  # noqa: S310 - scheme checked by the caller
        url, headers={"Authorization": f"Basic {credentials}", "Accept": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=SECONDS) as answer:
        return json.load(answer, parse_float=Decimal)["value"], answer.headers.get("Age", "")


def _refusal(status: int) -> str:
    match status:
        case 401 | 403:
            return f"The gateway refuses the user name or the key ({status}). Enter a new key under Connection."
        case 404:
            return "The gateway knows neither the company nor the service at this address (404)."
        case 503:
            return "The gateway has no stock to tell at the moment (503); it heals when Business Central answers."
    return f"The gateway answered {status}."
