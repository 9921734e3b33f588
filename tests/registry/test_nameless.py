"""A camera that was tried waits for its name: for whom, and how long."""

import pytest

from showcam.drivers.lan.adding import Found
from showcam.drivers.lan.devices import Device, Pictured
from showcam.drivers.lan.trial import Tried
from showcam.engine.source import Watched
from showcam.registry.owner.own_cameras import KEPT_S, MANY, Nameless, NamelessCameras
from tests.doubles.clock import Clock

TRIED = Tried(
    Found(Device("S", 1, "", "10.0.0.7", 554, Pictured("/a")), "none"), Watched("h264", 1, 1, 15.0, 2.0, 2.0, b""), None
)


@pytest.mark.parametrize(
    ("browser", "account", "after_s", "waits"),
    [
        ("b1", "a1", 0.0, True),
        ("b1", "a1", KEPT_S - 1, True),
        ("b1", "a1", KEPT_S, False),
        ("b2", "a1", 0.0, False),
        ("b1", "a2", 0.0, False),
    ],
)
def test_it_waits_for_its_browser_and_household_for_a_while(
    browser: str, account: str, after_s: float, waits: bool
) -> None:
    clock = Clock()
    cameras = NamelessCameras(clock)
    cameras.put("b1", Nameless("a1", TRIED))
    clock.now += after_s
    assert (cameras.of(browser, account) is not None) is waits


def test_it_is_dropped_and_those_of_many_browsers_are_forgotten() -> None:
    cameras = NamelessCameras()
    cameras.put("b0", Nameless("a1", TRIED))
    cameras.put("b1", Nameless("a1", TRIED))
    cameras.drop("b1")
    assert cameras.of("b1", "a1") is None
    for number in range(2, 3 * MANY):
        cameras.put(f"b{number}", Nameless("a1", TRIED))
    assert cameras.of("b0", "a1") is None
