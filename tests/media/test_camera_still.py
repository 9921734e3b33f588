"""Stills that a camera at home makes itself: when one is asked for, and what happens where it gives none."""

import io
from collections.abc import Callable, Iterator

import av
import pytest
from PIL import Image

from showcam.engine.camera_still import fetch
from showcam.engine.grants import Claims
from showcam.engine.source import Denied, SourceSpec
from showcam.simulator.lan.onvif import Picture, Reply
from tests.doubles.hls_camera import Household, Vendor
from tests.doubles.onvif_device import Served, served
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE
from tests.doubles.waiting import LONG_S
from tests.media.conftest import World

pytestmark = pytest.mark.proves(
    "A still while nobody watches is the camera's own, fetched through the gate", leans_on="double: the camera"
)


def jpeg(width: int = 1280, height: int = 720) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "#336699").save(written, "JPEG")
    return written.getvalue()


AFTER = b"what stands behind the picture"


@pytest.fixture
def device(camera: RtspCamera) -> Iterator[Served]:
    pictures = [Picture("whole", PATH, "h264", 1280, 720)]
    with served(password=CODE, pictures=pictures, still=lambda: jpeg() + AFTER) as made:
        yield made


class AtHome(Household):
    """Its one camera is at home, and makes stills."""

    def __init__(self, vendor: Vendor, camera: RtspCamera, device: Served) -> None:
        super().__init__(vendor)
        self.camera, self.device = camera, device

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        self.opened.append(claims)
        still = f"http://127.0.0.1:{self.device.port}/onvif/still.jpg?of=whole"
        return self.denied.get(claims.camera) or self.camera.spec(still=still)


@pytest.fixture
def household(vendor: Vendor, camera: RtspCamera, device: Served) -> Household:
    made = AtHome(vendor, camera, device)
    made.bearers.add(("link-1", "token-1"))
    return made


@pytest.fixture
def world(start: Callable[..., World], eventually: Callable[..., None]) -> World:
    """After a first still, whose pull has ended."""
    made = start(idle_s=0.2, still_s=LONG_S)
    assert size_of(made) == (640, 360)
    eventually(lambda: made.stats()["pulls"] == 0)
    return made


def still(world: World) -> bytes:
    got = world.request(f"/s/{world.grant(protocol='still')}/snapshot.jpg", Authorization="Bearer token-1")
    assert got.status == 200, got.text
    return got.body


def size_of(world: World) -> tuple[int, int]:
    with av.open(io.BytesIO(still(world)), "r") as container:
        return container.streams.video[0].width, container.streams.video[0].height


def test_a_camera_that_makes_stills_is_not_opened_for_one(world: World, camera: RtspCamera, device: Served) -> None:
    assert device.stills == 0, "whether it makes them is known once it was opened"
    opened = camera.does.methods.count("DESCRIBE")
    body = still(world)
    assert body.startswith(b"\xff\xd8")
    assert AFTER not in body, "it is made again"
    assert (camera.does.methods.count("DESCRIBE"), world.stats()["pulls"]) == (opened, 0)
    assert [given.partition(" ")[0] for given in device.authorizations] == ["Digest"]
    assert size_of(world) == (960, 540), "as small as any still"


def test_the_gate_is_asked_for_it(world: World, household: Household, device: Served) -> None:
    household.denied["garden"] = Denied("audio_off")
    got = world.request(f"/s/{world.grant(protocol='still')}/snapshot.jpg", Authorization="Bearer token-1")
    assert (got.status, "audio_off" in got.text, device.stills) == (502, True, 0)


def test_one_that_is_being_pulled_is_not_asked(start: Callable[..., World], device: Served) -> None:
    world = start()
    still(world)
    still(world)
    assert device.stills == 0


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_right_password_gets_a_still_whatever_letters_the_realm_has(device: Served, encoding: str) -> None:
    device.device.realm = "Gärten".encode(encoding)
    url = f"http://127.0.0.1:{device.port}/onvif/still.jpg?of=whole"
    assert fetch(url, "admin", CODE, loopback=True, within_s=LONG_S).startswith(b"\xff\xd8")
    assert device.device.wrong == 0


@pytest.mark.parametrize(
    ("says", "asked"),
    [
        (Reply(200, b"<html>a page</html>", "image/jpeg"), 2),
        (Reply(200, b"\xff\xd8\xff no picture", "image/jpeg"), 2),
        (Reply(200, b"\xff\xd8\xff" * 600_000, "image/jpeg"), 2),
        (Reply(302, b""), 2),
        (Reply(500, b""), 2),
        (Reply(401, b"", 'Basic realm="still"'), 1),
        (Reply(401, b"", 'Digest realm="still", nonce="n"'), 2),
    ],
    ids=["web page", "no picture", "2 MB", "redirect", "500", "Basic", "refused"],
)
def test_where_it_gives_none_it_is_opened(
    world: World, device: Served, eventually: Callable[..., None], says: Reply, asked: int
) -> None:
    device.stills_say = says
    device.headers = {"Location": "http://203.0.113.9/"} if says.status == 302 else {}
    for _ in range(2):
        assert size_of(world) == (640, 360)
        eventually(lambda: world.stats()["pulls"] == 0)
    assert device.stills == asked, "what it refused it is not asked again"
    assert not [given for given in device.authorizations if not given.startswith("Digest ")]
