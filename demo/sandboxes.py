"""The sandbox as its own process, and its control routes as plain methods: for demo, tests and bench."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from demo.processes import Child, environment

START_SECONDS = 60
TALK_SECONDS = 30


class Control:
    """The ``/_sandbox`` routes of one system. A refusal is raised with what the sandbox said."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, name: str, body: Any = None, **query: Any) -> Any:
        """One control request; the JSON answer, or None for an empty one."""
        url = f"{self.address}/_sandbox/{name}"
        answer = self._session.request(method, url, json=body, params=query, timeout=TALK_SECONDS)
        if not answer.ok:
            raise AssertionError(f"sandbox refused {method} {name} {body}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def close(self) -> None:
        self._session.close()


class BusinessCentralControl(Control):
    """What people do in Business Central."""

    def post_stock(self, item: str, quantity: float | str, location: str | None = None) -> Any:
        """Post a positive or negative adjustment: a new item ledger entry."""
        body = {"item": item, "quantity": quantity} | ({"location": location} if location is not None else {})
        return self.call("POST", "post-stock", body)

    def ship(self, order: str) -> Any:
        return self.call("POST", "ship", {"order": order})

    def invoice(self, order: str) -> Any:
        return self.call("POST", "invoice", {"order": order})

    def ship_and_invoice(self, order: str) -> Any:
        return self.call("POST", "ship-and-invoice", {"order": order})

    def set_customer(self, customer: str, **fields: Any) -> Any:
        return self.call("POST", "set-customer", {"customer": customer, **fields})

    def set_item(self, item: str, **fields: Any) -> Any:
        return self.call("POST", "set-item", {"item": item, **fields})

    def install_companion(self, installed: bool) -> None:
        self.call("POST", "companion", {"installed": installed})

    def orders(self) -> list[dict[str, Any]]:
        """All sales orders with real status, lines, totals and reference."""
        answer = self.call("GET", "orders")
        return list(answer["orders"] if isinstance(answer, dict) else answer)

    def order_of(self, reference: str) -> dict[str, Any]:
        """The one order with this reference; AssertionError when there is none or more than one."""
        found = [order for order in self.orders() if order["yourReference"] == reference]
        assert len(found) == 1, f"{len(found)} orders with reference {reference} in Business Central"
        return found[0]


class SalesControl(Control):
    """What people do in Sales."""

    def submit(self, order: str) -> Any:
        return self.call("POST", "submit", {"order": order})

    def submit_all(self) -> Any:
        return self.call("POST", "submit", {"all": True})

    def orders(self) -> list[dict[str, Any]]:
        """All sales orders with totals and state."""
        answer = self.call("GET", "orders")
        return list(answer["orders"] if isinstance(answer, dict) else answer)

    def order(self, number: str) -> dict[str, Any]:
        found = [order for order in self.orders() if order["ordernumber"] == number]
        assert len(found) == 1, f"{len(found)} orders with number {number} in Sales"
        return found[0]


class SandboxProcess:
    """``python -m sandbox``, started and answering. ``env`` holds the settings it wrote for its clients."""

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        env_file = folder / "sandbox.env"
        env_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox", "--env-file", str(env_file), *options]
        self.child = Child("sandbox", command, log=folder / "sandbox.log", env=environment({}))
        self.child.wait_ready(env_file.exists, START_SECONDS)
        self.env: dict[str, str] = read_env_file(env_file)
        self.bc = BusinessCentralControl(re.sub(r"(https?://[^/]+).*", r"\1", self.env["BC_URL"]))
        self.sales = SalesControl(self.env["SALES_URL"])

    def reset(self) -> None:
        """Everything as at the start, faults and request log too."""
        self.bc.call("POST", "reset")

    def requests(self, **query: Any) -> list[dict[str, Any]]:
        """What was asked of both systems and of sign-in since the last reset, in order of arrival."""
        return list(self.bc.call("GET", "requests", **query)["requests"])

    def counts(self) -> dict[str, Any]:
        """Requests and operations per system and purpose."""
        return dict(self.bc.call("GET", "requests", limit=1)["counts"])

    def forget_requests(self) -> None:
        self.bc.call("DELETE", "requests")

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """Add misbehaviours; see sandbox/README.md for their form."""
        self.bc.call("POST", "faults", list(rules))

    def clear_faults(self) -> None:
        self.bc.call("DELETE", "faults")

    def move_clock(self, seconds: float) -> None:
        self.bc.call("POST", "clock", {"advance": seconds})

    def stop(self) -> None:
        self.bc.close()
        self.sales.close()
        self.child.stop()


def read_env_file(path: Path) -> dict[str, str]:
    """The settings the sandbox has written, its quotes for a shell taken off."""
    return dict(setting.split("=", 1) for setting in shlex.split(path.read_text("utf-8")))
