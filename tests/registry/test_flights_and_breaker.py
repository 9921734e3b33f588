"""How often the vendor is called: once for requests at the same time, never while it is known to be down."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from showcam.drivers.camera import Refusal, Stream, StreamRequest
from showcam.drivers.errors import Refused, SetRefused, SignedOut, VendorBusy, VendorDown
from showcam.registry.readings.judge import Rules
from showcam.registry.readings.vendor_calls import Breaker, Flights
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.waiting import LONG_S, is_waiting, until, waiting, within

HLS = StreamRequest("alexa", ("hls",))


def together(count: int, call: Callable[[], object]) -> list[object]:
    """Calls from as many threads as there are calls, begun at one time."""
    gate = threading.Barrier(count)

    def one(_: int) -> object:
        gate.wait()
        return call()

    with ThreadPoolExecutor(count, "caller") as pool:
        return list(pool.map(one, range(count)))


def test_requests_that_arrive_together_share_one_read(make_home: Callable[..., Household]) -> None:
    home = make_home(rules=Rules(request_s=LONG_S, opens_per_minute=60))
    garden = home.id("Garden")
    home.driver.calls.clear()
    home.driver.hold = threading.Event()
    begun: list[int] = []

    def open_stream() -> object:
        begun.append(1)
        return home.registry.open_stream(home.link, garden, HLS)

    with ThreadPoolExecutor(1) as beside:
        opening = beside.submit(together, 20, open_stream)
        until(lambda: len(begun) == waiting("caller") == 20)
        home.driver.hold.set()
        opened = opening.result()

    assert all(isinstance(stream, Stream) for stream in opened)
    assert home.driver.calls["read"] <= 2  # a thread that was counted but not yet let in reads for itself
    assert home.driver.calls["mint"] == 20  # an address is good for one


def test_a_request_after_that_reads_again(home: Household) -> None:
    garden = home.id("Garden")
    home.driver.calls.clear()
    assert isinstance(home.registry.open_stream(home.link, garden, HLS), Stream)
    home.driver.change("Garden", encryption="on")

    refusal = home.registry.open_stream(home.link, garden, HLS)

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "encryption_on"
    assert home.driver.calls["read"] == 2


def test_a_call_that_began_long_ago_is_not_joined() -> None:
    shared: Flights[str] = Flights(join_s=0.05)
    held, started = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        held.wait()
        return "old"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.share, "a", 10, slow)
        started.wait()
        time.sleep(0.1)
        assert shared.share("a", 10, lambda: "new") == "new"
        held.set()
        assert first.result() == "old"


def test_who_joins_waits_no_longer_than_it_may() -> None:
    shared: Flights[str] = Flights()
    held, started = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        held.wait()
        return "late"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.share, "a", 10, slow)
        started.wait()
        with pytest.raises(VendorDown):
            shared.share("a", 0.05, lambda: "never called")
        held.set()
        assert first.result() == "late"


def test_a_call_that_began_too_early_is_waited_for_and_not_shared() -> None:
    shared: Flights[str] = Flights(join_s=LONG_S)
    held, started, calls = threading.Event(), threading.Event(), []

    def slow() -> str:
        started.set()
        held.wait()
        return "old"

    def fresh() -> str:
        calls.append(1)
        time.sleep(1.0)  # the others, which are woken too, see that it is called
        return "new"

    with ThreadPoolExecutor(8, "caller") as pool:
        first = pool.submit(shared.share, "a", LONG_S, slow)
        started.wait()
        after = time.monotonic()
        others = [pool.submit(lambda: shared.share("a", LONG_S, fresh, after=after)) for _ in range(5)]
        until(lambda: waiting("caller") == 6)
        assert calls == []
        held.set()
        assert (first.result(), {other.result() for other in others}) == ("old", {"new"})
    assert len(calls) == 1


def test_a_call_that_began_too_early_and_hangs_is_not_waited_for_to_its_end() -> None:
    shared: Flights[str] = Flights(join_s=0.1)
    held, started = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        held.wait()
        return "old"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.share, "a", 10, slow)
        started.wait()
        with pytest.raises(VendorDown):
            shared.share("a", 0.02, lambda: "never called", after=time.monotonic())
        assert shared.share("a", 5, lambda: "new", after=time.monotonic()) == "new"
        held.set()
        assert first.result() == "old"


# seconds that the one who joins has · what it hears of a call that had 0.3 s, and failed for want of more
JOINS: list[tuple[float, str]] = [(0.25, "VendorDown"), (0.5, "VendorDown"), (LONG_S, "its own call")]


@pytest.mark.parametrize(("has_s", "expected"), JOINS)
def test_who_has_more_time_than_a_call_that_failed_makes_one_of_its_own(has_s: float, expected: str) -> None:
    shared: Flights[str] = Flights(join_s=LONG_S)
    started, joins = threading.Event(), threading.current_thread()

    def hurried() -> str:
        started.set()
        within(5.0, lambda: is_waiting(joins))
        time.sleep(0.3)
        raise VendorDown("no answer in time")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.share, "a", 0.3, hurried)
        started.wait()
        try:
            outcome = shared.share("a", has_s, lambda: "its own call")
        except VendorDown as error:
            outcome = type(error).__name__
        assert isinstance(first.exception(), VendorDown)
    assert outcome == expected


def test_who_has_more_time_is_not_waited_for_by_who_has_less_and_shares_what_comes() -> None:
    shared: Flights[str] = Flights()
    held, started = threading.Event(), threading.Event()

    def quick() -> str:
        started.set()
        held.wait()
        return "shared"

    with ThreadPoolExecutor(2, "caller") as pool:
        first = pool.submit(shared.share, "a", 0.5, quick)
        started.wait()
        second = pool.submit(shared.share, "a", LONG_S, lambda: "its own call")
        until(lambda: waiting("caller") == 2)
        held.set()
        assert (first.result(), second.result()) == ("shared", "shared")


@pytest.mark.parametrize("error", [VendorDown("x"), VendorBusy("x"), SignedOut(), Refused("offline", "x")])
def test_all_who_share_hear_the_same_error(error: Exception) -> None:
    shared: Flights[str] = Flights(join_s=LONG_S)
    begun = threading.Event()

    def failing() -> str:
        begun.wait()
        raise error

    with ThreadPoolExecutor(4, "caller") as pool:
        futures = [pool.submit(shared.share, "a", LONG_S, failing) for _ in range(4)]
        until(lambda: waiting("caller") == 4)
        begun.set()
        errors = [future.exception() for future in futures]

    assert {type(raised) for raised in errors} == {type(error)}
    assert {raised.reason for raised in errors if isinstance(raised, Refused)} <= {"offline"}
    assert len({id(raised) for raised in errors}) == 4


def test_a_bug_in_one_call_reaches_its_caller_and_leaves_nobody_waiting() -> None:
    shared: Flights[str] = Flights()

    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shared.share("a", 10, broken)
    assert shared.share("a", 10, lambda: "next") == "next"


def failing(breaker: Breaker, error: Exception, times: int) -> None:
    def call() -> str:
        raise error

    for _ in range(times):
        with pytest.raises(type(error)):
            breaker.call("a", 10, call)


def test_after_failures_in_a_row_the_source_is_left_alone_then_tried_by_one(clock: Clock) -> None:
    breaker = Breaker(trip=3, rest_s=0.2, clock=clock)
    called = []
    failing(breaker, VendorBusy("x"), 3)

    with pytest.raises(VendorBusy):
        breaker.call("a", 10, lambda: called.append("too early"))
    assert breaker.call("b", 10, lambda: "another source") == "another source"
    clock.now += 0.25
    assert breaker.call("a", 10, lambda: "mended") == "mended"
    assert breaker.call("a", 10, lambda: "open to all") == "open to all"
    assert called == []


# how long the calls that failed had, and took · what the next caller has · whether it calls
CIRCUITS: list[tuple[float, float, float, bool]] = [
    (0.1, 0.1, 1.0, True),  # too slow for who was in a hurry
    (0.1, 0.1, 0.12, False),
    (10.0, 0.0, 100.0, False),  # it said no at once
]


@pytest.mark.parametrize(("had_s", "took_s", "has_s", "calls"), CIRCUITS)
def test_a_vendor_that_was_too_slow_for_others_is_called_with_a_much_longer_deadline(
    had_s: float, took_s: float, has_s: float, calls: bool
) -> None:
    breaker = Breaker(trip=2, rest_s=60)

    def slow() -> str:
        time.sleep(took_s)
        raise VendorDown("no answer in time")

    for _ in range(2):
        with pytest.raises(VendorDown):
            breaker.call("a", had_s, slow)
    called: list[str] = []
    try:
        breaker.call("a", has_s, lambda: called.append("called"))
    except VendorDown:
        assert not called
    assert bool(called) is calls


def test_a_vendor_that_hangs_is_left_alone_by_all_once_the_most_patient_have_waited() -> None:
    breaker = Breaker(trip=2, rest_s=60)
    for had_s in (0.05, 0.05, 0.2):

        def slow(had_s: float = had_s) -> str:
            time.sleep(had_s)
            raise VendorDown("no answer in time")

        with pytest.raises(VendorDown):
            breaker.call("a", had_s, slow)
    called: list[str] = []
    with pytest.raises(VendorDown):
        breaker.call("a", 0.2, lambda: called.append("called"))
    assert called == []


def test_while_one_tries_the_others_do_not(clock: Clock) -> None:
    breaker = Breaker(trip=1, rest_s=0.05, clock=clock)
    failing(breaker, VendorDown("x"), 1)
    clock.now += 0.1

    def probe() -> str:
        with pytest.raises(VendorDown):
            breaker.call("a", 10, lambda: "a second at once")
        return "probed"

    assert breaker.call("a", 10, probe) == "probed"


@pytest.mark.parametrize("error", [SignedOut(), Refused("offline"), SetRefused("unsupported")])
def test_a_refusal_is_an_answer_and_trips_nothing(error: Exception) -> None:
    breaker = Breaker(trip=2, rest_s=60)
    failing(breaker, error, 5)

    assert breaker.call("a", 10, lambda: "asked") == "asked"


@pytest.mark.parametrize("error", [None, SignedOut(), SetRefused("unsupported")])
def test_one_answer_closes_the_circuit_for_all(error: Exception | None, clock: Clock) -> None:
    breaker = Breaker(trip=2, rest_s=0.05, clock=clock)
    failing(breaker, VendorDown("x"), 2)
    clock.now += 0.1
    if error is None:
        breaker.call("a", 10, lambda: "answered")
    else:
        failing(breaker, error, 1)
    failing(breaker, VendorDown("x"), 1)  # it does not count with those before

    assert breaker.call("a", 10, lambda: "asked") == "asked"


def test_a_hundred_requests_while_the_vendor_hangs_are_answered_in_time(make_home: Callable[..., Household]) -> None:
    home = make_home(rules=Rules(request_s=1.0))
    garden = home.id("Garden")
    home.driver.hold = threading.Event()
    home.driver.error = VendorDown("hangs")  # what a driver says when its seconds are over
    began = time.monotonic()

    answers = together(100, lambda: home.registry.open_stream(home.link, garden, HLS))

    assert {answer.reason for answer in answers if isinstance(answer, Refusal)} <= {"vendor_down", "busy"}
    assert all(isinstance(answer, Refusal) for answer in answers)
    assert time.monotonic() - began < 20
    assert home.driver.calls["read"] <= 5


def test_what_began_before_the_vendor_answered_again_and_fails_later_closes_nothing() -> None:
    """Calls of several callers hang with the vendor, and those with more time fail when it answers again already."""
    breaker, hangs, fails = Breaker(trip=3), threading.Barrier(4), threading.Event()

    def hang() -> None:
        hangs.wait(LONG_S)
        fails.wait(LONG_S)
        raise VendorDown

    def call() -> None:
        with pytest.raises(VendorDown):
            breaker.call("source", 60.0, hang)

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    hangs.wait(LONG_S)

    def down() -> None:
        raise VendorDown

    with pytest.raises(VendorDown):
        breaker.call("source", 1.0, down)
    assert breaker.call("source", 1.0, lambda: "well") == "well"
    fails.set()
    for caller in callers:
        caller.join()
    assert breaker.call("source", 1.0, lambda: "well") == "well"
