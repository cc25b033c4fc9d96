"""What an answer that says no becomes: the kind that steers the caller, and a sentence a stranger can act on."""

from __future__ import annotations

import pytest

from bridge.clients.answers import error_from_answer
from bridge.clients.errors import (
    AlreadyExists,
    CompanionMissing,
    Conflict,
    NotFound,
    Refused,
    ServerFailed,
    SignInRefused,
    Throttled,
)
from bridge.clients.transport import Call, Effect
from bridge.records import Side
from tests.clients.scripted import Answer, FakePace, a_transport

TRACE = "1f0c2b3a-4d5e-6f70-8192-a3b4c5d6e7f8"


def an_error(status, content=b"", headers=None, *, side=Side.BUSINESS_CENTRAL, writes=False):
    return error_from_answer(
        status,
        headers or {},
        content,
        system=side,
        purpose="release order",
        method="POST",
        path="/BC/api/v2.0/companies(1)/salesOrders",
        writes=writes,
    )


def odata(code, message):
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("status", "code", "kind", "can_retry"),
    [
        (400, "Application_DialogException", Refused, False),
        (401, "Authentication_InvalidCredentials", SignInRefused, False),
        (403, "0x80040220", SignInRefused, False),
        (404, "Internal_RecordNotFound", NotFound, False),
        (405, "BadRequest_MethodNotAllowed", Refused, False),
        (405, "0x80040227", Refused, False),
        (408, "", ServerFailed, True),
        (409, "Request_EntityChanged", Conflict, True),
        (412, "0x80060882", Conflict, True),
        (412, "0x80040237", AlreadyExists, False),
        (400, "Internal_EntityWithSameKeyExists", AlreadyExists, False),
        (413, "", Refused, False),
        (429, "0x80072322", Throttled, True),
        (500, "Internal_ServerError", ServerFailed, True),
        (501, "BadRequest_MethodNotImplemented", Refused, False),
        (503, "Internal_TenantUnavailable", ServerFailed, True),
    ],
)
def test_each_status_becomes_the_error_that_says_what_to_do(status, code, kind, can_retry):
    error = an_error(status, odata(code, "No."))

    assert type(error) is kind
    assert (error.status, error.code, error.can_retry) == (status, code, can_retry)


def test_the_correlation_id_is_taken_out_of_the_text():
    error = an_error(400, odata("Application_DialogException", f"Customer is blocked.  CorrelationId:  {TRACE}."))

    assert error.text == "Customer is blocked."
    assert error.correlation_id == TRACE


@pytest.mark.parametrize("name", ["x-ms-service-request-id", "REQ_ID", "request-id", "Ms-Correlation-X"])
def test_the_correlation_id_is_found_in_headers(name):
    assert an_error(500, headers={name: TRACE}).correlation_id == TRACE


def test_a_html_page_keeps_its_words_only():
    page = b"<html><style>p{}</style><script>x()</script><body><h1>502</h1><p>Bad&nbsp;gateway</p></body></html>"

    assert an_error(502, page).text == "502 Bad gateway"


@pytest.mark.parametrize(
    ("status", "content", "text"),
    [
        (502, b"", "Bad Gateway"),
        (599, b"", ""),
        (400, b"\xff\xfe", "��"),
        (400, b"[1]", "Bad Request"),
        (400, b'{"error": "invalid", "error_description": "Wrong."}', "Wrong."),
        (400, b'{"Message": "Wrong."}', "Wrong."),
        (400, b'{"error": {}}', "Bad Request"),
    ],
)
def test_odd_bodies_are_survived(status, content, text):
    assert an_error(status, content).text == text


def test_a_long_text_is_cut():
    assert len(an_error(400, odata("X", "x" * 10_000)).text) == 500


def test_only_a_503_without_a_time_leaves_a_write_in_doubt():
    assert an_error(503, writes=True).outcome_unknown
    assert not an_error(503, headers={"Retry-After": "5"}, writes=True).outcome_unknown
    assert not an_error(400, writes=True).outcome_unknown
    assert not an_error(429, writes=True).outcome_unknown
    assert not an_error(500, writes=False).outcome_unknown


def test_the_sentence_names_system_purpose_reason_next_step_and_hope():
    error = an_error(400, odata("Application_DialogException", f"Customer 10000 is blocked.  CorrelationId:  {TRACE}."))

    assert str(error) == (
        "Business Central, release order: refused (400 Application_DialogException): Customer 10000 is blocked. "
        f"Correct what it names, then retry; waiting does not help. [correlation id {TRACE}]"
    )


def test_the_sentence_says_when_a_write_may_have_happened_and_that_it_heals():
    text = str(an_error(500, side=Side.SALES, writes=True))

    assert text.startswith("Dynamics 365 Sales, release order: the system failed (500): Internal Server Error; it may")
    assert text.endswith("this heals by itself.")


def test_no_error_shows_the_query_or_the_key(server):
    """Filters hold customer names; keys open doors. Neither belongs in a log."""
    server.will(Answer(400, odata("BadRequest", "Bad filter.")))
    transport = a_transport(server.url, pace=FakePace().pace())
    with pytest.raises(Refused) as caught:
        transport.send(
            Call(method="GET", path="items", purpose="read items", effect=Effect.READS, query="$filter=name eq 'Olsen'")
        )
    transport.close()
    everything = f"{caught.value} {vars(caught.value)}"
    assert "Olsen" not in everything
    assert "Basic" not in everything
    assert caught.value.path == "items"


def test_a_redirect_is_not_followed(server):
    """Whoever answers there must not get the sign-in."""
    server.will(Answer(302, headers={"Location": f"{server.url}/elsewhere"}))
    transport = a_transport(server.url, pace=FakePace().pace())
    with pytest.raises(Refused, match="redirect"):
        transport.send(Call(method="GET", path="items", purpose="read items", effect=Effect.READS))
    transport.close()
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", ["BadRequest_ResourceNotFound", "BadRequest_NotFound", ""])
def test_a_procedure_nobody_knows_means_that_the_companion_is_missing(server, company, code):
    server.will(Answer(404, odata(code, "Resource not found for the segment 'SalesBridge_GetBridgeSetup'.")))

    with pytest.raises(CompanionMissing, match=r"companion/README\.md"):
        company.bridge_setup()


def test_an_order_nobody_knows_does_not_mean_that(server, company):
    server.will(Answer(404, odata("Internal_RecordNotFound", "The Sales Header does not exist.")))

    with pytest.raises(NotFound):
        company.release_sales_order("22222222-0000-0000-0000-000000000001")


def test_companion_pages_that_are_not_there_are_told_from_rows_that_are_not_there(server, company):
    server.will(Answer(404, odata("BadRequest_ResourceNotFound", "Resource not found for the segment 'itemDetails'.")))
    with pytest.raises(CompanionMissing):
        list(company.rows("itemDetails", purpose="read items", companion=True))
    with pytest.raises(CompanionMissing):
        company.row("itemDetails", "1", purpose="read item", companion=True)
    with pytest.raises(NotFound):
        company.row("items", "1", purpose="read item")
    with pytest.raises(NotFound):
        list(company.rows("nothing", purpose="read nothing"))

    server.will(Answer(404, odata("Internal_RecordNotFound", "The Item does not exist.")))
    with pytest.raises(NotFound):
        company.row("itemDetails", "1", purpose="read item", companion=True)
