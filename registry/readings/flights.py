"""One call to a vendor for all who want the same at the same time."""

import threading
import time
from collections.abc import Callable

from registry.errors import DriverError, VendorDown

JOIN_S = 2.0  # a call that began longer ago is not joined: its answer might be older than a request may accept


class _Flight[T]:
    __slots__ = ("began", "error", "given_s", "landed", "result")

    def __init__(self, began: float, given_s: float) -> None:
        self.began, self.given_s = began, given_s
        self.landed: threading.Event | None = None  # made by the first who waits for it; most flights are alone
        self.result: T | None = None
        self.error: DriverError | None = None


class Flights[T]:
    """Single flight: of callers with the same key within `join_s` one calls, the others share its result.

    A call that had too little time is shared by those who have more, and when it fails they make one of their own.
    """

    def __init__(self, join_s: float = JOIN_S) -> None:
        self._join_s = join_s
        self._lock = threading.Lock()
        self._flying: dict[str, _Flight[T]] = {}

    def share[*Given](
        self, key: str, wait_s: float, call: Callable[[*Given], T], *given: *Given, after: float = 0.0
    ) -> T:
        """What `call` returns or the DriverError it raises; VendorDown when the shared call takes too long.

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
    """To be raised in another thread than the one it comes from."""
    copy = type(error).__new__(type(error))
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    return copy
