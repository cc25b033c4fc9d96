"""What Sales must have of ours, brought there: one step for each kind of thing, and one publishing at the end.

A step looks at what is there first and writes only what differs, so a deployment may be repeated at any time, and one
that broke off is finished by the next. What a step changed of things that users see is published with all the rest in
one request, because publishing disturbs who works meanwhile. A new kind of thing is a new step: ``bridge.cli.deploy``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from xml.sax.saxutils import escape

from bridge.clients.errors import RemoteError, SignInRefused
from bridge.clients.sales import Sales
from bridge.errors import BridgeError

SOLUTION = "BusinessCentralBridge"
"""The solution our components belong to unless another one is named; made by us when it is missing."""
VERSION = "1.0.0.0"
PUBLISHER = "businesscentralbridge"
PREFIX = "brg"
"""What the names of our components begin with. Not the vendor's: what two publishers call alike, one of them loses."""
_OPTION_PREFIX = 72_700
_LOCKED = "0x80071151"
"""Dataverse's code for a customization lock that is taken."""
_NAME = "Business Central bridge"


class Result(StrEnum):
    """What became of one thing."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ADDED = "added to the solution"
    PUBLISHED = "published"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Deployed:
    """One thing with what became of it; ``note`` is Sales' reason when it was refused."""

    what: str
    name: str
    result: Result
    note: str = ""


@dataclass(slots=True)
class Target:
    """Where to deploy, and what the steps have found out and changed there so far."""

    sales: Sales
    solution: str = SOLUTION
    on_forms: bool = False
    """Whether forms are to be changed so that they load our script."""
    solution_id: str = ""
    prefix: str = ""
    changed_resources: list[str] = field(default_factory=list)
    """Ids of web resources that wait to be published."""
    changed_tables: list[str] = field(default_factory=list)
    """Tables whose forms wait to be published."""


Step = Callable[[Target], Iterator[Deployed]]


class SolutionUnknown(BridgeError):
    """The solution that was named is not there; nothing was changed."""

    code = "SolutionUnknown"

    def __init__(self, name: str) -> None:
        super().__init__(
            f'Sales has no solution with the unique name "{name}". Nothing was changed.',
            advice="Make it in Sales, with the publisher whose prefix you want, or leave --solution out: ours is made"
            " when it is missing.",
        )
        self.name = name


class SolutionManaged(BridgeError):
    """The solution that was named belongs to somebody who delivers it; nothing was changed."""

    code = "SolutionManaged"

    def __init__(self, name: str) -> None:
        super().__init__(
            f'The solution "{name}" is managed, so nothing can be added to it. Nothing was changed.',
            advice="Name one of your own: --solution NAME; or leave the option out.",
        )
        self.name = name


class DeployNotAllowed(BridgeError):
    """The sign-in may not customize. What was done before stays, and the next deployment goes on from there."""

    code = "DeployNotAllowed"

    def __init__(self, error: SignInRefused) -> None:
        super().__init__(
            f"Sales does not let this sign-in customize ({error.purpose}: {error.text.rstrip('. ')}).",
            advice="Let another application make this one call, one whose user has the role System Customizer or System"
            " Administrator: ENTRA_CLIENT_ID=… ENTRA_CLIENT_SECRET=… python -m bridge deploy. The integration user"
            " needs no such role and is better off without it.",
        )
        self.purpose = error.purpose


class CustomizationsLocked(BridgeError):
    """Sales takes one publishing or import at a time, and another one runs."""

    code = "CustomizationsLocked"
    heals_by_itself = True

    def __init__(self) -> None:
        super().__init__(
            "Somebody is publishing or importing customizations in Sales right now. What was changed waits, unseen.",
            advice="Run it again in a few minutes: it goes on from there.",
        )


def deploy(target: Target, steps: tuple[Step, ...]) -> Iterator[Deployed]:
    """Run the steps in turn, then publish what they changed. Raises SolutionUnknown, SolutionManaged,
    DeployNotAllowed, CustomizationsLocked, RemoteError; all that was reported before is done."""
    try:
        for step in (solution, *steps):
            yield from step(target)
        yield from _publish(target)
    except SignInRefused as error:
        if error.status != 403:
            raise
        raise DeployNotAllowed(error) from error
    except RemoteError as error:
        if error.code != _LOCKED:
            raise
        raise CustomizationsLocked from error


def solution(target: Target) -> Iterator[Deployed]:
    """The solution, and with it the prefix of its publisher. Only ours is made; another one must be there."""
    rows = target.sales.rows(
        "solutions",
        purpose="find solution",
        select=("solutionid", "ismanaged"),
        filter=f"uniquename eq '{target.solution.replace(chr(39), chr(39) * 2)}'",
        expand="publisherid($select=customizationprefix)",
    )
    found = next(rows, None)
    if found is not None:
        if found["ismanaged"]:
            raise SolutionManaged(target.solution)
        target.solution_id = str(found["solutionid"])
        target.prefix = str(found["publisherid"]["customizationprefix"])
        yield Deployed("solution", target.solution, Result.UNCHANGED)
        return
    if target.solution != SOLUTION:
        raise SolutionUnknown(target.solution)
    publisher_id, target.prefix = yield from _publisher(target.sales)
    body = {"uniquename": SOLUTION, "friendlyname": _NAME, "version": VERSION}
    target.solution_id = target.sales.create(
        "solutions", {**body, "publisherid@odata.bind": f"/publishers({publisher_id})"}, purpose="create solution"
    )
    yield Deployed("solution", SOLUTION, Result.CREATED)


def _publisher(sales: Sales) -> Generator[Deployed, None, tuple[str, str]]:
    """Our publisher, made when it is missing; its id and prefix."""
    columns = ("publisherid", "customizationprefix")
    rows = sales.rows("publishers", purpose="find publisher", select=columns, filter=f"uniquename eq '{PUBLISHER}'")
    found = next(rows, None)
    if found is not None:
        return str(found["publisherid"]), str(found["customizationprefix"])
    body = {
        "uniquename": PUBLISHER,
        "friendlyname": _NAME,
        "customizationprefix": PREFIX,
        "customizationoptionvalueprefix": _OPTION_PREFIX,
    }
    made = sales.create("publishers", body, purpose="create publisher")
    yield Deployed("publisher", PUBLISHER, Result.CREATED)
    return made, PREFIX


def _publish(target: Target) -> Iterator[Deployed]:
    if not target.changed_resources and not target.changed_tables:
        return
    resources = "".join(f"<webresource>{{{one}}}</webresource>" for one in target.changed_resources)
    tables = "".join(f"<entity>{escape(one)}</entity>" for one in target.changed_tables)
    xml = f"<importexportxml><entities>{tables}</entities><webresources>{resources}</webresources></importexportxml>"
    target.sales.act("PublishXml", {"ParameterXml": xml}, purpose="publish customizations")
    count = len(target.changed_resources) + len(target.changed_tables)
    yield Deployed("customizations", f"{count} changed", Result.PUBLISHED)
