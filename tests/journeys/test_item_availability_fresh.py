"""Fresh where it can be, honest where it cannot: gateways as processes, one refresh for many readers, no gaps."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from bridge.store import jobs, projection
from bridge.store.database import Database
from tests.journeys.item_availability import LATHE, Desk, Seller
from tests.processes import Product, SandboxProcess, free_port, until

STALE = '110 - "Response is Stale"'


@pytest.fixture
def desk(sandbox: SandboxProcess) -> Desk:
    return Desk(sandbox)


def wakes(product: Product) -> int:
    """How often the tail of the only company was woken."""
    db = Database(product.env["DATABASE_URL"])
    try:
        return sum(job.wakes for job in jobs.all_jobs(db) if job.name == "AVAILABILITY")
    finally:
        db.close()


@pytest.mark.parametrize("state", ["servers"], indirect=True)
def test_twenty_readers_past_the_age_make_one_refresh_across_processes(
    sandbox: SandboxProcess, product: Product
) -> None:
    """Two gateways, no worker: how often the job was woken is how often Business Central would have been asked."""
    product.bridge("refresh-availability").expect(0)
    other = f"http://127.0.0.1:{free_port()}"
    for address in (product.gateway_address, other):
        product.gateway(address=address, AVAILABILITY_MAX_AGE="1", AVAILABILITY_STALE_IF_ERROR="3600")
    auth = ("SELLER", product.new_key("SELLER"))
    paths = [f"{one}/ODataV4/ProductItemAvailability?$top=1" for one in (product.gateway_address, other)]

    def ask(number: int) -> requests.Response:
        return requests.get(paths[number % 2], auth=auth, timeout=30)

    until(lambda: "Warning" in ask(0).headers, 30, "the answer to be past its age")
    before, began = wakes(product), time.monotonic()
    with ThreadPoolExecutor(20) as readers:
        answers = list(readers.map(ask, range(200)))
    woken, seconds = wakes(product) - before, time.monotonic() - began

    assert [one.status_code for one in answers] == [200] * 200
    assert all(one.headers["Warning"] == STALE and int(one.headers["Age"]) > 1 for one in answers)
    assert woken <= 1 + seconds / 3, f"{woken} times in {seconds:.1f} s"
    sandbox.forget_requests()
    ask(0)
    assert sandbox.requests() == []


@pytest.mark.parametrize("state", ["alone"], indirect=True)
def test_what_gets_too_old_is_first_marked_and_then_not_given_any_more(
    sandbox: SandboxProcess, product: Product, desk: Desk
) -> None:
    """The worker goes away; both services say how old they are, then that it is too long."""
    sandbox.bc.install_companion(False)
    product.gateway(AVAILABILITY_MAX_AGE="3", AVAILABILITY_STALE_IF_ERROR="8")
    worker = product.worker()
    seller = Seller(product)
    until(lambda: seller.one(), 60, "the first answer")
    worker.stop()

    aged = until(lambda: _marked(seller), 30, "an answer that is marked as stale")
    assert (aged.status_code, aged.headers["Warning"]) == (200, STALE)
    assert 3 < int(aged.headers["Age"]) <= 8
    insisted = seller.get({"item": LATHE}, Cache_Control="no-cache")
    assert insisted.status_code != 200 or "111" in insisted.headers["Warning"]
    until(lambda: seller.get({"item": LATHE}).status_code == 503, 30, "the answer to be withheld")
    withheld = seller.get({"item": LATHE}, Cache_Control="max-stale")
    assert (withheld.status_code, withheld.json()["error"]["code"]) == (503, "Internal_TenantUnavailable")
    assert int(withheld.headers["Retry-After"]) > 0


def _marked(seller: Seller) -> requests.Response | None:
    answer = seller.get({"item": LATHE})
    return answer if "Warning" in answer.headers else None


@pytest.mark.parametrize("state", ["alone"], indirect=True)
def test_readers_see_no_gap_while_everything_is_read_anew(sandbox: SandboxProcess, product: Product) -> None:
    """A full refresh, and a ledger that starts over: the set that readers get is whole all the time."""
    product.bridge("match", "ITEM-PRODUCT").expect(0)
    product.bridge("refresh-availability", "--full").expect(0)
    gateway = product.gateway()
    auth = ("SELLER", product.new_key("SELLER"))

    def count() -> int:
        answer = gateway.get("/ODataV4/ProductItemAvailability?$count=true&$filter=Inventory ge -1e9", auth=auth)
        assert answer.status_code == 200, answer.text
        rows = answer.json()["value"]
        assert all(row["ItemNo"] and row["UOM"] for row in rows)
        return len(rows)

    whole = count()
    assert whole > 10
    with ThreadPoolExecutor(1) as readers:
        for restore in (False, True):
            if restore:
                _forget_the_ledger(product)
            running = readers.submit(product.bridge, "refresh-availability", *([] if restore else ["--full"]))
            seen = {count()}
            while not running.done():
                seen.add(count())
            assert running.result().code == 0
            assert seen | {count()} == {whole}


def _forget_the_ledger(product: Product) -> None:
    """As after a restore from a backup: the entry that the tail ended with is not there."""
    db = Database(product.env["DATABASE_URL"])
    company_id = next(job.company_id for job in jobs.all_jobs(db))
    tail = projection.tail_of(db, company_id)
    assert tail is not None
    tail.last_entry_number, tail.recent_entries, tail.row_version = 10**9, [10**9], 0
    projection.save(db, tail)
    db.close()
