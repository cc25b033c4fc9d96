"""When a request is sent again, when it is not, and how long everybody waits in between."""

from __future__ import annotations

import socket
import threading

import pytest

from bridge.clients.errors import Conflict, Refused, ServerFailed, Throttled, Unreachable
from bridge.clients.pacing import Pace, retry_after_seconds
from bridge.clients.sales import ChangeSet, Read, Write
from bridge.clients.transport import Call, Effect
from bridge.records import Side
from tests.clients.scripted import HANG_UP, Answer, a_transport

PAGE = Answer(body={"value": [{"id": "1"}]})


def test_a_read_whose_connection_breaks_is_sent_again(server, company, time):
    server.will(HANG_UP, HANG_UP, PAGE)

    assert list(company.rows("items", purpose="read items")) == [{"id": "1"}]
    assert time.waits == [0.5, 1.0], "each wait is longer than the one before"


def test_a_read_is_given_up_after_five_attempts(server, company, time):
    server.will(HANG_UP)

    with pytest.raises(Unreachable) as caught:
        list(company.rows("items", purpose="read items"))

    assert len(server.asked) == 5
    assert caught.value.can_retry
    assert not caught.value.outcome_unknown, "a read has no outcome to wonder about"


def test_a_create_whose_reply_is_lost_is_not_sent_again(server, company, time):
    """Business Central may have the record already; only a look can tell."""
    server.will(HANG_UP)

    with pytest.raises(Unreachable) as caught:
        company.create("salesOrders", {"customerNumber": "10000"}, purpose="create order")

    assert len(server.asked) == 1
    assert time.waits == []
    assert caught.value.outcome_unknown


def test_a_create_that_never_arrived_is_sent_again(time):
    """Nobody listens: nothing can have happened, so the write may be repeated."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        transport = a_transport(f"http://127.0.0.1:{unused.getsockname()[1]}", pace=time.pace())

        with pytest.raises(Unreachable) as caught:
            transport.send(Call(method="POST", path="x", purpose="create order", effect=Effect.ONCE))

    transport.close()
    assert len(time.waits) == 4
    assert not caught.value.outcome_unknown


def test_a_call_marked_repeatable_is_sent_again_after_a_lost_reply(server, company):
    server.will(HANG_UP, Answer(body={"id": "1"}))

    company.update("items", "1", {"blocked": True}, purpose="block item", repeatable=True)

    assert [asked.method for asked in server.asked] == ["PATCH", "PATCH"]


def test_doubt_about_one_attempt_outlives_the_attempts_after_it(server, company):
    """The first reply was lost, the second attempt turned away: the first may still have taken effect."""
    server.will(HANG_UP, Answer(400, {"error": {"code": "Application_DialogException", "message": "No."}}))

    with pytest.raises(Refused) as caught:
        company.update("items", "1", {"blocked": True}, purpose="block item", repeatable=True)

    assert caught.value.outcome_unknown


@pytest.mark.parametrize("answer", [Answer(body={"value": [{"id": "1"}]}, cut=9), Answer(body=b'{"value": [{"id"')])
def test_a_read_whose_answer_breaks_off_is_sent_again(server, company, answer):
    """Whether the connection ends early or the text does: half an answer is no answer."""
    server.will(answer, PAGE)

    assert list(company.rows("items", purpose="read items")) == [{"id": "1"}]


def test_a_write_whose_answer_breaks_off_has_an_unknown_outcome(server, company):
    server.will(Answer(201, {"id": "1", "number": "SO-1"}, cut=12))

    with pytest.raises(Unreachable) as caught:
        company.create("salesOrders", {}, purpose="create order")

    assert caught.value.outcome_unknown
    assert len(server.asked) == 1


def test_a_slow_answer_ends_in_a_time_limit(server, time):
    release = threading.Event()

    def late(asked):
        release.wait(10)
        return PAGE

    server.will(late)
    transport = a_transport(server.url, pace=time.pace(attempts=1), timeout=0.1)
    with pytest.raises(Unreachable, match=r"no answer within 0\.1 seconds"):
        transport.send(Call(method="GET", path="x", purpose="read items", effect=Effect.READS))
    release.set()
    transport.close()


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_reads_survive_passing_failures_of_the_server(server, company, status):
    server.will(Answer(status, b"<html><body>Bad day</body></html>", {"Content-Type": "text/html"}), PAGE)

    assert list(company.rows("items", purpose="read items")) == [{"id": "1"}]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_write_that_met_a_failing_server_has_an_unknown_outcome(server, company, status):
    server.will(Answer(status))

    with pytest.raises(ServerFailed) as caught:
        company.create("salesOrders", {}, purpose="create order")

    assert caught.value.outcome_unknown
    assert len(server.asked) == 1


def test_a_write_turned_away_with_a_time_to_come_back_is_sent_again(server, company, time):
    server.will(Answer(503, headers={"Retry-After": "7"}), Answer(201, {"id": "1"}))

    assert company.create("salesOrders", {}, purpose="create order") == {"id": "1"}
    assert time.waits == [7.0]


def test_retry_after_is_honoured_on_429_for_writes_too(server, company, time):
    server.will(Answer(429, headers={"Retry-After": "12"}), Answer(201, {"id": "1"}))

    assert company.create("salesOrders", {}, purpose="create order") == {"id": "1"}
    assert time.waits == [12.0]


def test_a_429_without_a_time_backs_off(server, company, time):
    server.will(Answer(429), Answer(429), PAGE)

    assert list(company.rows("items", purpose="read items")) == [{"id": "1"}]
    assert time.waits == [0.5, 1.0]


def test_a_pause_longer_than_a_minute_is_not_waited_for(server, company, time):
    server.will(Answer(429, headers={"Retry-After": "90"}))

    with pytest.raises(Throttled) as caught:
        list(company.rows("items", purpose="read items"))

    assert caught.value.retry_after == 90.0
    assert time.waits == []


def test_after_a_429_nobody_asks_until_the_pause_is_over(server, company, time):
    """The budget is the system's: one thread's 429 keeps the others out as well, without a request."""
    server.will(Answer(429, headers={"Retry-After": "90"}), PAGE)
    with pytest.raises(Throttled):
        list(company.rows("items", purpose="read items"))

    with pytest.raises(Throttled) as caught:
        list(company.rows("customers", purpose="read customers"))
    assert caught.value.retry_after == 90.0
    assert len(server.asked) == 1

    time.now += 40
    assert list(company.rows("customers", purpose="read customers")) == [{"id": "1"}]
    assert time.waits == [50.0]


def test_a_stopping_process_does_not_wait_for_the_next_attempt(server, company, time):
    time.stopping = True
    server.will(HANG_UP)

    with pytest.raises(Unreachable):
        list(company.rows("items", purpose="read items"))

    assert len(server.asked) == 1


def test_setting_stop_wakes_a_thread_that_backs_off(server):
    """With the real wait: a minute's pause ends when the process is told to stop."""
    stop = threading.Event()
    asked = threading.Event()

    def throttled(_):
        asked.set()
        return Answer(429, headers={"Retry-After": "60"})

    server.will(throttled)
    transport = a_transport(server.url, stop=stop)
    failures: list[Exception] = []

    def work():
        try:
            transport.send(Call(method="GET", path="x", purpose="read items", effect=Effect.READS))
        except Throttled as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert asked.wait(5)
    stop.set()
    thread.join(5)
    transport.close()
    assert len(failures) == 1


def test_two_writers_who_met_at_a_lock_try_again(server, company):
    text = "The operation could not complete because a record in the Sales Header table was locked by another user."
    server.will(Answer(409, {"error": {"code": "Unknown", "message": text}}), Answer(201, {"id": "1"}))

    assert company.create("salesOrders", {}, purpose="create order") == {"id": "1"}


def test_a_stale_etag_is_not_sent_again(server, company):
    """The same etag would be refused again; the caller has to read first."""
    message = "Another user has already changed the record."
    server.will(Answer(409, {"error": {"code": "Request_EntityChanged", "message": message}}))

    with pytest.raises(Conflict) as caught:
        company.update("items", "1", {}, purpose="block item", etag='W/"old"')

    assert caught.value.can_retry
    assert [asked.headers["if-match"] for asked in server.asked] == ['W/"old"']


def test_a_batch_of_reads_is_a_read(server, sales):
    server.will(HANG_UP)
    with pytest.raises(Unreachable) as caught:
        sales.batch([Read("salesorders")], purpose="read orders")
    assert len(server.asked) == 5
    assert not caught.value.outcome_unknown


def test_a_batch_with_a_write_in_it_is_a_write(server, sales):
    server.will(HANG_UP)
    with pytest.raises(Unreachable) as caught:
        sales.batch([Read("salesorders"), ChangeSet((Write("PATCH", "salesorders(1)", {}),))], purpose="acknowledge")
    assert len(server.asked) == 1
    assert caught.value.outcome_unknown


def test_no_more_requests_at_a_time_than_the_budget(server, time):
    """Ten threads, two slots: the server never sees three at once."""
    together, most, lock = 0, 0, threading.Lock()
    two_inside = threading.Barrier(2, timeout=5)

    def watch(_):
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        two_inside.wait()
        with lock:
            together -= 1
        return PAGE

    server.will(watch)
    transport = a_transport(server.url, concurrency=2, pace=time.pace())
    call = Call(method="GET", path="x", purpose="read items", effect=Effect.READS)
    threads = [threading.Thread(target=transport.send, args=(call,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    transport.close()
    assert most == 2
    assert len(server.asked) == 10


def test_every_attempt_is_counted(server, company, calls):
    server.will(HANG_UP, PAGE)
    list(company.rows("items", purpose="read items"))

    assert calls.totals(Side.BUSINESS_CENTRAL).requests == 2
    assert calls.totals(Side.SALES).requests == 0


def test_waits_are_spread_so_that_threads_part():
    def wait(seconds):
        return False

    assert Pace(wait=wait, jitter=lambda: 0.0).back_off(3) == 1.0
    assert Pace(wait=wait, jitter=lambda: 1.0).back_off(3) == 2.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "5"}, 5.0),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:00 GMT", "Date": "Sun, 22 Nov 2026 10:00:30 GMT"}, 0.0),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_both_forms(headers, seconds):
    assert retry_after_seconds(headers) == seconds
