"""Tokens: fetched by the real msal over HTTPS, kept, shared, renewed when a system refuses one, never shown."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme

from bridge.clients.calls import SIGN_IN, CallKey, Calls, Count
from bridge.clients.errors import SignInRefused, Unreachable
from bridge.clients.sign_in import EntraSignIn
from bridge.clients.transport import Call, Effect, Transport
from bridge.records import Side
from tests.clients.scripted import Answer, FakePace, ScriptedServer, a_transport

TENANT = "99999999-0000-0000-0000-000000000001"
CLIENT = "99999999-0000-0000-0000-000000000002"
SCOPE = "https://api.businesscentral.dynamics.com/.default"
SECRET = "a-very-secret-secret"
EC_KEY = trustme.CA().issue_cert("bridge.example").private_key_and_cert_chain_pem.bytes()
READ = Call(method="GET", path="x", purpose="read items", effect=Effect.READS)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


class Authority:
    """An authority that gives out token-1, token-2, …; ``refuse`` makes it answer otherwise."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.url = server.url
        self.tokens = 0
        self.refuse: Answer | None = None
        server.will(self.answer)

    def answer(self, asked) -> Answer:
        base = f"{self.url}/{TENANT}"
        if asked.path.endswith("/.well-known/openid-configuration"):
            return Answer(
                body={
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                }
            )
        if self.refuse is not None:
            return self.refuse
        self.tokens += 1
        token = f"token-{self.tokens}"
        return Answer(body={"token_type": "Bearer", "expires_in": 3600, "access_token": token})

    @property
    def token_requests(self) -> list[dict[str, list[str]]]:
        return [parse_qs(asked.body.decode()) for asked in self.server.asked if asked.method == "POST"]


@pytest.fixture
def authority(ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    bundle = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(tls)
    with ScriptedServer(tls).running() as server:
        yield Authority(server)


def signed_in(authority: Authority, **changes) -> EntraSignIn:
    settings: dict[str, Any] = {
        "scope": SCOPE,
        "secret": SECRET,
        "timeout": 5.0,
    }
    return EntraSignIn(authority.url, TENANT, CLIENT, **(settings | changes))


@pytest.fixture
def transport(server: ScriptedServer, authority: Authority, time: FakePace, calls: Calls) -> Iterator[Transport]:
    transport = a_transport(server.url, sign_in=signed_in(authority), pace=time.pace(), calls=calls)
    yield transport
    transport.close()


def test_one_token_serves_every_request_and_every_thread(server, authority, transport, calls):
    server.will(Answer(body={}))

    threads = [threading.Thread(target=transport.send, args=(READ,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer token-1"}
    [request] = authority.token_requests
    assert request["grant_type"] == ["client_credentials"]
    assert request["scope"] == [SCOPE]
    assert request["client_secret"] == [SECRET]


def test_requests_for_tokens_are_counted_apart(server, transport, calls):
    server.will(Answer(body={}))
    transport.send(READ)

    assert calls.snapshot()[CallKey(Side.BUSINESS_CENTRAL, "POST", SIGN_IN)] == Count(1, 1)
    assert calls.totals(Side.BUSINESS_CENTRAL) == Count(1, 1)


def test_a_refused_token_is_renewed_once(server, authority, transport):
    server.will(Answer(401), Answer(body={"ok": True}))

    assert transport.send(READ).body == {"ok": True}
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer token-1", "Bearer token-2"]


def test_a_write_is_sent_again_with_a_new_token(server, transport):
    """A refused sign-in did nothing, so this repeats nothing."""
    server.will(Answer(401), Answer(201, {}))

    transport.send(Call(method="POST", path="x", purpose="create order", effect=Effect.ONCE))

    assert len(server.asked) == 2


def test_a_system_that_refuses_the_new_token_too_is_believed(server, transport):
    body = {"error": {"code": "Authentication_InvalidCredentials", "message": "Rejected."}}
    server.will(Answer(401, body))

    with pytest.raises(SignInRefused, match="Rejected") as caught:
        transport.send(READ)

    assert len(server.asked) == 2
    assert not caught.value.can_retry


def test_a_missing_permission_is_not_answered_with_a_new_token(server, authority, transport):
    server.will(Answer(403))

    with pytest.raises(SignInRefused):
        transport.send(READ)

    assert authority.tokens == 1


def test_threads_refused_together_renew_together(server, authority, transport):
    """Four threads meet the same dead token: one renewal, not four."""
    together = threading.Barrier(4, timeout=5)

    def only_the_second(asked) -> Answer:
        if asked.headers["authorization"] == "Bearer token-1":
            together.wait()
            return Answer(401)
        return Answer(body={})

    server.will(only_the_second)
    threads = [threading.Thread(target=transport.send, args=(READ,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert authority.tokens == 2
    assert len(server.asked) == 8


def test_both_systems_share_one_application_and_have_their_own_tokens(authority):
    business_central = signed_in(authority)
    sales = business_central.for_scope("https://contoso.example/.default")

    headers = [sign_in.authorization(lambda verb: None) for sign_in in (business_central, sales, business_central)]

    assert headers == ["Bearer token-1", "Bearer token-2", "Bearer token-1"]
    looked_up = [asked for asked in authority.server.asked if asked.method == "GET"]
    assert len(looked_up) == 1, "the authority is looked up once"
    sales.close()


def test_a_wrong_secret_is_explained_and_not_shown(authority, transport):
    authority.refuse = Answer(
        401,
        {
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1",
            "error_codes": [7000215],
            "correlation_id": TENANT,
        },
    )

    with pytest.raises(SignInRefused) as caught:
        transport.send(READ)

    error = caught.value
    assert (error.code, error.correlation_id, error.can_retry) == ("AADSTS7000215", TENANT, False)
    assert "ENTRA_CLIENT_SECRET" in str(error)
    assert SECRET not in f"{error} {vars(error)}"
    assert "Trace" not in str(error)


def test_a_certificate_signs_an_assertion(server, authority, ca, tmp_path, time):
    issued = ca.issue_cert("bridge.example", key_type=trustme.KeyType.RSA)
    pem = tmp_path / "bridge.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(pem))
    sign_in = signed_in(authority, secret="", certificate_path=str(pem))
    transport = a_transport(server.url, sign_in=sign_in, pace=time.pace())
    server.will(Answer(body={}))

    transport.send(READ)
    transport.close()

    [request] = authority.token_requests
    assert request["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert "client_secret" not in request
    assert request["client_assertion"][0].count(".") == 2


@pytest.mark.parametrize("contents", [None, b"\xff\xfe", b"not a certificate", b"", EC_KEY])
def test_a_certificate_that_cannot_be_used_is_named(server, authority, tmp_path, time, contents):
    pem = tmp_path / "bridge.pem"
    if contents is not None:
        pem.write_bytes(contents)
    sign_in = signed_in(authority, secret="", certificate_path=str(pem))
    transport = a_transport(server.url, sign_in=sign_in, pace=time.pace())

    with pytest.raises(SignInRefused, match="ENTRA_CLIENT_CERTIFICATE"):
        transport.send(READ)

    transport.close()


@pytest.mark.parametrize("given", [{"secret": ""}, {"certificate_path": "x.pem"}])
def test_exactly_one_way_to_prove_who_we_are(authority, given):
    with pytest.raises(ValueError, match="either"):
        signed_in(authority, **given)


def test_an_untrusted_authority_says_what_to_set(server, authority, monkeypatch, time):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    transport = a_transport(server.url, sign_in=signed_in(authority), pace=time.pace())

    with pytest.raises(SignInRefused, match="REQUESTS_CA_BUNDLE"):
        transport.send(READ)

    transport.close()


def test_an_untrusted_system_says_what_to_set_and_is_not_asked_again(authority, monkeypatch, time):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    transport = a_transport(authority.url, pace=time.pace())

    with pytest.raises(Unreachable, match="REQUESTS_CA_BUNDLE") as caught:
        transport.send(Call(method="POST", path="x", purpose="create order", effect=Effect.ONCE))

    assert not caught.value.can_retry
    assert not caught.value.outcome_unknown
    assert time.waits == []
    transport.close()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_authority_in_trouble_is_asked_again(server, authority, transport, time, status):
    """Nothing was sent to the system yet, so even a write waits for its token."""
    authority.refuse = Answer(status, {}, {"Retry-After": "1"})

    with pytest.raises(Unreachable) as caught:
        transport.send(Call(method="POST", path="x", purpose="create order", effect=Effect.ONCE))

    assert caught.value.can_retry
    assert not caught.value.outcome_unknown
    assert len(time.waits) == 4
    assert server.asked == []


def test_an_authority_that_is_away_is_unreachable(server, time):
    sign_in = EntraSignIn("https://localhost:1", TENANT, CLIENT, scope="x/.default", secret=SECRET, timeout=1.0)
    transport = a_transport(server.url, sign_in=sign_in, pace=time.pace())

    with pytest.raises(Unreachable, match="ENTRA_AUTHORITY"):
        transport.send(READ)

    transport.close()
