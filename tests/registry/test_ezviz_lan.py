"""EZVIZ cameras at home: where they are, whether a code opens them, and what comes of it."""

import socket
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import av
import pytest

from showcam.drivers.camera import Camera, Ref
from showcam.drivers.errors import Refused
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.home import Lan, Place
from showcam.drivers.probes.rtsp import Described, describe
from showcam.drivers.vendor import SignedIn
from showcam.engine.rtsp.login import Login
from showcam.engine.source import CameraSpec, Rtsp
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.minting import minted_at_home
from tests.doubles.ready_driver import camera as ready
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "An EZVIZ camera at home is shown by RTSP with its code", leans_on="double: the EZVIZ camera"
)

GARDEN = ready("Garden", ref=Ref("s", "F1", 1))


def described(camera: RtspCamera, *paths: str, code: str = CODE, deadline_s: float = LONG_S) -> Described:
    return describe("127.0.0.1", camera.port, paths or (PATH,), Login("admin", code), deadline_s, rather_h264=True)


def why(camera: RtspCamera, **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        described(camera, **given)
    return refused.value.reason


@pytest.mark.parametrize("scheme", ["digest", "sha256", "basic"])
def test_the_right_code_opens_the_camera(camera: RtspCamera, scheme: str) -> None:
    camera.does.scheme = scheme  # type: ignore[assignment]
    assert described(camera) == Described(PATH, "h264", "aac", basic=scheme == "basic")
    assert camera.does.methods == ["DESCRIBE", "DESCRIBE"]


def test_a_wrong_code_is_sent_once(camera: RtspCamera) -> None:
    assert why(camera, code="OTHERS") == "code_wrong"
    assert camera.does.wrong == 1


def test_another_name_is_tried_and_h264_preferred(camera: RtspCamera) -> None:
    assert described(camera, "/nothing", PATH).path == PATH
    assert camera.does.methods == ["DESCRIBE"] * 3, "one connection, signed from then on"
    camera.does.recording = recorded(codec="libx265", sound=None)
    assert described(camera, PATH, "/Streaming/Channels/102") == Described(PATH, "h265")


@pytest.mark.parametrize(
    "behaviour",
    [
        {"answers": {"DESCRIBE": ("302 Found", "Location: rtsp://192.0.2.1/")}},
        {"answers": {"DESCRIBE": ("404 Not Found",)}},
        {"answers": {"DESCRIBE": ("401 Unauthorized", "WWW-Authenticate: Negotiate")}},
        {"answers": {"DESCRIBE": ("200 OK",)}},
        {"first": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
        {"first": b"RTSP/1.0 200 OK\r\n" + b"X-More: and more\r\n" * 5000},
        {"first": b"\x00" * 300_000},
        {"first": b"$\x00\xff\xff" + b"\x00" * 300_000},
        {"first": b" "},
        {"drip_s": 0.02},
    ],
    ids=["302", "404", "Negotiate", "no SDP", "HTTP", "headers", "noise", "frames", "silence", "drip"],
)
def test_a_hostile_camera_is_left_in_time(camera: RtspCamera, behaviour: dict[str, Any]) -> None:
    for name, value in behaviour.items():
        setattr(camera.does, name, value)
    began = time.monotonic()
    assert why(camera, deadline_s=1.0) == "lan_unreachable"
    assert time.monotonic() - began < 30


def test_a_port_that_answers_no_is_distinguished_from_silence(camera: RtspCamera) -> None:
    camera.stop()
    assert why(camera) == "lan_closed"
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        port = silent.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), pytest.raises(Refused) as refused:  # no room for another
            describe("127.0.0.1", port, (PATH,), Login("admin", CODE), 0.3)
    assert refused.value.reason == "lan_unreachable"
    camera.start()


def test_why_a_camera_is_not_tried_again_at_once_is_why_it_was_not_there(camera: RtspCamera) -> None:
    lan = Lan(loopback=True)
    camera.stop()
    reasons = []
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            lan.open(GARDEN, at_home(camera), CODE, LONG_S)
        reasons.append(refused.value.reason)
    camera.start()
    assert reasons == ["lan_closed", "lan_closed"]
    assert camera.does.methods == []


@pytest.mark.parametrize("path", ["/h264/ch1/main/av_stream", "/H.264", "/H264", "/Streaming/Channels/1", "/H265", "/"])
def test_known_names_of_a_picture_are_tried_in_order(camera: RtspCamera, path: str) -> None:
    camera.does.path = path
    assert Lan(loopback=True).try_code(GARDEN, at_home(camera), CODE, LONG_S).path == path


@pytest.mark.parametrize(
    ("connection", "wifi", "expected"),
    [
        ({"localIp": "192.168.1.20", "localRtspPort": 0}, {}, "192.168.1.20:554"),
        ({"localIp": "192.168.1.20", "localRtspPort": "8554"}, {}, "192.168.1.20:8554"),
        ({"localIp": "192.168.1.20", "localRtspPort": 22}, {}, "192.168.1.20:554"),
        ({"localIp": "192.168.1.20", "localRtspPort": None}, {}, "192.168.1.20:554"),
        ({"localIp": "192.168.1.20", "localRtspPort": 99999}, {}, "192.168.1.20:554"),
        ({"localIp": "192.168.1.20", "localRtspPort": "9" * 5000}, {}, "192.168.1.20:554"),
        ({"localIp": "192.168.1.20", "localRtspPort": "²"}, {}, "192.168.1.20:554"),
        ({"localIp": "0.0.0.0"}, {"address": "10.0.0.7"}, "10.0.0.7:554"),  # noqa: S104
        ({"localIp": ""}, {"address": "10.0.0.7"}, "10.0.0.7:554"),
        ({}, {"address": "10.0.0.7"}, "10.0.0.7:554"),
        ({"localIp": "8.8.8.8"}, {}, ""),
        ({"localIp": "169.254.169.254"}, {"address": "camera.example"}, ""),
        ({"localIp": "127.0.0.1"}, {}, ""),
        ({"localIp": 5}, {"address": None}, ""),
        ({}, {}, ""),
    ],
)
def test_only_addresses_of_a_house_are_believed(connection: Any, wifi: Any, expected: str) -> None:
    page = {"CONNECTION": {"F1": connection}, "WIFI": {"F1": wifi}}
    place = Lan(loopback=False).places([page]).get("F1")
    assert (f"{place.host}:{place.rtsp}" if place else "") == expected


def test_a_page_without_these_sections_has_no_addresses() -> None:
    assert Lan(loopback=False).places([{}, {"CONNECTION": None, "WIFI": None}]) == {}


def test_a_camera_with_a_code_is_at_home_whoever_owns_it() -> None:
    cameras = tuple(
        ready(name, ref=Ref("s", serial, 1), owner=owner)
        for name, serial, owner in (("A", "F1", "own"), ("B", "F2", "own"), ("C", "F3", "shared"))
    )
    page = {"CONNECTION": {serial: {"localIp": "10.0.0.7"} for serial in ("F1", "F2", "F3")}}
    lan = Lan(loopback=False)
    found = lan.at_home(cameras, [page], {"F1": "A", "F3": "C"})
    assert [(found_camera.ways, lan.place(found_camera)) for found_camera in found] == [
        (("lan", "open"), Place("10.0.0.7", 554)),
        (("open",), None),
        (("lan", "open"), Place("10.0.0.7", 554)),
    ]


def test_where_a_camera_is_at_home_is_in_no_text() -> None:
    assert "10.0.0.7" not in f"{Place('10.0.0.7', 554)} {Place('10.0.0.7', 554)!r}"


def at_home(camera: RtspCamera) -> Place:
    return Place("127.0.0.1", camera.port)


def test_a_wrong_code_is_never_sent_twice_and_another_is_tried(camera: RtspCamera) -> None:
    lan = Lan(loopback=True)
    for _ in range(3):
        with pytest.raises(Refused, match=r"refused before|401"):
            lan.open(GARDEN, at_home(camera), "OTHERS", 5)
    assert camera.does.wrong == 1
    assert lan.open(GARDEN, at_home(camera), CODE, LONG_S).password == CODE


def test_a_camera_that_is_away_is_not_waited_for_each_time(camera: RtspCamera) -> None:
    lan = Lan(loopback=True)
    camera.does.first = b" "
    with pytest.raises(Refused, match="no answer in time"):
        lan.open(GARDEN, at_home(camera), CODE, 0.5)
    before = len(camera.does.methods)
    with pytest.raises(Refused, match="a moment ago"):
        lan.open(GARDEN, at_home(camera), CODE, 0.5)
    assert len(camera.does.methods) == before


def test_the_smaller_picture_is_requested_by_its_names(camera: RtspCamera) -> None:
    spec = Lan(loopback=True).open(GARDEN, at_home(camera), CODE, 5, "sub")
    assert spec.url.endswith("/Streaming/Channels/102")


def test_a_camera_without_a_smaller_picture_is_reachable_all_the_same(camera: RtspCamera) -> None:
    camera.stop()
    camera.does.sub = False
    camera.start()
    lan = Lan(loopback=True)
    with pytest.raises(Refused) as refused:
        lan.open(GARDEN, at_home(camera), CODE, 5, "sub")
    assert refused.value.reason == "too_large"
    assert lan.open(GARDEN, at_home(camera), CODE, LONG_S).url.endswith(PATH)


def test_h265_alone_is_taken_as_it_is(camera: RtspCamera) -> None:
    camera.does.recording = recorded(codec="libx265", sound=None)
    assert Lan(loopback=True).open(GARDEN, at_home(camera), CODE, LONG_S).url.endswith(PATH)


def test_a_place_outside_a_house_is_not_gone_to(camera: RtspCamera) -> None:
    with pytest.raises(Refused, match="no address of a house"):
        Lan(loopback=False).open(GARDEN, at_home(camera), CODE, LONG_S)
    assert camera.does.methods == []


def test_no_secret_is_in_the_text_of_a_source(camera: RtspCamera) -> None:
    spec = Lan(loopback=True).open(GARDEN, at_home(camera), CODE, LONG_S)
    assert CODE not in spec.url
    assert CODE not in repr(spec)


# against the simulated vendor and its cameras


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"), encryption_delay_s=0.0)
    yield running
    running.stop()


class Home:
    def __init__(self, vendor: SimulatorProcess, store: SqliteStore, *, lan: bool = True) -> None:
        user = "demo@example.com"
        account = sessions.add_owner(store, user, open_key="demo-key", open_secret="demo-secret")
        hosts = EzvizHosts.of("eu", api=vendor.app_host, open_platform=vendor.open_host)
        self.source: Source = store.sources(account.id)[0]
        self.another_process = partial(EzvizDriver, store, hosts, ca_file=vendor.ca, demo=True, lan=lan)
        self.driver = self.another_process()
        verdict = self.driver.sign_in(user, "showcam-demo", LONG_S)
        assert isinstance(verdict, SignedIn)
        self.driver.sessions.signed_in(self.source, user, verdict.session)

    def camera(self, name: str) -> Any:
        return next(
            Camera.of(listed_camera)
            for listed_camera in self.driver.read(self.source, LONG_S)
            if listed_camera.name == name
        )

    def mint(self, camera: Camera, driver: EzvizDriver | None = None, **given: Any) -> CameraSpec:
        return minted_at_home(driver or self.driver, self.another_process, self.source, camera, **given)

    def set_code(self, name: str, code: str, within_s: float = LONG_S) -> None:
        self.driver.set_code(self.source, self.camera(name), code, within_s)


@pytest.fixture
def demo(simulator: SimulatorProcess, store: SqliteStore) -> Home:
    store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
    return Home(simulator, store)


def test_a_code_makes_a_way(demo: Home) -> None:
    before = demo.camera("Garden")
    demo.set_code("Garden", "GKRTUV")
    garden = demo.camera("Garden")

    assert before.ways == ("open",)
    assert garden.ways == ("lan", "open")
    spec = demo.mint(garden)
    assert isinstance(spec, Rtsp)
    assert (spec.user, spec.password, spec.sound) == ("admin", "GKRTUV", "on")
    address = spec.url.replace("rtsp://", "rtsp://admin:GKRTUV@")
    with av.open(address, format="rtsp", options={"rtsp_transport": "tcp"}, timeout=LONG_S) as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height) == (640, 360)
        assert [track.codec_context.name for track in container.streams] == ["h264", "aac"]
    demo.set_code("Garden", "")
    assert demo.camera("Garden").ways == ("open",)


def test_a_process_that_has_not_read_the_list_finds_the_camera_at_home(demo: Home) -> None:
    demo.set_code("Garden", "GKRTUV")
    garden = demo.camera("Garden")
    assert demo.mint(garden) == demo.mint(garden, driver=demo.another_process())
    demo.set_code("Garden", "")


def test_a_wrong_code_is_not_kept(demo: Home) -> None:
    with pytest.raises(Refused) as refused:
        demo.set_code("Garden", "WRONGX")
    assert refused.value.reason == "code_wrong"
    assert demo.camera("Garden").ways == ("open",)


def test_an_encrypted_cameras_lan_picture_is_clear(demo: Home) -> None:
    demo.set_code("Garage", "ABCDEF")
    spec = demo.mint(demo.camera("Garage"))
    address = spec.url.replace("rtsp://", "rtsp://admin:ABCDEF@")
    with av.open(address, format="rtsp", options={"rtsp_transport": "tcp"}, timeout=LONG_S) as container:
        frames = container.decode(video=0)
        assert not any([next(frames).is_corrupt for _ in range(5)])


@pytest.mark.parametrize("name", ["Front Door", "Attic"])
def test_doorbells_and_cameras_without_power_have_no_lan(demo: Home, name: str) -> None:
    with pytest.raises(Refused) as refused:
        demo.set_code(name, "ANYONE", within_s=2.0)  # what has no power never answers
    assert refused.value.reason == "lan_unreachable"


def test_what_is_sold_to_anyone_knows_no_lan(simulator: SimulatorProcess, store: SqliteStore) -> None:
    public = Home(simulator, store, lan=False)
    with pytest.raises(Refused) as refused:
        public.set_code("Garden", "GKRTUV")
    assert refused.value.reason == "not_this_way"
    public.driver.sessions.keep_code(public.source, "F00497201", "GKRTUV")
    assert public.camera("Garden").ways == ("open",)
    with pytest.raises(Refused):
        public.driver.mint(public.source, public.camera("Garden"), "lan", LONG_S)


@pytest.mark.parametrize(("picture", "size"), [("main", (640, 360)), ("sub", (320, 180))])
def test_a_camera_in_the_house_sends_the_requested_picture(demo: Home, picture: Any, size: tuple[int, int]) -> None:
    demo.set_code("Garden", "GKRTUV")
    spec = demo.mint(demo.camera("Garden"), picture=picture)
    assert isinstance(spec, Rtsp)
    with av.open(spec.url.replace("rtsp://", f"rtsp://{spec.user}:{spec.password}@"), timeout=LONG_S) as opened:
        frame = next(opened.decode(video=0))
    assert (frame.width, frame.height) == size
