"""EZVIZ's cloud stream by the account alone: who is offered it, where it is asked for, and what a token is good for."""

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from media.ezviz.address import Address
from media.plane.sources.ezviz_node import NodeSession
from media.plane.sources.fetcher import OnLoopback
from media.source import REFUSED, SourceSpec
from registry.camera import UNASKED, Camera, Ref
from registry.drivers.ezviz import households
from registry.drivers.ezviz.cloud import Cloud, Place
from registry.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from registry.errors import DriverError, Refused, SignedOut
from registry.gate.ways import choose, may_be_overheard
from registry.vendor import SignedIn
from store.sqlite import SqliteStore
from tests.doubles.ready_driver import camera as ready
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.tls_vendor import Vendors, answer

LONG_S = 20.0


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"))
    yield running
    running.stop()


class Home:
    """A household with nothing but its account, and a driver that speaks for it."""

    def __init__(self, vendor: SimulatorProcess, store: SqliteStore, name: str, *, cloud: bool = True) -> None:
        user = f"{name}@example.com"
        store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
        self.vendor, self.store = vendor, store
        (self.source,) = store.sources(households.add_owner(store, user).id)
        self.driver = self.another(cloud=cloud)
        verdict = self.driver.sign_in(user, "showcam-demo", LONG_S)
        assert isinstance(verdict, SignedIn)
        self.driver.sessions.signed_in(self.source, user, verdict.session)
        self.driver.sessions.allow_open_way(self.source, allowed=True)

    def another(self, *, cloud: bool = True, may_go_on: bool = False) -> EzvizDriver:
        """A driver as another process has it."""
        hosts = EzvizHosts.of("eu", api=self.vendor.app_host, open_platform=self.vendor.open_host)
        return EzvizDriver(self.store, hosts, ca_file=self.vendor.ca, demo=True, cloud=cloud, may_go_on=may_go_on)

    def camera(self, name: str) -> Camera:
        return next(camera for camera in self.driver.read(self.source, LONG_S) if camera.name == name)


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture
def home(vendor: SimulatorProcess, store: SqliteStore) -> Iterator[Home]:
    yield Home(vendor, store, "real")
    vendor.control("F00497501", fault=None, sub_size=[320, 180])


def test_a_camera_can_be_had_by_the_account_alone(home: Home) -> None:
    terrace = home.camera("Terrace")
    assert terrace.ways == ("cloud",)
    spec = home.driver.mint(home.source, terrace, "cloud", LONG_S)
    assert (spec.kind, spec.sound, spec.release, spec.dozes) == ("ezviz", "on", "", False)
    assert spec.hosts == (urlsplit(spec.url).netloc,)
    query = asked(spec.url)
    assert (query["dev"], query["chn"], query["stream"], query["biz"]) == (terrace.ref.serial, "1", "2", "1")
    assert "ssn" not in repr(spec)


def test_a_shared_camera_too(vendor: SimulatorProcess, store: SqliteStore) -> None:
    other = Home(vendor, store, "other")
    garden = other.camera("Garden")
    assert (garden.owner, garden.ways) == ("shared", ("cloud",))
    assert other.driver.mint(other.source, garden, "cloud", LONG_S).kind == "ezviz"


def test_each_address_has_a_token_of_its_own_and_the_list_is_read_once(home: Home) -> None:
    terrace, before = home.camera("Terrace"), home.vendor.calls()
    tokens = {asked(home.driver.mint(home.source, terrace, "cloud", LONG_S).url)["ssn"] for _ in range(3)}
    assert len(tokens) == 3
    assert home.vendor.calls() - before == {"/vtdutoken2": 3}


def test_sessions_that_are_wanted_at_once_open_one_after_another(home: Home) -> None:
    """The vendor's servers lose a session that is between them when another token is fetched."""
    driver, terrace = home.another(may_go_on=True), home.camera("Terrace")

    async def opened(spec: SourceSpec) -> None:
        session = NodeSession(OnLoopback(every=True))
        await session.open(Address.read(spec.url), spec.hosts)
        session.close()

    def wanted(_: int) -> SourceSpec:
        spec = driver.mint(home.source, terrace, "cloud", LONG_S)
        asyncio.run(opened(spec))
        driver.release(home.source, spec.release, LONG_S)
        return spec

    with ThreadPoolExecutor(4) as threads:
        specs = list(threads.map(wanted, range(4)))
    assert len({spec.url for spec in specs}) == 4


def test_tokens_that_nobody_takes_renew_the_session(home: Home) -> None:
    driver, terrace = home.another(may_go_on=True), home.camera("Terrace")
    before = session_id(home)
    for turn in range(2):
        assert session_id(home) == before, turn
        spec = driver.mint(home.source, terrace, "cloud", LONG_S)
        driver.release(home.source, f"{spec.release}{REFUSED}", LONG_S)
    assert session_id(home) != before
    assert driver.mint(home.source, terrace, "cloud", LONG_S).kind == "ezviz"


def session_id(home: Home) -> str:
    session = home.driver.sessions.read(home.source).secrets.session
    assert session is not None
    return str(session["session_id"])


def test_another_process_asks_where_the_camera_streams(home: Home) -> None:
    terrace, before = home.camera("Terrace"), home.vendor.calls()
    spec = home.another().mint(home.source, terrace, "cloud", LONG_S)
    assert Address.read(spec.url).stream == 2
    assert set(home.vendor.calls() - before) == {"/v3/streaming/vtm/{serial}/{channel}", "/vtdutoken2"}


def test_a_camera_without_a_smaller_picture_is_asked_for_its_whole_one(home: Home) -> None:
    home.vendor.control("F00497501", sub_size=None)
    terrace = home.camera("Terrace")
    assert asked(home.driver.mint(home.source, terrace, "cloud", LONG_S).url)["stream"] == "1"
    with pytest.raises(Refused) as refused:
        home.driver.mint(home.source, terrace, "cloud", LONG_S, picture="sub")
    assert refused.value.reason == "too_large"


def test_switched_off_it_is_offered_to_nobody(vendor: SimulatorProcess, store: SqliteStore) -> None:
    home = Home(vendor, store, "real", cloud=False)
    terrace = home.camera("Terrace")
    assert terrace.ways == ()
    with pytest.raises(Refused) as refused:
        home.driver.mint(home.source, terrace, "cloud", LONG_S)
    assert refused.value.reason == "no_way"


def test_nothing_comes_by_an_open_connection_before_its_owner_agreed(home: Home) -> None:
    home.driver.sessions.allow_open_way(home.source, allowed=False)
    terrace = home.camera("Terrace")
    assert terrace.ways == (UNASKED,)
    assert choose(terrace) is None
    assert may_be_overheard(terrace)
    with pytest.raises(Refused) as refused:
        home.driver.mint(home.source, terrace, "cloud", LONG_S)
    assert refused.value.reason == "no_way"
    verdict = home.driver.sign_in("real@example.com", "showcam-demo", LONG_S)
    assert isinstance(verdict, SignedIn)
    home.driver.sessions.signed_in(home.source, "real@example.com", verdict.session)
    assert home.camera("Terrace").ways == (UNASKED,), "signing in is not agreeing"
    home.driver.sessions.allow_open_way(home.source, allowed=True)
    assert home.camera("Terrace").ways == ("cloud",)


def test_a_session_that_is_over_is_renewed_before_a_token_is_asked_for(home: Home) -> None:
    terrace = home.camera("Terrace")
    home.vendor.configure(session_s=0.5)
    try:
        home.driver.mint(home.source, terrace, "cloud", LONG_S)
        time.sleep(0.6)
        home.vendor.configure(session_s=86400)
        assert home.driver.mint(home.source, terrace, "cloud", LONG_S).kind == "ezviz"
    finally:
        home.vendor.configure(session_s=86400)


def test_an_account_that_is_signed_out_says_so(home: Home) -> None:
    terrace = home.camera("Terrace")
    home.vendor.control("F00497501", fault="expired")
    with pytest.raises(SignedOut):
        home.driver.mint(home.source, terrace, "cloud", LONG_S)


@pytest.mark.parametrize("fault", ["timeout", "http500", "garbage", "html", "quota"])
def test_a_vendor_that_fails_is_reported_without_a_word_of_its_answer(home: Home, fault: str) -> None:
    terrace = home.camera("Terrace")
    home.vendor.configure(fault=fault)
    try:
        with pytest.raises(DriverError) as failed:
            home.driver.mint(home.source, terrace, "cloud", 3.0)
    finally:
        home.vendor.configure(fault="")
    assert failed.value.reason == "vendor_down"
    assert "ut." not in str(failed.value)


class Unlisted:
    """A vendor whose list names no dispatcher. `dispatcher`: its answer about the one camera, as the app asks."""

    def __init__(self, vendors: Vendors, store: SqliteStore, dispatcher: dict[str, Any] | bytes) -> None:
        self._dispatcher = dispatcher
        self.vendor = vendors.answering(self._reply)
        hosts = EzvizHosts.of("eu", api=self.vendor.host, open_platform=self.vendor.host)
        self.driver = EzvizDriver(store, hosts, ca_file=self.vendor.ca_file, demo=True, cloud=True)
        (self.source,) = store.sources(households.add_owner(store, "kari@example.com").id)
        session = {"session_id": "h.eyJzIjoic2lnbiJ9.t", "rf_session_id": "r", "username": "kari"}
        addresses = {"api_url": self.vendor.host, "service_urls": {"authAddr": self.vendor.url, "sysConf": []}}
        self.driver.sessions.signed_in(self.source, "kari@example.com", session | addresses)
        self.driver.sessions.allow_open_way(self.source, allowed=True)

    def _reply(self, requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        path = requested.partition(" ")[2].partition("?")[0]
        if path == "/vtdutoken2":
            return answer(b'{"retcode": 0, "tokens": ["ut.T", "ut.U"]}')  # of others than the first nothing is known
        if path == "/v3/streaming/vtm/F1/1" and isinstance(self._dispatcher, bytes):
            return self._dispatcher
        reply: dict[str, Any] = {"meta": {"code": 200}}
        if path == "/v3/streaming/vtm/F1/1" and not isinstance(self._dispatcher, bytes):
            reply |= self._dispatcher
        else:
            device = {"deviceSerial": "F1", "deviceCategory": "BatteryCamera", "status": 1}
            reply |= {"deviceInfos": [device], "resourceInfos": [ROW | {"resourceName": "Terrace"}], "VTM": {}}
            reply |= {"VIDEO_QUALITY": {"r": [{"streamType": 1, "videoLevel": 2}]}}
        return answer(json.dumps(reply).encode())

    def camera(self) -> Camera:
        (camera,) = self.driver.read(self.source, LONG_S)
        return camera


def test_a_dispatcher_that_the_list_does_not_name_is_asked_for(vendors: Vendors, store: SqliteStore) -> None:
    it = Unlisted(vendors, store, {"streamServerConfig": VTM | {"externalIp": "127.0.0.1"}})
    assert it.camera().ways == ("cloud",)
    spec = it.driver.mint(it.source, it.camera(), "cloud", LONG_S)
    assert (spec.hosts, asked(spec.url)["stream"]) == (("127.0.0.1:8554",), "1"), "it has no smaller picture"
    assert asked(spec.url)["ssn"] == "ut.T"
    it.driver.sessions.allow_open_way(it.source, allowed=False)
    assert it.camera().ways == (UNASKED,)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (answer(b"", "500 Internal Server Error"), "vendor_down"),
        (answer(b"", "429 Too Many Requests"), "vendor_busy"),
        (answer(b"<html>"), "vendor_down"),
        (answer(b'{"meta": {"code": 10029}}'), "vendor_down"),
    ],
)
def test_a_vendor_in_trouble_has_not_said_that_a_camera_has_no_dispatcher(
    vendors: Vendors, store: SqliteStore, trouble: bytes, reason: str
) -> None:
    it = Unlisted(vendors, store, trouble)
    with pytest.raises(DriverError) as failed:
        it.driver.mint(it.source, it.camera(), "cloud", LONG_S)
    assert failed.value.reason == reason


def test_a_smaller_picture_that_brought_nothing_is_handed_out_to_nobody(home: Home) -> None:
    terrace = home.camera("Terrace")
    assert home.driver.mint(home.source, terrace, "cloud", LONG_S, picture="sub").kind == "ezviz"
    silent = replace(terrace, sub_silent_at=1e9, as_of=1e9)
    with pytest.raises(Refused) as refused:
        home.driver.mint(home.source, silent, "cloud", LONG_S, picture="sub")
    assert refused.value.reason == "too_large"


@pytest.mark.parametrize(
    "dispatcher",
    [{}, {"streamServerConfig": None}, {"streamServerConfig": {}}, {"meta": {"code": 2000}}],
    ids=["nothing", "none", "empty", "refused"],
)
def test_a_camera_that_has_no_dispatcher_has_no_way(
    vendors: Vendors, store: SqliteStore, dispatcher: dict[str, Any]
) -> None:
    it = Unlisted(vendors, store, dispatcher)
    with pytest.raises(Refused) as refused:
        it.driver.mint(it.source, it.camera(), "cloud", LONG_S)
    assert refused.value.reason == "no_way"


VTM = {"externalIp": "8.8.4.4", "domain": "vtm.ezvizlife.com", "internalIp": "None", "port": 8554}
ROW = {"resourceId": "r", "deviceSerial": "F1", "localIndex": "1", "resourceType": 50, "streamBizUrl": "biz=1"}


def places(*rows: dict[str, Any], loopback: bool = False, **sections: Any) -> dict[int, Place | None]:
    page = {"resourceInfos": list(rows) or [ROW], "VTM": {"r": VTM}} | sections
    cloud = Cloud(loopback=loopback)
    both = tuple(ready(f"C{channel}", ref=Ref("s", "F1", channel), ways=()) for channel in (1, 2))
    offered = cloud.offered(both, [page], agreed=True)
    found = {camera.ref.channel: cloud.place(camera.ref) for camera in offered if camera.ways == ("cloud",)}
    assert all(camera.ways in ((), ("cloud",)) for camera in offered)
    return found


BOTH = ("8.8.4.4:8554", "vtm.ezvizlife.com:8554")


@pytest.mark.parametrize(
    ("vtm", "hosts"),
    [
        (VTM, BOTH),
        (VTM | {"port": "10554"}, ("8.8.4.4:10554", "vtm.ezvizlife.com:10554")),
        (VTM | {"externalIp": "192.168.1.4"}, BOTH[1:]),
        (VTM | {"externalIp": "127.0.0.1"}, BOTH[1:]),
        (VTM | {"externalIp": "169.254.169.254"}, BOTH[1:]),
        (VTM | {"externalIp": "2130706433"}, BOTH[1:]),
        (VTM | {"externalIp": None}, BOTH[1:]),
        (VTM | {"domain": "vtm.ezvizlife.com.evil.example"}, BOTH[:1]),
        (VTM | {"domain": "example.ezviz.test"}, BOTH[:1]),
        (VTM | {"externalIp": "", "domain": "localhost"}, ()),
        (VTM | {"port": 22}, ()),
        (VTM | {"port": 99999}, ()),
        (VTM | {"port": None}, ()),
        ({}, ()),
        (None, ()),
        ("text", ()),
    ],
)
def test_only_the_vendors_names_and_public_addresses_are_believed(vtm: Any, hosts: tuple[str, ...]) -> None:
    found = places(VTM={"r": vtm}).get(1)
    assert (found.hosts if found else ()) == hosts


def test_in_the_demo_no_name_is_gone_to() -> None:
    found = places(VTM={"r": VTM | {"externalIp": "127.0.0.1"}}, loopback=True)[1]
    assert found is not None
    assert found.hosts == ("127.0.0.1:8554",)


@pytest.mark.parametrize(
    ("rows", "sections", "expected"),
    [
        ((ROW,), {}, {1: ("biz=1", True)}),
        ((ROW | {"localIndex": "2"},), {}, {2: ("biz=1", True)}),
        # a dual-lens camera: its device's row has no dispatcher, and would stand for the first lens
        ((ROW | {"localIndex": "0", "resourceType": 0, "resourceId": "d"}, ROW), {}, {1: ("biz=1", True)}),
        ((ROW, ROW | {"localIndex": "0", "resourceType": 0, "streamBizUrl": "x=1"}), {}, {1: ("biz=1", True)}),
        ((ROW | {"streamBizUrl": None},), {}, {1: ("", True)}),
        ((ROW,), {"VIDEO_QUALITY": {"r": [{"streamType": 1}]}}, {1: ("biz=1", False)}),
        ((ROW,), {"VIDEO_QUALITY": {"r": [{"streamType": 1}, {"streamType": 2}]}}, {1: ("biz=1", True)}),
        ((ROW,), {"VIDEO_QUALITY": {"r": "text"}}, {1: ("biz=1", True)}),
        ((ROW | {"localIndex": None},), {}, {}),
        ((ROW | {"localIndex": "²"},), {}, {}),
        ((ROW | {"resourceId": "another"},), {}, {}),
        ((ROW,), {"VTM": None}, {}),
        ((ROW,), {"resourceInfos": None}, {}),
        ((ROW,), {"resourceInfos": ["text"]}, {}),
    ],
)
def test_what_the_list_says_of_a_channel(
    rows: tuple[dict[str, Any], ...], sections: dict[str, Any], expected: dict[int, tuple[str, bool]]
) -> None:
    found = places(*rows, **sections)
    assert {channel: (place.biz, place.has_sub) for channel, place in found.items() if place} == expected


def test_a_battery_camera_is_said_to_doze() -> None:
    cloud = Cloud(loopback=False)
    spec = cloud.spec(ready("Hall", battery=60), Place(BOTH), "ut.T")
    assert (spec.dozes, spec.alone) == (True, True)
    assert spec.hosts == BOTH


@pytest.mark.parametrize(
    ("silent_s_ago", "stream"),
    [(None, 2), (0, 1), (23 * 3600, 1), (25 * 3600, 2)],
    ids=["never", "just now", "within a day", "more than a day ago"],
)
def test_a_smaller_picture_that_brought_nothing_is_not_asked_for_within_a_day(
    silent_s_ago: float | None, stream: int
) -> None:
    silent_at = 0.0 if silent_s_ago is None else 1e9 - silent_s_ago
    spec = Cloud(loopback=False).spec(ready("Workshop", sub_silent_at=silent_at, as_of=1e9), Place(BOTH), "ut.T")
    assert f"&stream={stream}&" in spec.url
