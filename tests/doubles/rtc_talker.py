"""A WebRTC display whose viewer says a tone, as an Echo with a microphone does; and how a recorded tone is found."""

import array
import asyncio
import itertools
import math
import re
from fractions import Fraction
from pathlib import Path

from aiortc import MediaStreamTrack, RTCRtpSender
from aiortc.mediastreams import MediaStreamError
from av.audio.frame import AudioFrame

from tests.doubles.rtc_viewer import Viewer

RATE, STEP = 48_000, 960
HEARD_RATE = 8_000  # samples a second of a recording


class Microphone(MediaStreamTrack):
    """A tone of `hz` while `is_open`, else digital silence."""

    kind = "audio"

    def __init__(self, hz: int) -> None:
        super().__init__()
        self.hz, self.is_open = hz, True
        self._at = 0
        self._began = asyncio.get_running_loop().time()

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(max(0.0, self._began + self._at / RATE - asyncio.get_running_loop().time()))
        turns = 2 * math.pi * self.hz / RATE
        loud = 12_000 if self.is_open else 0
        samples = array.array("h", [int(loud * math.sin(turns * (self._at + at))) for at in range(STEP)])
        frame = AudioFrame(format="s16", layout="mono", samples=STEP)
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, Fraction(1, RATE)
        self._at += STEP
        return frame


class TalkingViewer(Viewer):
    """A viewer with a microphone."""

    def __init__(self, hz: int) -> None:
        super().__init__()
        self.microphone = Microphone(hz)

    async def offer(self, codec: str = "opus") -> str:
        section = self.connection.addTransceiver(self.microphone, direction="sendrecv")
        known = RTCRtpSender.getCapabilities("audio").codecs
        section.setCodecPreferences([each for each in known if each.mimeType == f"audio/{codec}"])
        self.connection.addTransceiver("video", direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return as_an_echo(self.connection.localDescription.sdp)


def as_an_echo(offer: str) -> str:
    """The offer with all directions and the name of an Echo's: it asks to send a picture as well."""
    offer = offer.replace("s=-", "s=a 2 z").replace("a=recvonly", "a=sendrecv")
    return re.sub(r"(m=video \d+ \S+).*?\r\n", lambda found: found[0] + "b=AS:2500\r\n", offer)


def tone_of(recording: Path, seconds: float = 1.0) -> int:
    """The frequency in Hz of the last seconds of a recording, by its zero crossings; 0 if it is quiet or too short."""
    samples = array.array("h", recording.read_bytes()[-int(seconds * HEARD_RATE) * 2 :] if recording.exists() else b"")
    if len(samples) < seconds * HEARD_RATE or max(samples) < 2_000:
        return 0
    crossings = sum(before < 0 <= after for before, after in itertools.pairwise(samples))
    return round(crossings / seconds)
