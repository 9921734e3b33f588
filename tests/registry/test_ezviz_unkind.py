"""A household as unkind as life, through driver, registry and gate: what is shown, why not, what its owner meets."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Listed, Refusal, Stream, StreamRequest
from showcam.drivers.errors import VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.answers import LastStatus
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.settings import Asked, Step
from showcam.drivers.vendor import SignedIn
from showcam.engine.grants import Grants
from showcam.engine.source import EzvizCloud, Rtsp, SourceSpec, mark_of
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.preferences import Preferences
from showcam.registry.readings.judge import Rules
from showcam.registry.registry import Registry
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.household import new_link
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.simulator_process import STEADY, SimulatorProcess
from tests.doubles.tls_vendor import Vendor, Vendors, answer, silent
from tests.doubles.waiting import LONG_S, until

USER, CODE = "real@example.com", "ABCDEF"
LAG_S = 0.4
SECTIONS = "STATUS,SWITCH,FEATURE_INFO,VIDEO_QUALITY,VTM,CONNECTION,WIFI"
ENCRYPTED = ("Driveway", "Boathouse", "Hall", "Courtyard Wide", "Courtyard Close", "Workshop", "Loft", "Pantry")
CLOSED = {"Greenhouse": "asleep", "Cellar": "offline", "Shed": "offline"}


class Home:
    def __init__(self, vendor: SimulatorProcess, store: SqliteStore) -> None:
        store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
        self.vendor = vendor
        account = sessions.add_owner(store, USER)
        [source] = store.sources(account.id)
        self.source: Source = source
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        self.driver = EzvizDriver(store, hosts, ca_file=vendor.ca, demo=True, lan=True, cloud=True)
        verdict = self.driver.sign_in(USER, "showcam-demo", LONG_S)
        assert isinstance(verdict, SignedIn)
        self.driver.sessions.signed_in(source, USER, verdict.session)
        self.driver.sessions.allow_open_way(source, allowed=True)
        self.pictures = ReadyPictures()
        self.store, self.rules = store, Rules(request_s=LONG_S, owner_s=LONG_S, opens_per_minute=100)
        self.account = account.id
        self._begin()
        self.link = new_link(account, "alexa", None, "en")
        store.add_link(self.link)

    def _begin(self) -> None:
        adapter = self.another_process()
        self.owner, self.registry, self.questions = adapter.owner, adapter.registry, adapter.questions

    def restart(self) -> None:
        """Nothing is in memory any more."""
        self.driver = self.another_driver()
        self._begin()

    def another_process(self) -> Adapter:
        """Over the same store, with nothing in memory."""
        return adapt(self.store, {"ezviz": self.driver}, self.pictures, Grants([bytes(32)]), self.rules)

    @property
    def session(self) -> dict[str, Any]:
        return dict(self.driver.sessions.read(self.source).secrets.session or {})

    @property
    def session_id(self) -> str:
        return str(self.session["session_id"])

    def another_driver(self, vendor: Vendor | None = None) -> EzvizDriver:
        """As another process has it, with nothing in memory."""
        app, ca = (vendor.host, vendor.ca_file) if vendor else (self.vendor.app_host, self.vendor.ca)
        hosts = EzvizHosts.of("eu", api=app, open_platform=self.vendor.open_host)
        return EzvizDriver(self.store, hosts, ca_file=ca, demo=True, lan=True, cloud=True)

    def camera(self, name: str) -> Camera:
        return next(camera for camera in self.owner.cameras(self.account).cameras if camera.name == name)

    def give(self, name: str, code: str = CODE) -> Camera | Refusal | Step:
        """The owner decides that the camera be shown by the code."""
        return self.owner.encrypted.decide(self.account, self.camera(name).id, "code", code=code, consent=True)

    def change(self, name: str, setting: str, value: str, code: str = "") -> Camera | Asked | Refusal | Step:
        return self.owner.change(self.account, self.camera(name).id, setting, value, code=code, consent=True)

    def reasons(self) -> dict[str, str]:
        """Why each camera is not shown by Google, which asks the most; "" where it is."""
        table = self.owner.readiness(self.account)
        verdicts = {camera.name: row["google"] for camera, row in table}
        return {name: found.reason if isinstance(found, Refusal) else "" for name, found in verdicts.items()}

    def opened(self, name: str) -> type[SourceSpec]:
        """By which kind of source the camera is shown now."""
        stream = self.registry.open_stream(self.link, self.camera(name).id, StreamRequest("alexa", ("hls",)))
        assert isinstance(stream, Stream), stream
        claims, source = self.pictures.warmed[-1]
        self.questions.release(claims, source.lease)  # an account opens one session at a time, and this one is open
        return type(source)


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"), encryption_delay_s=0.3, restart_s=0.3, lag_s=LAG_S)
    yield running
    running.stop()


@pytest.fixture
def home(vendor: SimulatorProcess, store: SqliteStore) -> Iterator[Home]:
    yield Home(vendor, store)
    vendor.configure(**STEADY, fault="")
    vendor.control(vendor.serial("Driveway"), encryption=True, audio=True, online=True, rtsp=False)
    vendor.control(vendor.serial("Terrace"), online=True, rtsp=False)


def test_by_the_account_alone_the_one_clear_camera_is_shown(home: Home) -> None:
    assert home.reasons() == {"Terrace": "", **dict.fromkeys(ENCRYPTED, "encryption_on"), **CLOSED}
    assert home.opened("Terrace") is EzvizCloud


def test_with_the_code_all_that_are_awake_and_online_are_shown(home: Home) -> None:
    for name in (*ENCRYPTED, *CLOSED):
        given = home.give(name)
        assert isinstance(given, Camera)
        assert given.picture_code == "fits"
    assert home.reasons() == {"Terrace": "", **dict.fromkeys(ENCRYPTED, ""), **CLOSED}
    for name in ENCRYPTED:
        assert home.opened(name) is EzvizCloud
        assert home.pictures.warmed[-1][1].key == b"ABCDEF" + bytes(10)


def test_another_code_shows_nothing_once_the_video_has_refuted_it(home: Home) -> None:
    given = home.give("Boathouse", "ABCDEG")
    assert isinstance(given, Camera)
    assert given.picture_code == "unknown"
    home.opened("Boathouse")
    claims, source = home.pictures.warmed[-1]
    home.questions.judge_key(claims, mark_of(source.key), fits=False)
    assert home.reasons()["Boathouse"] == "code_wrong"


def test_a_switch_that_the_list_shows_late_is_waited_for(home: Home) -> None:
    driveway = home.camera("Driveway")
    home.vendor.configure(lag_s=3600)
    home.driver.apply(home.source, driveway, "status_light", "off", LONG_S)
    assert home.camera("Driveway").status_light == "on", "the list is late"
    home.vendor.configure(lag_s=LAG_S)
    changed = home.change("Driveway", "audio", "off")
    assert isinstance(changed, Camera)
    assert changed.audio == "off"
    home.change("Driveway", "status_light", "on")


def test_a_voice_hears_that_it_was_asked_for_and_every_process_confirms_it_when_it_shows(
    home: Home, vendor: SimulatorProcess
) -> None:
    terrace, other = home.camera("Terrace").id, home.another_process()
    home.owner.prefer(home.account, terrace, Preferences(voice_may=("sleep",)))

    def asleep(registry: Registry) -> str:
        return registry.states(home.link, [terrace], LONG_S)[terrace].camera.asleep

    vendor.configure(lag_s=3600)  # longer than the voice waits
    try:
        assert asleep(other.registry) == "off"
        changed = home.registry.change(home.link, terrace, "sleep", "on", within_s=4.0)
        assert isinstance(changed, Asked)
        assert changed.camera.asleep == "on"
        until(lambda: asleep(other.registry) != "off")  # a process reads what others wrote once a second
        assert (asleep(home.registry), asleep(other.registry)) == ("unknown", "unknown")
        vendor.control(vendor.serial("Terrace"), asleep=True)  # the list shows it
        until(lambda: (asleep(home.registry), asleep(other.registry)) == ("on", "on"))
    finally:
        vendor.configure(lag_s=LAG_S)
        vendor.control(vendor.serial("Terrace"), asleep=False)


def test_newer_firmware_takes_a_mailed_code_alone(home: Home) -> None:
    assert home.change("Driveway", "encryption", "off", CODE) == Step("mailed_code")
    mailed = home.vendor.cameras()["Driveway"]["mailed"]
    found = home.change("Driveway", "encryption", "off", mailed)
    assert isinstance(found, Camera)
    assert found.encryption == "off"


def test_nobody_is_asked_for_a_cameras_password_which_alone_would_mail_its_owner_a_code(home: Home) -> None:
    """And a code is mailed only where somebody switches Image Encryption off."""
    password, mail = "/api/device/query/encryptkey", "/v3/users/checkcode/mt"
    before = home.vendor.calls()
    home.give("Driveway")
    home.opened("Driveway")
    for name in ("Driveway", "Boathouse"):
        assert isinstance(home.owner.settings(home.account, home.camera(name).id), dict)
    assert not {password, mail} & (home.vendor.calls() - before).keys()
    assert home.change("Driveway", "encryption", "off") == Step("mailed_code")
    asked = home.vendor.calls() - before
    assert (asked[password], asked[mail]) == (0, 1)


def test_a_shared_camera_is_its_owners_to_change(home: Home) -> None:
    refused = home.change("Boathouse", "encryption", "off", CODE)
    assert isinstance(refused, Refusal)
    assert refused.reason == "owners_alone"
    views = home.owner.settings(home.account, home.camera("Boathouse").id)
    assert isinstance(views, dict)
    kept = {name for name, view in views.items() if view.why_not == "owners_alone"}
    assert (kept, views["encryption"].can_set, views["audio"].can_set) == ({"encryption", "storage"}, False, True)


def test_rtsp_at_home_is_used_while_it_is_open_and_the_cloud_after_a_restart(home: Home) -> None:
    serial, terrace = home.vendor.serial("Terrace"), home.camera("Terrace")
    shut = home.owner.codes.set(home.account, terrace.id, CODE)
    assert isinstance(shut, Refusal)
    assert shut.reason == "lan_closed"
    home.vendor.control(serial, rtsp=True)
    until(lambda: f"rtsp/{serial}" in home.vendor.ports())
    found = home.owner.codes.set(home.account, terrace.id, CODE)
    assert isinstance(found, Camera)
    assert found.ways == ("lan", "cloud")
    while home.opened("Terrace") is not Rtsp:
        home.restart()  # a camera that a busy machine did not let answer in time is left alone for a while
    assert isinstance(home.owner.restart(home.account, terrace.id), Camera)
    until(lambda: home.camera("Terrace").online == "on" and f"rtsp/{serial}" not in home.vendor.ports())
    assert home.opened("Terrace") is EzvizCloud


def test_a_list_that_a_gateway_loses_now_and_then_is_asked_for_once_more(home: Home) -> None:
    right = home.driver.read(home.source, LONG_S)
    home.vendor.configure(gateway_each=2)
    assert [home.driver.read(home.source, LONG_S) for _ in range(4)] == [right] * 4
    home.vendor.configure(gateway_each=1)
    before = home.vendor.calls()
    with pytest.raises(VendorDown, match="504"):
        home.driver.read(home.source, LONG_S)
    assert sum((home.vendor.calls() - before).values()) == 2


def test_a_list_that_takes_all_of_its_time_is_not_asked_for_again(home: Home, vendors: Vendors) -> None:
    hanging = vendors.speaking(silent)
    home.driver.sessions.signed_in(home.source, USER, home.session | {"api_url": hanging.host})
    driver = home.another_driver(hanging)
    with pytest.raises(VendorDown):
        driver.read(home.source, 4.0)
    assert len(hanging.opened) == 1


def test_what_is_set_is_sent_once_whatever_the_gateway_answers(home: Home) -> None:
    terrace = home.camera("Terrace")
    home.vendor.configure(fault="http500")
    before = home.vendor.calls()
    with pytest.raises(VendorDown):
        home.driver.apply(home.source, terrace, "audio", "off", LONG_S)
    assert set((home.vendor.calls() - before).values()) == {1}  # by each of two calls that the vendor knows


def test_an_empty_status_is_what_was_read_a_moment_ago(home: Home) -> None:
    right = home.driver.read(home.source, LONG_S)
    home.vendor.configure(empty_each=1)
    assert home.driver.read(home.source, LONG_S) == right
    others = home.another_driver().read(home.source, LONG_S)
    assert [other.encryption for camera, other in zip(right, others, strict=True) if camera != other] == ["unknown"]


def test_a_status_is_kept_for_a_minute() -> None:
    clock = Clock()
    last, device, began = LastStatus(clock), {"deviceSerial": "F1"}, clock.now
    full = {"deviceInfos": [device], "STATUS": {"F1": {"isEncrypt": 0}}}
    statuses: list[Any] = [{}, {"F1": {}}, None]
    empty: list[dict[str, Any]] = [{"deviceInfos": [device], "STATUS": status} for status in statuses]
    assert last.read("s", lambda: [full]) == [full]
    for after_s, is_kept in ((60.0, True), (61.0, False)):
        clock.now = began + after_s
        read = last.read("s", lambda: empty)
        assert [page["STATUS"].get("F1") == {"isEncrypt": 0} for page in read] == [is_kept] * 3
    assert last.read("another household", lambda: [empty[0]])[0]["STATUS"] == {}


@pytest.mark.parametrize("first", [{}, {"F1": {}}, None], ids=["no row", "an empty row", "no section"])
def test_an_empty_status_of_a_camera_that_had_none_is_asked_for_once_more(first: Any) -> None:
    device, full = {"deviceSerial": "F1"}, {"F1": {"isEncrypt": 0}}
    last, answers = LastStatus(Clock()), [{"deviceInfos": [device], "STATUS": status} for status in (first, full, full)]
    assert last.read("s", lambda: [answers.pop(0)])[0]["STATUS"] == full
    assert len(answers) == 1  # and not a third time


def test_an_empty_status_whose_last_one_is_too_old_is_asked_for_once_more() -> None:
    device, full = {"deviceSerial": "F1"}, {"F1": {"isEncrypt": 0}}
    clock = Clock()
    # at last one that stays empty, which is not asked for twice each time
    statuses: tuple[dict[str, Any], ...] = (full, {}, full, {}, {}, {})
    last, answers = LastStatus(clock), [{"deviceInfos": [device], "STATUS": status} for status in statuses]
    last.read("s", lambda: [answers.pop(0)])
    for expected, left in ((full, 3), ({}, 1), ({}, 0)):
        clock.now += 61.0
        assert last.read("s", lambda: [answers.pop(0)])[0]["STATUS"] == expected
        assert len(answers) == left


def test_if_the_second_list_fails_the_first_counts() -> None:
    first = {"deviceInfos": [{"deviceSerial": "F1"}, {"deviceSerial": "F2"}], "STATUS": {"F2": {"isEncrypt": 0}}}
    answers = [first]

    def ask() -> list[dict[str, Any]]:
        if not answers:
            raise VendorDown("HTTP 504")
        return [answers.pop(0)]

    assert LastStatus(Clock()).read("s", ask) == [first]


def test_a_device_that_never_has_a_status_is_asked_for_twice_once() -> None:
    last, asked = LastStatus(Clock()), []
    for _ in range(3):
        last.read("s", lambda: asked.append(1) or [{"deviceInfos": [{"deviceSerial": "HUB"}], "STATUS": {}}])  # type: ignore[func-returns-value]
    assert len(asked) == 4


@pytest.mark.parametrize("section", SECTIONS.split(","))
@pytest.mark.parametrize("odd", [None, [], "x", 7, [None]], ids=repr)
def test_an_odd_row_or_section_costs_itself_alone(home: Home, vendors: Vendors, section: str, odd: Any) -> None:
    """Through all that the driver reads of a list: cameras, dispatchers, places at home, whether codes fit."""
    real = requests.get(
        f"https://{home.vendor.app_host}/v3/userdevices/v1/resources/pagelist",
        {"groupId": "-1", "limit": "50", "offset": "0", "filter": SECTIONS},
        headers={"sessionId": home.session_id},
        verify=str(home.vendor.ca),
        timeout=LONG_S,
    ).json()
    right = home.driver.read(home.source, LONG_S)
    real["deviceInfos"] += [odd, {"deviceSerial": None}]
    real["resourceInfos"] += [odd, {"resourceId": odd, "localIndex": odd, "resourceType": 50}]
    real["resourceInfos"][-3]["resourceId"] = [odd]
    real[section][next(iter(real[section]))] = odd
    vendor = vendors.answering(lambda *_: answer(json.dumps(real).encode()))
    home.driver.sessions.keep_code(home.source, "F00497501", "ABCDEF")
    home.driver.sessions.keep_picture_code(home.source, "F00497502", "ABCDEF")
    home.driver.sessions.signed_in(home.source, USER, home.session | {"api_url": vendor.host})
    found = home.another_driver(vendor).read(home.source, LONG_S)
    assert [camera.name for camera in found] == [camera.name for camera in right]
    changed = [camera.name for camera, before in zip(found, right, strict=True) if said(camera) != said(before)]
    assert len(changed) <= 2


def said(camera: Listed) -> Listed:
    """What the list says of a camera, whatever was given at home."""
    return replace(camera, ways=(), picture_code="none")
