"""Servers and clients that tests of the clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.clients.business_central import BusinessCentral, BusinessCentralCompany
from bridge.clients.calls import Calls
from bridge.clients.sales import Sales
from bridge.records import Company, Side
from tests.clients.scripted import FakePace, ScriptedServer, a_transport

COMPANY = Company("11111111-0000-0000-0000-000000000001", "Harbour Supplies")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def time() -> FakePace:
    return FakePace()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def bc(server: ScriptedServer, time: FakePace, calls: Calls) -> Iterator[BusinessCentral]:
    transport = a_transport(f"{server.url}/BC", pace=time.pace(), calls=calls)
    yield BusinessCentral(transport)
    transport.close()


@pytest.fixture
def company(bc: BusinessCentral) -> BusinessCentralCompany:
    return bc.in_company(COMPANY)


@pytest.fixture
def sales(server: ScriptedServer, time: FakePace, calls: Calls) -> Iterator[Sales]:
    transport = a_transport(server.url, Side.SALES, pace=time.pace(), calls=calls)
    yield Sales(transport)
    transport.close()
