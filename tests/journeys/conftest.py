"""What journeys have in common: the 830 orders, and a sandbox of its own that holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import northwind
from tests.northwind import ExpectedOrder
from tests.processes import Product, SandboxProcess


@pytest.fixture(scope="session")
def northwind_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the CSV files."""
    return northwind.find_or_generate(tmp_path_factory.mktemp("northwind"))


@pytest.fixture(scope="session")
def expected(northwind_files: Path) -> Mapping[str, ExpectedOrder]:
    """What the files say every order must come to."""
    return northwind.expected_orders(northwind_files)


@pytest.fixture
def trader(start_sandbox: Callable[..., SandboxProcess], northwind_files: Path) -> SandboxProcess:
    """A sandbox of the company with 830 submitted orders."""
    return start_sandbox("--data", str(northwind_files), "--webhook-delay", "0.2")


@pytest.fixture
def trading(install: Callable[..., Product], trader: SandboxProcess, couple_all: Callable[[Product], None]) -> Product:
    """An installation for that company with everything coupled; a dead process's leases run out after a second."""
    product = install(trader, WORK_LEASE_SECONDS="1")
    couple_all(product)
    trader.forget_requests()
    return product
