"""A camera's video and sound as an RTSP client gets them: the description, and RTP packets on its TCP connection.

Pictures go out as the camera sends them. Sound goes out so too if it is AAC or plain G.711, else as AAC.
"""

import base64
import time
from collections.abc import Iterable
from typing import Literal

from showcam.engine.codec import h264, h265
from showcam.engine.codec.nal import units
from showcam.engine.codec.sound import RATES, AacConfig, mono, read_adts
from showcam.engine.rtp.packing import Packer
from showcam.engine.sound import SILENT_RATE, AacVoice
from showcam.engine.source import CLOCK, Format, SoundFormat, Unit

type Kind = Literal["video", "audio"]

REPORT = 5 * CLOCK  # ticks between two sender reports (RFC 3550, section 6.2)
TRACKS: dict[str, Kind] = {"video": "video", "audio": "audio"}  # by the last part of a track's address
_PICTURE, _AAC = 96, 97  # payload types
_G711 = {"pcm_mulaw": (0, "PCMU"), "pcm_alaw": (8, "PCMA")}  # payload types of RFC 3551, section 6
_G711_HZ = 8000
_FRAME = b"$"


class Sound:
    """Packs the camera's sound, as AAC or as G.711."""

    def __init__(self, sound: SoundFormat, heard: Unit | None) -> None:
        """`heard`: a frame of this sound, which shows how many channels its AAC has."""
        self.is_g711 = sound.codec in _G711 and sound.rate == _G711_HZ and sound.channels in (0, 1)
        self._voice = None if self.is_g711 or sound.codec == "aac" else AacVoice(sound, SILENT_RATE)
        self._config = mono(SILENT_RATE) if self._voice else _config(sound, heard)
        rate = _G711_HZ if self.is_g711 else self._config.rate
        payload, self._name = _G711[sound.codec] if self.is_g711 else (_AAC, "mpeg4-generic")
        self.packer = Packer(payload, rate)

    def described(self) -> list[str]:
        payload, rate = self.packer.payload, self.packer.clock_hz
        if self.is_g711:
            return [f"m=audio 0 RTP/AVP {payload}", f"a=rtpmap:{payload} {self._name}/{rate}/1"]
        form = "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"
        return [
            f"m=audio 0 RTP/AVP {payload}",
            f"a=rtpmap:{payload} {self._name}/{rate}/{self._config.channels}",
            f"a=fmtp:{payload} {form};config={self._config.encode().hex()}",
        ]

    def packets(self, unit: Unit) -> list[bytes]:
        made: list[bytes] = []
        for each in self._voice.feed(unit) if self._voice else (unit,):
            tick = each.pts * self.packer.clock_hz // CLOCK
            if self.is_g711:
                made += self.packer.samples(each.data, tick)
            elif (frame := read_adts(each.data)) is not None:
                made += self.packer.aac(each.data[frame.head : frame.size], tick)
        return made


class RtspStream:
    """Makes the bytes for one RTSP client: a description, then packets for the tracks that the client has set up."""

    def __init__(self, form: Format, sound: SoundFormat | None, keyframe: Unit, heard: Unit | None) -> None:
        """`form`: of the pictures that are sent. `sound`: of the camera; `heard` is a frame of this sound."""
        assert form.kind != "mjpeg"
        self._codec: Literal["h264", "h265"] = "h265" if form.kind == "h265" else "h264"
        self._keyframe, self._described = keyframe, sound
        self._picture = Packer(_PICTURE, CLOCK)
        self._sound = Sound(sound, heard) if sound else None
        self._channels: dict[Kind, int] = {}
        self._reported: dict[Kind, int] = {}  # the tick of the latest report

    def holds(self, form: Format) -> bool:
        """Whether the description is true of an opening with this format: the size is in the video itself."""
        kind = "h264" if form.kind == "mjpeg" else form.kind  # Motion JPEG is transcoded
        return kind == self._codec and form.sound == self._described

    def description(self) -> str:
        lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=showcam", "c=IN IP4 0.0.0.0", "t=0 0", "a=range:npt=now-"]
        lines += [
            f"m=video 0 RTP/AVP {_PICTURE}",
            f"a=rtpmap:{_PICTURE} {self._codec.upper()}/{CLOCK}",
            *_parameters(self._codec, self._keyframe.data),
            "a=control:video",
        ]
        if self._sound:
            lines += [*self._sound.described(), "a=control:audio"]
        return "\r\n".join([*lines, ""])

    def packer(self, kind: Kind) -> Packer | None:
        """The packer of a track; None if the camera has no such track."""
        if kind == "video":
            return self._picture
        return self._sound.packer if self._sound else None

    def place(self, kind: Kind, pts: int) -> str:
        """The next packet's number, and the timestamp of this time, for the header RTP-Info."""
        packer = self.packer(kind)
        assert packer is not None
        return f"seq={packer.number};rtptime={packer.timestamp(pts * packer.clock_hz // CLOCK)}"

    def set_up(self, kind: Kind, channel: int) -> None:
        """Sends the track on this channel, and its reports on the next."""
        self._channels[kind] = channel

    @property
    def tracks(self) -> list[Kind]:
        return list(self._channels)

    def packed(self, units: Iterable[Unit], now: int) -> bytes:
        """The frames for the connection; b"" for units of tracks that are not set up. `now`: on the units' timeline."""
        out: list[bytes] = []
        for unit in units:
            channel, packer = self._channels.get(unit.kind), self.packer(unit.kind)
            if channel is None or packer is None:
                continue
            if now - self._reported.get(unit.kind, now - REPORT) >= REPORT:
                self._reported[unit.kind] = now
                out += _framed(channel + 1, [packer.report(time.time(), now * packer.clock_hz // CLOCK)])
            out += _framed(channel, self._packets(unit))
        return b"".join(out)

    def _packets(self, unit: Unit) -> list[bytes]:
        if unit.kind == "video":
            return self._picture.picture(self._codec, unit.data, unit.pts)
        return self._sound.packets(unit) if self._sound else []


def _framed(channel: int, packets: list[bytes]) -> list[bytes]:
    """The packets as interleaved frames of RFC 2326, section 10.12."""
    frame = _FRAME + bytes((channel,))
    return [part for packet in packets for part in (frame, len(packet).to_bytes(2), packet)]


def _config(sound: SoundFormat, heard: Unit | None) -> AacConfig:
    head = read_adts(heard.data) if heard else None
    told = head.config if head else AacConfig(2, RATES.index(sound.rate), 0)
    return AacConfig(told.kind, told.rate_at, told.channels or sound.channels or 1)


def _parameters(codec: Literal["h264", "h265"], keyframe: bytes) -> list[str]:
    """The line with the parameter sets of a keyframe."""
    if codec == "h264":
        sets = {unit[0] & 0x1F: unit.rstrip(b"\0") for unit in units(h264.parameter_sets(keyframe))}
        known = h264.SPS in sets and h264.PPS in sets
        joined = ",".join(_text(sets[kind]) for kind in (h264.SPS, h264.PPS)) if known else ""
        told = f";profile-level-id={sets[h264.SPS][1:4].hex()};sprop-parameter-sets={joined}" if known else ""
        return [f"a=fmtp:{_PICTURE} packetization-mode=1{told}"]
    sets = {h265.kind_of(unit): unit.rstrip(b"\0") for unit in units(h265.parameter_sets(keyframe))}
    named = {"sprop-vps": h265.VPS, "sprop-sps": h265.SPS, "sprop-pps": h265.PPS}
    if not all(kind in sets for kind in named.values()):
        return []
    return [f"a=fmtp:{_PICTURE} " + ";".join(f"{name}={_text(sets[kind])}" for name, kind in named.items())]


def _text(unit: bytes) -> str:
    return base64.b64encode(unit).decode()
