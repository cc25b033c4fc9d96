"""Several reads in one request: what keeps an answer fresh costs one round trip to Business Central, not one each.

A read with more rows than one page holds goes on page by page. Every request is counted, which is what
:mod:`bridge.availability.allowance` lives on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.clients.bc_requests import BATCH_SIZE, read
from bridge.clients.business_central import BatchRequest, BusinessCentralCompany
from bridge.clients.companion import companion_missing
from bridge.clients.errors import NotFound, RemoteError
from bridge.clients.odata import Row, query_options, read_page


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of one entity set."""

    entity_set: str
    select: tuple[str, ...]
    filter: str = ""
    expand: str = ""
    orderby: str = ""
    top: int | None = None

    @property
    def path(self) -> str:
        query = query_options(
            select=self.select, filter=self.filter, expand=self.expand, orderby=self.orderby, top=self.top
        )
        return f"{self.entity_set}?{query}"


class Together:
    """Reads of one company, always from the primary database: a copy may lag behind a posting that was seen already.

    ``requests`` is how many went out so far.
    """

    def __init__(self, bc: BusinessCentralCompany, purpose: str) -> None:
        self._bc = bc
        self._purpose = purpose
        self.requests = 0

    def ask(self, reads: Sequence[Read], *, companion: bool = False) -> list[list[Row]]:
        """The rows of each read. Raises RemoteError when one of them fails, CompanionMissing as that."""
        answers = self.ask_each(reads, companion=companion)
        for one in answers:
            if isinstance(one, RemoteError):
                raise one
        return [one for one in answers if not isinstance(one, RemoteError)]

    def ask_each(self, reads: Sequence[Read], *, companion: bool = False) -> list[list[Row] | RemoteError]:
        """The same, a read that is refused keeping its error. Raises RemoteError when no answer came at all."""
        requests = [BatchRequest("GET", one.path, fresh=True) for one in reads]
        self.requests += -(-len(requests) // BATCH_SIZE)
        try:
            answers = self._bc.batch(requests, purpose=self._purpose, companion=companion)
        except NotFound as error:
            if not companion:
                raise
            raise companion_missing(error) from None
        return [
            self._all_pages(answer.body or {}) if answer.error is None else self._told(answer.error, companion)
            for answer in answers
        ]

    def _all_pages(self, body: Row) -> list[Row]:
        rows: list[Row] = list(body.get("value") or [])
        link = str(body.get("@odata.nextLink") or "")
        while link:
            self.requests += 1
            more, link = self._bc.transport.send(read(link, purpose=self._purpose, fresh=True), read_page).body
            rows += more
        return rows

    @staticmethod
    def _told(error: RemoteError, companion: bool) -> RemoteError:
        return companion_missing(error) if companion and isinstance(error, NotFound) else error
