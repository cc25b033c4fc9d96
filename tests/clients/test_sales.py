"""What is sent to Sales, and what its answers become, batches on the wire included."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bridge.clients.batches import cut
from bridge.clients.errors import AlreadyExists, Conflict, NotFound, Refused, Unreachable
from bridge.clients.multipart import PartRequest, PartResponse, read_batch, write_batch
from bridge.clients.sales import ChangeSet, PartResult, Read, WhoAmI, Write
from bridge.records import Side
from tests.clients.scripted import Answer

ORDER = "22222222-0000-0000-0000-000000000001"
OTHER = "22222222-0000-0000-0000-000000000002"
USER = "a0000000-0000-0000-0000-000000000002"


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_who_am_i(server, sales):
    row = {"UserId": USER.upper(), "BusinessUnitId": ORDER, "OrganizationId": OTHER}
    server.will(Answer(body=row))

    assert sales.who_am_i() == WhoAmI(USER, ORDER, OTHER)
    asked = server.asked[0]
    assert asked.path == "/api/data/v9.2/WhoAmI"
    assert (asked.headers["odata-version"], asked.headers["if-none-match"]) == ("4.0", "null")


def test_pages_are_followed_verbatim_and_repeat_the_page_size(server, sales):
    """The link holds a cookie percent-encoded twice: read it once too often and the page is lost."""
    cookie = "%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%22%20/%3E"
    link = f"{server.url}/api/data/v9.2/salesorders?$select=name&$skiptoken={cookie}"
    server.will(
        Answer(body={"value": [{"name": "A"}], "@odata.nextLink": link}),
        Answer(body={"value": [{"name": "B"}]}),
    )

    rows = sales.rows("salesorders", purpose="read orders", select=("name",), filter="statecode eq 1", page_size=1)

    assert [row["name"] for row in rows] == ["A", "B"]
    assert server.asked[0].query == "$select=name&$filter=statecode eq 1"
    assert server.asked[1].target == link.removeprefix(server.url)
    assert [asked.headers["prefer"] for asked in server.asked] == ["odata.maxpagesize=1"] * 2


def test_top_is_counted_here_when_a_page_size_is_sent_too(server, sales):
    """Dataverse forgets $top as soon as a page size comes with it."""
    server.will(Answer(body={"value": [{"n": 1}, {"n": 2}, {"n": 3}]}))

    assert len(list(sales.rows("salesorders", purpose="read orders", top=2, page_size=3))) == 2
    assert server.asked[0].query == ""
    assert len(list(sales.rows("salesorders", purpose="read orders", top=2))) == 2
    assert server.asked[1].query == "$top=2"


def test_a_create_answers_the_new_id(server, sales):
    server.will(Answer(204, headers={"OData-EntityId": f"{server.url}/api/data/v9.2/posts({ORDER.upper()})"}))

    assert sales.create("posts", {"text": "Frakt på 32 kr"}, purpose="write post") == ORDER
    assert server.asked[0].body == '{"text":"Frakt på 32 kr"}'.encode()
    assert server.asked[0].headers["content-type"].startswith("application/json")


def test_a_create_whose_answer_names_no_id_is_in_doubt(server, sales):
    server.will(Answer(204))

    with pytest.raises(Unreachable) as caught:
        sales.create("posts", {}, purpose="write post")

    assert caught.value.outcome_unknown


def test_an_update_never_creates(server, sales):
    """Without If-Match, Dataverse would make a new order under this id."""
    server.will(Answer(204), Answer(204), Answer(204))

    sales.update("salesorders", ORDER, {"name": "A"}, purpose="acknowledge")
    sales.update("salesorders", ORDER, {"name": "A"}, purpose="acknowledge", etag='W/"7"')
    sales.delete("salesorders", ORDER, purpose="delete order")

    assert [asked.headers.get("if-match") for asked in server.asked] == ["*", 'W/"7"', None]
    assert server.asked[0].path == f"/api/data/v9.2/salesorders({ORDER})"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(412, "0x80060882", Conflict), (412, "0x80040237", AlreadyExists), (404, "0x80040217", NotFound)],
)
def test_refusals_are_told_apart(server, sales, status, code, kind):
    server.will(Answer(status, {"error": {"code": code, "message": "No."}}, {"x-ms-service-request-id": USER}))

    with pytest.raises(kind) as caught:
        sales.update("salesorders", ORDER, {}, purpose="acknowledge")

    assert type(caught.value) is kind
    assert caught.value.correlation_id == USER


def test_a_batch_on_the_wire_is_exactly_what_dataverse_reads():
    parts: list[PartRequest | Sequence[PartRequest]] = [
        PartRequest("GET", "/api/data/v9.2/accounts?$select=name", {"Accept": "application/json"}),
        [PartRequest("POST", "/api/data/v9.2/posts", {"Content-Type": "application/json"}, '{"text":"Å"}')],
    ]

    assert write_batch(parts, "batch_1") == crlf(
        """--batch_1
Content-Type: application/http
Content-Transfer-Encoding: binary

GET /api/data/v9.2/accounts?$select=name HTTP/1.1
Accept: application/json


--batch_1
Content-Type: multipart/mixed; boundary="changeset_1_batch_1"

--changeset_1_batch_1
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 1

POST /api/data/v9.2/posts HTTP/1.1
Content-Type: application/json

{"text":"Å"}
--changeset_1_batch_1--

--batch_1--
"""
    )


BATCH_ANSWER = f"""--batchresponse_9
Content-Type: multipart/mixed; boundary=changesetresponse_3

--changesetresponse_3
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 1

HTTP/1.1 204 No Content
OData-Version: 4.0
OData-EntityId: http://host/api/data/v9.2/salesorders({ORDER})


--changesetresponse_3
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 2

HTTP/1.1 204 No Content
OData-Version: 4.0


--changesetresponse_3--
--batchresponse_9
Content-Type: application/http
Content-Transfer-Encoding: binary

HTTP/1.1 200 OK
Content-Type: application/json; odata.metadata=minimal; odata.streaming=true

{{"name":"Blåbær – 3 kg","totalamount":12.5000}}
--batchresponse_9
Content-Type: application/http
Content-Transfer-Encoding: binary

HTTP/1.1 400 Bad Request
REQ_ID: {USER}
Content-Type: application/json; odata.metadata=minimal
OData-Version: 4.0

{{"error":{{"code":"0x80044331","message":"A validation error occurred."}}}}
--batchresponse_9--
"""
MULTIPART = {"Content-Type": "multipart/mixed; boundary=batchresponse_9"}


def test_a_batch_gives_one_result_for_each_part(server, sales, calls):
    server.will(Answer(200, crlf(BATCH_ANSWER), MULTIPART))

    changed, read, refused, left_out = sales.batch(
        [
            ChangeSet((Write("PATCH", f"salesorders({ORDER})", {"a": Decimal("1.10")}), Write("POST", "posts", {}))),
            Read(f"salesorders({ORDER})?$select=name"),
            Write("PATCH", f"tasks({OTHER})", {"subject": "x" * 300}),
            Write("DELETE", f"posts({OTHER})"),
        ],
        purpose="acknowledge",
    )

    assert changed == PartResult(True, 204, ids=(ORDER,))
    assert (read.ok, read.body) == (True, {"name": "Blåbær – 3 kg", "totalamount": Decimal("12.5000")})
    assert isinstance(refused.error, Refused)
    assert (refused.error.text, refused.error.correlation_id) == ("A validation error occurred.", USER)
    assert (refused.error.method, refused.error.path) == ("PATCH", f"tasks({OTHER})")
    assert isinstance(left_out.error, Unreachable)
    assert left_out.error.outcome_unknown

    asked = server.asked[0]
    assert asked.headers["prefer"] == "odata.continue-on-error"
    assert b'{"a":1.10}' in asked.body
    assert f"PATCH /api/data/v9.2/salesorders({ORDER}) HTTP/1.1\r\n".encode() in asked.body
    assert asked.body.count(b"If-Match: *\r\n") == 2, "each PATCH, and nothing else"
    assert b"\n" not in asked.body.replace(b"\r\n", b""), "CRLF throughout"
    assert calls.totals(Side.SALES).operations == 5


@pytest.mark.parametrize("nested", [True, False])
def test_a_refused_change_set_is_one_refusal(server, sales, nested):
    """Whether the refusal stands in the place of the change set's answers, or alone among them."""
    refusal = """Content-Type: application/http
Content-Transfer-Encoding: binary

HTTP/1.1 412 Precondition Failed
Content-Type: application/json

{"error":{"code":"0x80060882","message":"The version differs."}}
"""
    inner = f"Content-Type: multipart/mixed; boundary=c\n\n--c\n{refusal}--c--\n" if nested else refusal
    server.will(Answer(200, crlf(f"--batchresponse_9\n{inner}--batchresponse_9--\n"), MULTIPART))
    writes = (Write("PATCH", f"salesorders({ORDER})", {}, 'W/"1"'), Write("PATCH", f"salesorders({OTHER})", {}))

    [result] = sales.batch([ChangeSet(writes)], purpose="acknowledge")

    assert not result.ok
    assert type(result.error) is Conflict
    assert result.error.path == f"salesorders({ORDER})"


def test_a_change_set_that_answers_too_little_is_in_doubt(server, sales):
    answer = BATCH_ANSWER.partition("--batchresponse_9\nContent-Type: application/http")[0] + "--batchresponse_9--\n"
    server.will(Answer(200, crlf(answer), MULTIPART))
    write = Write("PATCH", f"salesorders({ORDER})", {})

    [result] = sales.batch([ChangeSet((write, write, write))], purpose="acknowledge")

    assert isinstance(result.error, Unreachable)
    assert result.error.outcome_unknown


@pytest.mark.parametrize("whole", [crlf(BATCH_ANSWER)])
def test_an_answer_cut_anywhere_is_never_taken_for_whole(whole):
    end = whole.rindex(b"--batchresponse_9--")
    for length in range(0, end, 7):
        with pytest.raises(ValueError):
            read_batch(MULTIPART, whole[:length])


def test_a_part_whose_json_cannot_be_read_is_in_doubt(server, sales):
    answer = BATCH_ANSWER.replace('"totalamount":12.5000}', '"totalamount":')
    server.will(Answer(200, crlf(answer), MULTIPART))
    writes = (Write("PATCH", f"salesorders({ORDER})", {}),) * 2

    results = sales.batch([ChangeSet(writes), Read("a"), Write("POST", "b", {})], purpose="x")

    assert [result.ok for result in results] == [True, False, False]
    assert isinstance(results[1].error, Unreachable)
    assert not results[1].error.outcome_unknown


@pytest.mark.parametrize("answer", [Answer(200, {"value": []}), Answer(200, b"<html>", {"Content-Type": "text/html"})])
def test_an_answer_that_is_no_multipart_leaves_a_write_in_doubt(server, sales, answer):
    server.will(answer)

    with pytest.raises(Unreachable) as caught:
        sales.batch([Write("POST", "posts", {})], purpose="write post")

    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    "part",
    ["no http here", "HTTP/1.1\n\n", "HTTP/1.1 abc OK\n\n"],
)
def test_a_part_that_is_no_http_answer_breaks_the_batch(part):
    text = f"--batchresponse_9\nContent-Type: application/http\n\n{part}\n--batchresponse_9--\n"

    with pytest.raises(ValueError, match="status line"):
        read_batch(MULTIPART, crlf(text))


def test_an_answer_with_bare_line_feeds_is_read_too():
    text = "--b\nContent-Type: application/http\n\nHTTP/1.1 200 OK\nX: 1\n\n{}\n--b--\n"

    parts = read_batch({"content-type": 'multipart/mixed; boundary="b"'}, text.encode())

    assert parts == [PartResponse(200, {"X": "1"}, b"{}")]


def test_a_change_set_is_never_cut(server, sales):
    """Its writes stand or fall together, so it must not end up in two batches."""
    parts = [ChangeSet((Write("POST", "posts", {}),) * 600), ChangeSet((Write("POST", "posts", {}),) * 600)]

    assert cut(parts, most=1000, weigh=lambda part: len(part.writes)) == [[parts[0]], [parts[1]]]
    with pytest.raises(ValueError, match="1000 are allowed"):
        sales.batch([ChangeSet((Write("POST", "posts", {}),) * 1001)], purpose="write posts")
    with pytest.raises(ValueError, match="at least one write"):
        sales.batch([ChangeSet(())], purpose="write posts")
    assert server.asked == []


def test_no_parts_need_no_call(server, sales):
    assert sales.batch([], purpose="nothing") == []
    assert server.asked == []


def test_a_record_made_earlier_in_a_change_set_can_be_named(server, sales):
    server.will(Answer(200, crlf(BATCH_ANSWER), MULTIPART))

    sales.batch([ChangeSet((Write("POST", "accounts", {}), Write("PATCH", "$1", {"a": 1})))], purpose="x")

    assert b"PATCH $1 HTTP/1.1\r\n" in server.asked[0].body
