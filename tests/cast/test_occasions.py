"""What brings a camera to a TV by itself: a ring, motion."""

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from showcam.cast.on_change import MOST_WAITING, SHOWN_S
from showcam.registry.readings.changes import RUNG_S, Change, Kind
from tests.cast.test_screens import chosen
from tests.doubles.ready_screens import LIVING, SPEAKER, House

pytestmark = pytest.mark.proves(
    "A ring, motion or a person brings the camera to the chosen TV for a minute",
    leans_on="double: the TV and the camera's events",
    also=("tests/cast/test_television.py",),
)


def happened(house: House, kind: Kind, camera: str = "Front Door") -> Change:
    announced = kind if kind in ("doorbell", "motion", "person") else None
    return Change(house.account, house.home.id(camera), kind, house.clock.now, announced)


@pytest.mark.parametrize("kind", ["doorbell", "motion", "person"])
def test_what_was_chosen_is_on_the_tv_for_a_minute(house: House, kind: Kind) -> None:
    chosen(house, when=(kind,)).handle(happened(house, kind))
    assert house.now() == [("Front Door", LIVING.name)]
    house.clock.now += SHOWN_S
    house.screens.turn()
    assert house.now() == []


@pytest.mark.parametrize(
    ("tv", "when", "kind", "camera"),
    [
        ("", ("doorbell",), "doorbell", "Front Door"),
        (LIVING.name, (), "doorbell", "Front Door"),
        (LIVING.name, ("doorbell",), "motion", "Front Door"),
        (LIVING.name, ("doorbell",), "doorbell", "Garden"),
        ("A TV that was sold", ("doorbell",), "doorbell", "Front Door"),
        (SPEAKER.name, ("doorbell",), "doorbell", "Front Door"),
    ],
)
def test_what_nobody_chose_is_not_shown(house: House, tv: str, when: tuple[str, ...], kind: Kind, camera: str) -> None:
    chosen(house, tv, when).handle(happened(house, kind, camera))
    assert house.now() == []


def test_motion_that_rings_like_the_bell_is_on_the_tv(house: House) -> None:
    motion = happened(house, "motion")
    chosen(house).handle(replace(motion, announced="doorbell"))
    assert house.now() == [("Front Door", LIVING.name)]


def test_what_is_not_announced_changes_no_tv(house: House) -> None:
    on_change = chosen(house)
    on_change.take(replace(happened(house, "doorbell"), announced=None))
    assert on_change.waiting == 0


def test_what_somebody_wished_to_see_stays(house: House) -> None:
    house.show("Garden")
    chosen(house).handle(happened(house, "doorbell"))
    assert house.now() == [("Garden", LIVING.name)]


def test_a_camera_that_can_not_be_shown_then_leaves_the_tv_alone(house: House) -> None:
    on_change = chosen(house)
    house.home.driver.change("Front Door", encryption="on")
    house.clock.now += 10
    on_change.handle(happened(house, "doorbell"))
    assert house.now() == []
    assert house.televisions == []


@pytest.mark.parametrize(("ago_s", "shown"), [(RUNG_S, [("Front Door", LIVING.name)]), (RUNG_S + 1, [])])
@pytest.mark.parametrize("kind", ["doorbell", "motion"])
def test_what_waited_too_long_is_not_shown_and_is_logged_once(
    house: House, kind: Kind, ago_s: float, shown: list[tuple[str, str]]
) -> None:
    on_change = chosen(house, when=(kind,))
    change = happened(house, kind)
    house.clock.now += ago_s
    with capture_logs() as logs:
        on_change.handle(change)
    assert house.now() == shown
    late = {"log_level": "warning", "event": "a change is not shown on the TV", "reason": "late"}
    assert logs == ([] if shown else [{**late, "account": house.account}])


def test_what_nobody_chose_is_not_called_late(house: House) -> None:
    on_change = chosen(house, when=("motion",))
    change = happened(house, "doorbell")
    house.clock.now += RUNG_S + 1
    with capture_logs() as logs:
        on_change.handle(change)
    assert logs == []


def test_only_so_much_waits(house: House) -> None:
    on_change = chosen(house, when=("motion",))
    for _ in range(MOST_WAITING + 2):
        on_change.take(happened(house, "motion"))
    for _ in range(100):
        on_change.take(happened(house, "state"))
    assert on_change.waiting == MOST_WAITING
