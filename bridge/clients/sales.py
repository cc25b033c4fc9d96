"""What Dynamics 365 Sales can be asked, over the Dataverse Web API.

Rows come as they stand on the wire, fractions as Decimal. Several writes that must stand or fall together are one
:class:`ChangeSet` in a batch. What goes wrong is one of ``bridge.clients.errors``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import MappingProxyType
from urllib.parse import urlsplit

from bridge.clients.answers import error_from_answer
from bridge.clients.batches import cut, send_all
from bridge.clients.errors import RemoteError
from bridge.clients.multipart import PartRequest, PartResponse, read_batch, write_batch
from bridge.clients.odata import Row, from_json, header, query_options, read_row, to_json
from bridge.clients.transport import Call, Effect, Transport, lost_answer
from bridge.records import guid, new_id

API = "api/data/v9.2"

BATCH_SIZE = 1000
"""Dataverse refuses a batch of more requests, those inside change sets counted."""

_HEADERS = {
    "Accept": "application/json",
    "OData-Version": "4.0",
    "OData-MaxVersion": "4.0",
    "If-None-Match": "null",
}
_JSON = "application/json; charset=utf-8"
_ENTITY_ID = re.compile(r"\(([0-9a-fA-F-]{36})\)$")


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """The application user that the sign-in stands for."""

    user_id: str
    business_unit_id: str
    organization_id: str


@dataclass(frozen=True, slots=True)
class Read:
    """A read inside a batch. ``path`` may carry a query, percent-encoded: "salesorders(<id>)?$select=name"."""

    path: str


@dataclass(frozen=True, slots=True)
class Write:
    """A write inside a batch. ``path`` as in "salesorders(<id>)"; PATCH without an ``etag`` changes the record
    whatever its state, but never creates one."""

    method: str
    path: str
    body: Row | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Writes that stand or fall together. A later one may use "$1" for the record an earlier one made."""

    writes: tuple[Write, ...]


Part = Write | ChangeSet | Read


@dataclass(frozen=True, slots=True)
class PartResult:
    """What became of one part. ``ids`` holds the ids Sales names for written records, one for each write that has
    one. ``status`` is 0 when no answer came."""

    ok: bool
    status: int
    body: Row | None = None
    error: RemoteError | None = None
    ids: tuple[str, ...] = ()


class Sales:
    """One Dataverse environment."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def who_am_i(self) -> WhoAmI:
        """Who the sign-in stands for; the cheapest proof that it works."""
        row: Row = self.transport.send(self._read("WhoAmI", purpose="test connection"), read_row).body
        return WhoAmI(guid(row["UserId"]), guid(row["BusinessUnitId"]), guid(row["OrganizationId"]))

    def rows(
        self,
        entity_set: str,
        *,
        purpose: str,
        select: Sequence[str] = (),
        filter: str = "",  # noqa: A002
        expand: str = "",
        orderby: str = "",
        top: int | None = None,
        page_size: int | None = None,
    ) -> Iterator[Row]:
        """Every row the filter lets through, page after page as they are consumed, at most ``top`` of them."""
        # Dataverse forgets $top when a page size comes with it; the rows are then counted here alone.
        limit = None if page_size is not None else top
        query = query_options(select=select, filter=filter, expand=expand, orderby=orderby, top=limit)
        call = self._read(entity_set, purpose=purpose, query=query, page_size=page_size)
        yield from islice(self.transport.pages(call), top)

    def row(
        self,
        entity_set: str,
        id: str,  # noqa: A002
        *,
        purpose: str,
        select: Sequence[str] = (),
        expand: str = "",
    ) -> Row:
        """One row by its id. Raises NotFound when there is none."""
        call = self._read(f"{entity_set}({id})", purpose=purpose, query=query_options(select=select, expand=expand))
        row: Row = self.transport.send(call, read_row).body
        return row

    def create(self, entity_set: str, body: Row, *, purpose: str, solution: str = "") -> str:
        """Create one record and answer its id. Raises AlreadyExists when the body brings an id that is taken.

        ``solution`` is the unique name of the solution that a component belongs to from then on.
        """
        headers = {"MSCRM.SolutionUniqueName": solution} if solution else {}
        call = self._write("POST", entity_set, body, purpose=purpose, headers=headers)

        def created_id(headers: Mapping[str, str], content: bytes) -> str:
            found = _entity_id(headers)
            if not found:
                raise ValueError("the answer names no id")
            return found

        made: str = self.transport.send(call, created_id).body
        return made

    def update(
        self,
        entity_set: str,
        id: str,  # noqa: A002
        body: Row,
        *,
        purpose: str,
        etag: str = "*",
        repeatable: bool = False,
    ) -> None:
        """Change one record, never create it. Raises Conflict when ``etag`` is no longer its own."""
        path, effect = f"{entity_set}({id})", _effect(repeatable)
        self.transport.send(self._write("PATCH", path, body, purpose=purpose, etag=etag, effect=effect))

    def act(self, action: str, body: Row, *, purpose: str) -> None:
        """Call an action whose repetition does no harm, and whose answer says nothing more."""
        self.transport.send(self._write("POST", action, body, purpose=purpose, effect=Effect.REPEATABLE))

    def update_many(self, entity_set: str, table: str, key: str, changes: Mapping[str, Row], *, purpose: str) -> None:
        """Change many records of a table, by id, in one request: all of them or, when one is refused, none. ``key`` is
        the table's id column. Nothing is created. Repeatable."""
        targets = [
            {"@odata.type": f"Microsoft.Dynamics.CRM.{table}", key: record_id, **change}
            for record_id, change in changes.items()
        ]
        path, body = f"{entity_set}/Microsoft.Dynamics.CRM.UpdateMultiple", {"Targets": targets}
        call = self._write("POST", path, body, purpose=purpose, effect=Effect.REPEATABLE)
        self.transport.send(replace(call, operations=len(targets)))

    def delete(self, entity_set: str, id: str, *, purpose: str) -> None:  # noqa: A002
        """Delete one record. Raises NotFound when it is gone already."""
        self.transport.send(self._write("DELETE", f"{entity_set}({id})", None, purpose=purpose))

    def batch(self, parts: Sequence[Part], *, purpose: str, repeatable: bool = False) -> list[PartResult]:
        """Send many parts, up to a thousand requests at a time, no change set cut; one result for each part, in order,
        refused ones among them. Raises RemoteError when no answer came at all, ValueError for an empty change set."""
        if any(isinstance(part, ChangeSet) and not part.writes for part in parts):
            raise ValueError("a change set needs at least one write")
        runs = cut(parts, most=BATCH_SIZE, weigh=_weight)
        return send_all(
            runs,
            lambda run: self._send_batch(run, purpose=purpose, repeatable=repeatable),
            lambda part, error: PartResult(False, 0, error=error),
        )

    def _send_batch(self, parts: Sequence[Part], *, purpose: str, repeatable: bool) -> list[PartResult]:
        boundary = f"batch_{new_id()}"
        content = write_batch([self._part_request(part) for part in parts], boundary)
        reads_only = all(isinstance(part, Read) for part in parts)
        call = Call(
            method="POST",
            path=f"{API}/$batch",
            purpose=purpose,
            effect=Effect.READS if reads_only else _effect(repeatable),
            headers={
                **_HEADERS,
                "Content-Type": f'multipart/mixed; boundary="{boundary}"',
                "Prefer": "odata.continue-on-error",
            },
            body=content,
            operations=sum(_weight(part) for part in parts),
        )
        answers: list[PartResponse | list[PartResponse]] = self.transport.send(call, read_batch).body
        results = [self._result(call, part, answer) for part, answer in zip(parts, answers, strict=False)]
        return results + [self._left_out(call, part) for part in parts[len(answers) :]]

    def _part_request(self, part: Part) -> PartRequest | Sequence[PartRequest]:
        if isinstance(part, ChangeSet):
            return [self._write_request(write) for write in part.writes]
        if isinstance(part, Read):
            return PartRequest("GET", self._rooted(part.path), {"Accept": "application/json"})
        return self._write_request(part)

    def _write_request(self, write: Write) -> PartRequest:
        headers = {"Accept": "application/json"}
        if write.body is not None:
            headers["Content-Type"] = _JSON
        if write.etag or write.method == "PATCH":
            headers["If-Match"] = write.etag or "*"
        body = "" if write.body is None else to_json(write.body)
        return PartRequest(write.method, self._rooted(write.path), headers, body)

    def _rooted(self, path: str) -> str:
        if path.startswith("$"):  # a record made earlier in the same change set
            return path
        return f"{urlsplit(self.transport.base_url).path}/{API}/{path}"

    def _result(self, call: Call, part: Part, answer: PartResponse | list[PartResponse]) -> PartResult:
        # A refused change set answers with its one refusal, in place of its answers or alone among them.
        responses = answer if isinstance(answer, list) else [answer]
        refused = next((response for response in responses if response.status >= 300), None)
        if refused is not None:
            error = error_from_answer(
                refused.status,
                refused.headers,
                refused.content,
                system=self.transport.side,
                purpose=call.purpose,
                method=_method(part),
                path=_where(part),
                writes=not isinstance(part, Read),
            )
            return PartResult(False, refused.status, error=error)
        if isinstance(part, ChangeSet) and len(responses) < len(part.writes):
            return self._left_out(call, part)
        try:
            body = _body(responses[-1])
        except ValueError:
            return self._left_out(call, part)
        ids = tuple(filter(None, (_entity_id(response.headers) for response in responses)))
        return PartResult(True, responses[-1].status, body, ids=ids)

    def _left_out(self, call: Call, part: Part) -> PartResult:
        error = lost_answer(
            self.transport.side, call, "the answer to the batch leaves this part out, or cannot be read there"
        )
        error.method, error.path, error.outcome_unknown = _method(part), _where(part), not isinstance(part, Read)
        return PartResult(False, 0, error=error)

    def _read(self, path: str, *, purpose: str, query: str = "", page_size: int | None = None) -> Call:
        prefer = {} if page_size is None else {"Prefer": f"odata.maxpagesize={page_size}"}
        headers = {**_HEADERS, **prefer}
        return Call(
            method="GET", path=f"{API}/{path}", purpose=purpose, effect=Effect.READS, query=query, headers=headers
        )

    def _write(
        self,
        method: str,
        path: str,
        body: Row | None,
        *,
        purpose: str,
        etag: str = "",
        effect: Effect = Effect.ONCE,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Call:
        headers = {**_HEADERS, **headers}
        if body is not None:
            headers["Content-Type"] = _JSON
        if etag:
            headers["If-Match"] = etag
        content = b"" if body is None else to_json(body).encode()
        return Call(method=method, path=f"{API}/{path}", purpose=purpose, effect=effect, headers=headers, body=content)


def _effect(repeatable: bool) -> Effect:
    return Effect.REPEATABLE if repeatable else Effect.ONCE


def _weight(part: Part) -> int:
    return len(part.writes) if isinstance(part, ChangeSet) else 1


def _method(part: Part) -> str:
    if isinstance(part, ChangeSet):
        return _method(part.writes[0])
    return "GET" if isinstance(part, Read) else part.method


def _where(part: Part) -> str:
    first = part.writes[0] if isinstance(part, ChangeSet) else part
    return first.path.partition("?")[0]


def _entity_id(headers: Mapping[str, str]) -> str:
    """The id in ``OData-EntityId``; empty when there is none, or when it names the record by another key."""
    found = _ENTITY_ID.search(header(headers, "OData-EntityId"))
    return guid(found[1]) if found else ""


def _body(response: PartResponse) -> Row | None:
    if not response.content:
        return None
    body = from_json(response.content)
    return body if isinstance(body, dict) else None
