"""A battery camera of the simulator sleeps and wakes as slowly as a real one (Dead96/ezviz-stream-ha-integration)."""

import pytest

from showcam.simulator.camera import Camera
from showcam.simulator.households import demo_world
from showcam.simulator.state import World


class Night:
    def __init__(self) -> None:
        self.now = 1000.0
        self.world: World = demo_world()
        self.world.now = lambda: self.now
        self.camera = Camera("F0", "Hall", "demo@example.com", "ABCDEF", "door", battery=60, awake_until=0.0)

    def awake_s(self, *, asked_each_s: int = 0) -> int:
        """How long it stays awake, once it has woken."""
        woke, seconds = self.camera.waking_until, 0
        self.now = woke
        while self.world.awake(self.camera):
            seconds += 1
            self.now = woke + seconds
            if asked_each_s and seconds % asked_each_s == 0 and self.world.awake(self.camera):
                self.world.wake(self.camera)
        return seconds


def test_it_wakes_in_8_to_70_seconds_each_time_in_another() -> None:
    took = set()
    for _ in range(200):
        night = Night()
        night.world.wake(night.camera)
        took.add(night.camera.waking_until - night.now)
    assert min(took) >= 8
    assert max(took) <= 70
    assert max(took) - min(took) > 30


def test_it_sleeps_after_58_seconds() -> None:
    night = Night()
    night.world.wake(night.camera)
    assert night.awake_s() == 58


@pytest.mark.parametrize(("each_s", "least_s", "most_s"), [(30, 100, 181), (60, 58, 58)])
def test_asked_each_half_minute_it_stays_awake_for_100_to_180_seconds(each_s: int, least_s: int, most_s: int) -> None:
    for _ in range(50):
        night = Night()
        night.world.wake(night.camera)
        assert least_s <= night.awake_s(asked_each_s=each_s) <= most_s
