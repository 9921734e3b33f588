"""The bytes that one session gets of a camera: its stream from the present moment on, by the session's own clock."""

import asyncio
import contextlib
import random
from typing import Literal

from showcam.simulator.camera import Camera
from showcam.simulator.cloud.streams import ProgramStream, RtpStream
from showcam.simulator.pictures.encoder import RATE_HZ, STEP_S
from showcam.simulator.pictures.garbler import Garbler, split
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import World

# Seconds between keyframes of the whole picture and of the smaller picture. A battery camera has only the whole
# picture, with a keyframe each four seconds, as one public capture of a CP4 has it (Stinocon/ezviz-stream-bridge).
KEY_S = {1: 60, 2: 4}
_CLOCK = 90_000
_CONFIG = 0x60  # AAC-LC, 16 kHz, in a header's third byte
LONGEST = 1400  # bytes of a body


class Feed:
    """`take_bodies` returns the bytes since its last call. `sets_alone`: parameter sets, once, and nothing more.

    `key_s`: seconds between keyframes; 0: as in life, unless the vendor's settings say otherwise.
    """

    def __init__(
        self,
        world: World,
        camera: Camera,
        studio: Studio,
        quality: int,
        *,
        sets_alone: bool = False,
        key_s: float = 0.0,
    ) -> None:
        picture = camera.picture(quality)
        assert picture is not None
        self._world, self._camera, self._codec = world, camera, picture[0]
        self._program = ProgramStream(self._codec, has_sound=camera.audio)
        self._sets_alone, self._is_over = sets_alone, False
        self._rtp = RtpStream(self._codec) if camera.transport == "rtp" else None
        self._held, self._packets = bytearray(), list[bytes]()
        self._began: float | None = None
        self._start = random.getrandbits(32)
        self._loop = asyncio.get_running_loop()
        usual_s = KEY_S[quality] if camera.battery is None else KEY_S[2]
        key_s = key_s or world.settings.stream_key_s or usual_s
        self._encoder = studio.running(camera, quality, key_s=max(1, round(key_s / STEP_S)) * STEP_S)
        self._encoder.listen(self._receive, key=False)

    def close(self) -> None:
        self._encoder.unlisten(self._receive)

    def take_bodies(self) -> list[bytes]:
        """Returns bodies: an RTP packet each, or slices of the program stream, cut anywhere."""
        taken, self._packets = self._packets, []
        held, self._held = bytes(self._held), bytearray()
        while held:
            size = random.randrange(LONGEST - 200, LONGEST)
            taken.append(held[:size])
            held = held[size:]
        return taken

    def _receive(self, kind: Literal["video", "audio"], data: bytes, at: float) -> None:
        """Takes a unit in the encoder's thread and passes it to the loop."""
        with contextlib.suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(self._take, kind, data, at)

    def _take(self, kind: Literal["video", "audio"], data: bytes, at: float) -> None:
        first = self._began is None
        self._began = at if self._began is None else self._began
        pts = self._start + round((at - self._began) * _CLOCK)
        garbler, key = self._garbler(), kind == "video" and is_key(data, self._codec)
        if self._sets_alone:
            data, key = sets(data, self._codec) if kind == "video" and not self._is_over else b"", False
            self._is_over |= bool(data)
        if not data:
            return
        if garbler:
            data = garbler.video(data) if kind == "video" else garbler.audio(data)
        if self._rtp:
            rtp = self._rtp
            self._packets += rtp.picture(data, pts, key=key) if kind == "video" else rtp.sound(data, pts)
            return
        program = self._program
        made = program.picture(data, pts, key=key) if kind == "video" else program.sound(_adts(data), pts)
        self._held += self._first(made, key=key) if first else made

    def _first(self, made: bytes, *, key: bool) -> bytes:
        """Returns the stream's first bytes: it begins in the middle of a packet."""
        return made[random.randrange(1, len(made)) :]

    def _garbler(self) -> Garbler | None:
        camera = self._camera
        if not camera.encrypted(self._world.now()):
            return None
        return Garbler(camera.secret, self._codec, camera.layout, selective=camera.selective)


def _adts(frame: bytes) -> bytes:
    size = len(frame) + 7
    assert RATE_HZ == 16000
    head = (0xFF, 0xF1, _CONFIG, 0x40 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC)
    return bytes(head) + frame


def sets(access_unit: bytes, codec: str, *, others: bool = False) -> bytes:
    """Returns the parameter sets, or all other units."""
    kinds = (7, 8) if codec == "h264" else (32, 33, 34)
    return b"".join(
        start + unit
        for start, unit in split(access_unit)
        if ((unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F) in kinds) != others
    )


def is_key(data: bytes, codec: str) -> bool:
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 3:
        kind = data[at + 3] & 0x1F if codec == "h264" else data[at + 3] >> 1 & 0x3F
        if kind == 5 if codec == "h264" else 16 <= kind <= 21:
            return True
        at = data.find(b"\0\0\1", at + 3)
    return False
