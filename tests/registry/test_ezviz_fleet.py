"""Households as they come: recorders, two lenses, hubs, shared and battery cameras, and many of them."""

import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from PIL import Image

from showcam.drivers.camera import Camera, Refusal, Stream, StreamRequest
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.vendor import SignedIn
from showcam.engine.grants import Claims, Grants
from showcam.engine.source import USED, Denied
from showcam.registry.adapter import adapt
from showcam.registry.readings.judge import Rules
from showcam.store.records import Link, Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.household import new_link
from tests.doubles.leases import lent
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S, until

REQUEST_S = 6.0  # in which a busy machine reads the list and asks the camera
WAKE = "/v3/specialBizs/v1/batteryDevices/{serial}/{channel}/{kind}/sleep"
CAPTURE = "/v3/devconfig/v1/{serial}/{channel}/capture"
LIST = "/v3/userdevices/v1/resources/pagelist"
FLEET = "fleet@example.com"


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"), viewers=1000, terminals=1000)
    yield running
    running.stop()


class Home:
    """A household of the vendor's with everything around it."""

    def __init__(
        self, store: SqliteStore, vendor: SimulatorProcess, user: str, request_s: float, *, cloud: bool
    ) -> None:
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        self.driver = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True, cloud=cloud)
        key = user.partition("@")[0]
        account = sessions.add_owner(store, user, open_key=f"{key}-key", open_secret=f"{key}-secret")
        self.source: Source = store.sources(account.id)[0]
        answer = self.driver.sign_in(user, "showcam-demo", LONG_S)
        assert isinstance(answer, SignedIn)
        self.driver.sessions.signed_in(self.source, user, answer.session)
        self.driver.sessions.allow_open_way(self.source, allowed=cloud)
        rules = Rules(request_s=request_s, opens_per_minute=1000)
        self.pictures = ReadyPictures()
        self.adapter = adapt(store, {"ezviz": self.driver}, self.pictures, Grants([b"k" * 32]), rules)
        self.link: Link = new_link(account, "alexa", None, "en")
        store.add_link(self.link)

    def cameras(self) -> dict[str, Camera]:
        return {camera.name: camera for camera in self.adapter.registry.cameras(self.link).cameras}

    def open(self, name: str) -> Stream | Refusal:
        request = StreamRequest("alexa", ("hls",))
        return self.adapter.registry.open_stream(self.link, self.cameras()[name].id, request)


@pytest.fixture
def home(vendor: SimulatorProcess, store: SqliteStore) -> Callable[..., Home]:
    def made(
        user: str = FLEET, *, cameras: int = 2, mixed: bool = False, request_s: float = LONG_S, cloud: bool = False
    ) -> Home:
        if user == FLEET:
            vendor.configure(fleet={"account": user, "cameras": cameras, "mixed": mixed})
        return Home(store, vendor, user, request_s, cloud=cloud)

    return made


def test_one_camera_for_each_channel_that_has_one(home: Callable[..., Home]) -> None:
    found = home(mixed=True).cameras()
    plain = {"Camera 1", "Camera 2"}
    assert found.keys() - plain == {"Gate", "Yard", "Stable", "Drive Wide", "Drive Close", "Back Door"}
    assert [found[name].ref.channel for name in ("Gate", "Yard", "Stable")] == [1, 2, 3]
    assert [found[name].ref.channel for name in ("Drive Wide", "Drive Close")] == [1, 2]
    assert len({found[name].ref.serial for name in ("Gate", "Yard", "Stable")}) == 1
    assert len({camera.id for camera in found.values()}) == len(found)
    assert (found["Back Door"].kind, found["Back Door"].battery) == ("doorbell", 67)
    assert {camera.owner for camera in found.values()} == {"own"}
    assert {camera.motion for camera in found.values()} == {"off"}


def test_a_channel_is_listed_and_shown_by_itself_and_has_nothing_to_switch(home: Callable[..., Home]) -> None:
    ours = home(mixed=True)
    found = ours.cameras()
    yard = found["Yard"]
    assert {(found[name].asleep, found[name].audio) for name in ("Gate", "Yard", "Stable")} == {("none", "none")}
    assert isinstance(ours.open("Stable"), Stream)
    assert f"/{yard.ref.serial}_3_1.m3u8" in ours.pictures.warmed[-1][1].url


def test_a_shared_camera_has_an_id_in_each_household(home: Callable[..., Home]) -> None:
    owner, guest = home("demo@example.com"), home("other@example.com")
    own, shared = owner.cameras()["Garden"], guest.cameras()["Garden"]
    assert own.ref.serial == shared.ref.serial
    assert own.id != shared.id
    assert (own.owner, shared.owner) == ("own", "shared")
    assert shared.ways == ()  # its secrets are not asked for, its pictures are its owner's to show
    assert sorted(owner.adapter.noticing.accounts_with(own.ref.serial)) == sorted(
        [owner.link.account, guest.link.account]
    )


@pytest.mark.parametrize("cameras", [1, 30, 31, 75, 300, 1000])
def test_a_household_of_any_size_takes_a_call_for_each_thirty(
    vendor: SimulatorProcess, home: Callable[..., Home], cameras: int
) -> None:
    ours = home(cameras=cameras)
    before = vendor.calls()
    assert len(ours.cameras()) == cameras
    assert vendor.calls() - before == {LIST: -(-cameras // 30)}


def test_fresh_reads_before_streams_are_shared(vendor: SimulatorProcess, home: Callable[..., Home]) -> None:
    ours = home(cameras=8)
    names = sorted(ours.cameras())
    ids = {name: camera.id for name, camera in ours.cameras().items()}
    vendor.configure(latency_ms=1500)
    before = vendor.calls()
    request, at_once = StreamRequest("alexa", ("hls",)), Barrier(8)

    def open_one(name: str) -> Stream | Refusal:
        at_once.wait()
        return ours.adapter.registry.open_stream(ours.link, ids[name], request)

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(open_one, names))
    vendor.configure(latency_ms=0)
    assert all(isinstance(stream, Stream) for stream in opened)
    assert (vendor.calls() - before)[LIST] == 1


class TestBattery:
    def test_it_is_woken_and_shown_within_the_request(
        self, vendor: SimulatorProcess, home: Callable[..., Home]
    ) -> None:
        vendor.configure(wake_s=0.5, awake_s=30, wake_spread_s=0)
        ours = home(mixed=True)
        assert isinstance(ours.open("Back Door"), Stream)

    def test_what_takes_too_long_is_refused_in_time_and_shown_later(
        self, vendor: SimulatorProcess, home: Callable[..., Home]
    ) -> None:
        vendor.configure(wake_s=3600, awake_s=30, wake_spread_s=0)
        ours, before = home(mixed=True, request_s=REQUEST_S), vendor.calls()
        began = time.monotonic()
        refused = ours.open("Back Door")
        assert time.monotonic() - began < LONG_S
        assert isinstance(refused, Refusal)
        assert refused.reason == "waking"
        vendor.control(ours.cameras()["Back Door"].ref.serial, waking_until=0.0, awake_until=1e12)
        until(lambda: isinstance(ours.open("Back Door"), Stream))
        assert (vendor.calls() - before)[WAKE] == 1

    def test_it_is_woken_once_a_minute_by_whichever_process(
        self, vendor: SimulatorProcess, home: Callable[..., Home], store: SqliteStore
    ) -> None:
        vendor.configure(wake_s=3600, awake_s=30, wake_spread_s=0)
        ours, before = home(mixed=True, request_s=REQUEST_S), vendor.calls()
        for _ in range(3):
            refused = ours.open("Back Door")
            assert isinstance(refused, Refusal)
            assert refused.reason == "waking"
        assert (vendor.calls() - before)[WAKE] == 1
        # the other cameras of the household are none the worse for it
        assert isinstance(ours.open("Camera 1"), Stream)

    def test_by_the_cloud_stream_it_is_woken_too_while_its_address_is_made(
        self, vendor: SimulatorProcess, home: Callable[..., Home]
    ) -> None:
        ours = home(mixed=True, cloud=True)
        cameras, before = ours.cameras(), vendor.calls()
        for name in ("Back Door", "Camera 1", "Back Door"):
            spec = ours.driver.mint(ours.source, cameras[name], "cloud", LONG_S)
            ours.driver.release(ours.source, lent(spec), USED, LONG_S)
        until(lambda: (vendor.calls() - before)[WAKE])
        assert (vendor.calls() - before)[WAKE] == 1

    def test_while_it_is_watched_it_is_asked_to_stay_awake(
        self, vendor: SimulatorProcess, home: Callable[..., Home]
    ) -> None:
        ours = home(mixed=True, cloud=True)
        cameras, before = ours.cameras(), vendor.calls()
        for name in ("Camera 1", "Back Door", "Back Door"):
            claims = Claims(ours.link.account, ours.link.id, cameras[name].id, "session", "alexa", 0, "n")
            assert ours.adapter.questions.check(claims) is None
        until(lambda: (vendor.calls() - before)[WAKE])
        assert (vendor.calls() - before)[WAKE] == 1

    @pytest.mark.parametrize(
        ("encrypted", "decided", "shown"), [(False, "no", True), (True, "no", False), (True, "code", True)]
    )
    def test_a_still_of_one_that_sleeps_is_a_capture_which_opens_no_stream(
        self, vendor: SimulatorProcess, home: Callable[..., Home], encrypted: bool, decided: str, shown: bool
    ) -> None:
        vendor.configure(capture_s=0.1)
        ours = home(mixed=True, cloud=True)
        door = ours.cameras()["Back Door"]
        vendor.configure(encryption_delay_s=0)
        vendor.control(door.ref.serial, encryption=encrypted)
        if decided == "code":
            given = ours.adapter.owner.encrypted.decide(ours.link.account, door.id, "code", code="BTTRYX", consent=True)
            assert isinstance(given, Camera), given
        before = vendor.calls()
        claims = Claims(ours.link.account, ours.link.id, door.id, "still", "alexa", 0, "n")
        still = ours.adapter.questions.still_for(claims)
        calls = vendor.calls() - before
        if shown:
            assert isinstance(still, bytes)
            assert Image.open(io.BytesIO(still)).size == (640, 360)
            assert calls.keys() == {LIST, CAPTURE, "/pictures/{name}.jpg"}
        else:
            assert still == Denied("encryption_on")
            assert calls.keys() == {LIST}

    def test_a_camera_on_mains_or_one_that_gives_no_capture_is_opened_for_a_still(
        self, vendor: SimulatorProcess, home: Callable[..., Home]
    ) -> None:
        ours = home(mixed=True, cloud=True)
        cameras, before = ours.cameras(), vendor.calls()
        vendor.control(cameras["Back Door"].ref.serial, fault="http500")
        for name in ("Camera 1", "Back Door", "Back Door"):
            source, camera = ours.source, cameras[name]
            assert ours.driver.still(source, camera, LONG_S, deciphers=False) is None
        vendor.control(cameras["Back Door"].ref.serial, fault=None)
        assert (vendor.calls() - before)[CAPTURE] == 1

    def test_a_camera_on_mains_that_does_not_answer_is_not_woken(
        self, vendor: SimulatorProcess, home: Callable[..., Home]
    ) -> None:
        ours, before = home(cameras=1), vendor.calls()
        vendor.control(ours.cameras()["Camera 1"].ref.serial, fault="http500")
        refused = ours.open("Camera 1")
        assert isinstance(refused, Refusal)
        assert refused.reason == "vendor_down"
        assert (vendor.calls() - before)[WAKE] == 0
