"""Webhooks: subscriptions with a handshake, and notifications that are collected for a while, merged and sent.

Nothing is promised to the receiver but a hint: entries name a record and not what happened to it.
"""

from __future__ import annotations

import fnmatch
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.business_central import errors, wire
from sandbox.business_central.bridge_entities import BRIDGE
from sandbox.business_central.entities import API_V2
from sandbox.business_central.query import Json
from sandbox.business_central.schema import Entity
from sandbox.business_central.service import API_V2_ROUTE, BRIDGE_ROUTE, Answer, Call
from sandbox.business_central.state import State
from sandbox.business_central.tables import Change
from sandbox.world import World

LIFE = timedelta(days=3)
MOST = 200
MOST_RECORDS = 1000
"""Records of one subscription in one window, beyond which it is told to read the whole set."""
MOST_QUEUED = 1_000_000
"""Entries that wait to be sent, of all subscriptions; what comes on top is not noted, and nobody is told of it."""
HANDSHAKE_SECONDS = 5
REAL_DELAY = 30.0
"""Seconds the real one collects; all its times are scaled by what the world's delay is of it."""
_RETRY_MINUTES = (1, 1, 10, 100, 1000)
_PASSING = frozenset({408, 429})

_RESOURCE = re.compile(r"/?(?P<route>api/[\w./]+?)/companies\((?P<company>[0-9a-fA-F-]{36})\)/(?P<set>\w+)$")
_SUPPORTED = re.compile(r"/companies\((?P<company>[0-9a-fA-F-]{36})\)/webhookSupportedResources$")
_WILDCARD = re.compile(r"resource\s+eq\s+'(?P<pattern>[^']*)'$")
_KEY = re.compile(r"/subscriptions\('(?P<id>[^']+)'\)$")
_APIS = {API_V2_ROUTE: API_V2, BRIDGE_ROUTE: BRIDGE}


@dataclass(frozen=True, slots=True)
class Subscription:
    """``resource`` as it was given; ``root`` is the absolute address of its route."""

    id: str
    resource: str
    notification_url: str
    client_state: str
    expires: datetime
    created: datetime
    version: int
    entity: Entity
    company_id: str
    root: str

    def as_json(self) -> Json:
        return {
            "@odata.etag": wire.etag({"rowVersion": self.version}),
            "subscriptionId": self.id,
            "notificationUrl": self.notification_url,
            "resource": self.resource,
            "timestamp": self.version,
            "userId": str(uuid.UUID(int=1)),
            "lastModifiedDateTime": wire.moment_out(self.created),
            "clientState": self.client_state,
            "expirationDateTime": wire.moment_out(self.expires),
        }


@dataclass(slots=True)
class _Pending:
    """What waits to be sent to one subscription: kind and time by record id."""

    due: float
    records: dict[str, tuple[str, datetime]]
    failures: int = 0


class Subscriptions:
    """The subscriptions of an environment and the thread that notifies them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, Subscription] = {}
        self._pending: dict[str, _Pending] = {}
        self._wake = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def answer(self, call: Call, state: State) -> Answer:
        """Serve ``subscriptions`` and ``subscriptions('id')``. The handshake is made without the world's lock."""
        self._drop_expired()
        if call.path.strip("/") == "subscriptions":
            match call.method:
                case "GET":
                    rows = [known.as_json() for known in self._known.values()]
                    return Answer(200, {"@odata.context": f"{call.root}/$metadata#subscriptions", "value": rows})
                case "POST":
                    return self._create(call, state)
            raise errors.method_not_allowed(call.method, "subscriptions")
        match = _KEY.match(call.path)
        known = self._known.get(match["id"]) if match else None
        if known is None:
            raise errors.record_missing("API Webhook Subscription", f"Subscription Id='{match['id'] if match else ''}'")
        return self._one(call, state, known)

    def supported(self, call: Call, state: State) -> Answer:
        """The sets webhooks are offered for; ``$filter=resource eq 'v2.0*'`` takes a wildcard, as AL filters do."""
        match = _SUPPORTED.match(call.path)
        if match is None:
            raise errors.segment_missing(call.path.strip("/").split("/")[-1])
        if state.company(match["company"]) is None:
            raise errors.company_missing(match["company"])
        wanted = _WILDCARD.match(call.query.get("$filter", "resource eq '*'"))
        if wanted is None:
            raise errors.bad_request("Only a filter on resource is supported.")
        names = [
            f"{route.removeprefix('api/')}/{name}"
            for route, api in _APIS.items()
            for name, entity in api.items()
            if entity.notifies and (route == API_V2_ROUTE or state.companion_installed)
        ]
        rows = [{"resource": name} for name in names if fnmatch.fnmatchcase(name, wanted["pattern"])]
        return Answer(200, {"@odata.context": f"{call.root}/$metadata#webhookSupportedResources", "value": rows})

    def collect(self, changes: Iterable[Change]) -> None:
        """Take note of committed changes for those who subscribed to their set; writing what was there is none."""
        self._drop_expired()
        with self._wake:
            for change in (change for change in changes if change.real):
                for known in self._known.values():
                    if self._concerns(known, change):
                        self._add(known, change)
            self._wake.notify_all()

    def _drop_expired(self) -> None:
        """Subscriptions live for three days of the world's time unless they are renewed."""
        now = self._world.clock.now()
        with self._wake:
            for known in [known for known in self._known.values() if known.expires <= now]:
                self._known.pop(known.id)
                self._pending.pop(known.id, None)

    def clear(self) -> None:
        with self._wake:
            self._known.clear()
            self._pending.clear()

    def dump(self) -> list[Subscription]:
        """The subscriptions there are; what waits to be sent is not among what is kept."""
        return list(self._known.values())

    def load(self, kept: list[Subscription]) -> None:
        """Put subscriptions in place of those there are."""
        with self._wake:
            self._known = {known.id: known for known in kept}
            self._pending.clear()

    @staticmethod
    def entities() -> dict[str, object]:
        """The entities a subscription may point at, by the names they are kept under."""
        return {f"{route}/{name}": entity for route, api in _APIS.items() for name, entity in api.items()}

    def stop(self) -> None:
        """End the notifying thread; what was not sent is dropped."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=HANDSHAKE_SECONDS)

    def _one(self, call: Call, state: State, known: Subscription) -> Answer:
        match call.method:
            case "GET":
                return Answer(200, known.as_json())
            case "DELETE":
                with self._wake:
                    self._known.pop(known.id, None)
                    self._pending.pop(known.id, None)
                return Answer(204)
            case "PATCH":
                if call.headers.get("if-match") is None:
                    raise errors.token_needed()
                given = _checked(call.body or {})
                known = replace(
                    known,
                    notification_url=given.get("notificationUrl", known.notification_url),
                    client_state=given.get("clientState", known.client_state),
                    expires=state.now() + LIFE,
                    version=state.journal.next_row_version(),
                )
                _shake_hands(known.notification_url)
                with self._wake:
                    self._known[known.id] = known
                return Answer(200, known.as_json())
        raise errors.method_not_allowed(call.method, "subscriptions")

    def _create(self, call: Call, state: State) -> Answer:
        given = _checked(call.body or {})
        for name in ("notificationUrl", "resource"):
            if not given.get(name):
                raise errors.bad_request(
                    f"Field '{name}' must not be blank or empty.", "BadRequest_RequiredParamNotProvided"
                )
        entity, company_id = _subscribed(call, state, given["resource"])
        url = given["notificationUrl"]
        same = (known for known in self._known.values() if known.notification_url == url)
        if any((known.entity.set_name, known.company_id) == (entity.set_name, company_id) for known in same):
            raise errors.same_key("API Webhook Subscription", f"Resource='{given['resource']}'")
        if len(self._known) >= MOST:
            raise errors.dialog(f"The maximum number of subscriptions ({MOST}) is reached.")
        _shake_hands(url)
        now = state.now()
        subscription = Subscription(
            uuid.uuid4().hex,
            given["resource"],
            url,
            given.get("clientState", ""),
            now + LIFE,
            now,
            state.journal.next_row_version(),
            entity,
            company_id,
            call.root,
        )
        with self._wake:
            self._known[subscription.id] = subscription
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self._thread.start()
        return Answer(201, subscription.as_json())

    def _concerns(self, known: Subscription, change: Change) -> bool:
        if (known.entity.table, known.company_id) != (change.table.name, change.table.company_id):
            return False
        row = change.table.get(change.id)
        return row is None or known.entity.view is None or known.entity.view(row)

    def _add(self, known: Subscription, change: Change) -> None:
        pending = self._pending.get(known.id)
        if pending is None:
            pending = self._pending[known.id] = _Pending(time.monotonic() + self._world.webhook_delay, {})
        before = pending.records.get(change.id)
        if before is None and sum(len(each.records) for each in self._pending.values()) >= MOST_QUEUED:
            return
        kind = "created" if before and before[0] == "created" and change.kind == "updated" else change.kind
        pending.records[change.id] = (kind, change.at)

    def _run(self) -> None:
        while True:
            with self._wake:
                if self._stopped:
                    return
                now = time.monotonic()
                due = [name for name, pending in self._pending.items() if pending.due <= now]
                if not due:
                    soonest = min((pending.due for pending in self._pending.values()), default=now + 60)
                    self._wake.wait(max(soonest - now, 0.001))
                    continue
                taken = [(self._known.get(name), self._pending.pop(name)) for name in due]
            for known, pending in taken:
                if known is not None:
                    self._notify(known, pending)

    def _notify(self, known: Subscription, pending: _Pending) -> None:
        if known.expires <= self._world.clock.now():
            self._forget(known)
            return
        status = _send(known.notification_url, {"value": _entries(known, pending)})
        if status is not None and 200 <= status < 300:
            return
        passing = status is None or status in _PASSING or status >= 500
        if not passing or pending.failures >= len(_RETRY_MINUTES):
            self._forget(known)
            return
        minutes = _RETRY_MINUTES[pending.failures]
        pending.failures += 1
        pending.due = time.monotonic() + minutes * 60 * self._world.webhook_delay / REAL_DELAY
        with self._wake:
            if known.id in self._known:
                newer = self._pending.get(known.id)
                pending.records.update(newer.records if newer else {})
                self._pending[known.id] = pending

    def _forget(self, known: Subscription) -> None:
        with self._wake:
            self._known.pop(known.id, None)
            self._pending.pop(known.id, None)


def _checked(body: Any) -> dict[str, str]:
    if not isinstance(body, dict):
        raise errors.bad_request("Invalid Request Body")
    for name, value in body.items():
        if name not in {"notificationUrl", "resource", "clientState"}:
            raise errors.unknown_property(name, "subscription")
        if not isinstance(value, str):
            raise errors.bad_request("Invalid Request Body")
    if len(body.get("clientState", "")) > 2048:
        raise errors.too_long(body["clientState"], 2048)
    return body


def _subscribed(call: Call, state: State, resource: str) -> tuple[Entity, str]:
    """The entity set a resource names. Raises Refused where it names none of this route, or one without webhooks."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(resource).path)
    match = _RESOURCE.match(path[path.find("/api/") :] if "/api/" in path else path)
    if match is None or match["route"] != call.route:
        raise errors.bad_request(f"The resource '{resource}' is not one of this route.")
    entity = _APIS[call.route].get(match["set"])
    if entity is None:
        raise errors.segment_missing(match["set"])
    if not entity.notifies:
        raise errors.bad_request(f"Webhooks are not supported for the resource '{entity.set_name}'.")
    company = state.company(match["company"])
    if company is None:
        raise errors.company_missing(match["company"])
    return entity, company.id


def _entries(known: Subscription, pending: _Pending) -> list[Json]:
    address = f"{known.root}/companies({known.company_id})/{known.entity.set_name}"
    head = {
        "subscriptionId": known.id,
        "clientState": known.client_state,
        "expirationDateTime": wire.moment_out(known.expires),
    }
    if len(pending.records) > MOST_RECORDS:
        first = min(at for _, at in pending.records.values()) - timedelta(milliseconds=50)
        if all(kind != "deleted" for kind, _ in pending.records.values()):
            address += f"?$filter=lastModifiedDateTime%20gt%20{wire.moment_out(first)}"
        last = max(at for _, at in pending.records.values())
        entry = {"resource": address, "changeType": "collection", "lastModifiedDateTime": wire.moment_out(last)}
        return [{**head, **entry}]
    return [
        {
            **head,
            "resource": f"{address}({row_id})",
            "changeType": kind,
            "lastModifiedDateTime": wire.moment_out(at),
        }
        for row_id, (kind, at) in pending.records.items()
    ]


def _shake_hands(url: str) -> None:
    """The receiver must answer 200 with the token it was sent. Raises Refused otherwise."""
    token = uuid.uuid4().hex
    mark = "&" if urllib.parse.urlsplit(url).query else "?"
    try:
        request = urllib.request.Request(f"{url}{mark}validationToken={token}", data=b"", method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=HANDSHAKE_SECONDS) as response:  # noqa: S310
            told = response.read(4096).decode(errors="replace").strip()
            status = response.status
    except (OSError, ValueError) as wrong:
        raise errors.bad_request(f"The notification URL did not answer the validation request: {wrong}.") from None
    if status != 200 or told != token:
        raise errors.bad_request("The notification URL did not answer the validation request with the token.")


def _send(url: str, body: Json) -> int | None:
    """The status of the answer, or None when there was none."""
    headers = {
        "Content-Type": "application/json",
        "clientRequestId": str(uuid.uuid4()),
        "x-ms-correlation-id": str(uuid.uuid4()),
    }
    try:
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=REAL_DELAY) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as answered:
        answered.close()
        return answered.code
    except (OSError, ValueError):
        return None
