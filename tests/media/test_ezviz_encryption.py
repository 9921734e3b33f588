"""An encrypted camera by EZVIZ's own cloud stream: shown with its code, and refused with a reason without it."""

import asyncio
import io
from collections.abc import Callable
from typing import Literal

import av
import pytest

from showcam.simulator.pictures.garbler import Layout
from tests.doubles.hls_camera import FPS
from tests.doubles.rtsp_recording import recorded
from tests.doubles.stream_cloud import GOP_S, StreamCloud
from tests.media import test_ezviz
from tests.media.conftest import World
from tests.media.test_ezviz import House, refused, segments, shown_size, watched

KEY = b"ABCDEF".ljust(16, b"\0")

cloud, household, world = test_ezviz.cloud, test_ezviz.household, test_ezviz.world

pytestmark = pytest.mark.usefixtures("on_loopback")


@pytest.mark.parametrize("transport", ["ps", "rtp"])
@pytest.mark.parametrize(
    ("layout", "selective"), [("body", False), ("body", True), ("copied", False), ("whole", False)]
)
def test_an_encrypted_camera_is_shown_with_its_code(
    world: World, cloud: StreamCloud, household: House, layout: Layout, selective: bool, transport: Literal["ps", "rtp"]
) -> None:
    """The camera's password was changed, so the code on its label is another."""
    camera = cloud.camera
    camera.encryption, camera.password = True, "a password of mine"
    camera.layout, camera.selective, camera.transport = layout, selective, transport
    household.changes = {"key": b"a password of mi"}
    parts = segments(world, 2)
    assert shown_size(parts) == (320, 180)
    with av.open(io.BytesIO(parts[1]), mode="r", format="mpegts") as container:
        assert len(list(container.decode(audio=0))) > 10


def test_an_encrypted_camera_is_shown_by_webrtc_and_its_key_is_not_logged(
    world: World,
    cloud: StreamCloud,
    household: House,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud.camera.encryption = True
    household.changes = {"key": KEY}
    viewer = asyncio.run(watched(world, lambda display: len(display.pictures) > 15 and max(display.loud or [0]) > 500))
    assert viewer.sizes == {(320, 180)}
    text = "".join(capfd.readouterr()) + caplog.text
    assert "pull opened" in text
    assert not any(secret in text for secret in ("ABCDEF", "QUJDREVG", KEY.hex()))


@pytest.mark.parametrize("transport", ["ps", "rtp"])
def test_a_camera_whose_encryption_was_switched_off_is_shown_though_a_key_is_given(
    world: World, cloud: StreamCloud, household: House, transport: Literal["ps", "rtp"]
) -> None:
    cloud.camera.transport = transport
    household.changes = {"key": KEY}
    assert shown_size(segments(world, 2)) == (320, 180)


@pytest.mark.parametrize(("key", "reason"), [(b"GHIJKL".ljust(16, b"\0"), "code_wrong"), (b"", "encryption_on")])
@pytest.mark.parametrize("transport", ["ps", "rtp"])
@pytest.mark.parametrize("layout", ["body", "copied", "whole"])
def test_without_the_right_code_the_reason_is_answered(
    world: World,
    cloud: StreamCloud,
    household: House,
    layout: Layout,
    transport: Literal["ps", "rtp"],
    key: bytes,
    reason: str,
) -> None:
    cloud.camera.encryption, cloud.camera.layout, cloud.camera.transport = True, layout, transport
    household.changes = {"key": key}
    assert refused(world) == reason


@pytest.mark.parametrize("transport", ["ps", "rtp"])
@pytest.mark.parametrize("layout", ["body", "copied", "whole"])
def test_an_encrypted_picture_in_h265_is_deciphered_and_transcoded(
    start: Callable[..., World],
    cloud: StreamCloud,
    household: House,
    layout: Layout,
    transport: Literal["ps", "rtp"],
) -> None:
    recorded(
        codec="libx265", gop_s=GOP_S
    )  # made now, since a camera that says nothing at first is taken for a silent one
    camera = cloud.camera
    camera.encryption, camera.layout, camera.transport, camera.sub_codec = True, layout, transport, "h265"
    household.changes = {"key": KEY}
    with av.open(io.BytesIO(b"".join(segments(start(), 2))), "r", format="mpegts") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        frames = list(container.decode(video=0))
    assert cloud.opened == 1, "there is no other picture to look for"
    assert len(frames) >= GOP_S * FPS
    assert (frames[0].width, frames[0].height) == (320, 180)
