"""A gateway in this process: the real application on a real database, with a clock and ticks that a test moves."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.records import Company, new_id
from bridge.settings import Settings
from bridge.store import companies, couplings, jobs, projection
from bridge.store.couplings import NewCoupling
from bridge.store.database import Database
from bridge.store.gateway import GatewayStore, NewKey
from bridge.store.models import AvailabilityItem, AvailabilityTail
from bridge.wiring import Bridge
from bridge.wiring import build as build_bridge
from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.wiring import Services, build
from tests.conftest import SECRET_KEY
from tests.gateway.shop import Shop
from tests.processes import SandboxProcess

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROOT = "/BC170/ODataV4"
SET = "ProductItemAvailability"
MAIN = Company("8f2b1c1e-0a4e-4d1c-9b53-1f2d3c4b5a69", "Fjord & Sons", "Fjord and Sons Ltd.")
OTHER = Company("11111111-2222-4333-8444-555555555555", "Bob's Shop")


@dataclass
class World:
    """What the gateway answers from, and the hands to change it."""

    db: Database
    now: datetime = NOW
    seconds: float = 1000.0
    log: io.StringIO = field(default_factory=io.StringIO)

    def clock(self) -> datetime:
        return self.now

    def ticks(self) -> float:
        return self.seconds

    def later(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds

    def begin(self) -> None:
        """One company, read just now, with the jobs that readers and webhooks wake."""
        companies.save(self.db, [MAIN])
        self.tail()
        for job in ("AVAILABILITY", "PICK-UP", "PUSH-STATUS"):
            jobs.define(self.db, MAIN.id, job, 60, NOW - timedelta(hours=1))

    def tail(self, company: Company = MAIN, *items: AvailabilityItem, gone: tuple[str, ...] = ()) -> None:
        """The ledger of a company has just been read."""
        tail = AvailabilityTail(company_id=company.id, tailed_at=self.now, recent_entries=[])
        projection.save(self.db, tail, items=items, gone=gone)

    def item(self, number: str, unit: str, inventory: str, company: Company = MAIN, item_id: str = "") -> str:
        """An item in the projection; answers its id."""
        item_id = item_id or new_id()
        row = AvailabilityItem(
            company_id=company.id,
            item_id=item_id,
            number=number,
            name=f"Item {number}",
            base_unit=unit,
            inventory=Decimal(inventory),
            blocked=False,
            entry_number=1,
            refreshed_at=self.now,
        )
        self.tail(company, row)
        return item_id

    def couple(
        self,
        item_id: str,
        product_id: str = "",
        company: Company = MAIN,
        mapping: str = "ITEM-PRODUCT",
        table: int = 27,
    ) -> str:
        """A coupling; answers the product's id."""
        product_id = product_id or new_id()
        wanted = NewCoupling(mapping, table, item_id, "", "product", product_id)
        couplings.couple(self.db, company.id, wanted, self.now)
        return product_id

    def stock(self, number: str, unit: str, inventory: str, company: Company = MAIN, product_id: str = "") -> str:
        """A coupled item; answers the product's id."""
        return self.couple(self.item(number, unit, inventory, company), product_id, company)

    @property
    def store(self) -> GatewayStore:
        """What the commands for keys use."""
        return GatewayStore(self.db, self.clock)

    def key(
        self,
        user: str = "SALES",
        scope: str = "availability",
        expires_at: datetime | None = None,
        origins: tuple[str, ...] = (),
        overlap: timedelta | None = None,
    ) -> str:
        """A new service key."""
        key = NewKey(user, scope, expires_at, origins)
        self.store.add_key(key, by="test", overlap=overlap)
        return key.secret

    def lines(self) -> list[dict[str, Any]]:
        """The log so far."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@dataclass
class Door:
    """Asks the gateway as one caller."""

    client: FlaskClient
    authorization: str
    base_url: str = "https://stock.example"

    def get(self, path: str, query: Mapping[str, Any] | str | None = None, **headers: str) -> TestResponse:
        return self.ask("GET", path, query, **headers)

    def ask(self, method: str, path: str, query: Mapping[str, Any] | str | None = None, **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.authorization:
            sent.setdefault("Authorization", self.authorization)
        return self.client.open(path, method=method, query_string=query, headers=sent, base_url=self.base_url)

    def rows(self, query: Mapping[str, Any] | str | None = None) -> list[dict[str, Any]]:
        """The rows of the main company that this query gives."""
        response = self.get(f"{ROOT}/{SET}", query)
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=Decimal)["value"]


def basic(user: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def error(response: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal; its text must name the correlation id that the header has."""
    body = response.get_json()["error"]
    assert body["message"].endswith(f"  CorrelationId:  {response.headers['x-correlation-id']}.")
    return response.status_code, body["code"]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A database that knows one company, read just now."""
    db = Database(database_url)
    made = World(db)
    made.begin()
    yield made
    db.close()


MakeGateway = Callable[..., FlaskClient]


@pytest.fixture
def make_gateway(world: World, database_url: str) -> Iterator[MakeGateway]:
    """Builds an application on this database with further settings."""
    built: list[Services] = []

    def make(**settings: str) -> FlaskClient:
        values = {"database_url": database_url, "secret_key": SECRET_KEY, "log_format": "json", "redis_url": ""}
        made = GatewaySettings(**(values | {"public_url": "https://stock.example"} | settings))  # type: ignore[arg-type]
        services = build(made, clock=world.clock, ticks=world.ticks, log_stream=world.log, spawn=lambda work: work())
        built.append(services)
        return create_app(made, services).test_client()

    yield make
    for services in built:
        services.close()


@pytest.fixture
def door(world: World, make_gateway: MakeGateway) -> Door:
    """A caller with a good key, at a gateway with the settings as they come, over https."""
    return Door(make_gateway(), basic("SALES", world.key()))


@contextmanager
def signed_in(sandbox: SandboxProcess) -> Iterator[Bridge]:
    """Clients of a sandbox, without a database of their own. They wait for nothing: what fails in passing fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", sandbox.env["REQUESTS_CA_BUNDLE"])
        given = {name.lower(): value for name, value in sandbox.env.items()}
        known = {name: value for name, value in given.items() if name in Settings.model_fields}
        stop = threading.Event()
        stop.set()
        bridge = build_bridge(Settings(**(known | {"database_url": "sqlite://"})), stop=stop)  # type: ignore[arg-type]
        yield bridge
        bridge.close()


@pytest.fixture(scope="module")
def remote(_session_sandbox: SandboxProcess) -> Iterator[Bridge]:
    """Clients of the session's sandbox, shared by the tests of a module; the database is each test's own."""
    with signed_in(_session_sandbox) as bridge:
        yield bridge


@pytest.fixture
def shop(world: World, remote: Bridge, sandbox: SandboxProcess, make_gateway: MakeGateway) -> Iterator[Shop]:
    """Business Central with a gateway in front, reached through sockets."""
    made = Shop(world, remote, sandbox)
    made.open(make_gateway(trusted_proxies="127.0.0.1").application)
    yield made
    made.close()
