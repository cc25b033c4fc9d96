"""What can go wrong with a remote system, told apart by what the caller should do next.

    RemoteError
    ├── Unreachable        no connection, no answer in time, or an answer that broke off
    ├── SignInRefused      the authority or the system does not accept who we are, or what we may do
    ├── Throttled          too many requests; ``retry_after`` says how long to stay away
    ├── NotFound           no such record, or no such thing to ask for
    ├── Conflict           somebody else changed the record since it was read
    │   └── AlreadyExists  a record with this key is there already
    ├── Refused            the system's own rules say no; ``text`` is its reason
    ├── ServerFailed       the system broke down over the request
    └── CompanionMissing   the companion extension is not installed in Business Central

Three attributes steer retries. ``transient``: the same request, sent again, may work. ``can_retry``: time may heal it,
so the work may be queued again. ``outcome_unknown``: a write may have taken effect; look before writing again.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from bridge.records import Side

SYSTEM_NAMES = {Side.BUSINESS_CENTRAL: "Business Central", Side.SALES: "Dynamics 365 Sales"}


_FACTS = ("system", "purpose", "method", "path", "status", "code", "correlation_id", "retry_after")

Kind = TypeVar("Kind", bound="RemoteError")


class RemoteError(Exception):
    """Base of all errors of the remote systems. ``purpose`` says in words what was wanted ("create orders")."""

    problem: ClassVar[str] = "failed"
    default_advice: ClassVar[str] = "See what the system said."
    heals: ClassVar[bool] = False
    resend: ClassVar[bool] = False

    def __init__(
        self,
        text: str = "",
        *,
        system: Side,
        purpose: str,
        method: str = "",
        path: str = "",
        status: int | None = None,
        code: str = "",
        correlation_id: str = "",
        can_retry: bool | None = None,
        transient: bool | None = None,
        outcome_unknown: bool = False,
        retry_after: float | None = None,
        advice: str = "",
    ) -> None:
        self.system = system
        self.purpose = purpose
        self.method = method
        self.path = path
        self.status = status
        self.code = code
        self.text = text
        self.correlation_id = correlation_id
        self.can_retry = self.heals if can_retry is None else can_retry
        self.transient = (self.resend and self.can_retry) if transient is None else transient
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        self.advice = advice or self.default_advice
        super().__init__(text)

    def restated(self, kind: type[Kind], text: str = "", **changes: Any) -> Kind:
        """The same facts told as another kind of error, which brings its own advice and hope."""
        facts = {name: getattr(self, name) for name in _FACTS}
        return kind(text or self.text, **(facts | changes))

    def __str__(self) -> str:
        what = " ".join(str(part) for part in (self.status, self.code) if part)
        said = f"{self.problem} ({what})" if what else self.problem
        reason = f": {self.text.rstrip('. ')}" if self.text else ""
        unknown = "; it may have taken effect all the same, so it is looked up before it is sent again"
        hope = "this heals by itself" if self.can_retry else "waiting does not help"
        trace = f" [correlation id {self.correlation_id}]" if self.correlation_id else ""
        return (
            f"{SYSTEM_NAMES[self.system]}, {self.purpose}: {said}{reason}"
            f"{unknown if self.outcome_unknown else ''}. {self.advice.rstrip('.')}; {hope}.{trace}"
        )


class Unreachable(RemoteError):
    """No usable answer. ``outcome_unknown`` is set when a write may have arrived before the answer was lost."""

    problem = "no answer"
    default_advice = "Check the address, the network and the state of the system"
    heals = True
    resend = True


class SignInRefused(RemoteError):
    """401 or 403, or a refusal of the authority that gives out tokens."""

    problem = "sign-in or permission refused"
    default_advice = "Check the app registration, its secret and its permission sets or roles"


class Throttled(RemoteError):
    """429: nothing was done. ``retry_after`` is the pause the system asks for, in seconds, where it named one."""

    problem = "asked to slow down"
    default_advice = "Nothing to do but wait"
    heals = True
    resend = True


class NotFound(RemoteError):
    problem = "not found"
    default_advice = "The record was deleted, or the address is wrong; check both"


class Conflict(RemoteError):
    """409 or 412: read the record again before the next attempt."""

    problem = "changed by somebody else meanwhile"
    default_advice = "The record is read again at the next attempt"
    heals = True


class AlreadyExists(Conflict):
    problem = "already there"
    default_advice = "Couple the existing record instead of creating one"
    heals = False


class Refused(RemoteError):
    """The system's own rules say no. ``text`` is its reason, in its words."""

    problem = "refused"
    default_advice = "Correct what it names, then retry"


class ServerFailed(RemoteError):
    """5xx. For a write ``outcome_unknown`` tells whether it may have taken effect."""

    problem = "the system failed"
    default_advice = "If it goes on, give the correlation id to whoever runs the system"
    heals = True
    resend = True


class CompanionMissing(RemoteError):
    """The companion is not installed, not published as a web service, or too old for what was asked."""

    problem = "the companion extension does not answer"
    default_advice = "Publish it as companion/README.md says, or go on without what it adds"
