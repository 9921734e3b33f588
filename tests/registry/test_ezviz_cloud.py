"""EZVIZ's cloud stream by the account alone: who is offered it, where it is asked for, and what a token is good for."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import UNASKED, Camera, Measured
from showcam.drivers.errors import DriverError, Refused, SignedOut
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.vendor import SignedIn
from showcam.engine.ezviz.address import Address
from showcam.engine.ezviz.node import NodeSession
from showcam.engine.source import USED, CameraSpec, EzvizCloud, Unopened
from showcam.net.addresses import OnLoopback
from showcam.registry.gate.gate import choose, may_be_overheard
from showcam.store.sqlite import SqliteStore
from tests.doubles.leases import lent
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"))
    yield running
    running.stop()


class Home:
    """A household with nothing but its account, and a driver that speaks for it."""

    def __init__(self, vendor: SimulatorProcess, store: SqliteStore, name: str, *, cloud: bool = True) -> None:
        self.user = f"{name}@example.com"
        store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
        self.vendor, self.store = vendor, store
        (self.source,) = store.sources(sessions.add_owner(store, self.user).id)
        self.driver = self.another(cloud=cloud)
        self.sign_in()
        self.driver.sessions.allow_open_way(self.source, allowed=True)

    def sign_in(self) -> None:
        verdict = self.driver.sign_in(self.user, "showcam-demo", LONG_S)
        assert isinstance(verdict, SignedIn)
        self.driver.sessions.signed_in(self.source, self.user, verdict.session)

    def another(self, *, cloud: bool = True, may_go_on: bool = False) -> EzvizDriver:
        """A driver as another process has it."""
        hosts = EzvizHosts.of("eu", api=self.vendor.app_host, open_platform=self.vendor.open_host)
        return EzvizDriver(self.store, hosts, ca_file=self.vendor.ca, demo=True, cloud=cloud, may_go_on=may_go_on)

    def camera(self, name: str) -> Camera:
        return next(Camera.of(camera) for camera in self.driver.read(self.source, LONG_S) if camera.name == name)


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
    assert (type(spec), spec.sound, spec.lease, spec.dozes) == (EzvizCloud, "on", None, False)
    assert spec.hosts == (urlsplit(spec.url).netloc,)
    query = asked(spec.url)
    assert (query["dev"], query["chn"], query["stream"], query["biz"]) == (terrace.ref.serial, "1", "2", "1")
    assert "ssn" not in repr(spec)


def test_a_shared_camera_too(vendor: SimulatorProcess, store: SqliteStore) -> None:
    other = Home(vendor, store, "other")
    garden = other.camera("Garden")
    assert (garden.owner, garden.ways) == ("shared", ("cloud",))
    assert isinstance(other.driver.mint(other.source, garden, "cloud", LONG_S), EzvizCloud)


def test_each_address_has_a_token_of_its_own_and_the_list_is_read_once(home: Home) -> None:
    terrace, before = home.camera("Terrace"), home.vendor.calls()
    tokens = {asked(home.driver.mint(home.source, terrace, "cloud", LONG_S).url)["ssn"] for _ in range(3)}
    assert len(tokens) == 3
    assert home.vendor.calls() - before == {"/vtdutoken2": 3}


def test_sessions_that_are_wanted_at_once_open_one_after_another(home: Home) -> None:
    """The vendor's servers lose a session that is between them when another token is fetched."""
    driver, terrace = home.another(may_go_on=True), home.camera("Terrace")

    async def opened(spec: CameraSpec) -> None:
        session = NodeSession(OnLoopback(every=True))
        await session.open(Address.read(spec.url), spec.hosts)
        session.close()

    def wanted(_: int) -> CameraSpec:
        spec = driver.mint(home.source, terrace, "cloud", LONG_S)
        asyncio.run(opened(spec))
        driver.release(home.source, lent(spec), USED, LONG_S)
        return spec

    with ThreadPoolExecutor(4) as threads:
        specs = list(threads.map(wanted, range(4)))
    assert len({spec.url for spec in specs}) == 4


def test_a_camera_that_a_node_refused_costs_no_token_until_its_rest_is_over_or_it_is_listed_otherwise(
    home: Home,
) -> None:
    driver, terrace = home.another(may_go_on=True), home.camera("Terrace")
    spec = driver.mint(home.source, terrace, "cloud", LONG_S)
    driver.release(home.source, lent(spec), Unopened(5409, "asleep", 3600.0), LONG_S)
    before = home.vendor.calls()
    with pytest.raises(Refused, match="a moment ago") as refused:
        driver.mint(home.source, terrace, "cloud", LONG_S)
    assert refused.value.reason == "asleep"
    assert home.vendor.calls() == before
    spec = driver.mint(home.source, replace(terrace, asleep="unknown"), "cloud", LONG_S)
    driver.release(home.source, lent(spec), USED, LONG_S)
    driver, rest_s = home.another(may_go_on=True), 0.5
    spec = driver.mint(home.source, terrace, "cloud", LONG_S)
    driver.release(home.source, lent(spec), Unopened(5409, "asleep", rest_s), LONG_S)
    time.sleep(rest_s)
    assert isinstance(driver.mint(home.source, terrace, "cloud", LONG_S), EzvizCloud)


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
    home.sign_in()
    assert home.camera("Terrace").ways == (UNASKED,), "signing in is not agreeing"
    home.driver.sessions.allow_open_way(home.source, allowed=True)
    assert home.camera("Terrace").ways == ("cloud",)


def test_a_session_that_is_over_is_renewed_before_a_token_is_asked_for(home: Home) -> None:
    terrace = home.camera("Terrace")
    home.vendor.configure(session_s=0.5)
    try:
        home.sign_in()
        before = home.driver.sessions.read(home.source).secrets.session
        time.sleep(0.6)
        home.vendor.configure(session_s=86400)
        assert isinstance(home.driver.mint(home.source, terrace, "cloud", LONG_S), EzvizCloud)
    finally:
        home.vendor.configure(session_s=86400)
    assert home.driver.sessions.read(home.source).secrets.session != before


def test_an_account_that_is_signed_out_says_so(home: Home) -> None:
    terrace = home.camera("Terrace")
    home.vendor.control("F00497501", fault="expired")
    with pytest.raises(SignedOut):
        home.driver.mint(home.source, terrace, "cloud", LONG_S)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [*((fault, "vendor_down") for fault in ("timeout", "http500", "garbage", "html")), ("quota", "vendor_busy")],
)
def test_a_vendor_that_fails_is_reported_without_a_word_of_its_answer(home: Home, fault: str, reason: str) -> None:
    terrace = home.camera("Terrace")
    home.vendor.configure(fault=fault)
    try:
        with pytest.raises(DriverError) as failed:
            home.driver.mint(home.source, terrace, "cloud", 3.0 if fault == "timeout" else LONG_S)
    finally:
        home.vendor.configure(fault="")
    assert failed.value.reason == reason
    assert "ut." not in str(failed.value)


def test_a_smaller_picture_that_brought_nothing_is_handed_out_to_nobody(home: Home) -> None:
    terrace = home.camera("Terrace")
    assert isinstance(home.driver.mint(home.source, terrace, "cloud", LONG_S, picture="sub"), EzvizCloud)
    silent = replace(terrace, measured=Measured(sub_silent_at=1e9), as_of=1e9)
    with pytest.raises(Refused) as refused:
        home.driver.mint(home.source, silent, "cloud", LONG_S, picture="sub")
    assert refused.value.reason == "too_large"
