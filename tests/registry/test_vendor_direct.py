"""Without a media process: the vendor's own address is handed on, when a display can take it, and else refused."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from showcam.drivers.camera import Refusal, Stream, StreamRequest, Video
from showcam.drivers.driver import Probed
from showcam.drivers.errors import DriverError, Refused, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.probes import hls
from showcam.drivers.vendor import SignedIn
from showcam.engine.fleet import Fleet, Listed
from showcam.engine.grants import Grants
from showcam.registry.adapter import adapt
from showcam.registry.readings.judge import Rules
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Link
from showcam.store.sqlite import SqliteStore
from tests.doubles.household import OFFER, Household, household, new_link
from tests.doubles.ready_driver import camera
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

HLS = StreamRequest("alexa", ("hls",))
PASSED = Rules(pictures="vendor", web_url="https://cam.example", request_s=LONG_S, passed_s=120, opens_per_minute=600)


# the simulated vendor's real streams


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"))
    yield running
    running.stop()


class Home:
    def __init__(self, vendor: SimulatorProcess, store: SqliteStore) -> None:
        store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
        account = sessions.add_owner(store, "demo@example.com", open_key="demo-key", open_secret="demo-secret")
        (source,) = store.sources(account.id)
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        driver = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True)
        verdict = driver.sign_in("demo@example.com", "showcam-demo", LONG_S)
        assert isinstance(verdict, SignedIn)
        driver.sessions.signed_in(source, "demo@example.com", verdict.session)
        self.link: Link = new_link(account, "alexa", None, "en")
        store.add_link(self.link)
        self.registry = adapt(store, {"ezviz": driver}, Fleet(Listed(())), Grants([b"k" * 32]), PASSED).registry

    def open(self, name: str, request: StreamRequest = HLS) -> Stream | Refusal:
        ids = {listed_camera.name: listed_camera.id for listed_camera in self.registry.cameras(self.link).cameras}
        return self.registry.open_stream(self.link, ids[name], request)


@pytest.fixture
def home(vendor: SimulatorProcess, store: SqliteStore) -> Iterator[Home]:
    yield Home(vendor, store)
    vendor.configure(hls_fault="")


def test_a_stream_is_the_vendors_own_and_lives_no_longer_than_requested(home: Home, vendor: SimulatorProcess) -> None:
    before = time.time()
    stream = home.open("Garden")
    assert isinstance(stream, Stream)
    assert stream.url.startswith(f"https://{vendor.open_host}/v3/openlive/")
    assert (stream.protocol, stream.sound, stream.grant, stream.answer) == ("hls", True, "", "")
    assert stream.image_url == "https://cam.example/static/camera.png"
    playlist = requests.get(stream.url, headers={"Origin": hls.PLAYER}, verify=str(vendor.ca), timeout=LONG_S)
    assert playlist.status_code == 200
    expires = int(stream.url.partition("expire=")[2].partition("&")[0])
    assert before + 119 < expires < time.time() + 121


@pytest.mark.parametrize(
    ("fault", "name", "reason"),
    [
        ("no_cors", "Garden", "not_passable"),
        ("ended", "Garden", "not_passable"),
        ("key", "Garden", "not_passable"),
        ("sound", "Garden", "not_passable"),
        ("", "Garage", "encryption_on"),
        ("", "Attic", "offline"),
        ("", "Pond", "not_playable"),
    ],
)
def test_what_a_display_can_not_take_is_refused_through_the_same_gate(
    home: Home, vendor: SimulatorProcess, fault: str, name: str, reason: str
) -> None:
    vendor.configure(hls_fault=fault)
    before = vendor.calls()["/api/lapp/live/address/disable"]
    refusal = home.open(name)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    # an address that was given but is not passed on goes back
    returned = vendor.calls()["/api/lapp/live/address/disable"] > before
    assert returned == (reason in ("not_passable", "not_playable"))


# the rules, one by one, on a household whose vendor answers at once


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Household]:
    home = household(tmp_path, cameras=[camera("Garden", "F00000001"), camera("Shed", video=Video("h264", 640, 360))])
    home.adapter = adapt(home.store, {"ezviz": home.driver}, Fleet(Listed(())), home.grants, PASSED, home.clock)
    yield home
    home.store.close()


@pytest.mark.parametrize(
    ("request_", "name", "look", "reason"),
    [
        (HLS, "Garden", Probed(sound=True), ""),
        (HLS, "Garden", Probed(sound=False), ""),
        (StreamRequest("google", ("webrtc", "hls")), "Garden", Probed(sound=True), ""),
        (StreamRequest("google", ("hls",)), "Garden", Probed(sound=False), "not_passable"),
        (StreamRequest("google", ("webrtc",)), "Garden", Probed(sound=True), "no_common_protocol"),
        (StreamRequest("alexa", ("webrtc",), OFFER), "Garden", Probed(sound=True), "no_common_protocol"),
        (StreamRequest("video", ("hls",)), "Shed", Probed(sound=True), ""),
        (StreamRequest("video", ("hls",)), "Shed", Probed(sound=True, width=1920, height=1080), "not_passable"),
        (StreamRequest("video", ("hls",)), "Shed", Probed(sound=False), "not_passable"),
        (StreamRequest("video", ("hls",)), "Garden", Probed(sound=True), "too_large"),
        (HLS, "Garden", VendorDown("HTTP 500"), "vendor_down"),
        (HLS, "Garden", Refused("not_playable"), "not_playable"),
    ],
)
def test_what_is_passed_to_whom(
    ready: Household, request_: StreamRequest, name: str, look: Probed | DriverError, reason: str
) -> None:
    ready.driver.seen = look
    found = ready.registry.open_stream(ready.link, ready.id(name), request_)
    if reason:
        assert isinstance(found, Refusal)
        assert found.reason == reason
        assert len(ready.driver.released) == len(ready.driver.minted)  # what was taken for it goes back
    else:
        assert isinstance(found, Stream)
        assert found.url.startswith("https://vendor.test/")
        assert isinstance(look, Probed)
        assert found.sound == look.sound
        assert ready.driver.lives == [120]
        assert not ready.driver.released


def test_each_opening_takes_a_place_as_long_as_its_address_lives(ready: Household) -> None:
    garden = ready.id("Garden")
    found = [ready.registry.open_stream(ready.link, garden, HLS) for _ in range(PASSED.live_per_account + 1)]
    assert [isinstance(stream, Stream) for stream in found] == [True] * PASSED.live_per_account + [False]
    refused = found[-1]
    assert isinstance(refused, Refusal)
    assert (refused.camera, refused.vendor, refused.reason) == ("Garden", "EZVIZ", "household_full")
    assert len(ready.driver.released) == 1


def test_an_address_that_the_store_can_not_count_goes_back(ready: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    garden, hit = ready.id("Garden"), ready.store.hit

    def down(key: str, *given: Any) -> int:
        if key.startswith("passed/"):
            raise StoreUnavailable
        return hit(key, *given)

    monkeypatch.setattr(ready.store, "hit", down)
    with pytest.raises(StoreUnavailable):
        ready.registry.open_stream(ready.link, garden, HLS)
    assert len(ready.driver.released) == len(ready.driver.minted) == 1


def test_stills_and_ways_that_need_a_media_process_are_missing(ready: Household) -> None:
    assert ready.registry.playable == ("hls",)
    assert not ready.registry.stills
    still = ready.registry.snapshot(ready.link, ready.id("Garden"), "alexa")
    assert isinstance(still, Refusal)
    assert still.reason == "not_passable"
    (_, surfaces), *_ = ready.registry.readiness(ready.link)
    assert isinstance(surfaces["still"], Refusal)
    assert not isinstance(surfaces["alexa"], Refusal)
    ready.driver.set([camera("Garden", "F00000001", ways=("lan",))])
    refusal = ready.registry.open_stream(ready.link, ready.id("Garden"), HLS)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "no_way"
