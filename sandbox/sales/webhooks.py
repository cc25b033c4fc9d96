"""Webhooks: registered steps are told of creates, updates and deletes.

Asynchronous steps hear of it afterwards, synchronous ones within the operation, which their failure undoes. No order
is kept and nothing is repeated but for one further attempt on 502, 503 and 504, as in Dataverse. A failed delivery is
noted in the list ``failures`` and otherwise forgotten.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from xml.etree import ElementTree

from sandbox.sales.environment import Environment, Event
from sandbox.sales.errors import DataverseError
from sandbox.sales.model import Kind, Ref, Row
from sandbox.sales.rules import BOTH_IMAGES, POST_IMAGE, PRE_IMAGE
from sandbox.sales.schema import TABLES
from sandbox.sales.values import show

SECONDS = 60
MISHAPS = ("", "lose", "twice", "late")
"""What may happen to a message on its way; a late one comes after the next."""
SYNC_LOGIC, ASYNC_LOGIC = "CustomSync", "CustomAsync"
SYNCHRONOUS = 0
SYNC_STATUS = 400
"""Unverified: the status under which a failed synchronous step reaches the caller."""
TOO_BIG = 256 * 1024
WEBHOOK_KEY, HTTP_HEADER, HTTP_QUERY = 4, 5, 6
_CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
_ONE_MORE = (502, 503, 504)
_TRIMMED = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")

_Message = tuple[str, dict[str, str], dict[str, Any]]
"""Address, headers and body."""


class Webhooks:
    """Finds the steps an event concerns and delivers to their endpoints from threads of its own."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sales-webhook")
        # Straight to the receiver: a proxy of the machine has no business between two local processes.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.failures: deque[str] = deque(maxlen=1000)
        self.planned: deque[str] = deque()
        """What is to happen to the next asynchronous messages, each one of MISHAPS or blank for nothing."""
        self._held: list[_Message] = []

    def tell(self, event: Event) -> None:
        """Queue the deliveries of an event. Called with the world's lock held; delivers outside of it."""
        if ASYNC_LOGIC in event.caller.bypassed:
            return
        for step in self._env.store.rows("sdkmessageprocessingstep"):
            endpoint = self._env.row(step.get("eventhandler"))
            if endpoint is None or step.get("mode") == SYNCHRONOUS or not self._concerns(step, event):
                continue
            self._send(self._message(event, step, endpoint))

    def ask(self, event: Event) -> None:
        """Deliver to synchronous steps and wait: a failure is the caller's refusal and undoes the operation.

        The receiver must not call the sandbox before it has answered: it holds still meanwhile.
        """
        if SYNC_LOGIC in event.caller.bypassed:
            return
        for step in list(self._env.store.rows("sdkmessageprocessingstep")):
            endpoint = self._env.row(step.get("eventhandler"))
            if endpoint is None or step.get("mode") != SYNCHRONOUS or not self._concerns(step, event):
                continue
            url, headers, body = self._message(event, step, endpoint)
            status = self._deliver(url, headers, body)
            if not status:
                raise DataverseError(SYNC_STATUS, "0x80050202", "The webhook call failed: no answer came in time.")
            if not 200 <= status < 300:
                raise DataverseError(
                    SYNC_STATUS, "0x80050201", f"The webhook call failed because of http status code {status}."
                )

    def forget(self) -> None:
        """No failures, no plans, and nothing held back."""
        self.failures.clear()
        self.planned.clear()
        self._held.clear()

    def _send(self, message: _Message) -> None:
        """Hand a message to a thread, or do with it what was planned."""
        plan = self.planned.popleft() if self.planned else ""
        if plan == "lose":
            return
        if plan == "late":
            self._held.append(message)
            return
        messages = [message, *([message] if plan == "twice" else []), *self._held]
        self._held = []
        self._threads.submit(self._deliver_all, messages)

    def _deliver_all(self, messages: list[_Message]) -> None:
        for url, headers, body in messages:
            self._deliver(url, dict(headers), body)

    def _message(self, event: Event, step: Row, endpoint: Row) -> _Message:
        url, headers = _address(endpoint)
        headers |= {
            "x-ms-dynamics-organization": "contoso",
            "x-ms-dynamics-entity-name": event.table,
            "x-ms-dynamics-request-name": event.message,
            "x-ms-correlation-request-id": event.correlation_id,
        }
        return url, headers, self._context(event, step)

    def stop(self) -> None:
        """Deliver nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _concerns(self, step: Row, event: Event) -> bool:
        if step.get("statecode") != 0:
            return False
        message = self._env.row(step.get("sdkmessageid"))
        if message is None or message.get("name") != event.message:
            return False
        step_filter = self._env.row(step.get("sdkmessagefilterid"))
        if step_filter is not None and step_filter.get("primaryobjecttypecode") != event.table:
            return False
        watched = {name.strip() for name in (step.get("filteringattributes") or "").split(",") if name.strip()}
        return event.message != "Update" or not watched or bool(watched & event.changed.keys())

    def _context(self, event: Event, step: Row) -> dict[str, Any]:
        now = self._env.world.clock.now()
        user = self._env.store.get("systemuser", event.caller.user_id) or {}
        ref = Ref("sdkmessageprocessingstep", step["sdkmessageprocessingstepid"])
        created = event.message == "Create"
        synchronous = step.get("mode") == SYNCHRONOUS
        return {
            "BusinessUnitId": show(user.get("businessunitid")),
            "CorrelationId": event.correlation_id,
            "Depth": 1,
            "InitiatingUserId": event.caller.acting_for or event.caller.user_id,
            "InputParameters": [{"key": "Target", "value": _target(event)}],
            "IsExecutingOffline": False,
            "IsInTransaction": synchronous,
            "IsOfflinePlayback": False,
            "IsolationMode": 1,
            "MessageName": event.message,
            "Mode": step.get("mode", 1),
            "OperationCreatedOn": f"{_milliseconds(now)[:-2]}+0000)/",
            "OperationId": str(uuid4()),
            "OrganizationId": self._env.organization["organizationid"],
            "OrganizationName": "contoso",
            "OutputParameters": [{"key": "id", "value": event.id}] if created else [],
            "OwningExtension": _reference(ref),
            "ParentContext": None,
            "PostEntityImages": self._images(event, step, (POST_IMAGE, BOTH_IMAGES)),
            "PreEntityImages": self._images(event, step, (PRE_IMAGE, BOTH_IMAGES)),
            "PrimaryEntityId": event.id,
            "PrimaryEntityName": event.table,
            "RequestId": None,
            "SecondaryEntityName": "none",
            "SharedVariables": [{"key": "tag", "value": event.caller.tag}] if event.caller.tag else [],
            "Stage": step.get("stage", 40),
            "UserId": event.caller.user_id,
        }

    def _images(self, event: Event, step: Row, kinds: tuple[int, ...]) -> list[dict[str, Any]]:
        """The images of one side that were registered for a step; an asynchronous one also gets the row's name."""
        before = PRE_IMAGE in kinds
        row = event.before if before else self._env.store.get(event.table, event.id)
        if row is None:
            return []
        step_id = step["sdkmessageprocessingstepid"]
        found = []
        for image in self._env.store.where("sdkmessageprocessingstepimage", "sdkmessageprocessingstepid", step_id):
            if image["imagetype"] in kinds:
                wanted = {name.strip() for name in (image.get("attributes") or "").split(",") if name.strip()}
                shown = {k: v for k, v in row.items() if v is not None and (not wanted or k in wanted)}
                found.append({"key": image["entityalias"], "value": _entity(event.table, event.id, shown)})
        if not before and step.get("mode") != SYNCHRONOUS:
            name = TABLES[event.table].primary_name
            shown = {name: row.get(name)} if row.get(name) is not None else {}
            found.append({"key": "AsynchronousStepPrimaryName", "value": _entity(event.table, event.id, shown)})
        return found

    def _deliver(self, url: str, headers: dict[str, str], body: dict[str, Any]) -> int:
        data = json.dumps(body).encode()
        if len(data) > TOO_BIG:
            headers["x-ms-dynamics-msg-size-exceeded"] = "True"
            data = json.dumps({name: value for name, value in body.items() if name not in _TRIMMED}).encode()
        headers["Content-Type"] = "application/json; charset=utf-8"
        status = self._post(url, headers, data)
        if status in _ONE_MORE:
            status = self._post(url, headers, data)
        if not 200 <= status < 300:
            self.failures.append(
                f"{body['MessageName']} {body['PrimaryEntityName']} to {url.partition('?')[0]}: {status}"
            )
        return status

    def _post(self, url: str, headers: Mapping[str, str], data: bytes) -> int:
        """The status of the answer; 0 where none came."""
        request = urllib.request.Request(url, data, dict(headers), method="POST")  # noqa: S310 - scheme checked on create
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except (urllib.error.URLError, OSError, ValueError):
            return 0


def _address(endpoint: Row) -> tuple[str, dict[str, str]]:
    """Where and with which secret: as ``?code=``, as headers, or as further query parameters."""
    url, value = str(endpoint["url"]), str(endpoint.get("authvalue") or "")
    kind = endpoint.get("authtype")
    if kind == HTTP_HEADER:
        return url, dict(_settings(value))
    pairs = [("code", value)] if kind == WEBHOOK_KEY else _settings(value) if kind == HTTP_QUERY else []
    if not pairs:
        return url, {}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}", {}


def _settings(text: str) -> list[tuple[str, str]]:
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - written by the tester, a few elements
    except ElementTree.ParseError:
        return []
    return [(str(s.get("name")), str(s.get("value"))) for s in root.iter("setting")]


def _target(event: Event) -> dict[str, Any]:
    if event.message == "Delete":
        return {"__type": f"EntityReference:{_CONTRACTS}", **_reference(Ref(event.table, event.id))}
    return _entity(event.table, event.id, event.changed)


def _entity(table: str, row_id: str, values: Row) -> dict[str, Any]:
    columns = TABLES[table].columns
    attributes = [
        {"key": name, "value": _value(columns[name].kind, value)}
        for name, value in values.items()
        if name in columns and columns[name].read
    ]
    return {
        "__type": f"Entity:{_CONTRACTS}",
        "Attributes": attributes,
        "EntityState": None,
        "FormattedValues": [],
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def _value(kind: Kind, value: Any) -> Any:
    if isinstance(value, Ref):
        return {"__type": f"EntityReference:{_CONTRACTS}", **_reference(value)}
    if value is not None and kind in (Kind.CHOICE, Kind.STATE, Kind.STATUS):
        return {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": value}
    if isinstance(value, Decimal):
        number = float(value)
        return {"__type": f"Money:{_CONTRACTS}", "Value": number} if kind is Kind.MONEY else number
    if isinstance(value, datetime):
        return _milliseconds(value)
    return value.isoformat() if isinstance(value, date) else value


def _reference(ref: Ref) -> dict[str, Any]:
    return {"Id": ref.id, "KeyAttributes": [], "LogicalName": ref.table, "Name": None, "RowVersion": None}


def _milliseconds(moment: datetime) -> str:
    return f"/Date({int(moment.timestamp() * 1000)})/"
