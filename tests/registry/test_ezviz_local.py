"""EZVIZ cameras at home by their own protocol: who chose that, what is refused, and when a camera is left alone."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from showcam.drivers.camera import Camera
from showcam.drivers.errors import Refused
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.pictures import LocalKey, read_lent
from showcam.drivers.vendor import SignedIn
from showcam.engine.ezviz.local_messages import LocalAddress
from showcam.engine.source import USED, EzvizLocal, InVain
from showcam.store.sqlite import SqliteStore
from tests.doubles.leases import lent
from tests.doubles.no_threads import no_threads
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.troubled.cas import code_of, key_of
from tests.doubles.waiting import LONG_S, until

OWN, SHARED = "Driveway", "Boathouse"  # of the household that is as unkind as life: no RTSP, all encrypted
CODE = "ABCDEF"


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"))
    yield running
    running.stop()


class Home:
    """A household whose owner may choose that its cameras are asked by their own protocol."""

    def __init__(self, vendor: SimulatorProcess, store: SqliteStore) -> None:
        user = "real@example.com"
        self.vendor, self.store = vendor, store
        store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
        (self.source,) = store.sources(sessions.add_owner(store, user).id)
        self.driver = self.another()
        verdict = self.driver.sign_in(user, "showcam-demo", LONG_S)
        assert isinstance(verdict, SignedIn)
        self.driver.sessions.signed_in(self.source, user, verdict.session)

    def another(self) -> EzvizDriver:
        """As in another process, which knows nothing of what this one tried."""
        hosts = EzvizHosts.of("eu", api=self.vendor.app_host, open_platform=self.vendor.open_host)
        return EzvizDriver(self.store, hosts, ca_file=self.vendor.ca, demo=True, lan=True)

    def camera(self, name: str = OWN) -> Any:
        return next(Camera.of(each) for each in self.driver.read(self.source, LONG_S) if each.name == name)

    def mint(self, name: str = OWN, deadline_s: float = LONG_S, **given: Any) -> EzvizLocal:
        spec = self.driver.mint(self.source, self.camera(name), "local", deadline_s, **given)
        assert isinstance(spec, EzvizLocal)
        return spec

    def why(self, name: str = OWN, deadline_s: float = LONG_S, **given: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.mint(name, deadline_s, **given)
        return refused.value.reason

    def choose(self, name: str = OWN, *, wanted: bool = True) -> None:
        self.driver.set_local(self.source, self.camera(name), LONG_S, wanted=wanted)


@pytest.fixture
def cameras(vendor: SimulatorProcess) -> Iterator[SimulatorProcess]:
    for name in (OWN, SHARED):
        vendor.control(vendor.serial(name), local="plain")
    until(lambda: len([each for each in vendor.ports() if each.startswith("90")]) == 4)
    yield vendor
    vendor.configure(cas_fault="")
    for name in (OWN, SHARED):
        vendor.control(vendor.serial(name), local="")


@pytest.fixture
def home(cameras: SimulatorProcess, store: SqliteStore) -> Home:
    made = Home(cameras, store)
    for name in (OWN, SHARED):
        made.choose(name)
        made.driver.sessions.keep_picture_code(made.source, cameras.serial(name), CODE)
    return made


def calls(vendor: SimulatorProcess) -> dict[str, int]:
    counted = vendor.calls()
    return {"cas": counted["cas"], "p2p": counted["/v3/p2pbusiness/configurations/p2p"]}


@pytest.mark.parametrize("name", [OWN, SHARED])
def test_what_opens_a_camera_is_handed_over(home: Home, name: str) -> None:
    spec = home.mint(name)
    address, serial = LocalAddress.read(spec), home.vendor.serial(name)
    ports = home.vendor.ports()
    assert (type(spec), read_lent(lent(spec)), spec.alone, spec.dozes) == (EzvizLocal, LocalKey(serial), True, False)
    assert spec.key == CODE.encode().ljust(16, b"\0")
    assert (address.control, address.media) == (ports[f"9010/{serial}"], ports[f"9020/{serial}"])
    assert (address.key.decode(), address.code) == (key_of(serial), code_of(serial))
    assert not any(secret in f"{spec!r}{address!r}" for secret in (address.key.decode(), address.code, serial))


def test_a_key_is_asked_for_once_an_hour(home: Home) -> None:
    before = calls(home.vendor)
    home.mint()
    home.mint()
    after = calls(home.vendor)
    assert {name: after[name] - before[name] for name in after} == {"cas": 1, "p2p": 1}


def test_a_key_that_no_thread_was_left_for_is_asked_for_at_the_next_opening(home: Home) -> None:
    camera = home.camera()
    with no_threads(), pytest.raises(RuntimeError):
        home.driver.mint(home.source, camera, "local", LONG_S)
    assert isinstance(home.driver.mint(home.source, camera, "local", LONG_S), EzvizLocal)


def test_only_a_camera_whose_owner_chose_that_is_asked(cameras: SimulatorProcess, store: SqliteStore) -> None:
    home, before = Home(cameras, store), calls(cameras)
    home.driver.sessions.keep_code(home.source, cameras.serial(OWN), CODE)
    home.driver.sessions.keep_picture_code(home.source, cameras.serial(OWN), CODE)
    assert (home.camera().ways, home.why()) == (("lan",), "no_way")
    assert calls(cameras) == before
    home.choose()
    assert home.camera().ways == ("lan", "local")
    assert isinstance(home.mint(), EzvizLocal)
    assert home.camera(SHARED).ways == ()
    home.choose(wanted=False)
    assert (home.camera().ways, home.why()) == (("lan",), "no_way")


def test_a_camera_that_does_not_answer_at_home_can_not_be_chosen(cameras: SimulatorProcess, store: SqliteStore) -> None:
    cameras.control(cameras.serial(OWN), local="")
    home = Home(cameras, store)
    with pytest.raises(Refused) as refused:
        home.choose()
    assert refused.value.reason == "lan_closed"
    assert home.camera().ways == ()


def test_an_encrypted_camera_without_its_code_is_not_asked(home: Home) -> None:
    """RTSP would be clear; this is not."""
    home.driver.sessions.keep_picture_code(home.source, home.vendor.serial(OWN), "")
    before = calls(home.vendor)
    assert home.why() == "encryption_on"
    assert calls(home.vendor) == before


@pytest.mark.parametrize(("fault", "asked"), [("", 1), ("forgets", 2), ("drips", 1)])
def test_what_the_server_of_keys_may_do_that_is_put_up_with(home: Home, fault: str, asked: int) -> None:
    """A certificate that is out of date, in each case; a terminal that it has forgotten; a byte at a time."""
    before = calls(home.vendor)
    home.vendor.configure(cas_fault=fault)
    assert isinstance(home.mint(), EzvizLocal)
    after = calls(home.vendor)
    assert (after["cas"] - before["cas"], after["p2p"] - before["p2p"]) == (asked, asked)


@pytest.mark.parametrize("fault", ["refused", "limit", "garbage", "half", "silent"])
def test_without_a_key_the_camera_is_left_alone(home: Home, fault: str) -> None:
    """And nobody is asked again for a while."""
    home.vendor.configure(cas_fault=fault)
    deadline_s, before = 4.0 if fault == "silent" else LONG_S, calls(home.vendor)
    assert home.why(deadline_s=deadline_s) == "lan_closed"
    until(lambda: calls(home.vendor)["cas"] > before["cas"])  # on a busy machine it is asked when nobody waits any more
    home.vendor.configure(cas_fault="")
    before = calls(home.vendor)
    assert home.why(deadline_s=deadline_s) == "lan_closed"
    assert calls(home.vendor)["cas"] == before["cas"]


def test_a_server_of_keys_with_another_certificate_is_asked_again_after_a_press(home: Home) -> None:
    assert isinstance(home.mint(SHARED), EzvizLocal)
    home.vendor.configure(cas_certificate="replaced")
    before = calls(home.vendor)
    assert [home.why() for _ in range(2)] == ["key_server_changed"] * 2
    assert calls(home.vendor)["cas"] == before["cas"], "it was sent nothing"
    home.driver.trust_key_server(home.source, home.camera(), LONG_S)
    assert isinstance(home.mint(), EzvizLocal)
    home.vendor.configure(cas_certificate="")


def test_after_a_picture_in_vain_the_camera_is_left_alone(home: Home) -> None:
    spec = home.mint()
    home.driver.release(home.source, lent(spec), USED, LONG_S)
    assert isinstance(home.mint(), EzvizLocal), "the picture was over, and no more"
    home.driver.release(home.source, lent(spec), InVain("media_down"), LONG_S)
    assert home.why() == "lan_closed"
    assert isinstance(home.mint(SHARED), EzvizLocal)


def test_that_its_code_is_wrong_is_kept_as_the_reason(home: Home) -> None:
    home.driver.release(home.source, lent(home.mint()), InVain("code_wrong"), LONG_S)
    assert home.why() == "code_wrong"


def test_no_key_and_no_session_is_logged(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    spec = home.mint()
    home.driver.release(home.source, lent(spec), InVain("media_down"), LONG_S)
    home.vendor.configure(cas_fault="refused")
    home.why(SHARED)
    held = home.driver.sessions.read(home.source).secrets.session
    assert held is not None
    assert "no picture by a camera's own protocol" in caplog.text
    assert "code 1052175" in caplog.text
    for secret in (spec.password, spec.user, str(held["session_id"]), home.vendor.serial(OWN)):
        assert secret not in caplog.text
