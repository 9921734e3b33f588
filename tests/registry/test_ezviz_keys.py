"""Keys that EZVIZ hands out, by the simulator: when they are asked for, what is kept, and what each refusal means."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from showcam.drivers.camera import Camera
from showcam.drivers.driver import GivesKeys
from showcam.drivers.errors import DriverError, SetRefused, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.vendor import CodeSent, SignedIn
from showcam.engine.source import USED
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.leases import lent
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

ASKED = "/api/device/query/encryptkey"
KEYS, REAL, PASSWORD = "keys@example.com", "real@example.com", "showcam-demo"


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"), encryption_delay_s=0.0)
    yield running
    running.stop()


class Home:
    def __init__(self, vendor: SimulatorProcess, store: SqliteStore, user: str) -> None:
        store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
        self.vendor, self.user = vendor, user
        [source] = store.sources(sessions.add_owner(store, user).id)
        self.source: Source = source
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        self.driver = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True, cloud=True)
        self.sign_in()

    def sign_in(self) -> None:
        verdict = self.driver.sign_in(self.user, PASSWORD, LONG_S)
        if isinstance(verdict, CodeSent):
            verdict = self.driver.sign_in(self.user, PASSWORD, LONG_S, code="012345", host=verdict.host)
        assert isinstance(verdict, SignedIn)
        self.driver.sessions.signed_in(self.source, self.user, verdict.session)

    def camera(self, name: str) -> Camera:
        return next(Camera.of(camera) for camera in self.driver.read(self.source, LONG_S) if camera.name == name)

    def ask(self, name: str, code: str = "") -> None:
        self.driver.ask_key(self.source, self.camera(name), LONG_S, code=code)

    def why_not(self, name: str, code: str = "") -> str:
        with pytest.raises(SetRefused) as refused:
            self.ask(name, code)
        return refused.value.why

    @property
    def codes(self) -> dict[str, str]:
        return self.driver.sessions.read(self.source).secrets.picture_codes

    @property
    def requests(self) -> int:
        return self.vendor.calls()[ASKED]


@pytest.fixture
def signed_in_by_code(vendor: SimulatorProcess, store: SqliteStore) -> Home:
    return Home(vendor, store, KEYS)


@pytest.fixture
def home(vendor: SimulatorProcess, store: SqliteStore) -> Iterator[Home]:
    yield Home(vendor, store, REAL)
    vendor.configure(key_code=0)


def test_a_driver_whose_vendor_has_keys_says_so(signed_in_by_code: Home) -> None:
    assert isinstance(signed_in_by_code.driver, GivesKeys)


def test_a_session_that_was_signed_in_by_a_code_is_handed_keys(signed_in_by_code: Home) -> None:
    home = signed_in_by_code
    assert home.driver.asks_silently(home.source)
    assert home.codes == {}
    for name in ("Carport", "Balcony", "Stairs", "Mailbox"):
        home.ask(name)
    judged = {camera.name: camera.picture_code for camera in home.driver.read(home.source, LONG_S)}
    # of two the list has another digest, so that the video decides
    assert judged == {"Carport": "fits", "Balcony": "unknown", "Stairs": "unknown", "Mailbox": "fits"}
    for name in judged:
        spec = home.driver.mint(home.source, home.camera(name), "cloud", LONG_S)
        home.driver.release(home.source, lent(spec), USED, LONG_S)
        assert spec.key != b""


def test_reading_and_signing_in_ask_for_no_key(signed_in_by_code: Home) -> None:
    asked = signed_in_by_code.requests
    signed_in_by_code.sign_in()
    signed_in_by_code.camera("Carport")
    assert signed_in_by_code.requests == asked


def test_a_renewed_session_does_not_count_as_elevated(signed_in_by_code: Home) -> None:
    home = signed_in_by_code
    home.vendor.configure(session_s=0.5)
    try:
        home.sign_in()
        assert home.driver.asks_silently(home.source)
        time.sleep(0.6)
        home.vendor.configure(session_s=86400)
        home.camera("Carport")
    finally:
        home.vendor.configure(session_s=86400)
    assert not home.driver.asks_silently(home.source)
    home.sign_in()
    assert home.driver.asks_silently(home.source)


def test_by_a_press_a_code_is_mailed_and_elevates_the_session(home: Home) -> None:
    assert not home.driver.asks_silently(home.source)
    assert home.why_not("Driveway") == "code_mailed"
    assert home.why_not("Driveway") == "too_soon"
    assert home.why_not("Driveway", "none") == "wrong_mailed_code"
    home.ask("Driveway", home.vendor.cameras()["Driveway"]["mailed"])
    assert home.codes == {home.camera("Driveway").ref.serial: "ABCDEF"}
    assert home.driver.asks_silently(home.source)


def test_a_shared_camera_is_asked_for_once(home: Home) -> None:
    asked = home.requests
    assert [home.why_not("Boathouse") for _ in range(3)] == ["not_given"] * 3
    assert home.requests == asked + 1
    home.sign_in()
    home.why_not("Boathouse")
    assert home.requests == asked + 2, "another session is another account, perhaps"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (20002, "code_mailed"),
        (120002, "code_mailed"),
        (1011, "wrong_mailed_code"),
        (1012, "old"),
        (10001, "too_soon"),
        (2009, "silent"),
        (1043, "guessed"),
        (1041, "too_often"),
        (2030, "not_given"),
        (9999, "not_given"),
    ],
)
def test_each_refusal_of_a_key_has_its_meaning(home: Home, code: int, why: str) -> None:
    home.vendor.configure(key_code=code)
    assert home.why_not("Driveway", "1234") == why
    assert home.codes == {}


def test_1011_without_a_code_is_no_wrong_code(home: Home) -> None:
    home.vendor.configure(key_code=1011)
    assert home.why_not("Driveway") == "not_given"


@pytest.mark.parametrize("change", [{"key_code": -1}, {"fault": "http500"}, {"fault": "garbage"}])
def test_an_answer_that_is_none_is_the_vendors_fault(home: Home, change: dict[str, Any]) -> None:
    driveway = home.camera("Driveway")
    home.vendor.configure(**change)
    try:
        with pytest.raises(DriverError) as error:
            home.driver.ask_key(home.source, driveway, LONG_S)
    finally:
        home.vendor.configure(key_code=0, fault="")
    assert isinstance(error.value, VendorDown)


def test_a_session_that_is_mailed_a_code_after_all_is_not_elevated(signed_in_by_code: Home) -> None:
    home = signed_in_by_code
    home.vendor.configure(key_code=20002)
    try:
        assert home.why_not("Carport") == "code_mailed"
    finally:
        home.vendor.configure(key_code=0)
    assert not home.driver.asks_silently(home.source)
