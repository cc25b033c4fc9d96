"""How far a right reaches in the Sales stand-in: own rows, the business unit, the units below it, all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.desk import Desk, sales_id
from tests.sandbox.test_sales_checklist import ACCOUNT, refusal

ANN = f"systemusers({sales_id('systemuser', 'ANN')})"


@pytest.fixture
def desk() -> Iterator[Desk]:
    opened = Desk()
    yield opened
    opened.close()


class Staff:
    """Moves people about as an administrator does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.root = desk.get("businessunits?$select=name").json["value"][0]["businessunitid"]

    def unit(self, name: str, parent: str) -> str:
        body = {"name": name, "parentbusinessunitid@odata.bind": f"/businessunits({parent})"}
        return self._desk.post("businessunits", body, as_admin="yes").new_id

    def user(self, name: str, unit: str) -> str:
        body = {"lastname": name, "businessunitid@odata.bind": f"/businessunits({unit})"}
        return self._desk.post("systemusers", body, as_admin="yes").new_id

    def allow_ann(self, depth: str, unit: str) -> None:
        """ANN works in a unit and holds one role only: accounts at a depth."""
        desk = self._desk
        desk.delete(f"{ANN}/systemuserroles_association({sales_id('role', 'seller')})/$ref", as_admin="yes")
        moved = {"businessunitid@odata.bind": f"/businessunits({unit})"}
        assert desk.patch(ANN, moved, as_admin="yes").status == 204
        role = desk.post("roles", {"name": "Accounts"}, as_admin="yes").new_id
        found = desk.get("privileges?$select=name&$filter=endswith(name,'Account')", as_admin="yes").json["value"]
        rights = [{"PrivilegeId": p["privilegeid"], "Depth": depth} for p in found]
        given = f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
        assert desk.post(given, {"Privileges": rights}, as_admin="yes").status == 204
        link = {"@odata.id": f"roles({role})"}
        assert desk.post(f"{ANN}/systemuserroles_association/$ref", link, as_admin="yes").status == 204

    def account(self, name: str, owner: str) -> str:
        body = {"name": name, "ownerid@odata.bind": f"/{owner}"}
        return f"accounts({self._desk.post('accounts', body, as_admin='yes').new_id})"


@pytest.mark.parametrize(
    ("depth", "seen"),
    [
        ("Basic", {"own", "team"}),
        ("Local", {"own", "team", "colleague"}),
        ("Deep", {"own", "team", "colleague", "below"}),
        ("Global", {"own", "team", "colleague", "below", "elsewhere", "First customer", "Second customer"}),
    ],
)
def test_a_depth_reaches_so_far_and_no_further(desk: Desk, depth: str, seen: set[str]) -> None:
    staff = Staff(desk)
    north, south = staff.unit("North", staff.root), staff.unit("South", staff.root)
    village = staff.unit("Village", staff.unit("County", north))
    staff.allow_ann(depth, north)
    team = desk.post("teams", {"name": "T", "businessunitid@odata.bind": f"/businessunits({south})"}, as_admin="yes")
    join = {"@odata.id": f"teams({team.new_id})"}
    assert desk.post(f"{ANN}/teammembership_association/$ref", join, as_admin="yes").status == 204
    owners = {
        "own": ANN,
        "team": f"teams({team.new_id})",
        "colleague": f"systemusers({staff.user('Colleague', north)})",
        "below": f"systemusers({staff.user('Below', village)})",
        "elsewhere": f"systemusers({staff.user('Elsewhere', south)})",
    }
    accounts = {name: staff.account(name, owner) for name, owner in owners.items()}
    listed = {row["name"] for row in desk.get("accounts?$select=name", signed_in="ANN").json["value"]}
    assert listed == seen
    assert int(desk.get("accounts/$count", signed_in="ANN").text) == len(seen)
    for name, path in accounts.items():
        changed = desk.patch(path, {"fax": "1"}, signed_in="ANN")
        expected = (204, "") if name in seen else (403, "0x80048306")
        assert (changed.status, changed.code if changed.text else "") == expected, name


def test_changes_are_tracked_with_the_right_to_all_only(desk: Desk) -> None:
    staff = Staff(desk)
    staff.allow_ann("Deep", staff.root)
    assert desk.get(ACCOUNT, signed_in="ANN").status == 200
    refused = desk.get("accounts", signed_in="ANN", prefer="odata.track-changes")
    assert refusal(refused) == (403, "0x80040220")
