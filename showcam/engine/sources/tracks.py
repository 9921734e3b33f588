"""Chooses which of a camera's tracks are played, and the depacketizer for each."""

import base64
import binascii
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from showcam.engine.codec import nal
from showcam.engine.codec.nal import START
from showcam.engine.codec.sound import AacConfig, NoAac, read_config, read_mux_config
from showcam.engine.rtp.jpeg import JpegDepacketizer
from showcam.engine.rtp.nal import EitherDepacketizer
from showcam.engine.rtp.packets import Depacketizer, Opener
from showcam.engine.rtp.sound import AacDepacketizer, LatmDepacketizer, PlainDepacketizer
from showcam.engine.rtsp.description import Description, Track
from showcam.engine.source import Codec, SoundCodec, SoundFormat, SourceFailed

_HIGHEST_HZ = 1_000_000
# Of sound without compression: cameras send 8,000 to 48,000 samples a second (RFC 3551 section 4.1), studios up to
# 192,000. A packet at 10 Hz would be minutes of sound, which take seconds of CPU and a gigabyte to be encoded.
_PLAIN_HZ = range(8_000, 192_001)
_VIDEOS = ("H264", "H265", "HEVC", "JPEG")  # the best first


@dataclass(frozen=True, slots=True)
class Sound:
    format: SoundFormat
    depacketizer: Depacketizer
    config: bytes = b""  # the AudioSpecificConfig of AAC


@dataclass(frozen=True, slots=True)
class Chosen:
    video: Track
    sets: dict[nal.Codec, bytes]  # the description's parameter sets, in the form of Annex B
    depacketizer: EitherDepacketizer | JpegDepacketizer
    audio: Track | None = None  # if sound has its own track
    sound: Sound | None = None

    @property
    def codec(self) -> Codec:
        """The codec in the description, until the pictures show another."""
        return self.depacketizer.codec if isinstance(self.depacketizer, EitherDepacketizer) else "mjpeg"

    @property
    def played(self) -> list[tuple[str, Track, Depacketizer]]:
        """The tracks in the form that a session plays."""
        tracks: list[tuple[str, Track, Depacketizer]] = [("video", self.video, self.depacketizer)]
        if self.audio and self.sound:
            tracks.append(("audio", self.audio, self.sound.depacketizer))
        return tracks


def choose(description: Description, *, sound: bool, opener: Opener | None = None) -> Chosen:
    """Chooses the best video track and a sound track. `opener` deciphers pictures. H.264 is preferred.

    Raises SourceFailed if no track has video that can be played.
    """
    videos = [offered for offered in description.tracks if offered.kind == "video" and offered.encoding in _VIDEOS]
    video = min(videos, key=lambda track: _VIDEOS.index(track.encoding), default=None)
    if video is None or not 0 < video.clock_hz <= _HIGHEST_HZ or video.parameters.get("packetization-mode") == "2":
        raise SourceFailed("not_playable", again=False)
    made = _described(video, opener) if video.encoding != "JPEG" else Chosen(video, {}, JpegDepacketizer())
    for track in description.tracks if sound else ():
        is_back = track.is_back and not video.is_back
        if track.kind == "audio" and not is_back and (heard := _sound(track)) is not None:
            return replace(made, audio=track, sound=heard)
    return made


def _described(video: Track, opener: Opener | None) -> Chosen:
    """Chooses the codec. If the description contradicts itself, the parameter sets outweigh the codec's name."""
    told = [video.parameters.get(f"sprop-{name}", "") for name in ("vps", "sps", "pps")]  # RFC 7798 section 7.1
    sets: dict[nal.Codec, bytes] = {
        "h264": _sets(video.parameters.get("sprop-parameter-sets", ""), "h264"),
        "h265": b"".join(_sets(text, "h265") for text in told),
    }
    codec: nal.Codec = "h264" if video.encoding == "H264" else "h265"
    other: nal.Codec = "h265" if codec == "h264" else "h264"
    if sets[other] and not sets[codec]:
        codec = other
    return Chosen(video, sets, EitherDepacketizer(codec, opener))


def _sets(told: str, codec: nal.Codec) -> bytes:
    """The parameter sets in a description's Base64, with start codes."""
    found = b""
    for text in told.split(","):
        with contextlib.suppress(binascii.Error, ValueError):
            found += nal.parameters(START + base64.b64decode(text), codec)
    return found


def _sound(track: Track) -> Sound | None:
    """The track's sound, or None if its codec is unknown or its description is wrong."""
    make = _SOUNDS.get(track.encoding)
    if make is None or not 0 < track.clock_hz <= _HIGHEST_HZ:
        return None
    try:
        return make(track)
    except (NoAac, ValueError):
        return None


def _aac(track: Track) -> Sound:
    told = track.parameters
    config = read_config(bytes.fromhex(told.get("config", "")))
    index = int(told.get("indexlength", 0))
    if int(told.get("indexdeltalength", index)) != index:
        raise NoAac
    return _aac_sound(config, AacDepacketizer(int(told.get("sizelength", 0)), index, _step(config, track)))


def _latm(track: Track) -> Sound:
    if track.parameters.get("cpresent", "1") != "0":
        raise NoAac
    return _aac_sound(read_mux_config(bytes.fromhex(track.parameters.get("config", ""))), LatmDepacketizer())


def _aac_sound(config: AacConfig, depacketizer: Depacketizer) -> Sound:
    return Sound(SoundFormat("aac", config.rate, config.channels), depacketizer, config.encode())


def _step(config: AacConfig, track: Track) -> int:
    """The ticks of the track's clock in one AAC frame. Cameras with SBR count at the doubled rate."""
    return 1024 * track.clock_hz // config.rate


def _plain(codec: SoundCodec, rate: int = 0, channels: tuple[int, ...] = (1,)) -> Callable[[Track], Sound | None]:
    """Sound with one frame a packet. `rate`: samples a second; 0 means the rate of the track's RTP clock."""

    def make(track: Track) -> Sound | None:
        form = SoundFormat(codec, rate or track.clock_hz, track.channels)
        is_real = track.channels in channels and track.clock_hz in _PLAIN_HZ
        return Sound(form, PlainDepacketizer()) if is_real else None

    return make


def _g726(track: Track) -> Sound | None:
    if track.channels != 1 or track.clock_hz != 8000:
        return None
    form, _, kbits = track.encoding.rpartition("G726-")
    return Sound(SoundFormat("g726" if form else "g726le", 8000, 1, int(kbits) // 8), PlainDepacketizer())


def _opus(_track: Track) -> Sound:
    return Sound(SoundFormat("opus", 48_000), PlainDepacketizer())


_SOUNDS: dict[str, Callable[[Track], Sound | None]] = {
    "MPEG4-GENERIC": _aac,
    "MP4A-LATM": _latm,
    "PCMU": _plain("pcm_mulaw"),
    "PCMA": _plain("pcm_alaw"),
    "G722": _plain("g722", 16_000),  # its RTP clock is half its sample rate (RFC 3551 section 4.5.2)
    "L16": _plain("pcm_s16be", channels=(1, 2)),
    "OPUS": _opus,
    **{f"{form}G726-{kbits}": _g726 for form in ("", "AAL2-") for kbits in (16, 24, 32, 40)},
}
