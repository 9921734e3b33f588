"""A household's own programs, which fetch a camera's video by RTSP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import av
import pytest

from showcam.engine.grants import Grants
from showcam.engine.source import Denied
from tests.doubles.plane_thread import SETTINGS, PlaneThread
from tests.doubles.rtsp_camera import RtspCamera
from tests.doubles.rtsp_player import KEY, NAME, Client, Programs
from tests.doubles.rtsp_recording import FPS, recorded
from tests.media.test_rtsp import House


@dataclass
class Served:
    """A media process with its door for RTSP, over a camera at home."""

    plane: PlaneThread
    camera: RtspCamera
    programs: Programs
    house: House

    @property
    def port(self) -> int:
        assert self.plane.plane is not None
        assert self.plane.plane.rtsp is not None
        return self.plane.plane.rtsp.port

    @property
    def url(self) -> str:
        return f"rtsp://{NAME}:{KEY}@127.0.0.1:{self.port}/garden"


@pytest.fixture
def serve(camera: RtspCamera, grants: Grants) -> Iterator[Callable[..., Served]]:
    with ExitStack() as stack:

        def served(**settings: Any) -> Served:
            programs, house = Programs(grants), House(camera)
            given = replace(SETTINGS, **({"rtsp_port": 0} | settings))
            plane = stack.enter_context(PlaneThread(grants, house, given, players=programs))
            return Served(plane, camera, programs, house)

        yield served


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


def seen(url: str, pictures: int = FPS, **options: str) -> tuple[list[str], int, int]:
    """What libav makes of it: the codecs, how many pictures it decodes, and the samples of sound that it hears."""
    shown = heard = 0
    with av.open(url, options={"rtsp_transport": "tcp"} | options, timeout=30) as container:
        codecs = [stream.codec_context.name for stream in container.streams]
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                shown += 1
            else:
                heard += frame.samples
            if shown >= pictures and (heard or len(codecs) == 1):
                break
    return codecs, shown, heard


@pytest.mark.parametrize(
    ("codec", "sound", "codecs"),
    [
        ("libx264", "aac", ["h264", "aac"]),
        ("libx265", "aac", ["hevc", "aac"]),
        ("libx264", "pcmu", ["h264", "pcm_mulaw"]),
        ("libx264", "pcma", ["h264", "pcm_alaw"]),
        ("libx265", None, ["hevc"]),
    ],
)
def test_video_and_sound_come_as_the_camera_sends_them(
    served: Served, codec: str, sound: Any, codecs: list[str]
) -> None:
    served.camera.does.recording = recorded(codec=codec, sound=sound)

    found, shown, heard = seen(served.url)
    assert found == codecs
    assert shown == FPS
    assert bool(heard) == bool(sound)
    assert served.plane.run(_transcodes(served)) == 0


async def _transcodes(served: Served) -> int:
    assert served.plane.plane is not None
    assert served.plane.plane._sessions is not None
    return served.plane.plane._sessions.stats()["transcodes"]
