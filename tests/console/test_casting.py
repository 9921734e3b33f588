"""The console's page of TVs, on the worker's own door and screens; the TVs play at once."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.cast.device import Device, Over, Picture
from showcam.cast.door import CastClient, CastDoor
from showcam.cast.errors import CastFailed
from showcam.cast.finder import Finder
from showcam.cast.player import Player
from showcam.cast.screens import Screens
from showcam.engine.grants import Grants
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.waiting import LONG_S, until

pytestmark = pytest.mark.proves(
    "A page shows a camera on a TV, stops it, says what brings it there automatically, and makes scenes",
    leans_on="double: the TV",
)

AT = "/home/tv"
LIVING, BEDROOM = Device("tv-1", "Living room TV", "192.168.1.20"), Device("tv-2", "Bedroom TV", "192.168.1.21")
SPEAKER = Device("tv-3", "Kitchen speaker", "192.168.1.22", kind="speaker")
PROOF = Grants([b"grant key of the tests, 32 bytes"]).proof()


@dataclass
class ReadyTv:
    fails: CastFailed | None
    may_play: threading.Event
    shown: Picture | None = None

    def show(self, picture: Picture) -> None:
        if self.fails:
            raise self.fails
        self.may_play.wait(2 * LONG_S)
        self.shown = picture

    def wake(self, name: str) -> None:
        """A TV with Google's receiver, which has no words for it."""

    def stop(self) -> None:
        self.shown = None


class House:
    """`fails`: what the next TV raises; `searched`: how often TVs were looked for; `found`: devices a search finds.

    `named`: devices that are known without a search.
    """

    def __init__(self, folder: Path, named: tuple[Device, ...] = (LIVING, BEDROOM, SPEAKER)) -> None:
        self.fails: CastFailed | None = None
        self.searched = 0
        self.found: list[Device] = []
        self.may_play = threading.Event()
        self.may_play.set()
        run = folder / "run"
        run.mkdir(exist_ok=True)
        self.world: HomeWorld = home_world(folder, tvs=CastClient(run, PROOF))
        home = self.world.home
        player = Player(home.owner, ConsoleSessions(home.store), self, self._connect, ("hls",))
        screens = Screens(player, Finder(named, browse=self._look))
        self._door = CastDoor(run, screens, PROOF)
        self._serving = threading.Thread(target=self._door.serve_forever, kwargs={"poll_interval": 0.05})
        self._serving.start()

    def end(self) -> None:
        self.hang_up()
        self.world.home.store.close()

    def hang_up(self) -> None:
        """The worker is gone."""
        if self._serving.is_alive():
            self._door.shutdown()
            self._serving.join()
            self._door.server_close()

    def lend(self, link: str, device: str) -> str:
        return "http://192.168.1.5:40123"

    def end_link(self, link: str) -> None:
        self.world.home.pictures.end_link(link)

    def _look(self, seconds: float) -> list[Device]:
        self.searched += 1
        return self.found

    def _connect(self, device: Device, over: Callable[[Over], None]) -> ReadyTv:
        return ReadyTv(self.fails, self.may_play)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.end()


def sent(
    house: House, step: str, camera: str = "Garden", tv: str = LIVING.id, by: HomeBrowser | None = None
) -> HomeBrowser:
    browser = by or house.world.signed_in().visit(AT)
    fields = {"camera": house.world.home.id(camera)} if camera else {}
    return browser.send(AT, step=step, tv=tv, **fields)


def scenes(house: House, camera: str = "Garden") -> tuple[str, ...]:
    home = house.world.home
    return home.owner.preferences(home.account.id, home.id(camera)).tv_scenes


def test_tvs_are_listed_and_speakers_are_not(house: House) -> None:
    browser = house.world.signed_in().visit(AT)
    assert browser.status == 200
    assert [name in browser.text for name in ("Living room TV", "Bedroom TV", "Kitchen speaker")] == [True, True, False]
    browser.visit(AT)
    assert house.searched == 1, "they are known for a while"
    browser.send(AT, step="look")
    assert house.searched == 2


def test_a_tv_that_is_switched_on_after_an_empty_search_is_on_the_page_when_it_is_opened_again(tmp_path: Path) -> None:
    house = House(tmp_path, named=(SPEAKER,))
    browser = house.world.signed_in().visit(AT)
    assert "Nothing answers" in browser.text
    house.found = [LIVING]
    assert "Living room TV" in browser.visit(AT).text
    house.end()


def test_a_cameras_page_leads_there_with_it_chosen(house: House) -> None:
    garden = house.world.home.id("Garden")
    browser = house.world.signed_in().visit(f"/home/cameras/{garden}")
    assert browser.answer is not None
    assert f'href="/home/tv?camera={garden}"' in browser.answer.text
    browser.visit(f"{AT}?camera={garden}")
    assert re.findall(r'<option value="([\w-]+)" selected', browser.answer.text) == [garden]


def test_where_there_are_no_tvs_nothing_is_said_of_them(tmp_path: Path) -> None:
    world = home_world(tmp_path)
    browser = world.signed_in().get()
    assert browser.answer is not None
    assert "/home/tv" not in browser.answer.text
    assert browser.visit(AT).status == 404
    world.home.store.close()


def test_a_camera_is_shown_on_a_tv_and_taken_off(house: House) -> None:
    browser = sent(house, "show")
    assert (browser.status, "Live now Garden on Living room TV" in browser.text) == (200, True)
    browser = sent(house, "stop", "", by=browser)
    assert "Live now" not in browser.text


@pytest.mark.parametrize(
    ("step", "camera", "tv", "says"),
    [
        ("show", "Garage", LIVING.id, "Image Encryption is on for Garage"),
        ("show", "Attic", LIVING.id, "Attic is offline"),
        ("show", "Garden", "tv-9", "There is no Cast device tv-9 in the house."),
        ("show", "Garden", SPEAKER.id, "Kitchen speaker has no screen."),
        ("show", "Garden", "", "Choose a camera and a TV."),
        ("show", "", LIVING.id, "Choose a camera and a TV."),
        ("stop", "", "", "Choose a camera and a TV."),
        ("dance", "Garden", LIVING.id, "Choose a camera and a TV."),
    ],
)
def test_what_can_not_be_done_is_said(house: House, step: str, camera: str, tv: str, says: str) -> None:
    browser = sent(house, step, camera, tv)
    assert (browser.status, says in browser.text) == (403, True)


def test_a_camera_on_battery_is_said_to_be_woken_until_its_picture_is_on_the_tv(house: House) -> None:
    house.world.home.driver.change("Garden", battery=60)
    house.may_play.clear()
    began = time.monotonic()
    browser = sent(house, "show")
    woken = "Garden on Living room TV. On battery: waking takes up to 70 seconds."
    assert (browser.status, woken in browser.text) == (200, True)
    assert time.monotonic() - began < 10, "the page does not wait for the TV"
    house.may_play.set()
    until(lambda: woken not in browser.visit(AT).text)
    assert "Garden on Living room TV" in browser.text


def test_a_tv_that_does_not_play_is_said(house: House) -> None:
    house.fails = CastFailed("not_played", LIVING.name)
    browser = sent(house, "show")
    assert (browser.status, "Living room TV did not play the picture." in browser.text) == (403, True)


def test_without_a_worker_that_is_said(house: House) -> None:
    browser = house.world.signed_in()
    house.hang_up()
    browser.visit(AT)
    assert (browser.status, "showcam is not running on this machine, or shows nothing on TVs." in browser.text) == (
        200,
        True,
    )


def test_a_scene_is_made_and_removed(house: House) -> None:
    browser = sent(house, "scene")
    assert scenes(house) == ("Living room TV",)
    assert "Scenes Garden on Living room TV" in browser.text
    sent(house, "scene", tv=BEDROOM.id, by=browser)
    assert scenes(house) == ("Living room TV", "Bedroom TV")
    sent(house, "no-scene", tv="Living room TV", by=browser)
    assert scenes(house) == ("Bedroom TV",)


def test_a_scene_of_a_camera_that_is_not_here_is_not_kept(house: House) -> None:
    browser = house.world.signed_in().visit(AT)
    browser.send(AT, step="scene", camera="ezviz-aaaaaaaaaaaaaaaaaaaa", tv=LIVING.id)
    assert (browser.status, "That camera is gone" in browser.text) == (403, True)


def by_itself(house: House, camera: str = "Front Door") -> tuple[str, tuple[str, ...]]:
    home = house.world.home
    kept = home.owner.preferences(home.account.id, home.id(camera))
    return kept.tv, kept.tv_when


def test_a_camera_comes_to_a_tv_by_itself_and_no_more(house: House) -> None:
    door = house.world.home.id("Front Door")
    browser = house.world.signed_in().visit(AT)
    for when in ("motion", "doorbell"):
        browser.send(AT, step="by-itself", camera=door, tv=LIVING.id, when=when)
    assert by_itself(house) == ("Living room TV", ("doorbell", "motion"))
    assert "Front Door on Living room TV: Somebody rang" in browser.text
    browser.send(AT, step="by-itself", camera=door, tv=BEDROOM.id, when="person")
    assert by_itself(house) == ("Bedroom TV", ("person",)), "a camera has one TV"
    browser.send(AT, step="not-by-itself", camera=door, when="person")
    assert by_itself(house) == ("", ())
    assert "Shown automatically" not in browser.text


@pytest.mark.parametrize(
    ("camera", "tv", "when"),
    [
        ("", LIVING.id, "doorbell"),
        ("Garden", "", "doorbell"),
        ("Garden", LIVING.id, "thunder"),
        ("Garden", "x" * 99, "motion"),
    ],
)
def test_what_brings_no_camera_to_a_tv_is_not_kept(house: House, camera: str, tv: str, when: str) -> None:
    browser = house.world.signed_in().visit(AT)
    browser.send(AT, step="by-itself", camera=house.world.home.id(camera) if camera else "", tv=tv, when=when)
    assert (browser.status, by_itself(house, "Garden")) == (403, ("", ()))


def test_who_is_not_signed_in_is_led_away(house: House) -> None:
    answer = house.world.browser().ask("GET", AT)
    assert (answer.status_code, answer.location) == (303, "/home")
    assert house.world.browser().ask("POST", AT, data={"step": "show"}).status_code == 400
