"""Sign-in of users by name and password, and every refusal by its number: msal and plain HTTPS against the server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import msal
import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from msal.authority import Authority

from sandbox.identities import SignInSwitches, SwitchInvalid
from sandbox.world import BUSINESS_CENTRAL, SALES
from tests.sandbox.test_world_sign_in import BC_SCOPE, SALES_ADDRESS, Entra

ANN = "ann@test.example"
SALES_SCOPE = f"{SALES_ADDRESS}/user_impersonation"
NOBODY = "00000000-0000-0000-0000-000000000009"


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    running = Entra(tmp_path_factory.mktemp("entra"))
    yield running
    running.server.stop()


@pytest.fixture(autouse=True)
def trusted(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is in order at first, and the sandbox's authority is trusted."""
    entra.world.directory.switches = SignInSwitches()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(entra.authority_file))


def ask(entra: Entra, tenant: str = "contoso", path: str = "oauth2/v2.0/token", **form: str) -> Any:
    """One token request; status and body."""
    answer = requests.post(f"{entra.server.address}/{tenant}/{path}", data=form, timeout=10)
    return answer.status_code, answer.json()


def as_user(entra: Entra, **change: str) -> dict[str, str]:
    """A good request of the password flow, changed."""
    good = {
        "grant_type": "password",
        "client_id": entra.world.application.client_id,
        "username": ANN,
        "password": entra.world.directory.password,
        "scope": SALES_SCOPE,
    }
    return {name: value for name, value in {**good, **change}.items() if value}


def as_application(entra: Entra, **change: str) -> dict[str, str]:
    application = entra.world.application
    good = {
        "grant_type": "client_credentials",
        "client_id": application.client_id,
        "client_secret": application.secret,
        "scope": BC_SCOPE,
    }
    return {name: value for name, value in {**good, **change}.items() if value}


def test_the_real_msal_signs_a_user_in_and_renews_without_the_password(
    entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older connection: a confidential client here, as msal warns of public ones.

    msal asks for the user's realm at the authority's host without its port, where nobody listens: that is left out.
    """
    monkeypatch.setattr(Authority, "_domains_without_user_realm_discovery", {"localhost"})
    client = msal.ConfidentialClientApplication(
        entra.world.application.client_id,
        client_credential=entra.world.application.secret,
        authority=f"{entra.server.address}/organizations",
        instance_discovery=False,
    )
    answer = client.acquire_token_by_username_password(ANN.upper(), entra.world.directory.password, [SALES_SCOPE])
    user = entra.world.directory.user(ANN)
    assert user is not None
    assert entra.world.tokens.check(answer["access_token"], SALES) == user.object_id
    assert answer["id_token_claims"]["preferred_username"] == ANN
    account = client.get_accounts()[0]
    again = client.acquire_token_silent_with_error([SALES_SCOPE], account, force_refresh=True)
    assert again["access_token"] != answer["access_token"]
    assert entra.world.tokens.check(again["access_token"], SALES) == user.object_id


def test_an_id_token_holds_against_the_published_key(entra: Entra) -> None:
    _, answer = ask(entra, **as_user(entra, scope=f"{SALES_SCOPE} openid"))
    head, claims, signature = answer["id_token"].split(".")
    keys = requests.get(f"{entra.server.address}/contoso/discovery/v2.0/keys", timeout=10).json()["keys"]
    numbers = [int.from_bytes(base64.urlsafe_b64decode(keys[0][name] + "=="), "big") for name in ("e", "n")]
    key = rsa.RSAPublicNumbers(*numbers).public_key()
    signed = base64.urlsafe_b64decode(signature + "==")
    key.verify(signed, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["name"] == "Ann Berg"


def test_a_public_client_needs_no_secret_and_the_first_endpoint_names_a_resource(entra: Entra) -> None:
    status, answer = ask(entra, **as_user(entra))
    assert status == 200 and "refresh_token" not in answer
    form = as_user(entra, scope="", resource=SALES_ADDRESS)
    status, answer = ask(entra, path="oauth2/token", **form)
    assert status == 200 and entra.world.tokens.check(answer["access_token"], SALES)
    status, answer = ask(entra, path="oauth2/token", **as_user(entra, scope=""))
    assert (status, answer["error_codes"]) == (400, [900144])


def test_a_user_of_business_central_signs_in_too(entra: Entra) -> None:
    scope = "https://api.businesscentral.dynamics.com/Financials.ReadWrite.All"
    _, answer = ask(entra, **as_user(entra, scope=scope))
    assert entra.world.tokens.check(answer["access_token"], BUSINESS_CENTRAL)


@pytest.mark.parametrize(
    ("change", "switches", "status", "error", "number"),
    [
        ({"password": "wrong"}, {}, 400, "invalid_grant", 50126),
        ({"username": "who@test.example"}, {}, 400, "invalid_grant", 50034),
        ({"username": ""}, {}, 400, "invalid_request", 900144),
        ({"password": ""}, {}, 400, "invalid_request", 900144),
        ({"client_id": ""}, {}, 400, "invalid_request", 900144),
        ({"grant_type": ""}, {}, 400, "invalid_request", 900144),
        ({"grant_type": "implicit"}, {}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": "refresh_token"}, {}, 400, "invalid_request", 900144),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, {}, 400, "invalid_grant", 9002313),
        ({"client_id": NOBODY}, {}, 400, "unauthorized_client", 700016),
        ({"client_secret": "wrong"}, {}, 401, "invalid_client", 7000215),
        ({"scope": f"{SALES_ADDRESS}/everything"}, {}, 400, "invalid_scope", 70011),
        ({"scope": "openid"}, {}, 400, "invalid_scope", 70011),
        ({"scope": f"{SALES_SCOPE} {BC_SCOPE}"}, {}, 400, "invalid_scope", 28000),
        ({"scope": "https://elsewhere.example/x"}, {}, 400, "invalid_resource", 500011),
        ({}, {"consent": False}, 400, "invalid_grant", 65001),
        ({}, {"public_client": False}, 401, "invalid_client", 7000218),
        ({}, {"users": {ANN: "disabled"}}, 400, "invalid_grant", 50057),
        ({"password": "wrong"}, {"users": {ANN: "locked"}}, 400, "invalid_grant", 50053),
        ({}, {"users": {ANN: "password-expired"}}, 400, "invalid_grant", 50055),
        ({}, {"users": {ANN: "mfa-required"}}, 400, "invalid_grant", 50076),
        ({}, {"users": {ANN: "mfa-enrolment"}}, 400, "invalid_grant", 50079),
        ({}, {"users": {ANN: "conditional-access"}}, 400, "invalid_grant", 53003),
        ({}, {"users": {ANN: "not-assigned"}}, 400, "invalid_grant", 50105),
        ({"password": "wrong"}, {"users": {ANN: "mfa-required"}}, 400, "invalid_grant", 50126),
    ],
)
def test_a_user_is_refused_by_number(
    entra: Entra, change: dict[str, str], switches: dict[str, Any], status: int, error: str, number: int
) -> None:
    entra.world.directory.switches = SignInSwitches.from_json(switches)
    answered, body = ask(entra, **as_user(entra, **change))
    assert (answered, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert entra.world.directory.password not in json.dumps(body)


@pytest.mark.parametrize(("state", "number"), [("disabled", 50057), ("not-assigned", 50105)])
def test_a_session_ends_when_its_user_may_no_longer_sign_in(entra: Entra, state: str, number: int) -> None:
    _, signed_in = ask(entra, **as_user(entra, scope=f"{SALES_SCOPE} offline_access"))
    renewal = {"grant_type": "refresh_token", "refresh_token": signed_in["refresh_token"]}
    assert ask(entra, **as_user(entra, **renewal))[0] == 200
    entra.world.directory.switches = SignInSwitches.from_json({"users": {ANN: state}})
    status, body = ask(entra, **as_user(entra, **renewal))
    assert (status, body["error"], body["error_codes"]) == (400, "invalid_grant", [number])


@pytest.mark.parametrize(
    ("change", "switches", "status", "error", "number"),
    [
        ({}, {"secret": "expired"}, 401, "invalid_client", 7000222),
        ({"client_secret": "wrong"}, {"secret": "expired"}, 401, "invalid_client", 7000215),
        ({}, {"application": False}, 401, "unauthorized_client", 7000112),
        ({"client_secret": ""}, {}, 401, "invalid_client", 7000218),
        ({"scope": ""}, {}, 400, "invalid_request", 900144),
        ({"client_assertion": "x.y.z"}, {}, 400, "invalid_request", 900144),
    ],
)
def test_an_application_is_refused_by_number(
    entra: Entra, change: dict[str, str], switches: dict[str, Any], status: int, error: str, number: int
) -> None:
    entra.world.directory.switches = SignInSwitches.from_json(switches)
    answered, body = ask(entra, **as_application(entra, **change))
    assert (answered, body["error"], body["error_codes"]) == (status, error, [number])


def test_a_certificate_that_was_taken_away_is_refused(entra: Entra) -> None:
    pem = entra.certificate_file.read_text()
    credential = {"private_key": pem, "public_certificate": pem}
    assert "access_token" in entra.sign_in(credential, BC_SCOPE)
    entra.world.directory.switches = SignInSwitches.from_json({"certificate": False})
    assert entra.sign_in(credential, BC_SCOPE)["error_codes"] == [700027]
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    entra.world.directory.switches = SignInSwitches()
    form = as_application(entra, client_secret="", client_assertion="no token", client_assertion_type=kind)
    assert ask(entra, **form)[1]["error_codes"] == [50027]


def test_an_unknown_tenant_and_an_application_without_one(entra: Entra) -> None:
    assert ask(entra, "fabrikam", **as_user(entra))[1]["error_codes"] == [90002]
    assert ask(entra, "organizations", **as_application(entra))[1]["error_codes"] == [90002]


def test_the_administrators_application_is_not_touched_by_the_switches(entra: Entra) -> None:
    administrator = entra.world.directory.administrator
    entra.world.directory.switches = SignInSwitches.from_json({"secret": "expired", "application": False})
    form = as_application(entra, client_id=administrator.client_id, client_secret=administrator.secret)
    assert ask(entra, **form)[0] == 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"secrets": "valid"}, "no switch 'secrets'"),
        ({"secret": "old"}, "expected one of valid, expired"),
        ({"consent": "no"}, "expected true or false"),
        ({"users": {ANN: "asleep"}}, "expected states"),
        ({"users": [ANN]}, "expected states"),
    ],
)
def test_a_switch_there_is_not_is_refused(body: dict[str, Any], says: str) -> None:
    with pytest.raises(SwitchInvalid, match=says):
        SignInSwitches.from_json(body)


def test_the_realm_of_a_user_is_known(entra: Entra) -> None:
    for name, kind in ((ANN, "Managed"), ("x@elsewhere.example", "Unknown")):
        answer = requests.get(f"{entra.server.address}/common/userrealm/{name}?api-version=1.0", timeout=10)
        assert answer.json()["account_type"] == kind
