"""Each request is written up once, whoever answers it and whenever that is."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from demo.processes import until
from gateway.logbook import Entry, Logbook
from gateway.logs import logger, request_lines
from gateway.metrics import Latencies, Metrics
from gateway.new_id import new_id
from tests.gateway.conftest import NOW, ROOT, SET, Door, World

THREADS, EACH = 8, 2_000


def an_entry(path: str = "/ODataV4", failure: str = "", at: datetime = NOW) -> Entry:
    return Entry(at, "id", "GET", path, 200, "SALES", 0.00123, True, failure, "192.0.2.7")


def test_requests_noted_by_many_threads_are_each_written_up_once():
    written: list[str] = []

    def write(entries: Sequence[Entry]) -> None:
        written.extend(one.path for one in entries)

    book = Logbook(write)
    book.collect()

    def answer(number: int) -> None:
        for count in range(EACH):
            book.note(an_entry(f"/{number}/{count}"))

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(written) == THREADS * EACH, 10, "the last requests to be written up")
    book.close()
    assert set(written) == {f"/{number}/{count}" for number in range(THREADS) for count in range(EACH)}
    assert len(written) == THREADS * EACH
    for number in range(THREADS):
        own = [path for path in written if path.startswith(f"/{number}/")]
        assert own == [f"/{number}/{count}" for count in range(EACH)], "in the order of their answers"


def test_what_is_noted_at_the_end_is_written_at_the_end():
    written: list[Entry] = []
    book = Logbook(written.extend)
    book.collect()
    book.note(an_entry())
    book.close()
    assert written == [an_entry()]


def test_a_log_that_cannot_be_written_costs_its_lines_and_nothing_else(capsys):
    failed = threading.Event()
    written: list[Entry] = []

    def write(entries: Sequence[Entry]) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("No space left on device")
        written.extend(entries)

    book = Logbook(write)
    book.collect()
    book.note(an_entry("/lost"))
    assert failed.wait(10)
    book.note(an_entry("/written"))
    until(lambda: written, 10, "the next request to be written up")
    book.close()
    assert [one.path for one in written] == ["/written"]
    assert "No space left on device" in capsys.readouterr().err


def test_a_request_has_a_line_of_the_same_form_as_every_other_line():
    stream = io.StringIO()
    at = datetime(2026, 3, 2, 9, 0, 1, 250_000, tzinfo=UTC)
    request_lines("json", stream)([an_entry(at=at), an_entry(failure="bad_key", at=at)])
    logger("json", stream).info("other")
    good, refused, other = (json.loads(line) for line in stream.getvalue().splitlines())
    assert good == {
        "request_id": "id",
        "method": "GET",
        "path": "/ODataV4",
        "status": 200,
        "caller": "SALES",
        "ms": 1.23,
        "memo": True,
        "event": "request",
        "level": "info",
        "timestamp": "2026-03-02T09:00:01.250000Z",
    }
    assert refused == good | {"failure": "bad_key", "address": "192.0.2.7"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", other["timestamp"])
    assert set(other) == {"event", "level", "timestamp"}
    request_lines("text", stream)([an_entry(at=at)])
    assert "2026-03-02T09:00:01.250000Z [info" in stream.getvalue().splitlines()[-1]


def test_processes_that_share_a_pipe_write_so_little_at_once_that_lines_stay_whole():
    sizes: list[int] = []

    class Pipe(io.StringIO):
        def write(self, text: str, /) -> int:
            assert text.endswith("\n")
            sizes.append(len(text))
            return super().write(text)

    pipe = Pipe()
    request_lines("json", pipe)([an_entry("/" + "x" * 300)] * 50)
    assert max(sizes) <= 4096 and len(sizes) < 10
    assert len([json.loads(line) for line in pipe.getvalue().splitlines()]) == 50


def test_latencies_taken_together_are_those_taken_one_by_one():
    values = [0.0, 0.0001, 0.01, 0.010001, 0.3, 99.0]
    pages = []
    for kind in (Histogram, Latencies):
        registry = CollectorRegistry()
        made = kind("seconds", "Seconds", buckets=(0.01, 0.1, 1.0), registry=registry)
        if isinstance(made, Latencies):
            made.observe_all(values)
        else:
            for one in values:
                made.observe(one)
        text = generate_latest(registry).decode()
        pages.append([line for line in text.splitlines() if "_created" not in line])
    assert pages[0] == pages[1]


def test_methods_that_callers_invent_share_one_row():
    metrics = Metrics(processes=1)
    metrics.count([an_entry()._replace(method=f"X{number}") for number in range(5)])
    assert 'gateway_requests_total{memo="hit",method="other",status="200"} 5.0' in metrics.text().decode()


def test_correlation_ids_are_random_guids(door: Door, world: World):
    made = {new_id() for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one) for one in made
    )
    answers = [door.get(f"{ROOT}/{SET}").headers["x-correlation-id"] for _ in range(3)]
    assert [line["request_id"] for line in world.lines()] == answers
