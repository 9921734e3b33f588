"""What the house's TVs show: a household, its registry and its store are real; pictures and TVs answer at once."""

import contextlib
import threading
from pathlib import Path

import pytest

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.cast.device import Over, Picture, Showing
from showcam.cast.errors import CastFailed
from showcam.cast.on_change import OnChange
from showcam.cast.player import LEASE_S
from showcam.cast.screens import AGAIN
from showcam.drivers.camera import Refusal, Video
from showcam.drivers.errors import Refused
from showcam.engine.messages import MediaBusy, MediaUnavailable
from showcam.registry.preferences import Preferences
from showcam.registry.streams.grants import find_viewer
from showcam.store.records import Account
from tests.doubles.household import MEDIA_URL, demo_cameras
from tests.doubles.ready_driver import camera as ready_camera
from tests.doubles.ready_screens import BEDROOM, LIVING, House

pytestmark = pytest.mark.proves(
    "A TV that refuses the address in the house is given the public one",
    leans_on="second stack: npm castv2 as the receiver that refuses",
    also=("tests/cast/test_screen.py",),
)


def test_a_camera_is_fetched_by_a_door_for_that_tv_under_a_grant_for_that_picture(house: House) -> None:
    shown = house.show()
    assert isinstance(shown, Showing)
    claims = house.viewer()
    grant = house.home.grants.sign(claims)
    at = ("http://192.168.1.5:40123", MEDIA_URL)
    assert house.televisions[0].shown == [Picture("hls", at, f"/s/{grant}/master.m3u8", "Garden")]
    assert house.lent == [(claims.link, LIVING.host)]
    assert (claims.protocol, claims.surface, claims.camera) == ("hls", "tv", house.home.id("Garden"))
    assert find_viewer(house.home.store, claims.link) is not None, "the gate knows who watches"
    assert house.now() == [("Garden", LIVING.name)]


@pytest.mark.parametrize(
    ("camera", "reason"),
    [("Garage", "encryption_on"), ("Nursery", "audio_off"), ("Attic", "offline"), ("Bedroom", "asleep")],
)
def test_a_refused_camera_says_why_and_what_was_shown_stays(house: House, camera: str, reason: str) -> None:
    house.show("Garden")
    refused = house.show(camera)
    assert isinstance(refused, Refusal)
    assert refused.reason == reason
    assert house.now() == [("Garden", LIVING.name)]
    assert not house.televisions[0].stopped


def test_another_camera_takes_the_tv_and_the_first_viewer_is_over(house: House) -> None:
    house.show("Garden")
    first = house.viewer().link
    house.show("Front Door")
    assert house.now() == [("Front Door", LIVING.name)]
    assert house.televisions[0].stopped
    assert (first, "") in house.home.pictures.ended
    assert find_viewer(house.home.store, first) is None


@pytest.mark.parametrize(
    ("on", "why"),
    [("Attic TV", "no_device"), ("", "no_device"), ("kitchen speaker", "speaker")],
)
def test_a_device_that_is_not_there_or_has_no_screen_is_reported(house: House, on: str, why: str) -> None:
    with pytest.raises(CastFailed, match=why):
        house.show(on=on)
    assert house.home.pictures.warmed == [], "no camera is opened for it"


@pytest.mark.parametrize(
    ("unlent", "why"),
    [(MediaBusy(), "full"), (MediaUnavailable(), "no_pictures")],
)
def test_without_a_door_nothing_is_shown_and_the_viewer_is_over(house: House, unlent: Exception, why: str) -> None:
    house.unlent = unlent
    with pytest.raises(CastFailed, match=why):
        house.show()
    assert house.now() == []
    assert find_viewer(house.home.store, house.viewer().link) is None


def test_a_tv_that_does_not_play_leaves_no_viewer(house: House) -> None:
    house.fails = CastFailed("not_played", LIVING.name)
    with pytest.raises(CastFailed, match="not_played"):
        house.show()
    assert house.now() == []
    assert house.televisions[0].stopped
    assert find_viewer(house.home.store, house.viewer().link) is None


@pytest.mark.parametrize(("battery", "tries"), [(None, 1), (60, 5)])
def test_a_camera_on_battery_is_tried_again_while_it_wakes(house: House, battery: int | None, tries: int) -> None:
    house.home.driver.change("Garden", battery=battery)
    house.fails = CastFailed("not_played", LIVING.name)
    with pytest.raises(CastFailed, match="not_played"):
        house.show()
    assert len(house.televisions) == tries
    assert all(television.stopped for television in house.televisions)
    house.fails = None
    assert isinstance(house.show(), Showing)


def test_a_camera_that_wakes_is_not_tried_again_on_a_connection_that_has_ended(tmp_path: Path) -> None:
    house = House(tmp_path, ("webrtc", "hls"))
    house.home.driver.change("Garden", battery=60)
    house.fails = CastFailed("not_played", LIVING.name)
    house.fails.is_final = True
    with pytest.raises(CastFailed, match="not_played"):
        house.show()
    assert [television.stopped for television in house.televisions] == [True]
    assert len(house.lent) == 1
    house.home.store.close()


@pytest.mark.parametrize(("wakes_s", "shows"), [(60.0, True), (80.0, False)])
def test_a_camera_that_the_vendor_calls_asleep_is_asked_for_again_for_70_seconds(
    house: House, wakes_s: float, shows: bool
) -> None:
    house.home.driver.change("Garden", battery=60)
    house.home.driver.mint_error = Refused("waking")
    began = house.clock.now
    states: list[tuple[str, bool]] = []

    def wait(seconds: float) -> None:
        states.extend((showing.name, showing.waking) for showing in house.screens.now(house.account))
        house.clock.wait(seconds)
        if house.clock.now - began >= wakes_s:
            house.home.driver.mint_error = None

    house.wait = wait
    shown = house.show()
    assert isinstance(shown, Showing) is shows
    assert states[0] == ("Garden", True), "whoever asks meanwhile reads that it is being woken"
    assert house.now() == ([("Garden", LIVING.name)] if shows else [])
    if isinstance(shown, Refusal):
        assert (shown.reason, house.televisions) == ("waking", [])


def test_a_camera_that_is_being_woken_is_no_longer_called_that_once_it_is_shown(house: House) -> None:
    house.home.driver.change("Garden", battery=60)
    seen: list[bool] = []
    house.when_shown = lambda: seen.extend(showing.waking for showing in house.screens.now(house.account))
    house.show()
    assert (seen, [showing.waking for showing in house.screens.now(house.account)]) == ([True], [False])


def test_a_tv_that_refuses_the_address_in_the_house_is_given_the_public_one(house: House) -> None:
    house.refuses = ("http://",)
    assert isinstance(house.show(), Showing)
    first, second = house.televisions
    assert (first.stopped, second.stopped) == (True, False)
    assert [shown.at for shown in second.shown] == [(MEDIA_URL,)]
    assert house.now() == [("Garden", LIVING.name)]


def test_a_tv_that_refuses_both_addresses_is_asked_no_third_time_and_left(house: House) -> None:
    house.refuses = ("http://", "https://")
    with pytest.raises(CastFailed, match="not_played"):
        house.show()
    assert [television.stopped for television in house.televisions] == [True, True]
    assert house.now() == []
    assert find_viewer(house.home.store, house.viewer().link) is None


def test_stop_ends_what_the_household_shows_there_or_everywhere(house: House) -> None:
    house.show("Garden")
    house.show("Front Door", on="bedroom tv")
    assert [showing.name for showing in house.screens.stop(house.account, "Bedroom TV")] == ["Front Door"]
    assert house.now() == [("Garden", LIVING.name)]
    assert house.screens.stop("another household") == []
    assert [showing.name for showing in house.screens.stop(house.account)] == ["Garden"]
    assert house.now() == []
    assert house.screens.stop(house.account) == []


def test_stop_of_one_camera_leaves_another(house: House) -> None:
    house.show("Garden")
    assert house.screens.stop(house.account, LIVING.name, house.home.id("Front Door")) == []
    assert house.now() == [("Garden", LIVING.name)]
    assert house.screens.stop(house.account, LIVING.name, house.home.id("Garden"))
    assert house.now() == []


def test_what_is_about_to_be_shown_is_stopped_too(house: House) -> None:
    house.may_play.clear()
    showing = threading.Thread(target=house.show)
    showing.start()
    assert house.loading.wait(20)
    stopped: list[Showing] = []
    stopping = threading.Thread(target=lambda: stopped.extend(house.screens.stop(house.account)))
    stopping.start()
    house.may_play.set()
    showing.join()
    stopping.join()
    assert [shown.name for shown in stopped] == ["Garden"]
    assert house.now() == []
    assert house.televisions[0].stopped


@pytest.mark.parametrize("why", ["taken", "gone"])
def test_who_takes_the_tv_ends_the_picture_for_good(house: House, why: Over) -> None:
    house.show()
    house.televisions[0].over(why)
    assert house.now() == []
    house.screens.turn()
    assert len(house.televisions) == 1
    assert find_viewer(house.home.store, house.viewer().link) is None


def test_a_picture_that_ended_by_itself_is_shown_again_a_few_times(house: House) -> None:
    house.show()
    for _ in range(AGAIN):
        house.televisions[-1].over("ended")
        house.screens.turn()
        assert house.now() == [("Garden", LIVING.name)]
    house.televisions[-1].over("ended")
    house.screens.turn()
    assert house.now() == []
    assert len(house.televisions) == AGAIN + 1


def test_a_picture_that_may_be_shown_no_more_is_not_shown_again(house: House) -> None:
    house.show()
    house.home.driver.change("Garden", encryption="on")
    house.clock.now += 10
    house.televisions[-1].over("ended")
    house.screens.turn()
    assert house.now() == []


def test_a_picture_for_a_while_ends_by_itself(house: House) -> None:
    house.show(seconds=60)
    house.clock.now += 59
    house.screens.turn()
    assert house.now() == [("Garden", LIVING.name)]
    house.clock.now += 1
    house.screens.turn()
    assert house.now() == []
    assert house.televisions[0].stopped


def test_a_viewer_lives_as_long_as_the_worker_says_so(house: House) -> None:
    house.show()
    link = house.viewer().link
    sessions = ConsoleSessions(house.home.store, house.clock)
    for _ in range(10):
        house.clock.now += 25
        house.screens.turn()
    assert sessions.find(link) is not None, "renewed for longer than it was given"
    house.clock.now += LEASE_S + 1
    assert sessions.find(link) is None, "the worker is dead"


@pytest.mark.proves(
    "A cast lasts an hour, past a receiver's idle time-out", leans_on="double: the TV and the hour's clock"
)
def test_an_hour_passes_and_the_picture_is_the_same_and_its_viewer_too(house: House) -> None:
    house.show()
    link = house.viewer().link
    sessions = ConsoleSessions(house.home.store, house.clock)
    for _ in range(3600):
        house.clock.now += 1
        house.screens.turn()
        assert sessions.find(link) is not None
    assert house.now() == [("Garden", LIVING.name)]
    [television] = house.televisions
    assert (len(television.shown), television.stopped) == (1, False)


def test_when_the_worker_ends_so_do_its_pictures(house: House) -> None:
    house.show()
    house.screens.close()
    assert house.televisions[0].stopped
    assert find_viewer(house.home.store, house.viewer().link) is None


def test_a_household_sees_nothing_of_what_another_shows(house: House) -> None:
    house.show()
    other = Account("other", 0.0, b"salt")
    assert house.screens.now(other.id) == []


def test_a_camera_that_is_shown_already_goes_on_and_does_not_begin_again(house: House) -> None:
    house.show(seconds=60)
    house.clock.now += 30
    house.show(seconds=60)
    assert len(house.televisions) == 1
    house.clock.now += 59
    house.screens.turn()
    assert house.now() == [("Garden", LIVING.name)]
    house.show()
    house.clock.now += 600
    house.screens.turn()
    assert house.now() == [("Garden", LIVING.name)], "asked for without an end"
    house.show(seconds=60)
    house.clock.now += 600
    house.screens.turn()
    assert house.now() == [("Garden", LIVING.name)], "a minute more shortens nothing"


# showcam's own receiver, which plays WebRTC too


@pytest.mark.parametrize(
    ("plays", "camera", "expected"),
    [
        (("webrtc", "hls"), "Garden", [("webrtc", "whep")]),
        (("hls",), "Garden", [("webrtc", "whep"), ("hls", "master.m3u8")]),
        ((), "Garden", [("webrtc", "whep"), ("hls", "master.m3u8")]),
        (("hls",), "Shed", [("hls", "master.m3u8")]),
        ((), "Shed", [("hls", "master.m3u8")]),
    ],
    ids=["WebRTC", "HLS where that fails", "neither", "HLS of what WebRTC can't carry", "and not even that"],
)
def test_own_receiver_is_given_the_next_protocol_in_the_same_application(
    tmp_path: Path, plays: tuple[str, ...], camera: str, expected: list[tuple[str, str]]
) -> None:
    house = House(tmp_path, ("webrtc", "hls"), plays)
    house.home.driver.set([*demo_cameras(), ready_camera("Shed", "F00000008", video=Video("h264", 1280, 720, True))])
    if plays:
        house.show(camera)
        assert house.now() == [(camera, LIVING.name)]
    else:
        with pytest.raises(CastFailed, match="not_played"):
            house.show(camera)
        assert house.now() == []
    [television] = house.televisions
    assert [(shown.protocol, shown.path.rpartition("/")[2]) for shown in television.shown] == expected
    assert television.stopped is not bool(plays)
    assert len(set(house.lent)) == 1, "one door serves both"
    house.home.store.close()


@pytest.mark.proves("A TV that WebRTC did not reach is shown HLS from then on", leans_on="double: the TV")
@pytest.mark.parametrize(
    ("unpaired", "plays", "later"),
    [(True, ("hls",), ["hls"]), (False, ("hls",), ["webrtc", "hls"]), (True, (), ["webrtc", "hls"])],
    ids=["no way to it", "another failure", "nor by HLS"],
)
def test_a_device_that_webrtc_does_not_reach_is_shown_hls_from_then_on(
    tmp_path: Path, unpaired: bool, plays: tuple[str, ...], later: list[str]
) -> None:
    house = House(tmp_path, ("webrtc", "hls"), plays)
    house.unpaired = unpaired
    house.home.driver.set([*demo_cameras(), ready_camera("Shed", "F00000008")])
    for camera, on, expected in (
        ("Garden", LIVING, ["webrtc", "hls"]),
        ("Shed", LIVING, later),
        ("Garden", BEDROOM, ["webrtc", "hls"]),
    ):
        with contextlib.nullcontext() if plays else pytest.raises(CastFailed, match="not_played"):
            house.show(camera, on.name)
        assert [shown.protocol for shown in house.televisions[-1].shown] == expected
    house.home.store.close()


@pytest.mark.parametrize(("wakes_s", "shows"), [(12.0, True), (80.0, False)])
def test_own_receiver_says_that_a_camera_is_waking_until_its_picture(
    tmp_path: Path, wakes_s: float, shows: bool
) -> None:
    """The vendor calls it asleep at first, and is asked each 5 s."""
    house = House(tmp_path, ("webrtc", "hls"))
    house.home.driver.change("Garden", battery=60)
    house.home.driver.mint_error = Refused("waking")
    began = house.clock.now

    def wait(seconds: float) -> None:
        house.clock.wait(seconds)
        if house.clock.now - began >= wakes_s:
            house.home.driver.mint_error = None

    house.wait = wait
    assert isinstance(house.show(), Showing) is shows
    [television] = house.televisions
    assert television.woken == ["Garden"] * (3 if shows else 14)
    assert [shown.waking for shown in television.shown] == ([True] if shows else [])
    assert television.stopped is not shows
    house.home.store.close()


def test_own_receiver_is_not_left_between_the_tries_of_a_camera_that_wakes(tmp_path: Path) -> None:
    house = House(tmp_path, ("webrtc", "hls"), ())
    house.home.driver.change("Garden", battery=60)
    with pytest.raises(CastFailed, match="not_played"):
        house.show()
    [television] = house.televisions
    assert [shown.protocol for shown in television.shown] == ["webrtc", "hls"] * 5
    assert all(shown.waking for shown in television.shown)
    assert television.stopped
    house.home.store.close()


def test_a_tv_that_is_away_is_reported_before_the_camera_is_awake(tmp_path: Path) -> None:
    house = House(tmp_path, ("webrtc", "hls"))
    house.home.driver.change("Garden", battery=60)
    house.home.driver.mint_error = Refused("waking")
    house.fails = CastFailed("unreachable", LIVING.name)
    began = house.clock.now
    with pytest.raises(CastFailed, match="unreachable"):
        house.show()
    assert house.clock.now == began
    house.home.store.close()


def test_a_camera_that_is_refused_after_webrtc_failed_leaves_the_tv(tmp_path: Path) -> None:
    house = House(tmp_path, ("webrtc", "hls"), ())
    house.when_shown = lambda: house.home.driver.change("Garden", encryption="on")
    refused = house.show()
    assert isinstance(refused, Refusal)
    assert refused.reason == "encryption_on"
    assert house.televisions[0].stopped
    assert find_viewer(house.home.store, house.viewer().link) is None
    house.home.store.close()


# what brings a camera to the TV


def chosen(house: House, tv: str = LIVING.name, when: tuple[str, ...] = ("doorbell",)) -> OnChange:
    house.home.owner.prefer(house.account, house.home.id("Front Door"), Preferences(tv=tv, tv_when=when))
    return OnChange(house.home.owner, house.screens, house.clock)
