"""What cameras of one's own report by ONVIF: which message is an event, who listens, and when a keyframe is wanted."""

import os
import queue
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.drivers.driver import Hint
from showcam.drivers.lan.devices import Device, Devices, Pictured
from showcam.drivers.lan.driver import Keyframes, LanDriver
from showcam.drivers.lan.events import LIMITS, MODULE, Listener, PullPoint, Waits, reported
from showcam.drivers.lan.onvif import Onvif, OnvifFailed
from showcam.net.child import Limits
from showcam.net.house import HouseHttp
from showcam.simulator.lan.onvif import Reply
from showcam.store.records import Account, Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.onvif_device import PASSWORD, Served, served
from tests.doubles.waiting import LONG_S
from tests.doubles.waiting import until as waited_for

pytestmark = pytest.mark.proves(
    "ONVIF events, tampering included, arrive, and keyframes come when somebody begins to watch",
    leans_on="double: the ONVIF device",
)

PATH = "/onvif/device_service"
WAITS = Waits(reread_s=0.05, pause_s=0.05, longest_s=0.1, answer_s=LONG_S)
ENVELOPE = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><P>{}</P></s:Body></s:Envelope>'
MOTION = "RuleEngine/CellMotionDetector/Motion"


@pytest.fixture
def device() -> Iterator[Served]:
    with served() as made:
        yield made


def asked(device: Served, password: str = PASSWORD) -> Onvif:
    return Onvif(HouseHttp(loopback=True), "127.0.0.1", f"{device.port}{PATH}", "admin", password)


@pytest.mark.parametrize(
    ("topic", "on", "operation", "expected"),
    [
        (MOTION, True, "Changed", ["motion"]),
        (MOTION, False, "Changed", []),
        (MOTION, True, "Initialized", []),
        (MOTION, True, "Deleted", []),
        ("RuleEngine/MyRuleDetector/PeopleDetect", True, "Changed", ["person"]),
        ("RuleEngine/MyRuleDetector/Visitor", True, "Changed", ["doorbell"]),
        ("RuleEngine/TamperDetector/Tamper", True, "Changed", ["tamper"]),
        ("RuleEngine/TamperDetector/Tamper", False, "Changed", []),
    ],
)
def test_a_message_is_an_event_or_none(
    device: Served, topic: str, on: bool, operation: str, expected: list[str]
) -> None:
    point = PullPoint(asked(device), LONG_S)
    assert point.pull() == [], "how it was when the subscription began is no event"
    device.device.happen(topic, on=on, operation=operation)
    assert point.pull() == expected


def test_what_a_device_can_report_is_read_from_it(device: Served) -> None:
    assert reported(asked(device), LONG_S) == ("motion", "person", "doorbell", "tamper")
    device.device.topics = {}
    assert reported(asked(device), LONG_S) == ()


def test_a_pull_point_elsewhere_is_asked_for_at_the_device(device: Served) -> None:
    device.device.address = "203.0.113.9"
    assert PullPoint(asked(device), LONG_S).pull() == []
    assert device.paths[-1] == "/onvif/pull"


@pytest.mark.parametrize("body", [b"<a/>", b"x" * 2_000_000, b"<!DOCTYPE a><a/>"])
def test_a_hostile_answer_ends_the_pull(device: Served, body: bytes) -> None:
    point = PullPoint(asked(device), LONG_S)
    device.says = Reply(200, body)
    with pytest.raises(OnvifFailed):
        point.pull()


class Home:
    def __init__(self, store: SqliteStore, device: Served, password: str = PASSWORD) -> None:
        self.source = Source("s1", "a1", "lan", "key", 0.0)
        store.add_household(Account("a1", 0.0, b"x" * 16), self.source, b"{}", "ok")
        self.devices, self.hints = Devices(store), queue.Queue[Hint]()
        self.camera = self.add("S", device, password)

    def add(self, serial: str, device: Served, password: str = PASSWORD) -> Device:
        camera = Device(
            serial, 1, "Barn", "127.0.0.1", 554, Pictured("/live", profile="main"), user="admin", password=password,
            onvif=f"{device.port}{PATH}", events=("motion",),
        )  # fmt: skip
        self.devices.put(self.source, camera)
        return camera

    def listen(self, limits: Limits = LIMITS) -> Listener:
        return Listener(self.source, self.devices, self.hints.put, WAITS, loopback=True, limits=limits)


def until(device: Served, subscriptions: int) -> None:
    while device.device.subscriptions < subscriptions:
        time.sleep(0.01)


def test_an_event_is_heard_of_as_it_comes(store: SqliteStore, device: Served) -> None:
    home = Home(store, device)
    listener = home.listen()
    until(device, 1)
    device.device.happen(MOTION)
    hint = home.hints.get(timeout=LONG_S)
    assert (hint.serial, hint.channel, hint.kind) == ("S", 1, "motion")
    assert abs(hint.at - time.time()) < 10, "of our clock: the device's says 2001"
    listener.stop()


def test_a_device_that_forgot_its_subscription_is_subscribed_to_again(store: SqliteStore, device: Served) -> None:
    home = Home(store, device)
    listener = home.listen()
    until(device, 1)
    device.device.subscriptions = 0  # as after a restart
    until(device, 1)
    device.device.happen(MOTION)
    assert home.hints.get(timeout=LONG_S).kind == "motion"
    listener.stop()


def test_events_come_on_after_the_nonce_of_the_login_has_expired(store: SqliteStore, device: Served) -> None:
    device.device.digest = True
    home = Home(store, device)
    listener = home.listen()
    until(device, 1)
    for _ in range(2):
        device.device.expire()
        device.device.happen(MOTION)
        assert home.hints.get(timeout=LONG_S).kind == "motion"
    assert device.device.wrong == 0
    listener.stop()


def test_a_refused_login_is_not_sent_again(store: SqliteStore, device: Served) -> None:
    home = Home(store, device, "wrong")
    listener = home.listen()
    while not device.device.wrong:
        time.sleep(0.01)
    time.sleep(20 * WAITS.reread_s)
    assert device.device.wrong == 1
    listener.stop()


def test_a_camera_that_is_forgotten_is_listened_to_no_more(store: SqliteStore, device: Served) -> None:
    home = Home(store, device)
    listener = home.listen()
    until(device, 1)
    home.devices.remove(home.source, "S", 1)
    before = -1
    while before != (before := len(device.paths)):
        time.sleep(2 * device.pull_s)
    listener.stop()


def listening() -> list[int]:
    """The processes that listen to events for this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words, stat = (path / "cmdline").read_text().split("\0"), (path / "stat").read_text()
        except OSError:
            continue
        if MODULE in words and int(stat.rpartition(")")[2].split()[1]) == os.getpid():
            found.append(int(path.name))
    return found


def test_a_camera_that_never_pauses_hides_no_event_of_another(store: SqliteStore, device: Served) -> None:
    """A megabyte of events that were, as often as it is asked: its own are rare then."""
    note = '<NotificationMessage><Topic>Motion</Topic><Message><Message PropertyOperation="Initialized"/></Message>'
    body = ENVELOPE.format((note + "</NotificationMessage>") * 4000).encode()
    home = Home(store, device)
    with served() as hostile:
        hostile.pull_s = 0.0
        home.add("H", hostile)
        listener = home.listen()
        until(device, 1)
        until(hostile, 1)
        hostile.says = Reply(200, body)
        pulled = len(hostile.paths)
        while len(hostile.paths) < pulled + 3:
            time.sleep(0.01)
        [process] = listening()
        spent, began = _spent_s(process), time.monotonic()
        for _ in range(5):
            device.device.happen(MOTION)
            assert home.hints.get(timeout=LONG_S).serial == "S"
            time.sleep(0.5)
        assert _spent_s(process) - spent < 0.1 * (time.monotonic() - began)
        listener.stop()


def _spent_s(process: int) -> float:
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_a_process_that_ended_by_its_limits_is_followed_by_another(store: SqliteStore, device: Served) -> None:
    home = Home(store, device)
    listener = home.listen()
    until(device, 1)
    device.device.subscriptions = 0
    for process in listening():
        os.kill(process, signal.SIGXCPU)
    until(device, 1)
    device.device.happen(MOTION)
    assert home.hints.get(timeout=LONG_S).kind == "motion"
    listener.stop()


def test_the_process_ends_with_the_listener(store: SqliteStore, device: Served) -> None:
    listener = Home(store, device).listen()
    until(device, 1)
    assert len(listening()) == 1
    listener.stop()
    waited_for(lambda: listening() == [])


def test_what_a_camera_reports_is_among_its_flags(store: SqliteStore, device: Served) -> None:
    home = Home(store, device)
    (camera,) = LanDriver(store, loopback=True).read(home.source, 1.0)
    assert (camera.motion, camera.person, camera.kind) == ("off", "none", "camera")


def test_a_keyframe_is_asked_for_as_somebody_begins_to_watch(store: SqliteStore, device: Served) -> None:
    wanted: list[str] = []
    device.device.on_keyframe = wanted.append
    keyframes = Keyframes(lambda _device: asked(device), after_s=(0.0, 0.05))
    home = Home(store, device)
    for _ in range(2):
        thread = keyframes.soon(home.camera, "main")
        assert thread is not None
        thread.join(LONG_S)
    assert wanted == ["main"] * 4
    assert device.device.asked.count("GetServices") == 1, "the second opening knows the device"
    assert keyframes.soon(home.camera, "") is None


def test_keyframes_are_asked_for_after_the_nonce_of_the_login_has_expired(store: SqliteStore, device: Served) -> None:
    wanted: list[str] = []
    device.device.digest, device.device.on_keyframe = True, wanted.append
    keyframes = Keyframes(lambda _device: asked(device), after_s=(0.0,))
    home = Home(store, device)
    for _ in range(3):
        thread = keyframes.soon(home.camera, "main")
        assert thread is not None
        thread.join(LONG_S)
        device.device.expire()
    assert wanted == ["main"] * 3


def test_a_device_without_sync_points_is_asked_once(store: SqliteStore, device: Served) -> None:
    keyframes = Keyframes(lambda _device: asked(device), after_s=(0.0, 0.05))
    camera = Home(store, device).camera
    thread = keyframes.soon(camera, "unknown")
    assert thread is not None
    thread.join(LONG_S)
    assert device.device.asked.count("SetSynchronizationPoint") == 1
    assert keyframes.soon(camera, "unknown") is None
