"""The description of a camera's streams (SDP, RFC 8866)."""

import base64
from dataclasses import dataclass
from typing import Literal

from simulator.lan.rtp import Packer, nal_units

type Sound = Literal["aac", "pcmu", "pcma"]
_PAYLOADS = {"aac": 97, "pcmu": 0, "pcma": 8}


@dataclass(frozen=True, slots=True)
class Tracks:
    """`keyframe` is any of the video's, in Annex B form; with b"" the description has no parameter sets."""

    video: Literal["h264", "h265"] = "h264"
    keyframe: bytes = b""
    sound: Sound | None = None
    sound_hz: int = 8000
    config: bytes = b""  # AAC's AudioSpecificConfig

    def packers(self) -> tuple[Packer, Packer | None]:
        sound = Packer(_PAYLOADS[self.sound], self.sound_hz) if self.sound else None
        return Packer(96, 90_000), sound


def describe(tracks: Tracks, base: str) -> str:
    """`base` is put before the tracks' addresses; "" makes them relative."""
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=Media Presentation", "c=IN IP4 0.0.0.0", "t=0 0", "a=range:npt=now-"]
    lines += ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {tracks.video.upper()}/90000"]
    if tracks.video == "h264":
        lines.append(f"a=fmtp:96 packetization-mode=1{_parameters(tracks.keyframe)}")
    lines.append(f"a=control:{base}trackID=1")
    if tracks.sound:
        payload = _PAYLOADS[tracks.sound]
        lines.append(f"m=audio 0 RTP/AVP {payload}")
        if tracks.sound == "aac":
            lines += [
                f"a=rtpmap:97 mpeg4-generic/{tracks.sound_hz}/1",
                "a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;"
                f"config={tracks.config.hex()}",
            ]
        else:
            lines.append(f"a=rtpmap:{payload} {tracks.sound.upper()}/{tracks.sound_hz}")
        lines.append(f"a=control:{base}trackID=2")
    return "\r\n".join([*lines, ""])


def _parameters(keyframe: bytes) -> str:
    found = {unit[0] & 0x1F: unit for unit in nal_units(keyframe)}
    if 7 not in found or 8 not in found:
        return ""
    sets = ",".join(base64.b64encode(found[kind]).decode() for kind in (7, 8))
    return f";profile-level-id={found[7][1:4].hex()};sprop-parameter-sets={sets}"
