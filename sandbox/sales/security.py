"""Who may do what: privileges by table and verb, held by roles, held by users and through teams.

A user without the privilege is refused with its name; one whose privilege does not reach a row is refused for that row:
Basic reaches their own rows and their teams', Local those of their business unit, Deep those of the units below it too,
Global all. A user acting for another needs the right to do so, and may do only what both may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    "nav_accountstatistics": "nav_accountstatistics",
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

WATCHED = ("systemuser", "team", "businessunit", "role", USER_ROLES, TEAM_ROLES, TEAM_MEMBERS, ROLE_PRIVILEGES)
"""Tables a user's privileges follow from."""


def suffix(table: str) -> str:
    """The second half of the privileges of a table: ``SalesOrder`` of ``prvReadSalesOrder``."""
    return _SUFFIXES.get(table, table.capitalize())


def all_privileges() -> Mapping[str, int]:
    """Every privilege of the environment with its access right; those of no table have 0."""
    names = {f"prv{verb}{suffix(table)}": _ACCESS_RIGHTS[verb] for table in TABLES for verb in VERBS}
    return {**names, ACT_FOR_OTHERS: 0, BYPASS_PLUGINS: 0, BYPASS_LOGIC: 0, PUBLISH: 0, CUSTOMIZE: 0}


@dataclass(frozen=True, slots=True)
class _Reach:
    """What depths mean for one user: the owners they stand for, their business unit, and the units below it."""

    owners: set[str]
    unit: str
    below: set[str]


class Privileges:
    """Looks up what users hold. Remembers it until a row it follows from is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Mapping[str, int]] = {}
        self._reached: dict[str, _Reach] = {}
        self._as_of = -1

    def of(self, user_id: str) -> Mapping[str, int]:
        """Privilege name to the greatest depth any role of the user gives it."""
        self._stay_fresh()
        held = self._known.get(user_id)
        if held is None:
            held = self._known[user_id] = self._collect(user_id)
        return held

    def _stay_fresh(self) -> None:
        as_of = self._store.touched(WATCHED)
        if as_of != self._as_of:
            self._known, self._reached, self._as_of = {}, {}, as_of

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
            if row is not None and not self._reaches(user_id, depth, row, table):
                label = next(name for name, mask in DEPTHS.items() if mask == depth)
                raise DataverseError(
                    403,
                    "0x80048306",
                    f"Principal user (Id={user_id}, type=8) has {name} at depth {label} only, which does not reach"
                    f" {table.name} {row.get(table.id)}.",
                )

    def demand_named(self, user_id: str, name: str) -> None:
        """Raise 403 unless the user holds a privilege that belongs to no table."""
        if name not in self.of(user_id):
            code = "0x8004a110" if name == ACT_FOR_OTHERS else "0x80040220"
            raise DataverseError(403, code, f"Principal user (Id={user_id}, type=8) is missing {name} privilege.")

    def sees_all(self, users: tuple[str, ...], table: Table) -> bool:
        """Whether no row of the table is hidden from ``users`` by the depth of their right."""
        name = f"prvRead{suffix(table.name)}"
        return not table.owned or all(self.of(user).get(name, 0) == GLOBAL for user in users)

    def sees(self, users: tuple[str, ...], row: Row, table: Table) -> bool:
        """Whether the right of each of ``users`` to read reaches this row."""
        name = f"prvRead{suffix(table.name)}"
        return all(self._reaches(user, self.of(user).get(name, 0), row, table) for user in users)

    def _reaches(self, user_id: str, depth: int, row: Row, table: Table) -> bool:
        if depth == GLOBAL or not table.owned:
            return True
        reach = self._reach(user_id)
        owner: Ref | None = row.get("ownerid")
        if owner is not None and owner.id in reach.owners:
            return True
        unit: Ref | None = row.get("owningbusinessunit")
        if unit is None or depth < LOCAL:
            return False
        return unit.id == reach.unit or (depth == DEEP and unit.id in reach.below)

    def _reach(self, user_id: str) -> _Reach:
        self._stay_fresh()
        reach = self._reached.get(user_id)
        if reach is None:
            teams = {link["teamid"].id for link in self._store.where(TEAM_MEMBERS, "systemuserid", user_id)}
            unit: Ref | None = (self._store.get("systemuser", user_id) or {}).get("businessunitid")
            home = unit.id if unit is not None else ""
            reach = self._reached[user_id] = _Reach({user_id, *teams}, home, self._units_below(home))
        return reach

    def _units_below(self, unit_id: str) -> set[str]:
        below: set[str] = set()
        left = [unit_id]
        while left:
            found = {u["businessunitid"] for u in self._store.where("businessunit", "parentbusinessunitid", left.pop())}
            left += found - below
            below |= found
        return below

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
