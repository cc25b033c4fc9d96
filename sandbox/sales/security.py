"""Who may do what: privileges by table and verb, held by roles, held by users and through teams.

A user without the privilege is refused with its name; one whose privilege reaches only their own rows (depth Basic) is
refused for the rows of others. A user acting for another needs the right to do so, and may do only what both may.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.sales.errors import DataverseError
from sandbox.sales.model import Ref, Row, Table
from sandbox.sales.schema import TABLES
from sandbox.sales.store import Store
from sandbox.sales.tables_security import ROLE_PRIVILEGES, TEAM_MEMBERS, TEAM_ROLES, USER_ROLES

BASIC, LOCAL, DEEP, GLOBAL = 1, 2, 4, 8
DEPTHS: Mapping[str, int] = {"Basic": BASIC, "Local": LOCAL, "Deep": DEEP, "Global": GLOBAL}
ACT_FOR_OTHERS = "prvActOnBehalfOfAnotherUser"
BYPASS_PLUGINS = "prvBypassCustomPlugins"
BYPASS_LOGIC = "prvBypassCustomBusinessLogic"
PUBLISH = "prvPublishCustomization"
CUSTOMIZE = "prvWriteEntity"
"""Needed to define or drop an alternate key."""
VERBS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share")
_ACCESS_RIGHTS = {
    "Read": 1,
    "Write": 2,
    "Append": 4,
    "AppendTo": 16,
    "Create": 32,
    "Delete": 65536,
    "Share": 262144,
    "Assign": 524288,
}

_SUFFIXES: Mapping[str, str] = {
    "uomschedule": "UnitSchedule",
    "uom": "UnitSchedule",
    "pricelevel": "PriceLevel",
    "productpricelevel": "PriceLevel",
    "quote": "Quote",
    "quotedetail": "Quote",
    "salesorder": "SalesOrder",
    "salesorderdetail": "SalesOrder",
    "invoice": "Invoice",
    "invoicedetail": "Invoice",
    "opportunity": "Opportunity",
    "opportunityproduct": "Opportunity",
    "quoteclose": "Activity",
    "orderclose": "Activity",
    "opportunityclose": "Activity",
    "annotation": "Note",
    "transactioncurrency": "Currency",
    "systemuser": "User",
    "businessunit": "BusinessUnit",
    "serviceendpoint": "ServiceEndpoint",
    "sdkmessage": "SdkMessage",
    "sdkmessagefilter": "SdkMessage",
    "sdkmessageprocessingstep": "SdkMessageProcessingStep",
    "sdkmessageprocessingstepimage": "SdkMessageProcessingStep",
    "nav_connection": "nav_connection",
    "bcbi_company": "bcbi_company",
    "msdyn_postconfig": "msdyn_PostConfig",
    "solutioncomponent": "Solution",
    "webresource": "WebResource",
    "systemform": "SystemForm",
    "privilege": "Role",
    USER_ROLES: "Role",
    TEAM_ROLES: "Role",
    ROLE_PRIVILEGES: "Role",
    TEAM_MEMBERS: "Team",
}
"""The second half of a privilege's name, where it is not the table's own; lines share that of their document."""

WATCHED = ("systemuser", "role", USER_ROLES, TEAM_ROLES, TEAM_MEMBERS, ROLE_PRIVILEGES)
"""Tables a user's privileges follow from."""


def suffix(table: str) -> str:
    """The second half of the privileges of a table: ``SalesOrder`` of ``prvReadSalesOrder``."""
    return _SUFFIXES.get(table, table.capitalize())


def all_privileges() -> Mapping[str, int]:
    """Every privilege of the environment with its access right; those of no table have 0."""
    names = {f"prv{verb}{suffix(table)}": _ACCESS_RIGHTS[verb] for table in TABLES for verb in VERBS}
    return {**names, ACT_FOR_OTHERS: 0, BYPASS_PLUGINS: 0, BYPASS_LOGIC: 0, PUBLISH: 0, CUSTOMIZE: 0}


class Privileges:
    """Looks up what users hold. Remembers it until a row it follows from is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Mapping[str, int]] = {}
        self._as_of = -1

    def of(self, user_id: str) -> Mapping[str, int]:
        """Privilege name to the greatest depth any role of the user gives it."""
        as_of = self._store.touched(WATCHED)
        if as_of != self._as_of:
            self._known, self._as_of = {}, as_of
        held = self._known.get(user_id)
        if held is None:
            held = self._known[user_id] = self._collect(user_id)
        return held

    def roles(self, user_id: str) -> set[str]:
        """Ids of the roles a user holds, directly and through teams."""
        found = {link["roleid"].id for link in self._store.where(USER_ROLES, "systemuserid", user_id)}
        for member in self._store.where(TEAM_MEMBERS, "systemuserid", user_id):
            found |= {link["roleid"].id for link in self._store.where(TEAM_ROLES, "teamid", member["teamid"].id)}
        return found

    def _collect(self, user_id: str) -> Mapping[str, int]:
        held: dict[str, int] = {}
        for role_id in self.roles(user_id):
            for link in self._store.where(ROLE_PRIVILEGES, "roleid", role_id):
                privilege = self._store.get("privilege", link["privilegeid"].id)
                if privilege is not None:
                    name = str(privilege["name"])
                    held[name] = max(held.get(name, 0), int(link["privilegedepthmask"]))
        return held

    def demand(self, users: tuple[str, ...], verb: str, table: Table, row: Row | None = None) -> None:
        """Raise 403 unless each of ``users`` may do this to the table and, where one is given, to this row."""
        name = f"prv{verb}{suffix(table.name)}"
        for user_id in users:
            depth = self.of(user_id).get(name, 0)
            if not depth:
                raise self._missing(user_id, name, table)
            if depth == BASIC and row is not None and not _owns(user_id, row, table):
                raise DataverseError(
                    403,
                    "0x80048306",
                    f"Principal user (Id={user_id}, type=8) has {name} at user depth only, and"
                    f" {table.name} {row.get(table.id)} belongs to another owner.",
                )

    def demand_named(self, user_id: str, name: str) -> None:
        """Raise 403 unless the user holds a privilege that belongs to no table."""
        if name not in self.of(user_id):
            code = "0x8004a110" if name == ACT_FOR_OTHERS else "0x80040220"
            raise DataverseError(403, code, f"Principal user (Id={user_id}, type=8) is missing {name} privilege.")

    def sees_all(self, users: tuple[str, ...], table: Table) -> bool:
        """Whether no row of the table is hidden from ``users`` by a depth of Basic."""
        name = f"prvRead{suffix(table.name)}"
        return not table.owned or all(self.of(user).get(name, 0) > BASIC for user in users)

    def sees(self, users: tuple[str, ...], row: Row, table: Table) -> bool:
        """Whether each of ``users`` that reads only their own rows owns this one."""
        name = f"prvRead{suffix(table.name)}"
        return all(self.of(user).get(name, 0) > BASIC or _owns(user, row, table) for user in users)

    def demand_global_read(self, users: tuple[str, ...], table: Table) -> None:
        """Raise 403 unless the whole organization's rows may be read, as change tracking asks."""
        name = f"prvRead{suffix(table.name)}"
        for user_id in users:
            if self.of(user_id).get(name, 0) != GLOBAL:
                raise self._missing(user_id, name, table)

    def _missing(self, user_id: str, name: str, table: Table) -> DataverseError:
        privilege = next(iter(self._store.where("privilege", "name", name)), None)
        privilege_id = privilege["privilegeid"] if privilege is not None else ""
        return DataverseError(
            403,
            "0x80040220",
            f"Principal user (Id={user_id}, type=8, roleCount={len(self.roles(user_id))}, privilegeCount="
            f"{len(self.of(user_id))}, accessMode=0) is missing {name} privilege (Id={privilege_id}) on"
            f" OTC={table.otc} for entity '{table.name}'. context.Caller={user_id}.",
        )


def _owns(user_id: str, row: Row, table: Table) -> bool:
    if not table.owned:
        return True
    owner: Ref | None = row.get("ownerid")
    return owner is not None and owner.id == user_id
