"""What Business Central can be asked: companies, webhook subscriptions, and the rows of one company.

Rows come as they stand on the wire, fractions as Decimal. Reads may be answered by a copy that lags behind; ask with
``fresh=True`` where a write of a moment ago must show. What goes wrong is one of ``bridge.clients.errors``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from bridge.clients.batches import cut, send_all
from bridge.clients.bc_requests import (
    API,
    BATCH_SIZE,
    COMPANION_API,
    BatchAnswer,
    BatchRequest,
    read,
    send_batch,
    write,
)
from bridge.clients.companion import (
    BridgeSetup,
    Companion,
    CreatedLine,
    CreatedOrder,
    FoundDocument,
    RefusedOrder,
    companion_missing,
)
from bridge.clients.errors import NotFound
from bridge.clients.odata import Row, query_options, quote_text, read_row
from bridge.clients.transport import Call, Effect, Transport
from bridge.records import Company, guid

__all__ = [
    "BatchAnswer",
    "BatchRequest",
    "BridgeSetup",
    "BusinessCentral",
    "BusinessCentralCompany",
    "CreatedLine",
    "CreatedOrder",
    "FoundDocument",
    "RefusedOrder",
    "Row",
    "Subscription",
]

_SEGMENT_UNKNOWN = frozenset({"", "BadRequest_ResourceNotFound"})


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook subscription; ``expires`` is the text Business Central gives, about three days ahead."""

    id: str
    resource: str
    url: str
    client_state: str
    expires: str


class BusinessCentral:
    """One environment: its companies and its webhook subscriptions."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def companies(self) -> list[Company]:
        """Every company this sign-in may see."""
        rows = self.transport.pages(read(f"{API}/companies", purpose="list companies"))
        return [Company(guid(row["id"]), row["name"], row.get("displayName") or "") for row in rows]

    def in_company(self, company: Company) -> BusinessCentralCompany:
        """The same connection, speaking of one company."""
        return BusinessCentralCompany(self.transport, company)

    def subscriptions(self) -> list[Subscription]:
        """The webhook subscriptions of the environment."""
        rows = self.transport.pages(read(f"{API}/subscriptions", purpose="list subscriptions"))
        return [_subscription(row) for row in rows]

    def subscribe(self, resource: str, url: str, client_state: str) -> Subscription:
        """Ask for notifications of ``resource`` (see :meth:`BusinessCentralCompany.resource`). Business Central calls
        ``url`` before it answers and expects to be given its token back."""
        body = {"notificationUrl": url, "resource": resource, "clientState": client_state}
        return _subscription(_one(self.transport, write("POST", f"{API}/subscriptions", body, purpose="subscribe")))

    def renew(self, id: str) -> Subscription:  # noqa: A002
        """Extend a subscription to three days from now. Raises NotFound when Business Central has dropped it."""
        row = _one(self.transport, read(_subscription_path(id), purpose="read subscription"))
        body = {name: row[name] for name in ("notificationUrl", "resource", "clientState") if row.get(name)}
        purpose, effect = "renew subscription", Effect.REPEATABLE
        call = write("PATCH", _subscription_path(id), body, purpose=purpose, effect=effect, etag="*")
        return _subscription(_one(self.transport, call))

    def unsubscribe(self, id: str) -> None:  # noqa: A002
        """End a subscription; one that is gone already is no error."""
        effect = Effect.REPEATABLE
        call = write("DELETE", _subscription_path(id), None, purpose="unsubscribe", effect=effect, etag="*")
        try:
            self.transport.send(call)
        except NotFound:
            return


class BusinessCentralCompany(Companion):
    """One company: rows of API v2.0, or of the companion's pages with ``companion=True``, and its procedures."""

    def __init__(self, transport: Transport, company: Company) -> None:
        super().__init__(transport, company)

    def resource(self, entity_set: str) -> str:
        """The name of an entity set in a webhook subscription."""
        return f"/{self._path(entity_set)}"

    def rows(
        self,
        entity_set: str,
        *,
        purpose: str,
        filter: str = "",  # noqa: A002
        select: Sequence[str] = (),
        expand: str = "",
        orderby: str = "",
        top: int | None = None,
        companion: bool = False,
        fresh: bool = False,
        page_size: int | None = None,
    ) -> Iterator[Row]:
        """Every row the filter lets through, page after page as they are consumed, at most ``top`` of them."""
        query = query_options(select=select, filter=filter, expand=expand, orderby=orderby, top=top)
        path = self._path(entity_set, companion=companion)
        call = read(path, purpose=purpose, query=query, fresh=fresh, page_size=page_size)
        try:
            yield from islice(self.transport.pages(call), top)
        except NotFound as error:
            if not companion:
                raise
            raise companion_missing(error) from None

    def row(
        self,
        entity_set: str,
        id: str,  # noqa: A002
        *,
        purpose: str,
        select: Sequence[str] = (),
        expand: str = "",
        companion: bool = False,
        fresh: bool = False,
    ) -> Row:
        """One row by its id. Raises NotFound when there is none."""
        query = query_options(select=select, expand=expand)
        path = self._path(entity_set, id, companion=companion)
        try:
            return _one(self.transport, read(path, purpose=purpose, query=query, fresh=fresh))
        except NotFound as error:
            if not companion or error.code not in _SEGMENT_UNKNOWN:
                raise
            raise companion_missing(error) from None

    def create(self, entity_set: str, body: Row, *, purpose: str, expand: str = "") -> Row:
        """Create one record, with its lines where the body nests them; answers the record as it now stands."""
        query = query_options(expand=expand)
        return _one(self.transport, write("POST", self._path(entity_set), body, purpose=purpose, query=query))

    def update(
        self,
        entity_set: str,
        id: str,  # noqa: A002
        body: Row,
        *,
        purpose: str,
        etag: str = "*",
        repeatable: bool = False,
    ) -> Row:
        """Change one record and answer it as it now stands. Raises Conflict when ``etag`` is no longer its own."""
        call = write("PATCH", self._path(entity_set, id), body, purpose=purpose, effect=_effect(repeatable), etag=etag)
        return _one(self.transport, call)

    def delete(self, entity_set: str, id: str, *, purpose: str) -> None:  # noqa: A002
        """Delete one record. Raises NotFound when it is gone already."""
        self.transport.send(write("DELETE", self._path(entity_set, id), None, purpose=purpose, etag="*"))

    def action(self, entity_set: str, id: str, name: str, *, purpose: str) -> None:  # noqa: A002
        """Run one of the bound actions on a record ("shipAndInvoice")."""
        self.transport.send(write("POST", f"{self._path(entity_set, id)}/Microsoft.NAV.{name}", {}, purpose=purpose))

    def batch(
        self,
        requests: Sequence[BatchRequest],
        *,
        purpose: str,
        snapshot: bool = False,
        companion: bool = False,
        repeatable: bool = False,
    ) -> list[BatchAnswer]:
        """Send many requests, a hundred at a time; one answer for each, in order, refused ones among them.

        ``snapshot`` makes them one transaction: at most a hundred, and when one is refused every answer is a refusal,
        since Business Central takes back even what it had confirmed. Raises RemoteError when no answer came at all.
        """
        if snapshot and len(requests) > BATCH_SIZE:
            raise ValueError(f"one transaction holds at most {BATCH_SIZE} requests, not {len(requests)}")
        writes = any(request.writes for request in requests)

        def send(run: Sequence[BatchRequest]) -> list[BatchAnswer]:
            return send_batch(
                self.transport,
                run,
                route=COMPANION_API if companion else API,
                company_id=self.company.id,
                purpose=purpose,
                effect=_effect(repeatable) if writes else Effect.READS,
                snapshot=snapshot,
            )

        return send_all(cut(requests, most=BATCH_SIZE), send, lambda part, error: BatchAnswer(False, 0, error=error))

    def _path(self, entity_set: str, id: str = "", *, companion: bool = False) -> str:  # noqa: A002
        key = f"({id})" if id else ""
        return f"{COMPANION_API if companion else API}/companies({self.company.id})/{entity_set}{key}"


def _one(transport: Transport, call: Call) -> Row:
    row: Row = transport.send(call, read_row).body
    return row


def _effect(repeatable: bool) -> Effect:
    return Effect.REPEATABLE if repeatable else Effect.ONCE


def _subscription_path(id: str) -> str:  # noqa: A002
    return f"{API}/subscriptions({quote(quote_text(id))})"


def _subscription(row: Row) -> Subscription:
    return Subscription(
        id=str(row["subscriptionId"]),
        resource=str(row.get("resource") or ""),
        url=str(row.get("notificationUrl") or ""),
        client_state=str(row.get("clientState") or ""),
        expires=str(row.get("expirationDateTime") or ""),
    )
