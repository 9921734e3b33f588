"""Listed pictures of unknown size are opened to measure them: which cameras, when, how many at once."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media.errors import MediaBusy
from media.grants import Claims
from media.source import SourceSpec
from registry.camera import Camera, Video
from registry.errors import Refused
from registry.streams.measuring import unseen
from registry.watch.measurer import Measurer
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.ready_driver import camera
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.waiting import until

UNKNOWN = Video("h264")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"video": UNKNOWN}, ("main",)),
        ({"video": Video()}, ("main",)),
        ({"sub": Video()}, ("sub",)),
        ({"video": UNKNOWN, "sub": UNKNOWN}, ("main", "sub")),
        ({"video": UNKNOWN, "sub": UNKNOWN, "ways": ("open", "cloud")}, ("main", "sub")),
        ({"video": UNKNOWN, "sub": UNKNOWN, "ways": ("cloud",)}, ("main",)),  # which brings one, whichever is asked for
        ({"sub": UNKNOWN, "ways": ("cloud",)}, ()),
        ({"video": Video("h265"), "sub": UNKNOWN}, ("sub",)),
        ({"video": UNKNOWN, "battery": 80}, ()),
        ({"video": UNKNOWN, "charging": "off"}, ()),
    ],
)
def test_which_pictures_of_a_camera_are_measured(changes: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert unseen(camera("Garden", **changes)) == expected


class Telling(ReadyPictures):
    """Reports the measurement, as the media process does, once `may` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.at_once: list[int] = []
        self._out = 0

    def attach(self, home: Household) -> None:
        self.home = home

    def warm(self, claims: Claims, source: SourceSpec | None, *, timeout_s: float | None = None) -> str:
        at = super().warm(claims, source, timeout_s=timeout_s)
        self._out += 1
        self.at_once.append(self._out)
        threading.Thread(target=self._tell, args=(claims,)).start()
        return at

    def _tell(self, claims: Claims) -> None:
        self.may.wait(10)
        self._out -= 1
        self.home.questions.learn(claims, 640, 360)


def made(tmp_path: Path, clock: Clock, cameras: list[Camera]) -> tuple[Household, Telling]:
    pictures = Telling()
    home = household(tmp_path, clock=clock, cameras=cameras, pictures=pictures)
    pictures.attach(home)
    home.registry.when_listed(Measurer(home.registry).offer)
    return home, pictures


def looked(home: Household, pictures: Telling) -> list[tuple[str, str]]:
    names = {listed_camera.id: listed_camera.name for listed_camera in home.owner.cameras(home.account.id).cameras}
    return [(names[claims.camera], claims.picture) for claims, _ in pictures.warmed if claims.protocol == "snapshot"]


def test_open_mains_cameras_are_measured_one_at_a_time_and_then_listed_with_their_sizes(
    tmp_path: Path, clock: Clock
) -> None:
    cameras = [
        camera("Garden", video=UNKNOWN, sub=Video()),
        camera("Known"),
        camera("Gate", video=UNKNOWN, battery=70),
        camera("Garage", video=UNKNOWN, encryption="on"),
        camera("Attic", video=UNKNOWN, online="off"),
        camera("Bedroom", video=UNKNOWN, asleep="on"),
        camera("Shared", video=UNKNOWN, ways=()),
        camera("Silent", video=UNKNOWN, audio="off"),  # a measurement needs no sound
        camera("Yard", video=UNKNOWN),
    ]
    home, pictures = made(tmp_path, clock, cameras)
    first = home.registry.cameras(home.link)
    until(lambda: pictures.warmed)
    time.sleep(0.2)
    assert len(pictures.warmed) == 1
    pictures.may.set()
    until(lambda: len(pictures.warmed) == 4)

    until(lambda: home.registry.cameras(home.link).cameras[-1].video.width)
    assert looked(home, pictures) == [("Garden", "main"), ("Garden", "sub"), ("Silent", "main"), ("Yard", "main")]
    assert pictures.at_once == [1, 1, 1, 1]
    listed = {listed_camera.name: listed_camera for listed_camera in home.registry.cameras(home.link).cameras}
    assert (listed["Garden"].video.width, listed["Garden"].sub) == (640, Video("unknown", 640, 360))
    assert listed["Garage"].video == UNKNOWN
    assert home.registry.cameras(home.link).fingerprint != first.fingerprint, "Discover and SYNC are made again"
    home.store.close()


def test_a_camera_that_does_not_show_itself_is_left_alone_for_ten_minutes(tmp_path: Path, clock: Clock) -> None:
    home, pictures = made(tmp_path, clock, [camera("Garden", video=UNKNOWN)])
    home.driver.mint_error = Refused("offline", "5404")

    def asked_since(began: int) -> Callable[[], bool]:
        return lambda: home.driver.calls["mint"] > began

    for minutes in (0, 5, 9, 11):
        began = home.driver.calls["mint"]
        clock.now = 1_700_000_400 + 60 * minutes
        home.registry.cameras(home.link)
        if minutes in (0, 11):
            until(asked_since(began))
        else:
            time.sleep(0.3)
            assert home.driver.calls["mint"] == began
    assert pictures.warmed == []
    home.store.close()


def test_a_full_house_is_not_disturbed(tmp_path: Path, clock: Clock) -> None:
    home, pictures = made(tmp_path, clock, [camera("Garden", video=UNKNOWN)])
    pictures.error = MediaBusy()
    home.registry.cameras(home.link)
    until(lambda: home.driver.released == ["open:GARDEN"])
    home.store.close()


def test_only_cameras_chosen_for_the_link_are_listed_and_measured(tmp_path: Path, clock: Clock) -> None:
    home, pictures = made(tmp_path, clock, [camera("Garden", video=UNKNOWN), camera("Yard", video=UNKNOWN)])
    pictures.may.set()
    some = home.another_link("google", (home.id("Yard"),))
    home.registry.cameras(some)
    until(lambda: home.registry.cameras(some).cameras[0].video.width)
    time.sleep(0.2)
    assert looked(home, pictures) == [("Yard", "main")]
    home.store.close()


def test_a_list_waits_for_no_measurement(tmp_path: Path, clock: Clock) -> None:
    home, pictures = made(tmp_path, clock, [camera("Garden", video=UNKNOWN)])
    for _ in range(20):
        assert home.registry.cameras(home.link).cameras[0].video == UNKNOWN
    until(lambda: pictures.warmed)
    pictures.may.set()
    until(lambda: home.registry.cameras(home.link).cameras[0].video == Video("h264", 640, 360))
    assert len(pictures.warmed) == 1
    home.store.close()
