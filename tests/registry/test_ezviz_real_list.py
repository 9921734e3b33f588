"""A real account's list through driver, registry and gate: each channel, its ways, its settings, and why not."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from showcam.drivers.camera import Camera, Refusal, StreamRequest, Video
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.vendor import SignedIn
from showcam.engine.grants import Grants
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.readings.judge import Rules
from showcam.store.records import Account, Link
from showcam.store.sqlite import SqliteStore
from tests.doubles import real_list
from tests.doubles.household import new_link
from tests.doubles.needs import REAL_LIST
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.tls_vendor import Vendor, Vendors
from tests.doubles.waiting import LONG_S

pytestmark = [
    REAL_LIST.mark,
    pytest.mark.proves(
        "A real account's list is read to the last channel and setting",
        leans_on="published: a real account's list of 19 devices",
    ),
]

# serial, channel, model | online, asleep, Audio, battery | status light, alarm and offline notification, flip, night
# vision, whether it can restart | whether it sends a smaller picture. FAKE00016 is online by its device's row, which
# counts; OnlineStatus, an optional of its STATUS, says the contrary.
CHANNELS = """
FAKE00001 1 LC1C      | on  off  on -   | off on off off  black_and_white no  | yes
FAKE00002 1 C1C       | on  off  on -   | on  on off none black_and_white yes | yes
FAKE00003 1 H80x      | on  off  on -   | off on off off  smart           yes | yes
FAKE00004 1 C6CN      | on  on   on -   | on  on off none black_and_white yes | yes
FAKE00005 1 H3        | on  off  on -   | off on off off  smart           yes | yes
FAKE00006 1 EB3       | off none on 100 | on  on off none black_and_white no  | no
FAKE00007 1 H3        | on  off  on -   | off on off off  smart           yes | yes
FAKE00008 1 C8C       | on  none on -   | on  on off off  black_and_white yes | yes
FAKE00009 1 H3        | on  off  on -   | off on off off  black_and_white yes | yes
FAKE00010 1 Husky Air | off off  on -   | on  on off none black_and_white yes | yes
FAKE00011 1 H3        | on  off  on -   | off on off off  black_and_white yes | yes
FAKE00012 1 eLife     | off none on 100 | on  on off none colour          no  | no
FAKE00013 1 H3        | on  off  on -   | off on off off  smart           yes | yes
FAKE00014 1 H9c       | on  off  on -   | on  on off off  black_and_white yes | yes
FAKE00014 2 H9c       | on  off  on -   | on  on off on   black_and_white yes | yes
FAKE00015 1 EB3       | on  none on 97  | on  on off none black_and_white no  | no
FAKE00016 1 eLife     | on  none on 100 | on  on off none colour          no  | no
FAKE00017 1 EB3       | off none on 100 | on  on off none colour          no  | no
FAKE00018 1 C8W       | on  off  on -   | off on off off  smart           yes | yes
FAKE00019 1 EB3       | on  none on 99  | on  on off none black_and_white no  | no
"""
# serial, channel | the phone's mute, resolution of the live view, date format | cloud storage, storage | version
SETTINGS = """
FAKE00001 1 | -   hi_def   ymd | expired     none | V5.3.4 build 240524
FAKE00002 1 | -   ultra_hd ymd | expired     none | V5.3.2 build 230616
FAKE00003 1 | -   ultra_hd ymd | expired     ok   | V5.3.8 build 250916
FAKE00004 1 | -   ultra_hd ymd | expired     ok   | V5.3.2 build 230722
FAKE00005 1 | on  ultra_hd ymd | unavailable ok   | V5.3.8 build 250609
FAKE00006 1 | -   hi_def   dmy | active      ok   | V5.4.0 build 250522
FAKE00007 1 | on  ultra_hd ymd | expired     ok   | V5.3.8 build 250609
FAKE00008 1 | -   ultra_hd ymd | expired     ok   | V5.3.4 build 240312
FAKE00009 1 | on  ultra_hd ymd | expired     ok   | V5.3.8 build 250609
FAKE00010 1 | off ultra_hd dmy | unavailable none | V5.3.0 build 241111
FAKE00011 1 | on  ultra_hd ymd | expired     ok   | V5.3.8 build 250609
FAKE00012 1 | -   standard ymd | expired     ok   | V5.3.3 build 250327, V5.3.3 build 250528 is there
FAKE00013 1 | on  ultra_hd mdy | expired     ok   | V5.3.8 build 250609
FAKE00014 1 | off ultra_hd ymd | expired     ok   | V5.3.8 build 250715
FAKE00014 2 | off ultra_hd ymd | expired     ok   | V5.3.8 build 250715
FAKE00015 1 | -   hi_def   dmy | active      ok   | V5.4.0 build 250522
FAKE00016 1 | -   hi_def   dmy | expired     none | V5.3.3 build 250528
FAKE00017 1 | -   hi_def   dmy | expired     ok   | V5.3.6 build 240522
FAKE00018 1 | -   ultra_hd ymd | expired     ok   | V5.3.8 build 240307
FAKE00019 1 | -   hi_def   dmy | active      ok   | V5.3.6 build 240522
"""
ASLEEP = {"FAKE00004"}  # its privacy shutter is closed
OFFLINE = {"FAKE00006", "FAKE00010", "FAKE00012", "FAKE00017"}
OWNED = {"FAKE00010"}
KEY = b"ABCDEF" + bytes(10)  # of AES-128


@dataclass
class Home:
    """A household that has nothing but the account; its owner has agreed to the open connection."""

    adapter: Adapter
    account: Account
    link: Link
    pictures: ReadyPictures
    vendor: Vendor

    def cameras(self) -> tuple[Camera, ...]:
        return self.adapter.owner.cameras(self.account.id).cameras

    def open(self, camera: Camera) -> None:
        """An account opens one session at a time: the media process says at once that this one is open."""
        self.adapter.registry.open_stream(self.link, camera.id, StreamRequest("google", ("hls",)))
        for claims, source in self.pictures.warmed[-1:]:
            self.adapter.questions.release(claims, source.lease)

    def give(self, code: str) -> set[str]:
        """The owner decides for each channel that it be shown by the code; what showcam then knows of the code."""
        found: set[str] = set()
        for camera in self.cameras():
            done = self.adapter.owner.encrypted.decide(self.account.id, camera.id, "code", code=code, consent=True)
            assert isinstance(done, Camera)
            found.add(done.picture_code)
        return found

    def reasons(self) -> dict[str, set[tuple[str, ...]]]:
        """What stands in the way of any channel on any surface, by serial."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for camera, verdicts in self.adapter.owner.readiness(self.account.id):
            for verdict in verdicts.values():
                failed = tuple(row.reason for row in verdict.failed) if isinstance(verdict, Refusal) else ()
                found.setdefault(camera.ref.serial, set()).add(failed)
        return found


@pytest.fixture
def home(store: SqliteStore, vendors: Vendors) -> Callable[..., Home]:
    def made(*, owned: bool) -> Home:
        vendor = vendors.answering(real_list.RealList(owned=owned).reply)
        hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
        driver = EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True, lan=True, cloud=True)
        account = sessions.add_owner(store, real_list.USER)
        [source] = store.sources(account.id)
        verdict = driver.sign_in(real_list.USER, real_list.PASSWORD, LONG_S)
        assert isinstance(verdict, SignedIn)
        driver.sessions.signed_in(source, real_list.USER, verdict.session)
        driver.sessions.allow_open_way(source, allowed=True)
        rules = Rules(request_s=LONG_S, owner_s=LONG_S, opens_per_minute=100)
        pictures, link = ReadyPictures(), new_link(account, "google", None, "en")
        store.add_link(link)
        adapter = adapt(store, {"ezviz": driver}, pictures, Grants([bytes(32)]), rules)
        return Home(adapter, account, link, pictures, vendor)

    return made


@pytest.mark.parametrize("owned", [False, True], ids=["as it is", "as owner"])
def test_every_channel_is_read_as_it_is(home: Callable[..., Home], owned: bool) -> None:
    found = home(owned=owned).cameras()
    assert sorted(map(_line, found)) == CHANNELS.strip().splitlines()
    assert {camera.ways for camera in found} == {("cloud",)}
    assert {camera.encryption for camera in found} == {"on"}
    assert {camera.video for camera in found} == {Video()}, "the list does not tell for sure which codec a camera sends"
    own = {camera.ref.serial for camera in found if camera.owner == "own"}
    assert own == ({camera.ref.serial for camera in found} if owned else OWNED)


def _line(camera: Camera) -> str:
    battery = "-" if camera.battery is None else str(camera.battery)
    columns = (
        f"{camera.ref.serial} {camera.ref.channel} {camera.model:9}",
        f"{camera.online:3} {camera.asleep:4} {camera.audio:2} {battery:3}",
        f"{camera.status_light:3} {camera.alarm_notification:2} {camera.offline_notification} {camera.flip:4} "
        f"{camera.night_vision:15} {'yes' if camera.can_restart else 'no':3}",
        "no" if camera.sub is None else "yes",
    )
    return " | ".join(columns)


def test_every_setting_of_the_manual_is_read(home: Callable[..., Home]) -> None:
    """This vendor knows no call that tells how sensitive a camera is, as is true of some models."""
    ours, lines = home(owned=True), []
    for camera in ours.cameras():
        views = ours.adapter.owner.settings(ours.account.id, camera.id)
        assert isinstance(views, dict)
        shown = {name: view.value or "-" for name, view in views.items()}
        lines.append(
            f"{camera.ref.serial} {camera.ref.channel} | {shown['phone_mute']:3} {shown['resolution']:8} "
            f"{shown['date_format']} | {shown['cloud_storage']:11} {shown['storage']:4} | {shown['version']}"
        )
        assert (shown["encryption"], shown["audio"], shown["time_zone"], shown["sensitivity"]) == (
            "on",
            "on",
            "+02:00",
            "-",
        )
        assert shown["user_guide"].startswith("https://")
        assert camera.ref.serial in shown["about"]
        assert shown["wifi"] == "cable" or shown["wifi"].startswith("FictionalSSID, ")
    assert sorted(lines) == SETTINGS.strip().splitlines()


@pytest.mark.parametrize("owned", [False, True], ids=["as it is", "as owner"])
def test_with_the_account_alone_an_online_camera_that_is_awake_is_refused_for_encryption_and_nothing_else(
    home: Callable[..., Home], owned: bool
) -> None:
    reasons = home(owned=owned).reasons()
    assert len(reasons) == 19
    assert {serial for serial, found in reasons.items() if found == {("encryption_on",)}} == (
        reasons.keys() - ASLEEP - OFFLINE
    )
    assert {serial for serial, found in reasons.items() if found == {("asleep", "encryption_on")}} == ASLEEP
    assert {serial for serial, found in reasons.items() if found == {("offline", "encryption_on")}} == OFFLINE


@pytest.mark.parametrize("owned", [False, True], ids=["as it is", "as owner"])
def test_with_the_code_every_online_camera_that_is_awake_is_shown(home: Callable[..., Home], owned: bool) -> None:
    ours = home(owned=owned)
    assert ours.give(real_list.CODE) == {"fits"}
    reasons = ours.reasons()
    assert {serial for serial, found in reasons.items() if found == {()}} == reasons.keys() - ASLEEP - OFFLINE
    assert {serial for serial, found in reasons.items() if found == {("asleep",)}} == ASLEEP
    assert {serial for serial, found in reasons.items() if found == {("offline",)}} == OFFLINE


def test_each_that_is_shown_is_asked_for_the_picture_that_its_menu_has(home: Callable[..., Home]) -> None:
    """Its key goes to the media process with it."""
    ours = home(owned=False)
    ours.give(real_list.CODE)
    for camera in ours.cameras():
        ours.open(camera)
    asked = {}
    for _, source in ours.pictures.warmed:
        query = parse_qs(urlsplit(source.url).query)
        asked[f"{query['dev'][0]} {query['chn'][0]}"] = (query["stream"][0], source.dozes)
        assert (source.sound, source.key) == ("on", KEY)
    expected = {}
    for line in CHANNELS.strip().splitlines():
        serial, _, rest = line.partition(" ")
        if serial not in ASLEEP | OFFLINE:
            has_smaller = line.endswith("yes")
            expected[f"{serial} {rest[0]}"] = ("2" if has_smaller else "1", not has_smaller)
    assert asked == expected
    assert len(expected) == 15


def test_one_behind_its_shutter_is_woken_by_that_switch_alone(home: Callable[..., Home]) -> None:
    """This camera's model has no Sleep Mode, and lists the switch all the same."""
    ours = home(owned=True)
    [camera] = [camera for camera in ours.cameras() if camera.ref.serial in ASLEEP]
    woken = ours.adapter.owner.change(ours.account.id, camera.id, "sleep", "off")
    assert isinstance(woken, Camera)
    assert woken.asleep == "none"
    assert [request for request, _ in ours.vendor.requests if request.startswith("PUT ")] == [
        "PUT /v3/devices/FAKE00004/0/0/7/switchStatus"
    ]
