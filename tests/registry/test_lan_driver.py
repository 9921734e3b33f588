"""The owner's own cameras: how each is, why one can't be had, and how seldom a camera is asked what it refused."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Refusal, Surface, Video
from showcam.drivers.errors import Reason, Refused, SetRefused
from showcam.drivers.lan.devices import WRONG, Device, Pictured
from showcam.drivers.lan.driver import LanDriver
from showcam.engine.source import Rtsp
from showcam.registry.gate.gate import Allowed, Conditions, choose, gate
from showcam.registry.gate.reasons import explain
from showcam.store.records import Account, Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded

SUB = "/Streaming/Channels/102"
LONG_S = 5.0


class Home:
    def __init__(self, store: SqliteStore) -> None:
        self.source = Source("s1", "a1", "lan", "key", 0.0)
        store.add_household(Account("a1", 0.0, b"x" * 16), self.source, b"{}", "ok")
        self.again: Callable[..., LanDriver] = lambda **given: LanDriver(store, loopback=True, **given)
        self.driver = self.again(known_s=0.0)

    def add(self, camera: RtspCamera, **changes: Any) -> Device:
        given: dict[str, Any] = {
            "id": "SERIAL1",
            "channel": 1,
            "name": "Barn",
            "host": "127.0.0.1",
            "port": camera.port,
            "main": Pictured(PATH, "h264", 1920, 1080, "aac"),
            "user": "admin",
            "password": CODE,
        }
        device = Device(**(given | changes))
        self.driver.devices.put(self.source, device)
        return device

    def read(self, driver: LanDriver | None = None) -> Camera:
        return Camera.of((driver or self.driver).read(self.source, LONG_S)[0])

    def why(self, **given: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.driver.mint(self.source, self.read(), "lan", given.pop("within_s", LONG_S), **given)
        return refused.value.reason


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [({"speaker": True}, None), ({}, "no_way"), ({"speaker": True, "wrong": WRONG}, "code_wrong")],
)
def test_the_way_to_a_speaker_is_that_of_the_whole_picture(
    home: "Home", camera: RtspCamera, changes: dict[str, Any], outcome: Reason | None
) -> None:
    home.add(camera, **changes)
    read = home.read()
    assert read.has_speaker == ("speaker" in changes)
    if outcome is None:
        spec = home.driver.speaker(home.source, read)
        assert isinstance(spec, Rtsp)
        assert (spec.url, spec.user, spec.password) == (f"rtsp://127.0.0.1:{camera.port}{PATH}", "admin", CODE)
        return
    with pytest.raises(Refused) as refused:
        home.driver.speaker(home.source, read)
    assert refused.value.reason == outcome


@pytest.fixture
def home(store: SqliteStore) -> Home:
    return Home(store)


def judged(camera: Camera, surface: Surface = "page") -> Allowed | Refusal:
    return gate(camera, Conditions(surface, choose(camera), ("webrtc", "hls")))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"audio": "on", "encryption": "none", "asleep": "none", "online": "on", "kind": "camera"}),
        ({"silent": True}, {"audio": "off"}),
        ({"main": Pictured(PATH, "h265", 2560, 1440)}, {"audio": "none", "video": Video("h265", 2560, 1440)}),
        ({"sub": Pictured(SUB, "h264", 640, 360)}, {"sub": Video("h264", 640, 360)}),
        ({"doorbell": True, "model": "Bramble B-20"}, {"kind": "doorbell", "model": "Bramble B-20"}),
    ],
    ids=["plain", "the owner wants no sound", "H.265 without sound", "two pictures", "doorbell"],
)
def test_a_camera_is_what_was_found_of_it(
    home: Home, camera: RtspCamera, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    home.add(camera, **changes)
    found = home.read()
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.ways == ("lan",)


def test_its_picture_is_handed_over_with_its_login_beside_the_address(home: Home, camera: RtspCamera) -> None:
    home.add(camera, sub=Pictured(SUB, "h264", 640, 360))
    for picture, path in (("main", PATH), ("sub", SUB)):
        spec = home.driver.mint(home.source, home.read(), "lan", LONG_S, picture=picture)  # type: ignore[arg-type]
        at = f"127.0.0.1:{camera.port}"
        assert isinstance(spec, Rtsp)
        assert (spec.url, spec.hosts, spec.user, spec.password) == (f"rtsp://{at}{path}", (at,), "admin", CODE)
        assert CODE not in repr(spec)


def test_no_smaller_picture_is_said(home: Home, camera: RtspCamera) -> None:
    home.add(camera)
    assert home.why(picture="sub") == "too_large"


def closed(camera: RtspCamera, _home: Home) -> None:
    camera.stop()


def silent(camera: RtspCamera, _home: Home) -> None:
    camera.does.ignores = frozenset({"DESCRIBE"})


def page(camera: RtspCamera, _home: Home) -> None:
    camera.does.first = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>"


def elsewhere(camera: RtspCamera, _home: Home) -> None:
    camera.does.answers = {"DESCRIBE": ("302 Moved", "Location: rtsp://203.0.113.9/")}


def missing(camera: RtspCamera, _home: Home) -> None:
    camera.does.answers = {"DESCRIBE": ("404 Not Found",)}


def login(_camera: RtspCamera, home: Home) -> None:
    home.driver.devices.alter(home.source, home.driver.devices.read(home.source)[0], _forgotten)


def _forgotten(device: Device) -> Device:
    return replace(device, password="other", wrong=WRONG)


@pytest.mark.parametrize(
    ("breaks", "reason", "online", "sentence"),
    [
        (closed, "lan_closed", "off", "its video port (RTSP) is closed. On the camera's own page"),
        (page, "no_way", "on", "has no picture at its path"),
        (elsewhere, "no_way", "on", "has no picture at its path"),
        (missing, "no_way", "on", "has no picture at its path"),
        (login, "code_wrong", "on", "“Name, password, address”"),
    ],
)
def test_why_a_camera_can_not_be_had_is_distinguished_with_its_mend(
    home: Home,
    camera: RtspCamera,
    breaks: Callable[[RtspCamera, Home], None],
    reason: Reason,
    online: str,
    sentence: str,
) -> None:
    home.driver = home.again(known_s=60.0)  # what was found when a picture was wanted is known for a while
    home.add(camera)
    breaks(camera, home)
    assert home.why() == reason
    found = home.read()
    assert (found.online, found.fault) == (online, reason)
    refusal = judged(found)
    assert isinstance(refusal, Refusal)
    assert [row.reason for row in refusal.failed] == [reason]
    assert sentence in explain(refusal)
    camera.start() if breaks is closed else None


@pytest.mark.parametrize(
    "realm",
    ["Gärten".encode(), "Gärten".encode("latin-1"), "前门".encode("gbk"), b"\xff\xff"],
    ids=["UTF-8", "Latin-1", "GBK", "no text"],
)
def test_a_right_password_opens_a_camera_whatever_letters_its_realm_has(
    home: Home, camera: RtspCamera, realm: bytes
) -> None:
    """EZVIZ's H8c answers DESCRIBE with bytes that are no UTF-8 (RenierM26/pyEzvizApi issue 270)."""
    camera.does.realm = realm.decode("utf-8", "surrogateescape")
    home.add(camera)
    assert isinstance(home.driver.mint(home.source, home.read(), "lan", LONG_S), Rtsp)
    assert (len(camera.does.authorizations), camera.does.wrong) == (1, 0)


def test_a_port_that_says_nothing_is_left_in_time(home: Home, camera: RtspCamera) -> None:
    home.add(camera)
    silent(camera, home)
    began = time.monotonic()
    assert home.why(within_s=0.4) == "lan_unreachable"
    assert time.monotonic() - began < 30


def test_an_address_without_a_route_is_away(home: Home, camera: RtspCamera) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        home.add(camera, port=full.getsockname()[1])  # at a port that has no room for another
        found = home.driver.read(home.source, 0.4)[0]
    assert (found.online, found.fault) == ("off", "lan_unreachable")
    refusal = judged(Camera.of(found))
    assert isinstance(refusal, Refusal)
    assert "does not answer at its address" in explain(refusal)


def test_a_camera_that_is_away_is_back_when_it_answers(home: Home, camera: RtspCamera) -> None:
    home.add(camera)
    camera.stop()
    away = home.read().online
    camera.start()
    assert (away, home.read().online) == ("off", "on")


@pytest.mark.proves(
    "A camera's refused password is sent three times by all processes together", leans_on="double: the camera"
)
@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_refused_password_is_sent_three_times_by_all_processes_together(
    home: Home, camera: RtspCamera, password: str
) -> None:
    home.add(camera, password=password)
    for _ in range(WRONG + 2):
        assert home.why() == "code_wrong"
        home.driver = home.again(known_s=0.0)  # another process
    assert camera.does.wrong == WRONG
    home.add(camera)  # its owner gave another
    spec = home.driver.mint(home.source, home.read(), "lan", LONG_S)
    assert isinstance(spec, Rtsp)
    assert spec.password == CODE


def test_a_refused_password_is_known_for_longer_than_any_other_answer(home: Home, camera: RtspCamera) -> None:
    """A page that finds the camera free again would use up its tries, and some cameras lock."""
    home.add(camera, password="wrong")
    assert home.why() == "code_wrong"
    found = home.read()
    assert (found.fault, found.ways) == ("code_wrong", ())
    home.add(camera)  # its owner gave another
    assert home.read().fault == ""


def test_a_refused_password_is_tried_again_after_a_while(home: Home, camera: RtspCamera) -> None:
    """A camera that has just started may refuse a right one."""
    home.driver = home.again(known_s=0.0, refused_s=0.0)
    home.add(camera, password="wrong")
    assert home.why() == "code_wrong"
    assert home.read().ways == ("lan",)


def test_a_password_that_is_taken_again_has_its_tries_back(home: Home, camera: RtspCamera) -> None:
    home.add(camera)
    camera.does.code = "OTHERS"
    assert home.why() == "code_wrong"
    camera.does.code = CODE
    home.driver.mint(home.source, home.read(), "lan", LONG_S)
    assert home.driver.devices.read(home.source)[0].wrong == 0


def test_a_camera_that_is_shown_where_it_was_has_not_moved(home: Home, camera: RtspCamera) -> None:
    home.add(camera, moved="127.0.0.9")
    home.driver.mint(home.source, home.read(), "lan", LONG_S)
    assert home.driver.devices.read(home.source)[0].moved == ""


def test_a_camera_does_not_count_as_away_because_a_request_has_no_time_left(home: Home, camera: RtspCamera) -> None:
    home.add(camera)
    assert home.driver.read(home.source, 0.0)[0].online == "on"


def test_many_cameras_that_are_away_hold_up_one_that_is_there_no_longer_than_one(
    home: Home, camera: RtspCamera
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        home.add(camera)
        for number in range(2, 40):
            home.add(camera, channel=number, host="127.0.0.2", port=full.getsockname()[1])
        began = time.monotonic()
        found = home.driver.read(home.source, LONG_S)
    assert (len(found), found[0].online) == (39, "on")
    assert time.monotonic() - began < 20, "one after the other would take 38 seconds"


def test_no_camera_outside_the_house_is_knocked_at(home: Home, camera: RtspCamera, store: SqliteStore) -> None:
    home.add(camera)
    home.driver = LanDriver(store, loopback=False)
    assert home.read().fault == "lan_unreachable"
    assert home.why() == "lan_unreachable"
    assert camera.does.methods == []


@pytest.mark.parametrize(
    ("surface", "audio", "expected"),
    [("alexa", "off", "allowed"), ("google", "off", "audio_off"), ("google", "none", "allowed")],
)
def test_sound_is_what_its_owner_says_or_what_the_stream_has(
    home: Home, camera: RtspCamera, surface: Surface, audio: str, expected: str
) -> None:
    home.add(camera, silent=audio == "off", main=Pictured(PATH, "h264", 1280, 720, "" if audio == "none" else "aac"))
    verdict = judged(home.read(), surface)
    assert (verdict.reason if isinstance(verdict, Refusal) else "allowed") == expected


def test_its_sound_is_the_one_setting_that_is_set(home: Home, camera: RtspCamera) -> None:
    home.add(camera)
    views = home.driver.settings(home.source, home.read(), LONG_S)
    assert [name for name, view in views.items() if view.can_set] == ["audio"]
    home.driver.apply(home.source, home.read(), "audio", "off", LONG_S)
    assert home.read().audio == "off"
    with pytest.raises(SetRefused):
        home.driver.apply(home.source, home.read(), "night_vision", "colour", LONG_S)


def test_a_camera_is_forgotten_with_its_login(home: Home, camera: RtspCamera) -> None:
    home.add(camera)
    found = home.read()
    home.driver.delete(home.source, found, LONG_S)
    assert home.driver.read(home.source, LONG_S) == ()
    with pytest.raises(Refused) as refused:
        home.driver.mint(home.source, found, "lan", LONG_S)
    assert refused.value.reason == "not_found"


def test_h265_alone_is_refused_where_nothing_is_converted(home: Home, camera: RtspCamera) -> None:
    camera.does.recording = recorded(codec="libx265", sound=None)
    home.add(camera, main=Pictured(PATH, "h265", 1920, 1080))
    refusal = judged(home.read(), "alexa")
    assert isinstance(refusal, Refusal)
    assert "set the video encoding of its sub stream to H.264" in explain(refusal)
