"""A battery camera is woken in a thread of its own: whatever that meets, whoever wants the picture is told in time."""

import itertools
import threading
import time

import pytest

from showcam.drivers.camera import Camera
from showcam.drivers.errors import CameraSilent, DriverError, Refused, VendorDown
from showcam.drivers.ezviz.pictures import Waking
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.ready_driver import camera
from tests.doubles.waiting import until


@pytest.mark.parametrize("met", [VendorDown("no answer"), StoreUnavailable("the sessions can't be read")])
def test_a_camera_that_can_not_be_woken_is_waking(store: SqliteStore, met: DriverError | StoreUnavailable) -> None:
    tried: list[threading.Thread] = []

    def wake(_source: Source, _camera: Camera, _deadline_s: float) -> None:
        tried.append(threading.current_thread())
        raise met

    def dozes(_left_s: float) -> None:
        raise CameraSilent

    source = Source("s", "a", "ezviz", "demo@example.com", created=time.time())
    with pytest.raises(Refused, match="dozes") as refused:
        Waking(store, wake).reached(source, camera("Garden", battery=70), dozes, 0.1)
    assert refused.value.reason == "waking"
    until(lambda: tried and not tried[0].is_alive())


def test_a_watched_camera_is_asked_to_stay_awake_each_half_minute(store: SqliteStore, clock: Clock) -> None:
    asked: list[float] = []
    began = clock.now
    waking = Waking(store, lambda *_: asked.append(clock.now - began), clock)
    other_process = Waking(store, lambda *_: asked.append(clock.now - began), clock)
    source, door = Source("s", "a", "ezviz", "demo@example.com", created=clock.now), camera("Door", battery=70)
    waking.rouse(source, door)
    for second in range(0, 100, 2):
        clock.now = began + second
        for each in (waking, other_process):
            each.watched(source, door)
            each.watched(source, camera("Garden"))
        settle()
    assert asked[0] == 0
    assert max(later - earlier for earlier, later in itertools.pairwise([*asked, 100])) <= 32
    assert len(asked) <= 5


def settle() -> None:
    for thread in threading.enumerate():
        if thread.name == "wake":
            thread.join()
