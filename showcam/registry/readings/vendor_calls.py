"""Calls to a vendor: callers who want the same share one call, and nobody calls while the vendor is known as down."""

import math
import threading
import time
from collections.abc import Callable

from showcam.drivers.driver import RETRY_S
from showcam.drivers.errors import DriverError, SetRefused, VendorBusy, VendorDown
from showcam.net.cache import Recent
from showcam.registry.readings.changes import LONGEST_REST_S

JOIN_S = 2.0  # a call that began longer ago is not joined: its answer might be older than a request may accept
MANY = 1024  # sources
MUCH_MORE = 1.5  # times the longest wait in vain: a caller with this much time calls all the same
WHOLE = 0.9  # share of the given time: a call that fails later has waited in vain


class _Flight[T]:
    __slots__ = ("began", "error", "given_s", "landed", "result")

    def __init__(self, began: float, given_s: float) -> None:
        self.began, self.given_s = began, given_s
        self.landed: threading.Event | None = None  # made by the first waiting caller; most flights have only one
        self.result: T | None = None
        self.error: DriverError | None = None


class Flights[T]:
    """Single flight: of callers with the same key within `join_s` one calls, the others share its result.

    A call that had too little time is shared by callers with more time. If the call fails, they call again.
    """

    def __init__(self, join_s: float = JOIN_S) -> None:
        self._join_s = join_s
        self._lock = threading.Lock()
        self._flying: dict[str, _Flight[T]] = {}

    def share[*Given](
        self, key: str, wait_s: float, call: Callable[[*Given], T], *given: *Given, after: float = 0.0
    ) -> T:
        """Returns or raises the result of `call`. Raises VendorDown if the shared call takes too long.

        A call that began before `after`, of time.monotonic(), is waited for until `join_s`, and its result is not used.
        """
        while True:
            now = time.monotonic()
            with self._lock:
                flight, landed = self._flying.get(key), None
                if flight is None or now - flight.began > self._join_s:
                    flight = self._flying[key] = _Flight(now, wait_s)
                else:
                    landed = flight.landed = flight.landed or threading.Event()
            if landed is None:
                self._fly(key, flight, call, *given)
                break
            is_early = flight.began < after
            patience_s = min(wait_s, flight.began + self._join_s - now) if is_early else wait_s
            if not landed.wait(max(0.0, patience_s)) and not is_early:
                raise VendorDown("no answer in time")
            wait_s -= time.monotonic() - now
            if is_early and wait_s > 0:
                continue
            if is_early:
                raise VendorDown("no answer in time")
            if not isinstance(flight.error, VendorDown) or wait_s <= flight.given_s:
                break
        if flight.error is not None:
            # a fresh one each time: an exception raised in many threads would gather all their tracebacks
            raise copied(flight.error) from None
        assert flight.result is not None
        return flight.result

    def _fly[*Given](self, key: str, flight: _Flight[T], call: Callable[[*Given], T], *given: *Given) -> None:
        try:
            flight.result = call(*given)
        except DriverError as error:
            flight.error = error
        finally:
            if flight.result is None and flight.error is None:
                flight.error = VendorDown("the call ended without an answer")  # for those who wait
            with self._lock:
                if self._flying.get(key) is flight:
                    del self._flying[key]
                landed = flight.landed  # nobody joins from here on
            if landed is not None:
                landed.set()


def copied(error: DriverError) -> DriverError:
    """A copy of the error, for raising in another thread."""
    copy = type(error).__new__(type(error))
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    return copy


class _Circuit:
    def __init__(self) -> None:
        self.failures = 0
        self.open_until = 0.0
        self.error: DriverError = VendorDown()
        self.waited_s = 0.0  # the longest wait in vain; math.inf once a call failed before its time was over


class Breaker:
    """Stops calls to a source for a while after `trip` failures in a row; then one call at a time may try again.

    A vendor that was too slow for short deadlines may answer within a much longer one: a caller with so much time calls
    anyway. A call that began before the vendor last answered says nothing of the vendor now, however late it fails.
    """

    def __init__(self, *, trip: int = 3, rest_s: float = RETRY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._trip, self._rest_s, self._clock = trip, rest_s, clock
        self._circuits: dict[str, _Circuit] = {}
        self._recovered: Recent[str, float] = Recent(MANY)  # when a source that had failed answered
        self._lock = threading.Lock()

    def call[**P, T](self, key: str, given_s: float, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls the vendor. While the circuit is open, raises the last VendorDown or VendorBusy without a call.

        `given_s`: the time that the call has.
        """
        # read without the lock: a source that has not failed lately, which is nearly every one, has no circuit
        if key in self._circuits:
            self._enter(key, given_s)
        began = self._clock()
        try:
            result = call(*args, **kwargs)
        except (VendorDown, VendorBusy) as error:
            in_vain = isinstance(error, VendorDown) and self._clock() - began >= given_s * WHOLE
            self._failed(key, error, given_s if in_vain else math.inf, began)
            raise
        except (DriverError, SetRefused):
            self._answered(key)  # a refusal is an answer
            raise
        if key in self._circuits:
            self._answered(key)
        return result

    def _enter(self, key: str, given_s: float) -> None:
        with self._lock:
            circuit = self._circuits.get(key)
            if circuit is None or circuit.failures < self._trip or given_s > circuit.waited_s * MUCH_MORE:
                return
            now = self._clock()
            if now < circuit.open_until:
                raise copied(circuit.error)
            circuit.open_until = now + self._rest_s  # this call is the probe; others wait for the result

    def _failed(self, key: str, error: DriverError, waited_s: float, began: float) -> None:
        with self._lock:
            if began < (self._recovered.get(key) or 0.0):
                return
            circuit = self._circuits.setdefault(key, _Circuit())
            circuit.failures += 1
            circuit.error = error
            circuit.waited_s = max(circuit.waited_s, waited_s)
            beyond = circuit.failures - self._trip
            if beyond >= 0:
                circuit.open_until = self._clock() + min(LONGEST_REST_S, self._rest_s * 2**beyond)

    def _answered(self, key: str) -> None:
        with self._lock:
            if self._circuits.pop(key, None) is not None:
                self._recovered.put(key, self._clock())
