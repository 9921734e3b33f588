"""Commands of a broker to cameras: switches that the owner allowed, one change at a time; others are only counted.

A broker may send anything, at any rate. Waiting changes are bounded by the number of allowed switches, since of two for
one switch the newer counts, and changes of one camera by CHANGES_A_MINUTE.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import structlog

from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Unavailable
from showcam.drivers.settings import Step
from showcam.registry.owner.owner import Owner
from showcam.store.ports import Store, StoreUnavailable

log = structlog.get_logger()

CHANGES_A_MINUTE = 6  # of a camera; as many as `opens_per_minute` lets an assistant open cameras
_MINUTE = 60
_VALUES = {b"ON": "on", b"OFF": "off"}

type Why = Literal["no_switch", "no_value", "retained", "too_often"]


class Switch(NamedTuple):
    account: str
    camera: str
    setting: str


class Commands:
    """`take` does not wait for a camera: `run` has its own thread. `changed` is called after each change."""

    def __init__(self, owner: Owner, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._owner, self._store, self._clock = owner, store, clock
        self._allowed: Mapping[str, Switch] = {}
        self._waiting: dict[Switch, str] = {}
        self._asked, self._is_closed = threading.Condition(), False
        self.ignored: Counter[Why] = Counter()

    def allow(self, switches: Mapping[str, Switch]) -> None:
        """Forbids all switches but these, which are given by their topics."""
        self._allowed = switches

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        switch, value = self._allowed.get(topic), _VALUES.get(payload)
        if switch is None:
            self._ignore("no_switch")
        elif retained:  # each start would make the change again
            self._ignore("retained")
        elif value is None:
            self._ignore("no_value")
        else:
            with self._asked:
                self._waiting[switch] = value
                self._asked.notify()

    def run(self, changed: Callable[[], object]) -> None:
        """Changes cameras until `close`; a fault with one change does not keep the next from being made."""
        while True:
            with self._asked:
                while not self._waiting and not self._is_closed:
                    self._asked.wait()
                if self._is_closed:
                    return
                switch = next(iter(self._waiting))
                value = self._waiting.pop(switch)
            try:
                self._change(switch, value)
            except Exception:
                log.exception("a switch by MQTT could not be made", account=switch.account)
            changed()

    def close(self) -> None:
        with self._asked:
            self._is_closed = True
            self._asked.notify()

    def _change(self, switch: Switch, value: str) -> None:
        if switch not in self._allowed.values():
            self._ignore("no_switch")  # forbidden since it was asked for
            return
        try:
            may, _ = self._store.take_place(f"mqtt/{switch.camera}", CHANGES_A_MINUTE, _MINUTE, self._clock())
            if not may:
                self._ignore("too_often")
                return
            # the owner consented to the very change by allowing it
            done = self._owner.change(switch.account, switch.camera, switch.setting, value, consent=True)
        except (Unavailable, StoreUnavailable) as error:
            log.warning("a switch by MQTT can't be made", account=switch.account, error=type(error).__name__)
            return
        if isinstance(done, Refusal | Step):
            why = done.reason if isinstance(done, Refusal) else done.wants
            log.warning("a switch by MQTT is refused", account=switch.account, setting=switch.setting, reason=why)

    def _ignore(self, why: Why) -> None:
        self.ignored[why] += 1
        if self.ignored[why] == 1:
            log.warning("a message of the MQTT broker is ignored, and so are further ones", reason=why)
