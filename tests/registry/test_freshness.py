"""How often the vendor is asked: once for all who ask together, not at all while it is known to be down."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry import freshness
from registry.camera import Refusal, Stream, StreamRequest
from registry.errors import Refused, SignedOut, VendorBusy, VendorDown
from registry.freshness import Breaker, Flights
from tests.doubles.household import Household

HLS = StreamRequest("alexa", ("hls",))


def together(count: int, call: Callable[[], object]) -> list[object]:
    """Calls from as many threads as there are calls, begun at one time."""
    gate = threading.Barrier(count)

    def one(_: int) -> object:
        gate.wait()
        return call()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_requests_that_arrive_together_share_one_read(home: Household) -> None:
    garden = home.id("Garden")
    home.driver.calls.clear()
    home.driver.hold = threading.Event()
    threading.Timer(0.5, home.driver.hold.set).start()  # the vendor takes half a second
    opened = together(20, lambda: home.registry.open_stream(home.link, garden, HLS))

    assert all(isinstance(each, Stream) for each in opened)
    assert home.driver.calls["read"] <= 2  # a thread that was counted but not yet let in reads for itself
    assert home.driver.calls["mint"] == 20  # an address is good for one


def test_a_request_after_that_reads_anew(home: Household) -> None:
    garden = home.id("Garden")
    home.driver.calls.clear()
    assert isinstance(home.registry.open_stream(home.link, garden, HLS), Stream)
    home.driver.change("Garden", encryption="on")

    refusal = home.registry.open_stream(home.link, garden, HLS)

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "encryption_on"
    assert home.driver.calls["read"] == 2


def test_a_call_that_began_long_ago_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "JOIN_S", 0.05)
    flights: Flights[str] = Flights()
    held, started = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        held.wait()
        return "old"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.share, "a", 10, slow)
        started.wait()
        time.sleep(0.1)
        assert flights.share("a", 10, lambda: "new") == "new"
        held.set()
        assert first.result() == "old"


def test_who_joins_waits_no_longer_than_it_may() -> None:
    flights: Flights[str] = Flights()
    held, started = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        held.wait()
        return "late"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.share, "a", 10, slow)
        started.wait()
        with pytest.raises(VendorDown):
            flights.share("a", 0.05, lambda: "never called")
        held.set()
        assert first.result() == "late"


@pytest.mark.parametrize("error", [VendorDown("x"), VendorBusy("x"), SignedOut(), Refused("offline", "x")])
def test_all_who_share_hear_the_same_error(error: Exception) -> None:
    flights: Flights[str] = Flights()
    begun = threading.Event()

    def failing() -> str:
        begun.wait()
        raise error

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(flights.share, "a", 10, failing) for _ in range(4)]
        time.sleep(0.1)
        begun.set()
        heard = [each.exception() for each in asked]

    assert {type(each) for each in heard} == {type(error)}
    assert {each.reason for each in heard if isinstance(each, Refused)} <= {"offline"}
    assert len({id(each) for each in heard}) == 4


def test_a_bug_in_one_call_reaches_its_caller_and_leaves_nobody_waiting() -> None:
    flights: Flights[str] = Flights()

    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        flights.share("a", 10, broken)
    assert flights.share("a", 10, lambda: "next") == "next"


def failing(breaker: Breaker, error: Exception, times: int) -> None:
    def call() -> str:
        raise error

    for _ in range(times):
        with pytest.raises(type(error)):
            breaker.call("a", call)


def test_after_failures_in_a_row_the_source_is_left_alone_then_tried_by_one() -> None:
    breaker = Breaker(trip=3, rest_s=0.2)
    called = []
    failing(breaker, VendorBusy("x"), 3)

    with pytest.raises(VendorBusy):
        breaker.call("a", lambda: called.append("too early"))
    assert breaker.call("b", lambda: "another source") == "another source"
    time.sleep(0.25)
    assert breaker.call("a", lambda: "mended") == "mended"
    assert breaker.call("a", lambda: "open to all") == "open to all"
    assert called == []


def test_while_one_tries_the_others_do_not() -> None:
    breaker = Breaker(trip=1, rest_s=0.05)
    failing(breaker, VendorDown("x"), 1)
    time.sleep(0.1)

    def probe() -> str:
        with pytest.raises(VendorDown):
            breaker.call("a", lambda: "a second at once")
        return "probed"

    assert breaker.call("a", probe) == "probed"


@pytest.mark.parametrize("error", [SignedOut(), Refused("offline")])
def test_a_refusal_is_an_answer_and_trips_nothing(error: Exception) -> None:
    breaker = Breaker(trip=2, rest_s=60)
    failing(breaker, error, 5)

    assert breaker.call("a", lambda: "asked") == "asked"


def test_a_hundred_requests_while_the_vendor_hangs_are_answered_in_time(home: Household) -> None:
    garden = home.id("Garden")
    home.driver.hold = threading.Event()
    home.driver.error = VendorDown("hangs")  # what a driver says when its seconds are over
    began = time.monotonic()

    heard = together(100, lambda: home.registry.open_stream(home.link, garden, HLS))

    assert {each.reason for each in heard if isinstance(each, Refusal)} <= {"vendor_down", "busy"}
    assert all(isinstance(each, Refusal) for each in heard)
    assert time.monotonic() - began < 20
    assert home.driver.calls["read"] <= 5
