"""Roles an environment starts with: the integration's, the delegate's, the seller's and the administrator's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.sales.model import Ref
from sandbox.sales.schema import TABLES
from sandbox.sales.security import ACT_FOR_OTHERS, GLOBAL, VERBS, all_privileges, suffix
from sandbox.sales.seed_rows import Seeds
from sandbox.sales.tables_security import ROLE_PRIVILEGES, USER_ROLES

ADMINISTRATOR_TEMPLATE = "627090ff-40a3-4053-8790-584edc5be201"
"""The role template every System Administrator role comes from, the same in all environments."""

_READ = ("Read",)
_READ_AND_LINK = ("Read", "AppendTo")
_CHANGE = ("Create", "Read", "Write", "Append", "AppendTo", "Assign", "Share")
_ALL = VERBS
_DOCUMENTS = ("account", "contact", "quote", "salesorder", "invoice", "opportunity", "quoteclose", "annotation", "post")
_CATALOGUE = ("product", "uomschedule", "pricelevel")

INTEGRATION: Mapping[str, Iterable[str]] = {
    **dict.fromkeys((*_DOCUMENTS, *_CATALOGUE, "bcbi_company", "nav_connection", "msdyn_postconfig"), _ALL),
    **dict.fromkeys(("serviceendpoint", "sdkmessageprocessingstep"), _ALL),
    **dict.fromkeys(("systemuser", "team", "businessunit", "transactioncurrency"), ("Read", "AppendTo", "Append")),
    "nav_accountstatistics": _ALL,
    "organization": ("Read", "Write"),
    "sdkmessage": _READ_AND_LINK,
    **dict.fromkeys(("role", "webresource", "solution", "publisher"), _READ),
    "systemform": ("Read", "Write"),
}
"""What the integration's role may do, by table."""

SELLER: Mapping[str, Iterable[str]] = {
    **dict.fromkeys(("account", "contact", "quote", "opportunity", "quoteclose", "annotation", "post"), _ALL),
    "salesorder": _ALL,
    "invoice": _CHANGE,
    **dict.fromkeys((*_CATALOGUE, "bcbi_company", "transactioncurrency"), _READ_AND_LINK),
    **dict.fromkeys(("systemuser", "team", "businessunit"), ("Read", "AppendTo", "Append")),
    **dict.fromkeys(("organization", "nav_connection", "nav_accountstatistics", "role"), _READ),
    **dict.fromkeys(("webresource", "systemform"), _READ),
}
"""What a salesperson may do: write documents, read the catalogue, and nothing of the administration."""


class Roles:
    """Puts roles and gives them to users."""

    def __init__(self, seeds: Seeds, unit: Ref) -> None:
        self._seeds = seeds
        self._unit = unit
        self._privileges = {
            name: seeds.put(
                "privilege",
                name,
                name=name,
                accessright=right,
                canbebasic=True,
                canbelocal=True,
                canbedeep=True,
                canbeglobal=True,
            )
            for name, right in all_privileges().items()
        }

    def put(self, key: str, name: str, privileges: Iterable[str], template: Ref | None = None) -> Ref:
        """A role with privileges of the whole organization."""
        role = self._seeds.put("role", key, name=name, businessunitid=self._unit, roletemplateid=template)
        for privilege in dict.fromkeys(privileges):
            self._seeds.put(
                ROLE_PRIVILEGES,
                f"{key}/{privilege}",
                roleid=role,
                privilegeid=self._privileges[privilege],
                privilegedepthmask=GLOBAL,
            )
        return role

    def give(self, user: Ref, *roles: Ref) -> None:
        """Let a user hold roles."""
        for role in roles:
            self._seeds.put(USER_ROLES, f"{user.id}/{role.id}", systemuserid=user, roleid=role)


class StandardRoles:
    """The roles of a fresh environment."""

    def __init__(self, roles: Roles) -> None:
        self.integration = roles.put("bridge", "Business Central Integration", _names(INTEGRATION))
        self.delegate = roles.put("delegate", "Delegate", (ACT_FOR_OTHERS,))
        self.seller = roles.put("seller", "Salesperson", _names(SELLER))
        self.administrator = roles.put(
            "administrator", "System Administrator", all_privileges(), Ref("role", ADMINISTRATOR_TEMPLATE)
        )


def _names(granted: Mapping[str, Iterable[str]]) -> list[str]:
    unknown = granted.keys() - TABLES.keys()
    if unknown:
        raise LookupError(f"no such tables: {', '.join(unknown)}")
    return [f"prv{verb}{suffix(table)}" for table, verbs in granted.items() for verb in verbs]
