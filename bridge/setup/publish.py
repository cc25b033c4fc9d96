"""Item availability published to Sales: the connection row that form scripts read, written, renewed and cleared.

The row (``nav_connection``) holds an address, a user and a key; every seller with the right to read it can see them. So
the key is one of the gateway's own and opens availability and nothing else; Business Central's stay on the server.
A key is never replaced before its successor stands in Sales: the old one works on for a while, and a write that failed
leaves it untouched. Taking back goes the other way: the gateway refuses first, then Sales is cleared. All of it may be
repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from bridge.clients.errors import NotFound, RemoteError
from bridge.clients.sales import Sales
from bridge.context import CompanyContext, Outcome
from bridge.errors import BridgeError
from bridge.records import Clock, Company
from bridge.store import keys, publications
from bridge.store.database import Database
from bridge.store.keys import NewKey
from bridge.store.models import Publication

FORM_USER = "SALES-FORMS"
"""The gateway's user that published keys belong to, unless another is named."""
KEY_DAYS = 90
RENEW_DAYS = 14
"""A published key is renewed when it has less than this left."""
BY = "setup publish"

_TABLE, _ID, _NAME = "nav_connections", "nav_connectionid", "nav_name"
_CLIENT_URL, _URL = "nav_dynamicsnavurl", "nav_dynamicsnavodataurl"
_USER, _KEY = "nav_dynamicsnavodatausername", "nav_dynamicsnavodataaccesskey"
_LONGEST, _LONGEST_NAME = 250, 100
_ACTIVE: dict[str, Any] = {"statecode": 0, "statuscode": 1}
_INACTIVE: dict[str, Any] = {"statecode": 1, "statuscode": 2}


class SolutionMissing(BridgeError):
    """Sales has no table to publish to."""

    code = "SolutionMissing"

    def __init__(self) -> None:
        super().__init__(
            f"Sales has no table {_TABLE}: the integration solution is not installed there. Nothing was changed.",
            advice="Install it, then publish again: python -m bridge deploy",
        )


class CannotBePublished(BridgeError):
    """What would be written is not possible; nothing was changed."""

    code = "CannotBePublished"


class UserUnknown(BridgeError):
    """The user named has no key here; user and key in Sales have been cleared, as Business Central does it."""

    code = "UserUnknown"

    def __init__(self, user: str) -> None:
        super().__init__(
            f'The gateway knows no user "{user}". User and key in Sales are now empty, and forms show no stock.',
            advice=f"Make a key for it first: python -m gateway keys create {user}; then publish again.",
        )
        self.user = user


@dataclass(frozen=True, slots=True)
class Published:
    """What stands in Sales now. The key itself is nobody's to see."""

    company: str
    url: str
    user: str
    connection_id: str


class Publisher:
    """Publishes one company. ``public_url`` is the gateway's address, ``bc_url`` that of Business Central;
    ``any_row`` lets a row without a matching name be taken over, as older installations have one row for all;
    ``overlap`` is how long a key's predecessor works on: a form may stay open for a working day."""

    def __init__(
        self,
        db: Database,
        sales: Sales,
        company: Company,
        clock: Clock,
        *,
        public_url: str,
        bc_url: str,
        any_row: bool,
        overlap: timedelta,
    ) -> None:
        self._db = db
        self._sales = sales
        self._company = company
        self._clock = clock
        self.url = f"{public_url.rstrip('/')}/ODataV4/{_in_path(company.name)}/ProductItemAvailability"
        self._client_url = client_url(bc_url, company)
        self._row_name = company.name[:_LONGEST_NAME]
        self._any_row = any_row
        self._overlap = overlap

    def publish(self, user: str = "", url: str = "", *, days: int = KEY_DAYS) -> Published:
        """Write address, user and a fresh key to Sales, and let the gateway answer for this company.

        The key opens from the same pages as the user's newest one. Raises SolutionMissing, CannotBePublished,
        UserUnknown, RemoteError.
        """
        known = publications.find(self._db, self._company.id)
        user = user or (known.user_name if known is not None and known.user_name else FORM_USER)
        url = url or self.url
        if len(url) > _LONGEST:
            raise CannotBePublished(
                f"The address has {len(url)} characters, Sales keeps {_LONGEST}: {url[:80]}… Nothing was changed.",
                advice="A shorter PUBLIC_URL helps, or the company's id: --url …/ODataV4/Company(Id=…)/….",
            )
        if not user.isascii() or not user.isprintable() or ":" in user or len(user) > _LONGEST:
            raise CannotBePublished(
                f'The user name "{user[:60]}" cannot be published: HTTP Basic carries ASCII without colon only.',
                advice="Name another user: --user NAME",
            )
        row = self._row(known)
        earlier = keys.of_user(self._db, user)
        if user != FORM_USER and not earlier:
            self._forget_user(row, known)
            raise UserUnknown(user)
        now = self._clock()
        newest = max(earlier, key=lambda one: one.created_at, default=None)
        origins = tuple(newest.origins.split()) if newest is not None else ()
        key = NewKey(user, "availability", now + timedelta(days=days), origins)
        stored = keys.add(self._db, key, now, by=BY, old_until=now + self._overlap)
        body: dict[str, Any] = {_URL: url, _USER: user, _KEY: key.secret, _NAME: self._row_name}
        if row is None or not row.get(_CLIENT_URL):
            body[_CLIENT_URL] = self._client_url
        try:
            connection_id = self._write(row, body)
        except RemoteError as error:
            if not error.outcome_unknown:  # otherwise it may stand there, and forms may use it already
                keys.revoke(self._db, stored.id, now, by=BY)
            raise
        self._save(published=True, connection_id=connection_id, url=url, user=user)
        return Published(self._company.name, url, user, connection_id)

    def unpublish(self) -> int:
        """Refuse what this company's forms ask from now on, end the published user's keys, and clear the row in Sales;
        answer how many keys ended. Raises RemoteError: the key is dead all the same; repeat it."""
        known = publications.find(self._db, self._company.id)
        user = known.user_name if known is not None and known.user_name else FORM_USER
        connection_id = known.connection_id if known is not None else ""
        self._save(published=False, connection_id=connection_id, url="", user="")
        others = [
            one for one in publications.all_publications(self._db) if one.published and one.user_name == user
        ]  # companies may share a user, and a user's key opens them all
        ended = 0 if others else keys.revoke(self._db, user, self._clock(), by=BY)
        try:
            row = self._row(known)
        except SolutionMissing:
            return ended
        if row is not None and (row.get(_NAME) == self._row_name or row[_ID] not in self._rows_of_others()):
            self._sales.update(
                _TABLE, row[_ID], {_URL: None, _USER: None, _KEY: None, **_INACTIVE}, purpose="unpublish availability"
            )
        return ended

    def reset_urls(self, *, wipe_credentials: bool = False) -> str:
        """Put both addresses back to what they are by default; user and key stay, unless they are to be wiped as older
        releases did. Answers the availability address. Raises SolutionMissing, CannotBePublished, RemoteError."""
        known = publications.find(self._db, self._company.id)
        row = self._row(known)
        if row is None:
            raise CannotBePublished(
                "There is no connection row in Sales to reset.", advice="Make one: python -m bridge setup publish"
            )
        published = known is not None and known.published
        body: dict[str, Any] = {_CLIENT_URL: self._client_url, _URL: self.url if published else None}
        if wipe_credentials:
            body |= {_USER: None, _KEY: None}
        self._sales.update(_TABLE, row[_ID], body, purpose="reset addresses")
        user = known.user_name if known is not None and not wipe_credentials else ""
        self._save(published=published, connection_id=row[_ID], url=self.url if published else "", user=user)
        return self.url if published else ""

    def is_ours(self, url: str) -> bool:
        """Whether this address leads to our own gateway: the key would go there."""
        return urlsplit(url)[:2] == urlsplit(self.url)[:2]

    def _row(self, known: Publication | None) -> dict[str, Any] | None:
        """The row of this company in Sales, whoever made it. Raises SolutionMissing."""
        columns = (_ID, _NAME, _CLIENT_URL, _URL, _USER, "statecode")
        try:
            rows = list(self._sales.rows(_TABLE, purpose="find connection row", select=columns))
        except NotFound:
            raise SolutionMissing from None
        others = frozenset[str]() if self._any_row else self._rows_of_others()
        by_rank: tuple[Callable[[dict[str, Any]], bool], ...] = (
            lambda row: known is not None and row[_ID] == known.connection_id and row[_ID] not in others,
            lambda row: row.get(_NAME) == self._row_name,
            lambda row: self._any_row,
        )
        return next((row for fits in by_rank for row in rows if fits(row)), None)

    def _rows_of_others(self) -> frozenset[str]:
        """Rows that other published companies stand in: one row for all is left behind when each gets its own."""
        return frozenset(
            one.connection_id
            for one in publications.all_publications(self._db)
            if one.published and one.company_id != self._company.id
        )

    def _write(self, row: dict[str, Any] | None, body: dict[str, Any]) -> str:
        if row is None:
            return self._sales.create(_TABLE, body, purpose="publish availability")
        active = _ACTIVE if row.get("statecode") else {}
        self._sales.update(_TABLE, row[_ID], {**active, **body}, purpose="publish availability")
        return str(row[_ID])

    def _forget_user(self, row: dict[str, Any] | None, known: Publication | None) -> None:
        if row is not None:
            self._sales.update(_TABLE, row[_ID], {_USER: None, _KEY: None}, purpose="clear unknown user")
        if known is not None:
            self._save(published=known.published, connection_id=known.connection_id, url=known.url, user="")

    def _save(self, *, published: bool, connection_id: str, url: str, user: str) -> None:
        publications.save(
            self._db,
            Publication(
                company_id=self._company.id,
                published=published,
                connection_id=connection_id,
                url=url,
                user_name=user,
                changed_at=self._clock(),
            ),
        )


def publisher(ctx: CompanyContext, *, only_company: bool) -> Publisher:
    """The publisher of a context's company."""
    return Publisher(
        ctx.db,
        ctx.sales,
        ctx.company,
        ctx.clock,
        public_url=ctx.settings.public_url,
        bc_url=ctx.settings.bc_url,
        any_row=only_company or ctx.settings.single_connection_row,
        overlap=timedelta(hours=ctx.settings.key_overlap_hours),
    )


def renew_key(ctx: CompanyContext) -> Outcome:
    """The daily job: a published key that nears its end gets a successor in Sales. Raises what publish raises."""
    known = publications.find(ctx.db, ctx.company.id)
    if known is None or not known.published or not known.user_name:
        return Outcome(notes=("Availability is not published to Sales.",))
    if any(
        one.published and one.connection_id == known.connection_id and one.changed_at > known.changed_at
        for one in publications.all_publications(ctx.db)
    ):
        return Outcome(notes=("Another company was published to the same row later; it keeps the key.",))
    working = [key for key in keys.of_user(ctx.db, known.user_name) if key.revoked_at is None]
    soon = ctx.clock() + timedelta(days=RENEW_DAYS)
    if any(key.expires_at is None or key.expires_at > soon for key in working):
        return Outcome(counts={"unchanged": 1})
    publisher(ctx, only_company=False).publish(known.user_name, known.url)
    return Outcome(counts={"renewed": 1})


def client_url(bc_url: str, company: Company) -> str:
    """Where people open this company in Business Central's web client."""
    parts = urlsplit(bc_url)
    base = bc_url.rstrip("/")
    if parts.hostname == "api.businesscentral.dynamics.com":
        base = f"https://businesscentral.dynamics.com/{parts.path.strip('/').removeprefix('v2.0/')}"
    return f"{base}/?company={quote(company.name, safe='')}"


def _in_path(name: str) -> str:
    doubled = name.replace("'", "''")
    return f"Company('{quote(doubled, safe=chr(39))}')"
