"""Sign-in: the real msal against the sandbox's HTTPS server, by secret and by certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msal
import pytest

from sandbox.assertion import make_client_certificate
from sandbox.server import Front, Server, make_certificate
from sandbox.sign_in import create_app
from sandbox.world import BUSINESS_CENTRAL, SALES, SIGN_IN, World
from tests.sandbox.desk import a_company

BC_SCOPE = "https://api.businesscentral.dynamics.com/.default"
SALES_ADDRESS = "http://127.0.0.1:1234"


class Entra:
    """A sign-in server with its world, and the certificate it knows."""

    def __init__(self, folder: Path) -> None:
        self.world = World(a_company())
        self.world.addresses.sales = SALES_ADDRESS
        self.authority_file, server_certificate = make_certificate(folder)
        self.certificate_file, certificate = make_client_certificate(folder)
        app = create_app(self.world, certificate)
        self.server = Server(Front(app, SIGN_IN, self.world), 0, certificate=server_certificate)
        self.server.start()

    def sign_in(self, credential: Any, scope: str, *, tenant: str = "", client_id: str = "") -> dict[str, Any]:
        application = self.world.application
        client = msal.ConfidentialClientApplication(
            client_id or application.client_id,
            authority=f"{self.server.address}/{tenant or application.tenant_id}",
            client_credential=credential,
            instance_discovery=False,
        )
        answer: dict[str, Any] = client.acquire_token_for_client([scope])
        return answer


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    running = Entra(tmp_path_factory.mktemp("entra"))
    yield running
    running.server.stop()


@pytest.fixture(autouse=True)
def trusted(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the product does: the sandbox's authority is trusted by the environment."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(entra.authority_file))


def test_a_secret_brings_a_token_for_one_system_only(entra: Entra) -> None:
    secret = entra.world.application.secret
    token = entra.sign_in(secret, BC_SCOPE)["access_token"]
    assert entra.world.tokens.check(token, BUSINESS_CENTRAL) == entra.world.application.client_id
    assert entra.world.tokens.check(token, SALES) is None
    other = entra.sign_in(secret, f"{SALES_ADDRESS}/.default", tenant="contoso")["access_token"]
    assert entra.world.tokens.check(other, SALES) == entra.world.application.client_id


def test_the_registered_certificate_signs_in_and_another_does_not(entra: Entra, tmp_path: Path) -> None:
    pem = entra.certificate_file.read_text()
    answer = entra.sign_in({"private_key": pem, "public_certificate": pem}, BC_SCOPE)
    assert entra.world.tokens.check(answer["access_token"], BUSINESS_CENTRAL)
    stranger = make_client_certificate(tmp_path)[0].read_text()
    refused = entra.sign_in({"private_key": stranger, "public_certificate": stranger}, BC_SCOPE)
    assert refused["error"] == "invalid_client"
    assert refused["error_description"].startswith("AADSTS700027")


@pytest.mark.parametrize(
    ("secret", "scope", "client_id", "error", "number"),
    [
        ("wrong", BC_SCOPE, "", "invalid_client", 7000215),
        ("", "https://elsewhere.example/.default", "", "invalid_resource", 500011),
        ("", "https://api.businesscentral.dynamics.com/read", "", "invalid_scope", 1002012),
        ("", BC_SCOPE, "00000000-0000-0000-0000-000000000009", "unauthorized_client", 700016),
    ],
)
def test_what_is_wrong_is_said_as_entra_says_it(
    entra: Entra, secret: str, scope: str, client_id: str, error: str, number: int
) -> None:
    refused = entra.sign_in(secret or entra.world.application.secret, scope, client_id=client_id)
    assert (refused["error"], refused["error_codes"]) == (error, [number])
    assert refused["error_description"].startswith(f"AADSTS{number}: ")


def test_an_unknown_tenant_has_no_sign_in(entra: Entra) -> None:
    with pytest.raises(ValueError, match=r"AADSTS90002|tenant"):
        entra.sign_in(entra.world.application.secret, BC_SCOPE, tenant="fabrikam")
