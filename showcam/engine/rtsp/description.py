"""A camera's session description (SDP, RFC 8866, in the form of RFC 2326 appendix C)."""

import re
from dataclasses import dataclass, field
from typing import Literal

from showcam.net.text import number

MOST_TRACKS = 16  # a description may be longer; the rest is not read
_LONGEST = 1024  # of an address
_STATIC = {  # RFC 3551 section 6: encoding, clock, channels
    0: ("PCMU", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),
    10: ("L16", 44_100, 2),
    11: ("L16", 44_100, 1),
    26: ("JPEG", 90_000, 1),
}
_UNKNOWN = ("", 0, 1)
_G726 = frozenset(f"{form}G726-{kbits}" for form in ("", "AAL2-") for kbits in (16, 24, 32, 40))
_VIDEOS = {"H264", "H265", "HEVC", "JPEG"}
_KNOWN = _VIDEOS | _G726 | {"MPEG4-GENERIC", "MP4A-LATM", "PCMU", "PCMA", "G722", "L16", "OPUS"}
SPEAKABLE = frozenset({"PCMU", "PCMA"})  # encodings of sound that showcam sends to a camera's speaker
_MAP = re.compile(r"(\d{1,3})\s+([\w.-]{1,40})/(\d{1,9})(?:/(\d{1,3}))?")
_FORM = re.compile(r"(\d{1,3})\s+(.*)")


@dataclass(frozen=True, slots=True)
class Track:
    kind: Literal["video", "audio"]
    payload: int  # RTP payload type
    encoding: str  # in capitals; "" if the description names none
    clock_hz: int
    channels: int = 1
    is_back: bool = False  # True for sound that the camera would play
    control: str = ""
    parameters: dict[str, str] = field(default_factory=dict)  # names in small letters


@dataclass(frozen=True, slots=True)
class Description:
    tracks: tuple[Track, ...]
    control: str  # of all tracks together

    @classmethod
    def read(cls, body: bytes) -> "Description | None":
        """Reads a description; None if it describes no track."""
        heads: list[list[str]] = [[]]
        for line in body.decode("utf-8", "replace").splitlines():
            if line.startswith("m="):
                if len(heads) > MOST_TRACKS:
                    break
                heads.append([])
            heads[-1].append(line.strip())
        # some descriptions begin with their tracks (AlexxIT/go2rtc issue 679)
        if not body.lstrip().startswith((b"v=", b"m=")):
            return None
        tracks = tuple(track for lines in heads[1:] if (track := _track(lines)) is not None)
        return cls(tracks, _attribute(heads[0], "control"))


def address(base: str, control: str) -> str:
    """The URI of a track for requests on the open connection; nothing connects to it."""
    if control.lower().startswith("rtsp://"):
        return control
    return base if control in ("", "*") else f"{base.rstrip('/')}/{control.lstrip('/')}"


def _track(lines: list[str]) -> Track | None:
    kind, *rest = lines[0].removeprefix("m=").split() or [""]
    payloads = [named for word in rest[2:] if len(word) < 4 and (named := number(word)) is not None]
    if kind not in ("video", "audio") or not payloads:
        return None
    maps = {int(found[1]): found for line in _attributes(lines, "rtpmap") if (found := _MAP.match(line))}
    is_back = "a=sendonly" in lines
    known = [named for named in payloads if _encoding(named, maps) in _KNOWN]
    if is_back:  # showcam sends only these: a camera that takes AAC as well gets G.711
        known.sort(key=lambda named: _encoding(named, maps) not in SPEAKABLE)
    payload = next(iter(known), payloads[0])
    mapped = maps.get(payload)
    _, clock, channels = _STATIC.get(payload, _UNKNOWN)
    stated = [found for line in _attributes(lines, "fmtp") if (found := _FORM.match(line))]
    # a camera may name another payload type than its track has (bluenviron/mediamtx issue 3669)
    forms = [form[2] for form in stated if form[1] == f"{payload}" or len(stated) == 1]
    return Track(
        "video" if kind == "video" else "audio",
        payload,
        _encoding(payload, maps),
        int(mapped[3]) if mapped else clock,
        int(mapped[4] or 1) if mapped else channels,
        is_back,
        _attribute(lines, "control"),
        _parameters(forms[0] if forms else ""),
    )


def _encoding(payload: int, maps: dict[int, re.Match[str]]) -> str:
    return maps[payload][2].upper() if payload in maps else _STATIC.get(payload, _UNKNOWN)[0]


def _parameters(text: str) -> dict[str, str]:
    parted = (pair.partition("=") for pair in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in parted if name.strip()}


def _attributes(lines: list[str], name: str) -> list[str]:
    return [line[len(name) + 3 :].strip() for line in lines if line.startswith(f"a={name}:")]


def _attribute(lines: list[str], name: str) -> str:
    """The first value of the attribute, or "" if none is safe to put into a request."""
    found = next(iter(_attributes(lines, name)), "")
    is_clean = found.isascii() and found.isprintable() and " " not in found and len(found) <= _LONGEST
    return found if is_clean else ""
