"""The still of what happened: the vendor's picture, else the first of the camera, and always through the gate."""

from collections.abc import Callable

import pytest

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.drivers.errors import VendorDown
from showcam.engine.messages import MediaGone
from showcam.registry.owner.moments import ALARM_S, Moments
from showcam.registry.readings.changes import Change
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.net.test_jpeg import drawn

ALARM, FRAME = drawn((640, 360)), drawn((320, 180))


class Media:
    """`got`: account, camera and the viewer of each still that was fetched."""

    def __init__(self, home: Household) -> None:
        self.home, self.frame = home, FRAME
        self.gone = False
        self.got: list[tuple[str, str, str]] = []

    def __call__(self, url: str, account: str, camera: str, within_s: float) -> bytes:
        if self.gone:
            raise MediaGone("it does not answer")
        grant = url.rpartition("/s/")[2].removesuffix("/snapshot.jpg")
        claims = self.home.grants.verify(grant, "snapshot", self.home.clock())
        assert (claims.account, claims.camera) == (account, camera)
        assert ConsoleSessions(self.home.store, self.home.clock).find(claims.link) is not None  # it lives meanwhile
        self.got.append((account, camera, claims.link))
        return self.frame


class Still:
    def __init__(self, home: Household) -> None:
        self.home, self.media = home, Media(home)
        sessions = ConsoleSessions(home.store, home.clock)
        self.moments = Moments(home.adapter.alarm_pictures, home.owner, sessions, self.media)
        home.noticing.refresh(home.account.id)

    def of(self, name: str, kind: str = "doorbell") -> bytes | None:
        change = Change(self.home.account.id, self.home.id(name), kind, self.home.clock())  # type: ignore[arg-type]
        return self.moments.of(change, 4.0)


@pytest.fixture
def still(home: Household) -> Still:
    return Still(home)


def test_the_vendors_picture_comes_first_and_opens_no_camera(still: Still) -> None:
    still.home.driver.alarm = ALARM
    assert still.of("Front Door") == ALARM
    assert still.home.driver.alarms == [("Front Door", "doorbell", still.home.clock())]
    assert still.home.driver.deadlines["alarm_picture"] <= ALARM_S
    assert still.media.got == []


@pytest.mark.parametrize("alarm", [None, b"", b"\xff\xd8\xff no picture", ALARM[:-100], ALARM + bytes(50_000_000)])
def test_what_is_no_picture_of_the_vendors_is_replaced_by_the_first_of_the_camera(
    still: Still, alarm: bytes | None
) -> None:
    still.home.driver.alarm = alarm
    assert still.of("Front Door") == FRAME
    [(_, _, session)] = still.media.got
    assert ConsoleSessions(still.home.store, still.home.clock).find(session) is None  # it ended with the fetch


def test_so_is_one_of_a_vendor_that_is_down(still: Still) -> None:
    still.home.driver.error = VendorDown("HTTP 504")
    assert still.of("Front Door") == FRAME


@pytest.mark.parametrize("name", ["Garage", "Attic", "Bedroom"])
def test_what_the_gate_refuses_has_none(still: Still, name: str) -> None:
    assert (still.of(name), still.media.got) == (None, [])


def test_an_encrypted_picture_takes_the_owners_decision(still: Still) -> None:
    still.home.driver.alarm, still.home.driver.alarm_is_encrypted = ALARM, True
    assert still.of("Garage") is None
    still.home.decide("Garage", "code")
    assert still.of("Garage") == ALARM


def test_a_camera_on_battery_is_asked_once_for_a_ring_though_no_page_may(still: Still) -> None:
    still.home.driver.change("Front Door", battery=80)
    still.home.noticing.refresh(still.home.account.id)
    assert still.of("Front Door") == FRAME


@pytest.mark.parametrize("frame", [b"", b"no picture", FRAME[:100], FRAME + bytes(50_000_000)])
def test_what_is_no_picture_of_the_cameras_is_none(still: Still, frame: bytes) -> None:
    still.media.frame = frame
    assert still.of("Front Door") is None


def test_nor_is_there_one_while_no_media_process_answers(still: Still) -> None:
    still.media.gone = True
    assert still.of("Front Door") is None


def test_a_camera_that_is_gone_has_none(still: Still, make_home: Callable[..., Household], clock: Clock) -> None:
    change = Change(still.home.account.id, "ezviz-gone-1", "doorbell", clock.now, None)
    assert still.moments.of(change, 4.0) is None
