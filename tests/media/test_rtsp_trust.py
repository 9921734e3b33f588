"""What a camera in the house may do to us: where it may send us, what it learns, and what it costs."""

import socket
import time
from collections.abc import Callable

import pytest

from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE
from tests.doubles.stopwatch import Stopwatch
from tests.media.conftest import World
from tests.media.test_rtsp import House, refused


@pytest.fixture
def household(camera: RtspCamera) -> House:
    """In place of a vendor's."""
    return House(camera)


pytestmark = pytest.mark.usefixtures("on_loopback")


@pytest.mark.proves("A camera's code is sent once by RTSP, and never in clear", leans_on="double: the camera")
def test_the_code_is_sent_once_and_never_in_clear(
    world: World, camera: RtspCamera, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    camera.does.code = "OTHERS"

    assert refused(world) == "code_wrong"
    time.sleep(1)

    assert camera.does.wrong == 1
    assert camera.does.methods == ["OPTIONS", "DESCRIBE", "DESCRIBE"]
    out, err = capfd.readouterr()
    assert "pull ended" in out + err
    for secret in (CODE, str(camera.port), "Streaming"):
        assert secret not in out + err + caplog.text


@pytest.mark.proves(
    "A camera that leads to another address by RTSP is not followed", leans_on="double: the hostile camera"
)
@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found"])
def test_a_camera_that_sends_elsewhere_is_not_followed(
    world: World, camera: RtspCamera, method: str, status: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        location = f"Location: rtsp://127.0.0.1:{elsewhere.getsockname()[1]}{PATH}"
        camera.does.answers[method] = (status, location)

        assert refused(world) == "media_down"

        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_a_redirect_in_mid_stream_ends_the_opening_and_is_not_followed(
    world: World, camera: RtspCamera, eventually: Callable[..., None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        world.master()
        there = f"rtsp://127.0.0.1:{elsewhere.getsockname()[1]}{PATH}"
        command = f"REDIRECT {there} RTSP/1.0\r\nCSeq: 7\r\nLocation: {there}\r\n\r\n"
        camera.call(lambda viewer: viewer.send(command.encode()))
        eventually(lambda: world.stats()["reopened"] >= 1)
        eventually(lambda: world.stats()["pulls_live"] == 1)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.parametrize(
    "behaviour",
    [
        {"first": b"RTSP/1.0 200 OK\r\n" + b"X-More: and more\r\n" * 5000},
        {"first": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
        {"first": b"\x00" * 100_000},
        {"first": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 999999999\r\n\r\n"},
        {"drip_s": 0.05},
        {"silent": True},
        {"answers": {"DESCRIBE": ("404 Not Found",)}},
        {"answers": {"SETUP": ("461 Unsupported Transport",)}},
        {"answers": {"DESCRIBE": ("200 OK", "Content-Type: application/sdp")}},
    ],
    ids=["endless headers", "HTTP", "noise", "endless body", "drip", "silence", "404", "no TCP", "no description"],
)
def test_a_hostile_camera_costs_its_own_picture_alone(
    world: World, camera: RtspCamera, behaviour: dict[str, object]
) -> None:
    for name, value in behaviour.items():
        setattr(camera.does, name, value)
    with Stopwatch() as watch:
        assert refused(world) == "media_down"
    assert watch.took_s < 12
    assert world.request("/healthz").status == 200


def test_only_the_one_address_named_and_none_outside_a_house_is_reached(
    start: Callable[..., World], camera: RtspCamera, household: House
) -> None:
    world = start()
    named = camera.spec().url
    wrong: tuple[dict[str, object], ...] = (
        {"url": named.replace("127.0.0.1", "localhost"), "hosts": (f"localhost:{camera.port}",)},
        {"url": named.replace("rtsp://", "rtsp://admin:ABCDEF@")},
        {"url": named.replace("rtsp://", "rtsps://")},
        {"url": named + "\r\nX: y"},
        {"url": named + " HTTP/1.1"},
        {"hosts": ()},
        {"hosts": ("127.0.0.1:1",)},
        {"url": "rtsp://8.8.8.8:554/1", "hosts": ("8.8.8.8:554",)},
        {"url": "rtsp://169.254.169.254:80/1", "hosts": ("169.254.169.254:80",)},
        {"url": "file:///etc/passwd"},
    )
    for changes in wrong:
        household.changes = changes
        assert refused(world) == "media_down", changes
    household.changes = {}
    assert refused(start(allow_loopback_sources=False)) == "media_down"
    assert camera.does.methods == []
