"""Clients that know nothing of this gateway read it as they read Business Central's own service.

``odata2ts`` generates a client from ``$metadata``, ``python-odata`` makes its classes from it while it runs, and a
spreadsheet's feed asks in its own order, with its own headers. The gateway is the shipped one, as a process.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests
from odata import ODataService  # type: ignore[import-untyped]

from bridge.records import utc_now
from bridge.store import companies, couplings
from bridge.store.database import Database
from demo.product import Gateway, Product
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import MAIN, SET, World
from tests.services import Node

FEED_ACCEPTS = (
    "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,"
    "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"
)
"""What Excel's and Power BI's feed sends with everything it asks."""


@dataclass(frozen=True, slots=True)
class Stock:
    """A gateway with thirty coupled items, and a key for it."""

    gateway: Gateway
    key: str
    world: World

    @property
    def service(self) -> str:
        return f"{self.gateway.address}/BC170/ODataV4"

    @property
    def rows(self) -> str:
        return f"{self.service}/Company('Fjord%20%26%20Sons')/{SET}"

    def session(self) -> requests.Session:
        session = requests.Session()
        session.auth = ("SALES", self.key)
        return session


@pytest.fixture(scope="module")
def stock(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    folder = tmp_path_factory.mktemp("stock")
    shutil.copy(migrated_sqlite, folder / "bridge.db")
    url = f"sqlite:///{folder}/bridge.db"
    db = Database(url)
    world = World(db, now=utc_now())
    companies.save(db, [MAIN])
    for number in range(30):
        world.stock(f"N{number:02}", "STK" if number % 2 else "BOX", str(number))
    settings = {"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "DRAIN_SECONDS": "0"}
    product = Product(settings | {"AVAILABILITY_STALE_IF_ERROR": "3600"}, folder)
    yield Stock(product.gateway(), world.key(), world)
    product.stop()
    db.close()


def test_a_client_generated_by_odata2ts_filters_orders_and_reads(
    stock: Stock, node: Node, scripts: Path, tmp_path: Path
):
    source = tmp_path / "metadata.xml"
    source.write_bytes(stock.session().get(f"{stock.service}/$metadata", timeout=10).content)
    node.tool("odata2ts", "-s", str(source), "-o", str(tmp_path / "client"), "-m", "all", "-e", "js", "-name", "stock")
    said = node.run(
        "stock.mjs",
        SERVICE=stock.service,
        COMPANY=MAIN.name,
        USER="SALES",
        KEY=stock.key,
        CLIENT=str(tmp_path / "client"),
        NODE_PATH=str(scripts / "node_modules"),
    )
    seen = json.loads(said)
    assert (seen["most"], seen["count"]) == ([["N29", 29], ["N27", 27], ["N25", 25]], 10)
    assert (seen["either"], seen["named"], seen["one"]) == (["N01", "N02"], ["N15"], "N01")
    assert seen["unknown"]["status"] == 404 and "CorrelationId" in seen["unknown"]["message"]
    assert seen["companies"] == [MAIN.name]


def test_python_odata_makes_its_classes_from_the_metadata_and_asks_with_them(stock: Stock):
    service = ODataService(f"{stock.service}/", session=stock.session(), reflect_entities=True, quiet_progress=True)
    rows = service.entities[SET]
    most = service.query(rows).filter(rows.UOM == "STK").filter(rows.Inventory > 10).order_by(rows.Inventory.desc())
    assert [(one.ItemNo, one.Inventory) for one in most.limit(2)] == [("N29", Decimal(29)), ("N27", Decimal(27))]
    either = service.query(rows).filter((rows.ItemNo == "N01") | (rows.ItemNo == "N02")).all()
    assert {one.ItemNo for one in either} == {"N01", "N02"}
    again = service.query(rows).get(CRM_ID=either[0].CRM_ID, Integration_ID=either[0].Integration_ID)
    assert again.ItemNo == either[0].ItemNo
    assert len(service.query(rows).all()) == 30


def test_a_spreadsheets_feed_finds_its_way_and_reads_every_page(stock: Stock):
    """Service document, then ``$metadata`` as XML, then the set page by page, though rows come and go meanwhile."""
    feed = stock.session()
    feed.headers.update({"Accept": FEED_ACCEPTS, "OData-MaxVersion": "4.0", "MaxDataServiceVersion": "3.0;NetFx"})
    document = feed.get(f"{stock.service}/", timeout=10).json()
    assert SET in {one["name"] for one in document["value"]}
    described = feed.get(document["@odata.context"], timeout=10)
    assert described.headers["Content-Type"] == "application/xml"
    names = [
        one.get("Name") for one in ElementTree.fromstring(described.content).iter() if one.tag.endswith("}Property")
    ]

    first = feed.get(stock.rows, params={"$top": "25"}, headers={"Prefer": "odata.maxpagesize=10"}, timeout=10)
    assert first.headers["Content-Type"].startswith("application/json; odata.metadata=minimal")
    body = first.json()
    assert body["@odata.context"].startswith(f"{stock.service}/$metadata#")
    seen = [row["CRM_ID"] for row in body["value"]]
    assert {name for name in body["value"][0] if not name.startswith("@")} <= set(names)
    couplings.uncouple(stock.world.db, MAIN.id, "ITEM-PRODUCT", seen[3])
    sizes = [len(seen)]
    while "@odata.nextLink" in body:
        body = feed.get(body["@odata.nextLink"], headers={"Prefer": "odata.maxpagesize=10"}, timeout=10).json()
        sizes.append(len(body["value"]))
        seen += [row["CRM_ID"] for row in body["value"]]
    assert sizes == [10, 10, 5]
    assert len(set(seen)) == 25 and seen == sorted(seen)
    assert feed.get(stock.rows, headers={"Accept": "application/atom+xml"}, timeout=10).status_code == 406
