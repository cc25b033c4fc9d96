"""What the gateway is asked while it is measured: a company of 10,000 coupled items, and four kinds of requests.

Everything is drawn from one seed: every run asks the same. Which item is looked up follows Zipf's law, as in a shop
where few products make most of the questions: the item of rank r is asked in proportion to 1/r.
"""

from __future__ import annotations

import http.client
import random
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from urllib.parse import quote, urlsplit

import requests

from bench.gateway_bare import Answer, Question
from bench.gateway_load import LoadFailed
from bridge.records import Company, utc_now
from bridge.store import companies, projection
from bridge.store.couplings import ITEM_TABLE
from bridge.store.database import Database, upgrade
from bridge.store.gateway import GatewayStore, NewKey
from bridge.store.models import AvailabilityItem, AvailabilityTail, Coupling

ITEMS, IN_A_LIST, DRAWN, UNKNOWN = 10_000, 100, 20_000, 2_000
COMPANY = Company("8f2b1c1e-0a4e-4d1c-9b53-1f2d3c4b5a69", "Fjord & Sons", "Fjord and Sons Ltd.")
USER = "FORMS"
SERVICE = "/BC/ODataV4"
_SET = f"{SERVICE}/Company('{quote(COMPANY.name)}')/ProductItemAvailability"
_CAP_SET = "/ODataV4/ProductItemAvailability"
_TAIL_SECONDS = 5
_FROM_THE_SERVER = frozenset({"server", "date", "connection", "transfer-encoding"})
_ASKING = 8
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Item:
    item_id: str
    product_id: str
    number: str
    inventory: Decimal


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: how many rows each answer has (None: 304), and the lines in the order they are asked, of the
    gateway and of CAP (none where CAP has no such answer to give)."""

    name: str
    rows: int | None
    lines: Sequence[str]
    cap_lines: Sequence[str]


def make_items() -> list[Item]:
    rng = random.Random(20260302)

    def guid() -> str:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    return [Item(guid(), guid(), f"N{number:05}", Decimal(rng.randrange(0, 5000)) / 4) for number in range(ITEMS)]


def seed(database_url: str, items: Sequence[Item]) -> str:
    """A database as the worker leaves it after a full read; answers a fresh service key of :data:`USER`."""
    db = Database(database_url)
    try:
        upgrade(db)
        now = utc_now()
        companies.save(db, [COMPANY])
        rows = [
            AvailabilityItem(
                company_id=COMPANY.id,
                item_id=one.item_id,
                number=one.number,
                name=f"Item {one.number}",
                base_unit="PCS",
                inventory=one.inventory,
                blocked=False,
                entry_number=1,
                refreshed_at=now,
            )
            for one in items
        ]
        projection.save(db, AvailabilityTail(company_id=COMPANY.id, tailed_at=now, recent_entries=[]), items=rows)
        coupled = [
            {
                "id": str(uuid.uuid4()),
                "company_id": COMPANY.id,
                "mapping": "ITEM-PRODUCT",
                "table_id": ITEM_TABLE,
                "bc_id": one.item_id,
                "sales_table": "product",
                "sales_id": one.product_id,
                "coupled_at": now,
            }
            for one in items
        ]
        with db.write() as session:
            session.execute(db.insert(Coupling), coupled)
        key = NewKey(USER, "availability metrics", None, ())
        GatewayStore(db, utc_now).add_key(key, by="bench")
        return key.secret
    finally:
        db.close()


class Tail(AbstractContextManager["Tail"]):
    """Does what the worker does every five seconds when nothing was posted: says that the ledger has been read."""

    def __init__(self, *database_urls: str) -> None:
        self._databases = [Database(url) for url in database_urls]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Tail:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()
        for db in self._databases:
            db.close()

    def _run(self) -> None:
        while True:
            for db in self._databases:
                tail = AvailabilityTail(company_id=COMPANY.id, tailed_at=datetime.now(UTC), recent_entries=[])
                projection.save(db, tail)
            if self._end.wait(_TAIL_SECONDS):
                return


def look_up(product_id: str, address: str = _SET) -> str:
    """The target that a form script asks for one product."""
    return f"{address}?$filter={quote(f'CRM_ID eq {product_id}')}"


def kinds(items: Sequence[Item], tags_of: Callable[[Sequence[str]], Mapping[str, str]]) -> list[Kind]:
    """Everything that is asked. ``tags_of`` answers the ETag of each of these addresses of rows."""
    rng = random.Random(1)
    weights = list(accumulate(1 / rank for rank in range(1, len(items) + 1)))
    zipf = rng.choices(items, cum_weights=weights, k=DRAWN)
    unknown = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(UNKNOWN)]
    lists = [quote(f"startswith(ItemNo,'N{hundred:03}')") for hundred in range(len(items) // IN_A_LIST)]
    tags = tags_of([_row(one) for one in dict.fromkeys(zipf)])
    return [
        Kind("point look-up", 1, [_look_up(one.product_id) for one in zipf],
             [_look_up(one.product_id, _CAP_SET) for one in zipf]),
        Kind(f"list of {IN_A_LIST}", IN_A_LIST, [f"{_SET}?$filter={one}" for one in lists],
             [f"{_CAP_SET}?$filter={one}" for one in lists]),
        Kind("unknown item", 0, [_look_up(one) for one in unknown], [_look_up(one, _CAP_SET) for one in unknown]),
        Kind("conditional, 304", None, [f"{_row(one)}\t{tags[_row(one)]}" for one in zipf], ()),
    ]  # fmt: skip


def _look_up(product_id: str, address: str = _SET) -> str:
    """The target that a form script asks for one product."""
    return f"{address}?$filter={quote(f'CRM_ID eq {product_id}')}"


def _row(item: Item) -> str:
    return f"{_SET}(CRM_ID={item.product_id},Integration_ID={item.item_id})"


def fetch(address: str, lines: Iterable[str], headers: Mapping[str, str]) -> dict[Question, Answer]:
    """Ask each line once and keep the answer: status line, headers that the application gave, body."""
    netloc = urlsplit(address).netloc
    questions = [as_question(line) for line in dict.fromkeys(lines)]
    found: dict[Question, Answer] = {}

    def some(part: Sequence[Question]) -> None:
        connection = http.client.HTTPConnection(netloc, timeout=60)
        for target, tag in part:
            sent = dict(headers) | ({} if tag is None else {"If-None-Match": tag})
            connection.request("GET", target, headers=sent)
            answer = connection.getresponse()
            kept = [one for one in answer.getheaders() if one[0].lower() not in _FROM_THE_SERVER]
            if answer.status not in (200, 304):
                raise LoadFailed(f"{target} was answered {answer.status} {answer.read()[:300]!r}")
            found[target, tag] = (f"{answer.status} {answer.reason}", kept, answer.read())
        connection.close()

    with ThreadPoolExecutor(_ASKING) as pool:
        list(pool.map(some, [questions[start::_ASKING] for start in range(_ASKING)]))
    return found


def as_question(line: str) -> Question:
    target, tab, tag = line.partition("\t")
    return target, tag if tab else None


def check(
    server: str, address: str, headers: Mapping[str, str], kind: Kind, lines: Sequence[str], items: Sequence[Item]
) -> None:
    """What is measured must be right: so many rows, each with its stock, or 304. Raises LoadFailed."""
    stock = {one.product_id: one.inventory for one in items}
    for line in lines[:_LOOKED_AT]:
        target, tag = as_question(line)
        sent = dict(headers) | ({} if tag is None else {"If-None-Match": tag})
        answer = requests.get(address + target, headers=sent, timeout=30)
        if kind.rows is None:
            right = answer.status_code == 304
        else:
            rows = answer.json().get("value", []) if answer.status_code == 200 else []
            told = [Decimal(str(row["Inventory"])) == stock[row["CRM_ID"]] for row in rows]
            right = answer.status_code == 200 and told == [True] * kind.rows
            right = right and (kind.rows != 1 or rows[0]["CRM_ID"] in target)
        if not right:
            raise LoadFailed(f"{server}, {kind.name}: {target} was answered {answer.status_code} {answer.text[:300]}")
