"""A webhook wakes a job, and nothing it says is believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bridge.records import Side
from bridge.secrets import hook_secret
from bridge.store import jobs
from tests.conftest import SECRET_KEY
from tests.gateway.conftest import MAIN, NOW, OTHER, Door, World, error

SALES = hook_secret(SECRET_KEY, Side.SALES)
BUSINESS_CENTRAL = hook_secret(SECRET_KEY, Side.BUSINESS_CENTRAL)


def wakes(world: World) -> dict[str, int]:
    return {job.name: job.wakes for job in jobs.all_jobs(world.db) if job.company_id == MAIN.id and job.wakes}


def post(door: Door, path: str, body: Any = None, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return door.client.post(path, json=body, headers=sent)


def notification(entity_set: str, secret: str = BUSINESS_CENTRAL, company_id: str = MAIN.id) -> dict[str, str]:
    resource = (
        f"/v2.0/contoso/sandbox/api/v2.0/companies({company_id})/{entity_set}(0d6f4b9a-77aa-4b11-9889-000d3a2b7f5c)"
    )
    return {"subscriptionId": "s", "clientState": secret, "resource": resource, "changeType": "updated"}


@pytest.mark.parametrize("where", ["header", "query"])
def test_sales_wakes_the_pick_up(door: Door, world: World, where: str):
    response = (
        post(door, "/hooks/sales", {"PrimaryEntityName": "salesorder"}, x_bridge_key=SALES)
        if where == "header"
        else post(door, f"/hooks/sales?code={SALES}")
    )
    assert (response.status_code, wakes(world)) == (204, {"PICK-UP": 1})


@pytest.mark.parametrize("secret", ["", "x", BUSINESS_CENTRAL, SALES[:-1], "ø"])
def test_without_the_right_secret_sales_wakes_nothing(door: Door, world: World, secret: str):
    response = door.client.post("/hooks/sales", query_string={"code": secret})
    assert error(response) == (401, "Authentication_InvalidCredentials")
    assert wakes(world) == {}
    assert world.lines()[-1]["failure"] == "hook_secret"


@pytest.mark.parametrize(
    ("entity_set", "woken"),
    [
        ("items", {"AVAILABILITY"}),
        ("itemLedgerEntries", {"AVAILABILITY"}),
        ("salesOrders", {"PUSH-STATUS", "OPEN-LINES"}),
        ("purchaseOrders", {"OPEN-LINES"}),
        ("transferOrders", {"OPEN-LINES"}),
    ],
)
def test_business_central_wakes_the_jobs_that_find_the_change(
    door: Door, world: World, entity_set: str, woken: set[str]
):
    jobs.define(world.db, MAIN.id, "OPEN-LINES", 60, world.now)

    response = post(door, "/hooks/business-central", {"value": [notification(entity_set)] * 3})

    assert (response.status_code, wakes(world)) == (200, dict.fromkeys(woken, 1))


def test_only_the_company_it_is_about_is_woken_and_what_is_not_ours_is_let_be(door: Door, world: World):
    other = [notification("items", company_id=OTHER.id), notification("vendors")]
    odd = {"clientState": BUSINESS_CENTRAL, "resource": "nonsense"}
    assert post(door, "/hooks/business-central", {"value": [*other, odd]}).status_code == 200
    assert wakes(world) == {}


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"value": []},
        {"value": [{"resource": "items"}]},
        {"value": [notification("items"), notification("items", SALES)]},
    ],
)
def test_every_notification_must_carry_the_secret(door: Door, world: World, body: Any):
    assert error(post(door, "/hooks/business-central", body)) == (401, "Authentication_InvalidCredentials")
    assert wakes(world) == {}


@pytest.mark.parametrize("body", [{"value": "x"}, {"value": [1]}])
def test_a_body_of_another_shape_is_refused(door: Door, body: Any):
    assert error(post(door, "/hooks/business-central", body)) == (400, "BadRequest")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_question_whether_somebody_is_there_gets_its_token_back_and_wakes_nothing(
    door: Door, world: World, method: str
):
    response = door.client.open("/hooks/business-central?validationToken=a%3Cb%2B1", method=method)
    assert (response.status_code, response.text) == (200, "a<b+1")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert wakes(world) == {}


@pytest.mark.parametrize(
    ("entity_set", "job"), [("salesInvoices", "POSTEDSALESINV-INV"), ("salesOrders", "SALESORDER-ORDER")]
)
def test_orders_and_invoices_wake_the_jobs_that_take_them_to_sales(door: Door, world: World, entity_set: str, job: str):
    jobs.define(world.db, MAIN.id, job, 60, NOW - timedelta(hours=1))
    assert post(door, "/hooks/business-central", {"value": [notification(entity_set)]}).status_code == 200
    assert wakes(world) == {"PUSH-STATUS": 1, job: 1}
