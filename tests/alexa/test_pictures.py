"""The whole skill with a real media process: an Echo's offers, stills, and cards."""

import asyncio
import http.client
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import pytest

from showcam.accounts.links import TokenInvalid, authenticate
from showcam.alexa.smart_home import SmartHome
from showcam.drivers.camera import Camera, Video, sound
from showcam.engine.grants import Claims, Picture
from showcam.engine.source import CameraSpec, Codec, Denied, Ending, Lease, SourceSpec, TalkPhase
from showcam.registry.adapter import adapt
from showcam.registry.readings.judge import Rules
from showcam.registry.streams.grants import Questions
from showcam.store.records import Source
from tests.doubles import hls_camera
from tests.doubles.echo_offer import OFFERS, offer
from tests.doubles.household import Household, demo_cameras, household
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.ready_driver import ReadyDriver
from tests.doubles.relay import Relay
from tests.doubles.rtc_viewer import Viewer
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.waiting import LONG_S, until

type Check = Callable[[dict[str, Any]], None]

ALEXA_S = 6.0
STOOD_S = 0.5  # the machine may let an answer stand for so long
INITIATE = ("Alexa.RTCSessionController", "InitiateSessionWithOffer")
INITIALIZE = ("Alexa.CameraStreamController", "InitializeCameraStreams")
HLS = {"cameraStreams": [{"protocol": "HLS"}]}


class VendorDriver(ReadyDriver):
    """A driver whose pictures are a vendor's real live streams."""

    origin: hls_camera.Vendor
    takes_s = 0.0  # per call

    def _called(self, name: str, deadline_s: float) -> None:
        super()._called(name, deadline_s)
        time.sleep(self.takes_s)

    def mint(
        self, source: Source, camera: Camera, way: str, deadline_s: float, *, picture: Picture = "main", life_s: int = 0
    ) -> CameraSpec:
        self._called("mint", deadline_s)
        serial = camera.ref.serial if picture == "main" else f"{camera.ref.serial}-sub"
        return self.origin.open(serial, sound=sound(camera))


class RegistrySources:
    """The web process's answers to the media process, without the web process."""

    questions: Questions

    def __init__(self, home: Household) -> None:
        self._home = home

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        return await asyncio.to_thread(self.questions.source_for, claims)

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        now = time.time()
        return [await asyncio.to_thread(self.questions.check, claim, now) for claim in claims]

    async def still(self, claims: Claims) -> bytes | Denied | None:
        return await asyncio.to_thread(self.questions.still_for, claims)

    async def admits(self, claims: Claims, bearer: str) -> bool:
        try:
            return authenticate(self._home.store, bearer, "alexa").id == claims.link
        except TokenInvalid:
            return False

    async def learnt(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        codec: Codec,
        b_frames: bool,
        lacks_sub: bool,
        first_s: float | None,
    ) -> None:
        await asyncio.to_thread(self.questions.learn, claims, width, height, b_frames=b_frames, codec=codec)

    async def talk(self, claims: Claims, phase: TalkPhase, reason: str = "") -> SourceSpec | Denied:
        return await asyncio.to_thread(self.questions.talk, claims, phase, reason)

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        pass

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        pass


@dataclass
class Door:
    home: Household
    skill: SmartHome
    driver: VendorDriver
    check: Check
    took_s: float = 0.0  # for the last answer
    hurries: bool = False  # Alexa's time for an answer counts, on a busy machine too

    def send(self, namespace: str, name: str, payload: Any, camera: str, token: str = "") -> dict[str, Any]:
        scope = {"type": "BearerToken", "token": token or self.home.token()}
        header = {"namespace": namespace, "name": name, "messageId": "q", "correlationToken": "c"}
        endpoint = {"scope": scope, "endpointId": self.home.id(camera)}
        directive = {"header": header, "endpoint": endpoint, "payload": payload}
        began = time.monotonic()
        received = began if self.hurries else began + LONG_S
        message = dict(json.loads(self.skill.answer(json.dumps({"directive": directive}).encode(), received)))
        self.took_s = time.monotonic() - began
        self.check(message)
        return dict(message["event"])

    def offer(self, sdp: str, camera: str, session: str = "session-1") -> dict[str, Any]:
        return self.send(*INITIATE, {"sessionId": session, "offer": {"format": "SDP", "value": sdp}}, camera)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> hls_camera.Authority:
    return hls_camera.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vendor(authority: hls_camera.Authority) -> Iterator[hls_camera.Vendor]:
    vendor = hls_camera.Vendor(authority)
    for demo_camera in demo_cameras():
        vendor.cameras[demo_camera.ref.serial] = hls_camera.Camera(
            hls_camera.recording(audio=demo_camera.audio == "on")
        )
    yield vendor
    vendor.close()


@pytest.fixture(params=[""])
def stun(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """The STUN setting. "silent": a server that never answers."""
    if not request.param:
        yield ()
        return
    with Relay("secret", deaf=True) as relay:
        yield (f"127.0.0.1:{relay.port}",)


@pytest.fixture(params=["picture"])
def door(
    request: pytest.FixtureRequest,
    stun: tuple[str, ...],
    tmp_path: Path,
    authority: hls_camera.Authority,
    vendor: hls_camera.Vendor,
    valid_if_known: Check,
) -> Iterator[Door]:
    home = household(tmp_path)
    driver = VendorDriver([*demo_cameras()])
    driver.origin = vendor
    home.driver = driver
    sources = RegistrySources(home)
    with PlaneThread(home.grants, sources, replace(SETTINGS, ca_file=authority.ca_file, stun=stun)) as plane:
        rules = Rules(web_url="https://cam.example", explain=request.param, opens_per_minute=600)
        home.adapter = adapt(home.store, {"ezviz": driver}, plane.client(), home.grants, rules)
        sources.questions = home.questions
        yield Door(
            home, SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry), driver, valid_if_known
        )
    home.store.close()


def fetch(url: str, **headers: str) -> tuple[int, str, bytes]:
    split_url = urlsplit(url)
    connection = http.client.HTTPConnection(split_url.hostname or "", split_url.port, timeout=LONG_S)
    try:
        connection.request("GET", split_url.path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


def sections(sdp: str) -> dict[str, str]:
    return {part.split()[0]: part for part in sdp.split("m=")[1:]}


@pytest.mark.parametrize("name", OFFERS)
def test_an_offer_is_answered(name: str, door: Door) -> None:
    event = door.offer(OFFERS[name], "Garden")
    assert event["header"]["name"] == "AnswerGeneratedForSession", event["payload"]
    media = sections(event["payload"]["answer"]["value"])
    assert "a=candidate" in media["video"]
    assert "H264/90000" in media["video"]
    for section in media.values():
        assert "a=sendonly" in section
        assert "a=setup:active" in section


SLOW = [(1.8, ""), (1.2, "silent"), (1.8, "silent"), (4.0, ""), (4.0, "silent")]


@pytest.mark.parametrize(("vendor_s", "stun"), SLOW, indirect=["stun"])
def test_an_offer_is_answered_after_a_slow_vendor_though_the_camera_takes_long(vendor_s: float, door: Door) -> None:
    door.home.id("Garden")
    door.driver.takes_s = vendor_s / 2  # for two calls: the list and an address
    door.hurries = True
    for name, serial in (("Garden", "F00000001"), ("Front Door", "F00000002")):
        door.driver.origin.cameras[serial].takes_s = 1.5
        with Stopwatch() as machine:
            event = door.offer(offer(), name)
        if machine.stood_s < STOOD_S:
            break  # else what was measured is the machine, and another camera is asked for
    assert event["header"]["name"] == "AnswerGeneratedForSession", event["payload"]
    assert door.took_s < ALEXA_S


@pytest.mark.parametrize("camera", ["Nursery", "Garden"])
def test_a_camera_without_sound_comes_with_silence(camera: str, door: Door) -> None:
    if camera == "Garden":
        door.driver.change("Garden", audio="none")
        door.driver.origin.cameras["F00000001"] = hls_camera.Camera(hls_camera.recording(audio=False))
    answer = door.offer(offer(), camera)["payload"]["answer"]["value"]
    media = sections(answer)
    assert "a=group:BUNDLE audio0 video0\r\n" in answer, "rejected, it would take the picture's transport with it"
    for section in media.values():
        assert section.split()[1] != "0"
        assert "a=sendonly" in section


UNSEEN = [("H264", "VP9"), ("a=sendrecv", "a=sendonly"), ("a=sendrecv", "a=inactive"), ("a=fingerprint", "a=none")]


@pytest.mark.parametrize("sdp", ["", "v=0\r\n", offer(video=[]), *(offer().replace(*edit) for edit in UNSEEN)])
def test_an_offer_that_cant_be_answered_is_an_invalid_value(sdp: str, door: Door) -> None:
    assert door.offer(sdp, "Garden")["payload"]["type"] == "INVALID_VALUE"


@pytest.mark.parametrize("camera", ["Garage", "Bedroom", "Attic", "Pond"])
def test_a_refused_camera_is_answered_with_a_card(camera: str, door: Door) -> None:
    event = door.send(*INITIALIZE, HLS, camera)
    [stream] = event["payload"]["cameraStreams"]
    assert (stream["resolution"], stream["audioCodec"]) == ({"width": 1280, "height": 720}, "NONE")
    status, _, master = fetch(stream["uri"])
    assert status == 200
    assert b"RESOLUTION=1280x720" in master
    status, kind, image = fetch(event["payload"]["imageUri"])
    assert (status, kind) == (200, "image/jpeg")
    with av.open(io.BytesIO(image)) as container:
        assert container.streams.video[0].width == 1280
    # a card is no error; the state is reported as always
    state = door.send("Alexa", "ReportState", {}, camera)
    assert state["header"]["name"] == "StateReport"


def asking(*sizes: tuple[int, int]) -> dict[str, Any]:
    return {
        "cameraStreams": [
            {"protocol": "HLS", "resolution": {"width": width, "height": height}} for width, height in sizes
        ]
    }


@pytest.mark.parametrize(
    ("requested", "size"),
    [
        (asking((1920, 1080), (1280, 720)), (1920, 1080)),
        (asking((1280, 720)), (320, 180)),
        (asking((640, 360), (320, 180)), (320, 180)),
        (HLS, (1920, 1080)),
    ],
)
def test_a_display_gets_the_requested_size_and_the_answer_names_the_true_size(
    requested: dict[str, Any], size: tuple[int, int], door: Door
) -> None:
    recording = hls_camera.recording(size=(1920, 1080), length_s=20, gop_s=2)
    door.driver.origin.cameras["F00000001"] = hls_camera.Camera(recording)
    door.driver.origin.cameras["F00000001-sub"] = hls_camera.Camera(hls_camera.recording())
    door.driver.change("Garden", sub=Video("h264", 320, 180))
    [stream] = door.send(*INITIALIZE, requested, "Garden")["payload"]["cameraStreams"]
    assert stream["resolution"] == {"width": size[0], "height": size[1]}
    assert f"RESOLUTION={size[0]}x{size[1]}".encode() in fetch(stream["uri"])[2]
    with av.open(stream["uri"], timeout=LONG_S) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == size


def test_sizes_missing_in_the_list_are_advertised_once_a_picture_was_shown(door: Door) -> None:
    door.driver.origin.cameras["F00000001-sub"] = hls_camera.Camera(hls_camera.recording(size=(160, 90)))
    door.driver.change("Garden", video=Video("h264"), sub=Video("h264"))
    assert advertised(door) == [{"width": 1280, "height": 720}]
    for requested in (HLS, asking((300, 170))):
        [stream] = door.send(*INITIALIZE, requested, "Garden")["payload"]["cameraStreams"]
        assert fetch(stream["uri"])[0] == 200
    until(lambda: len(advertised(door)) == 2)
    assert advertised(door) == [{"width": 320, "height": 180}, {"width": 160, "height": 90}]


def test_the_first_answer_is_a_guess_where_the_list_has_no_size_and_the_next_has_the_true_one(door: Door) -> None:
    """Nothing is opened to learn a size before somebody asks for the camera."""
    door.driver.change("Garden", video=Video("h264"))
    true, guess = {"width": 320, "height": 180}, {"width": 1280, "height": 720}
    assert advertised(door) == [guess]
    resolutions = []
    for _ in range(2):
        [stream] = door.send(*INITIALIZE, asking((1280, 720)), "Garden")["payload"]["cameraStreams"]
        resolutions.append(stream["resolution"])
        assert b"RESOLUTION=320x180" in fetch(stream["uri"])[2]
        until(lambda: advertised(door) == [true])
    assert resolutions == [guess, true]


def advertised(door: Door) -> list[dict[str, int]]:
    scope = {"type": "BearerToken", "token": door.home.token()}
    header = {"namespace": "Alexa.Discovery", "name": "Discover", "messageId": "q"}
    body = json.dumps({"directive": {"header": header, "payload": {"scope": scope}}}).encode()
    endpoints = json.loads(door.skill.answer(body))["event"]["payload"]["endpoints"]
    [garden] = [endpoint for endpoint in endpoints if endpoint["friendlyName"] == "Garden"]
    [streams] = [
        capability for capability in garden["capabilities"] if capability["interface"] == "Alexa.CameraStreamController"
    ]
    return list(streams["cameraStreamConfigurations"][0]["resolutions"])


def test_the_card_is_also_shown_by_webrtc(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> Viewer:
        viewer = Viewer()
        event = await asyncio.to_thread(door.offer, await viewer.offer(), "Garage")
        await viewer.accept(event["payload"]["answer"]["value"])
        await viewer.until(lambda: len(viewer.pictures) > 5)
        await viewer.close()
        return viewer

    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    assert asyncio.run(scene()).sizes == {(1280, 720)}


@pytest.mark.parametrize("door", ["no"], indirect=True)
def test_without_explain_a_refusal_is_an_error(door: Door) -> None:
    assert door.send(*INITIALIZE, HLS, "Garage")["payload"]["type"] == "NOT_SUPPORTED_IN_CURRENT_MODE"
    assert door.offer(offer(), "Garage")["payload"]["type"] == "NOT_SUPPORTED_IN_CURRENT_MODE"


def test_a_still_needs_a_token_of_its_own_link(door: Door) -> None:
    home = door.home
    snapshots = "Alexa.SmartVision.SnapshotProvider"
    url = door.send(snapshots, "GetSnapshot", {}, "Garden")["payload"]["value"]["uri"]
    other = home.token(home.another_link("alexa"))
    assert fetch(url)[0] == 401
    assert fetch(url, Authorization=f"Bearer {other}")[0] == 401
    status, kind, image = fetch(url, Authorization=f"Bearer {home.token()}", Accept="image/jpeg, image/png")
    assert (status, kind) == (200, "image/jpeg")
    with av.open(io.BytesIO(image)) as container:
        assert min(container.streams.video[0].width, container.streams.video[0].height) >= 360
    door.driver.change("Garden", encryption="on")
    assert door.send(snapshots, "GetSnapshot", {}, "Garden")["payload"]["type"] == "NOT_SUPPORTED_IN_CURRENT_MODE"
    token = home.token()
    home.store.end_link(home.link.id, home.clock())
    assert fetch(url, Authorization=f"Bearer {token}")[0] == 401
