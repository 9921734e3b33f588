"""The EZVIZ driver against the simulated vendor, over TLS: its cameras, addresses, faults and settings."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from showcam.drivers.camera import Camera, Stream, StreamRequest
from showcam.drivers.errors import DriverError, Refused, SetRefused, SignedOut, VendorBusy, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.open_platform import Key, Keys, OpenPlatform
from showcam.drivers.ezviz.sessions import Held, Secrets
from showcam.drivers.vendor import SignedIn, VendorHttp
from showcam.engine.grants import Grants
from showcam.engine.source import USED, Hls
from showcam.net.exchange import Hosts
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.readings.judge import Rules
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.household import new_link
from tests.doubles.leases import lent
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

PASSWORD = "showcam-demo"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"), encryption_delay_s=0.3)
    yield running
    running.stop()


@dataclass
class Ezviz:
    """The driver signed in as one user, and the vendor it speaks to."""

    driver: EzvizDriver
    source: Source
    vendor: SimulatorProcess
    store: SqliteStore

    def camera(self, name: str) -> Camera:
        return next(Camera.of(camera) for camera in self.driver.read(self.source, LONG_S) if camera.name == name)

    def adapter(self) -> Adapter:
        rules = Rules(request_s=LONG_S)
        return adapt(self.store, {"ezviz": self.driver}, ReadyPictures(), Grants([b"k" * 32]), rules)


def hosts(vendor: SimulatorProcess) -> EzvizHosts:
    return EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)


def signed_in(vendor: SimulatorProcess, store: SqliteStore, name: str, key: str = "", secret: str = "") -> Ezviz:
    user = f"{name}@example.com"
    account = sessions.add_owner(store, user, open_key=key or f"{name}-key", open_secret=secret or f"{name}-secret")
    (source,) = store.sources(account.id)
    driver = EzvizDriver(store, hosts(vendor), ca_file=vendor.ca, demo=True)
    verdict = driver.sign_in(user, PASSWORD, LONG_S)
    assert isinstance(verdict, SignedIn)
    driver.sessions.signed_in(source, user, verdict.session)
    return Ezviz(driver, source, vendor, store)


@pytest.fixture
def demo(simulator: SimulatorProcess, store: SqliteStore) -> Iterator[Ezviz]:
    store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
    yield signed_in(simulator, store, "demo")
    simulator.configure(session_s=86400.0, token_s=7 * 86400.0, viewers=20, latency_ms=0)
    normal = {"encryption": False, "audio": True, "online": True, "asleep": False, "fault": None}
    for name, row in simulator.cameras().items():
        wrong = {"Garage": {"encryption": True}, "Nursery": {"audio": False}, "Attic": {"online": False}}
        simulator.control(row["serial"], **(normal | wrong.get(name, {}) | {"asleep": name == "Bedroom"}))


def test_the_demo_household_as_it_is(demo: Ezviz) -> None:
    found = {camera.name: camera for camera in demo.driver.read(demo.source, LONG_S)}

    assert list(found) == ["Garden", "Front Door", "Garage", "Nursery", "Attic", "Bedroom", "Pond"]
    flags = {name: (camera.online, camera.asleep, camera.encryption, camera.audio) for name, camera in found.items()}
    assert flags == {
        "Garden": ("on", "off", "off", "on"),
        "Front Door": ("on", "off", "off", "on"),
        "Garage": ("on", "off", "on", "on"),
        "Nursery": ("on", "off", "off", "off"),
        "Attic": ("off", "off", "off", "on"),
        "Bedroom": ("on", "on", "off", "on"),
        "Pond": ("on", "off", "off", "on"),
    }
    assert {camera.listed_video.codec for camera in found.values()} == {"unknown"}, "the list does not tell it for sure"
    assert [name for name, camera in found.items() if camera.kind == "doorbell"] == ["Front Door"]
    garden = found["Garden"]
    assert (garden.model, garden.owner, garden.ways, garden.ref.channel) == ("C3TN", "own", ("open",), 1)
    assert garden.firmware.startswith("V5.3.0")


def test_what_another_household_shares_is_listed_without_a_way(simulator: SimulatorProcess, store: SqliteStore) -> None:
    other = signed_in(simulator, store, "other")

    found = {camera.name: (camera.owner, camera.ways) for camera in other.driver.read(other.source, LONG_S)}

    assert found == {"Study": ("own", ("open",)), "Garden": ("shared", ())}
    with pytest.raises(Refused) as refused:  # the vendor's own word: 20018
        other.driver.mint(other.source, other.camera("Garden"), "open", LONG_S)
    assert refused.value.reason == "no_way"


def test_an_address_plays_and_can_be_given_back(demo: Ezviz) -> None:
    source = demo.driver.mint(demo.source, demo.camera("Garden"), "open", LONG_S)

    assert (type(source), source.sound, source.hosts) == (Hls, "on", (demo.vendor.open_host,))
    assert requests.get(source.url, verify=str(demo.vendor.ca), timeout=LONG_S).status_code == 200
    demo.driver.release(demo.source, lent(source), USED, LONG_S)
    assert requests.get(source.url, verify=str(demo.vendor.ca), timeout=LONG_S).status_code == 410
    demo.driver.release(demo.source, lent(source), USED, LONG_S)


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("Garage", {}, "encryption_on"),
        ("Attic", {}, "offline"),
        ("Garden", {"fault": "rate"}, "vendor_busy"),
        ("Garden", {"fault": "http500"}, "vendor_down"),
    ],
)
def test_the_vendors_answer_to_a_request_for_an_address(
    demo: Ezviz, name: str, change: dict[str, object], reason: str
) -> None:
    camera = demo.camera(name)
    if change:
        demo.vendor.control(camera.ref.serial, **change)

    with pytest.raises(DriverError) as raised:
        demo.driver.mint(demo.source, camera, "open", LONG_S)
    assert raised.value.reason == reason


def test_viewers_beyond_the_vendors_limit(demo: Ezviz) -> None:
    camera = demo.camera("Garden")
    demo.vendor.configure(viewers=0)

    with pytest.raises(Refused) as refused:
        demo.driver.mint(demo.source, camera, "open", LONG_S)
    assert refused.value.reason == "busy"


@pytest.mark.parametrize(
    ("key", "secret"), [("demo-key", "wrong"), ("nobody", "demo-secret")], ids=["wrong secret", "unknown key"]
)
def test_an_invalid_key_is_no_way_and_does_not_sign_out(
    simulator: SimulatorProcess, store: SqliteStore, key: str, secret: str
) -> None:
    home = signed_in(simulator, store, "demo", key, secret)

    with pytest.raises(Refused) as refused:
        home.driver.mint(home.source, home.camera("Garden"), "open", LONG_S)
    assert refused.value.reason == "no_way"
    assert home.driver.sessions.read(home.source).state == "ok"


def test_without_a_key_there_is_no_way(simulator: SimulatorProcess, store: SqliteStore) -> None:
    account = sessions.add_owner(store, "demo@example.com")
    (source,) = store.sources(account.id)
    driver = EzvizDriver(store, hosts(simulator), ca_file=simulator.ca, demo=True)
    verdict = driver.sign_in("demo@example.com", PASSWORD, LONG_S)
    assert isinstance(verdict, SignedIn)
    driver.sessions.signed_in(source, "demo@example.com", verdict.session)

    (garden, *_) = driver.read(source, LONG_S)
    assert garden.ways == ()
    with pytest.raises(Refused) as refused:
        driver.mint(source, Camera.of(garden), "open", LONG_S)
    assert refused.value.reason == "no_way"


def test_a_token_is_kept_and_renewed_when_the_vendor_has_forgotten_it(demo: Ezviz) -> None:
    camera = demo.camera("Garden")
    first = demo.driver.mint(demo.source, camera, "open", LONG_S)
    demo.vendor.restart()  # sessions outlive that, Open Platform tokens don't: 10002

    second = demo.driver.mint(demo.source, camera, "open", LONG_S)

    assert first.url != second.url
    demo.vendor.configure(encryption_delay_s=0.3)


@pytest.mark.parametrize(
    ("fault", "error"), [("http500", VendorDown), ("rate", VendorBusy), ("expired", SignedOut), ("timeout", VendorDown)]
)
def test_the_vendors_faults_when_cameras_are_read(demo: Ezviz, fault: str, error: type[DriverError]) -> None:
    serial = demo.vendor.serial("Garden")
    demo.driver.read(demo.source, LONG_S)
    time.sleep(0.01)  # "expired" is of sessions older than the fault
    demo.vendor.control(serial, fault=fault)
    seconds = 1.0 if fault == "timeout" else LONG_S

    with pytest.raises(error):
        demo.driver.read(demo.source, seconds)

    assert demo.driver.sessions.read(demo.source).state == ("needs_login" if fault == "expired" else "ok")
    demo.vendor.control(serial, fault=None)
    if fault == "expired":
        with pytest.raises(SignedOut):  # only a person mends it
            demo.driver.read(demo.source, LONG_S)
        verdict = demo.driver.sign_in("demo@example.com", PASSWORD, LONG_S)
        assert isinstance(verdict, SignedIn)
        demo.driver.sessions.signed_in(demo.source, "demo@example.com", verdict.session)
    assert len(demo.driver.read(demo.source, LONG_S)) == 7


def test_a_session_that_is_over_is_renewed_and_kept_for_all_processes(demo: Ezviz) -> None:
    before = demo.driver.sessions.read(demo.source)
    demo.vendor.configure(session_s=86400.0)
    another = EzvizDriver(demo.store, hosts(demo.vendor), ca_file=demo.vendor.ca, demo=True)
    another.read(demo.source, LONG_S)
    expire(demo)

    assert len(demo.driver.read(demo.source, LONG_S)) == 7

    after = demo.driver.sessions.read(demo.source)
    assert after.secrets.session is not None
    assert before.secrets.session is not None
    assert after.secrets.session["session_id"] != before.secrets.session["session_id"]
    assert after.secrets.open == before.secrets.open
    assert after.state == "ok"
    assert len(another.read(demo.source, LONG_S)) == 7


def expire(demo: Ezviz) -> None:
    """Let the session at work run out at the vendor, its refresh id still good."""
    demo.vendor.configure(session_s=0.5)
    verdict = demo.driver.sign_in("demo@example.com", PASSWORD, LONG_S)
    assert isinstance(verdict, SignedIn)
    demo.driver.sessions.signed_in(demo.source, "demo@example.com", verdict.session)
    demo.vendor.configure(session_s=86400.0)
    time.sleep(0.6)


# settings, each read back


def test_audio_and_sleep_are_set_and_read_back(demo: Ezviz) -> None:
    nursery, bedroom = demo.camera("Nursery"), demo.camera("Bedroom")

    demo.driver.apply(demo.source, nursery, "audio", "on", LONG_S)
    demo.driver.apply(demo.source, bedroom, "sleep", "off", LONG_S)

    assert (demo.camera("Nursery").audio, demo.camera("Bedroom").asleep) == ("on", "off")


def test_encryption_goes_off_with_the_code_and_only_once_it_is_off(demo: Ezviz) -> None:
    owner = demo.adapter().owner
    garage = next(camera for camera in owner.cameras(demo.source.account).cameras if camera.name == "Garage")

    changed = owner.change(demo.source.account, garage.id, "encryption", "off", code="ABCDEF", consent=True)

    assert isinstance(changed, Camera)
    assert demo.camera("Garage").encryption == "off"
    assert demo.driver.mint(demo.source, demo.camera("Garage"), "open", LONG_S).url


def test_a_wrong_code_is_reported_and_changes_nothing(demo: Ezviz, simulator: SimulatorProcess) -> None:
    """The vendor, which counts wrong ones, is not sent it: the list says that it is wrong."""
    garage, before = demo.camera("Garage"), simulator.calls()
    with pytest.raises(SetRefused) as refused:
        demo.driver.apply(demo.source, garage, "encryption", "off", LONG_S, code="AAAAAA")

    assert refused.value.why == "wrong_code"
    assert set(simulator.calls() - before) == {"/v3/userdevices/v1/resources/pagelist"}
    assert demo.camera("Garage").encryption == "on"


def test_what_is_shared_is_never_decrypted_for_its_owner(simulator: SimulatorProcess, store: SqliteStore) -> None:
    other = signed_in(simulator, store, "other")

    with pytest.raises(SetRefused) as refused:
        other.driver.apply(other.source, other.camera("Garden"), "encryption", "on", LONG_S)
    assert refused.value.why == "not_permitted"


# the whole of it


def test_from_the_vendor_to_a_stream_and_back_to_a_refusal(demo: Ezviz) -> None:
    account = demo.store.account(demo.source.account)
    assert account is not None
    link = new_link(account, "google", None, "en")
    demo.store.add_link(link)
    rules = Rules(request_s=LONG_S)
    pictures = ReadyPictures()
    registry = adapt(demo.store, {"ezviz": demo.driver}, pictures, Grants([b"k" * 32]), rules).registry
    garden = next(camera for camera in registry.cameras(link).cameras if camera.name == "Garden")
    ask = StreamRequest("google", ("webrtc", "hls"))

    assert isinstance(registry.open_stream(link, garden.id, ask), Stream)
    assert pictures.warmed[0][1].url.startswith(f"https://{demo.vendor.open_host}/")
    demo.vendor.control(garden.ref.serial, encryption=True, audio=False)
    refusal = registry.open_stream(link, garden.id, ask)

    assert [row.reason for row in refusal.failed] == ["encryption_on", "audio_off"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("api", "given", "expected"),
    [
        ("apiius.ezvizlife.com", "", "iusopen.ezvizlife.com"),
        ("apiisgp.ezvizlife.com", "", "isgpopen.ezvizlife.com"),
        ("apiindia.ezvizlife.com", "", "ieuopen.ezvizlife.com"),
        ("apiiindia.ezvizlife.com", "", "iindiaopen.ezvizlife.com"),
        ("apirus.ezvizru.com", "", "ieuopen.ezvizlife.com"),  # where none is known, as the settings say
        ("apiius.ezvizlife.com.evil.example", "", "ieuopen.ezvizlife.com"),
        ("", "", "ieuopen.ezvizlife.com"),
        ("apiius.ezvizlife.com", "open.example:8443", "open.example:8443"),
    ],
)
def test_the_open_platforms_region_is_the_accounts(api: str, given: str, expected: str) -> None:
    known = EzvizHosts.of("eu", open_platform=given)
    session = {"session_id": "s", "api_url": api}
    platform = OpenPlatform(VendorHttp(Hosts(()), None), known.open_platform)
    held = Held(Secrets("demo", session=session, open=Key("key", "secret")), "ok", 1)

    assert Keys(platform, known, None).find(held) == Key("key", "secret", expected)


@pytest.mark.parametrize("region", ["", "mars"])
def test_an_unknown_region_is_named_in_the_error(region: str) -> None:
    with pytest.raises(ValueError, match="is none of eu, us"):
        EzvizHosts.of(region)


def test_the_vendor_is_not_loaded_before_it_is_called() -> None:
    code = (
        "import sys, showcam.registry.adapter, showcam.registry.owner.sign_in, showcam.drivers.ezviz.driver;"
        "print([name for name in ('requests', 'pyezvizapi', 'urllib3', 'structlog', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
