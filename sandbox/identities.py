"""Who can sign in: the applications and users of the imaginary tenant, and the switches that spoil their sign-in.

Secrets are new in every start; a state file keeps them, so that clients configured before a restart go on.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.company import CompanyData

TENANT_DOMAIN = "contoso"
SECRET_STATES = ("valid", "expired")
USER_STATES = (
    "",
    "disabled",
    "locked",
    "password-expired",
    "mfa-required",
    "mfa-enrolment",
    "conditional-access",
    "not-assigned",
)


def made_id(*names: str) -> str:
    """A GUID made from names: the same names give the same id in every start."""
    return str(uuid5(NAMESPACE_URL, "sandbox:" + "/".join(names)))


def _fresh() -> str:
    return secrets.token_urlsafe(30)


@dataclass(frozen=True, slots=True)
class Application:
    """An app registration. The first one is the integration's; ``name`` tells the others apart."""

    tenant_id: str = made_id("tenant", TENANT_DOMAIN)
    tenant_domain: str = TENANT_DOMAIN
    client_id: str = made_id("application", "bridge")
    secret: str = field(default_factory=_fresh, repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """A person with a user name of the form of a mail address, known to Sales by ``object_id``."""

    name: str
    object_id: str
    display_name: str


class SwitchInvalid(ValueError):
    """A switch of the sign-in that there is not, or a value it does not take."""


@dataclass(frozen=True, slots=True)
class SignInSwitches:
    """What is wrong with signing in at the moment; nothing at the start and after a reset."""

    secret: str = "valid"  # noqa: S105 - a state, not a secret
    """``expired``: the secret that was good has run out."""
    application: bool = True
    """False: an administrator has disabled the application."""
    certificate: bool = True
    """False: the certificate is not registered (any more)."""
    consent: bool = True
    """False: nobody has consented to the application acting for users."""
    public_client: bool = True
    """Whether the application may use user name and password without a secret of its own."""
    users: Mapping[str, str] = field(default_factory=dict)
    """By user name, one of USER_STATES."""

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SignInSwitches:
        """Build from the JSON form; SwitchInvalid names what is not understood."""
        known = {f.name for f in fields(cls)}
        for name, value in body.items():
            if name not in known:
                raise SwitchInvalid(f"sign-in has no switch {name!r}; there are {', '.join(sorted(known))}")
            if name == "users":
                if not isinstance(value, Mapping) or not all(state in USER_STATES for state in value.values()):
                    raise SwitchInvalid(f"users: expected states by user name, of {', '.join(USER_STATES[1:])}")
            elif name == "secret":
                if value not in SECRET_STATES:
                    raise SwitchInvalid(f"secret: expected one of {', '.join(SECRET_STATES)}")
            elif not isinstance(value, bool):
                raise SwitchInvalid(f"{name}: expected true or false")
        users = {name.lower(): state for name, state in body.get("users", {}).items()}
        return cls(**{**body, "users": users})


class Directory:
    """Applications and users of the one tenant."""

    def __init__(self, data: CompanyData) -> None:
        self.application = Application()
        """The integration's own registration."""
        self.administrator = Application(client_id=made_id("application", "administrator"))
        """The registration under which an administrator's programs sign in."""
        self.password = _fresh()
        """Of every user."""
        self.switches = SignInSwitches()
        self._users = {
            person.email.lower(): User(person.email, made_id("entra", person.code), person.name)
            for person in data.salespeople
            if person.email
        }

    def client(self, client_id: str) -> Application | None:
        """The application of this id, in any case of letters."""
        return next((a for a in (self.application, self.administrator) if a.client_id == client_id.lower()), None)

    def user(self, name: str) -> User | None:
        """The user of this name, in any case of letters."""
        return self._users.get(name.lower())

    def users(self) -> list[User]:
        """All users, in the order of the company's data."""
        return list(self._users.values())

    def dump(self) -> Mapping[str, str]:
        """The secrets, for :meth:`load`."""
        return {
            "application": self.application.secret,
            "administrator": self.administrator.secret,
            "password": self.password,
        }

    def load(self, kept: Mapping[str, str]) -> None:
        """Put kept secrets in place of those made at the start."""
        self.application = Application(secret=kept["application"])
        self.administrator = Application(client_id=self.administrator.client_id, secret=kept["administrator"])
        self.password = kept["password"]
