"""Cameras as their users report them: each rule makes a plain camera behave as the one of a public issue does.

A rule is what a relay changes between the camera and its reader, named by the issue as owner/repository#number.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.doubles.rtsp_faults import IDR, SLICE, Fault, Steps, nal_kinds

SPS, PPS = 7, 8
_START = b"\0\0\0\1"
_LONG_S = 100.0  # of watching: three times as long as a keep-alive waits

type Says = Callable[[list[str]], list[str]]
type Packets = Iterator[bytes]


class Odd(Fault):
    """`says` changes the lines of an answer, `asks` the head of a request, `wire` what goes over TCP."""

    def __init__(
        self,
        says: Says = lambda lines: lines,
        asks: Callable[[str], str] = lambda head: head,
        wire: Callable[[bytes], bytes] = lambda framed: framed,
    ) -> None:
        self._says, self._asks, self._wire = says, asks, wire

    def says(self, lines: list[str]) -> list[str]:
        return self._says(lines)

    def asks(self, head: str) -> str:
        return self._asks(head)

    def wire(self, framed: bytes) -> bytes:
        return self._wire(framed)


class OddVideo(Fault):
    """Changes packets of the picture: `packets` gives what leaves for one that came."""

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        return [(0.0, packet) for packet in (self.packets(data) if channel == 0 else [data])]

    def packets(self, data: bytes) -> Packets:
        yield data


def swapped(*pairs: tuple[str, str]) -> Callable[[], Fault]:
    """In every line of every answer, each pattern by its text; a line that has nothing left goes."""

    def says(lines: list[str]) -> list[str]:
        head, body = lines[: lines.index("")], lines[lines.index("") :]
        for pattern, text in pairs:
            head, body = ([re.sub(pattern, text, line) for line in part] for part in (head, body))
        return [line for line in head if line] + [
            line for at, line in enumerate(body) if line or at in (0, len(body) - 1)
        ]

    return lambda: Odd(says)


def described(change: Says) -> Callable[[], Fault]:
    """The lines of the description."""

    def says(lines: list[str]) -> list[str]:
        at = lines.index("") + 1
        return [*lines[:at], *change(lines[at:-1]), ""] if "v=0" in lines else lines

    return lambda: Odd(says)


def added(*more: str) -> Callable[[], Fault]:
    return described(lambda lines: [*lines, *more])


def unanswered(method: str, instead: str = "") -> Callable[[], Fault]:
    """Requests of that method are answered by this status, or never."""

    def made() -> Fault:
        asked: list[str] = []

        def asks(head: str) -> str:
            asked.append(head.split(" ")[0])
            return head

        def says(lines: list[str]) -> list[str]:
            is_it = asked.pop(0) == method
            return ([f"RTSP/1.0 {instead}", *lines[1:]] if instead else []) if is_it else lines

        return Odd(says, asks)

    return made


def once(says: Says) -> Callable[[], Fault]:
    """The first description that is asked for, with a password, is answered so."""

    def made() -> Fault:
        left = [says]
        return Odd(lambda lines: left.pop()(lines) if left and "v=0" in lines else lines)

    return made


class OtherSessions(Fault):
    """Each SETUP is answered with another session's id, and the latest is the one that counts."""

    def __init__(self) -> None:
        self._number, self._own = 0, ""

    def says(self, lines: list[str]) -> list[str]:
        self._number += any(line.startswith("Transport:") for line in lines)
        self._own = next((line[9:].split(";")[0] for line in lines if line.startswith("Session: ")), self._own)
        return [re.sub(r"^Session: [^;]*", f"Session: 9988{self._number}", line) for line in lines]

    def asks(self, head: str) -> str:
        is_latest = f"Session: 9988{self._number}\r" in head
        return re.sub(r"Session: \w+", f"Session: {self._own if is_latest else 'gone'}", head)


class NoSessionBeforePlay(Fault):
    """The answers to SETUP name no session; the camera knows whose connection it is."""

    def __init__(self) -> None:
        self._own = ""

    def says(self, lines: list[str]) -> list[str]:
        self._own = next((line for line in lines if line.startswith("Session: ")), self._own).split(";")[0]
        is_setup = any(line.startswith("Transport:") for line in lines)
        return [line for line in lines if not (is_setup and line.startswith("Session:"))]

    def asks(self, head: str) -> str:
        lacks = self._own and "\r\nSession:" not in head
        return head.replace("\r\n\r\n", f"\r\n{self._own}\r\n\r\n", 1) if lacks else head


class OtherChannels(Odd):
    """The second track comes by other channels than were asked for."""

    def __init__(self) -> None:
        super().__init__(lambda lines: [line.replace("interleaved=2-3", "interleaved=4-5") for line in lines])

    def wire(self, framed: bytes) -> bytes:
        is_sound = framed[:1] == b"$" and framed[1] in (2, 3)
        return b"$" + bytes((framed[1] + 2,)) + framed[2:] if is_sound else framed


class Garbage(Fault):
    """Now and then bytes that belong to nothing stand between two packets."""

    def __init__(self) -> None:
        self._count = 0

    def wire(self, framed: bytes) -> bytes:
        self._count += framed[:1] == b"$"
        return b"\x00\x7f\xfeGET /x\xb5" + framed if self._count % 40 == 7 else framed


class OtherPayload(OddVideo):
    """The picture has a payload type that the RFC gives to nothing."""

    def says(self, lines: list[str]) -> list[str]:
        return [re.sub(r"(m=video 0 RTP/AVP |a=\w+:)96\b", r"\g<1>35", line) for line in lines]

    def packets(self, data: bytes) -> Packets:
        yield data[:1] + bytes((data[1] & 0x80 | 35,)) + data[2:]


class OtherSources(OddVideo):
    """Each keyframe's parameter sets begin another synchronization source, whose numbers go on."""

    def __init__(self) -> None:
        self._source, self._of = 1, b""

    def packets(self, data: bytes) -> Packets:
        if SPS in nal_kinds(data) and data[4:8] != self._of:
            self._source, self._of = self._source + 1, data[4:8]
        yield data[:8] + self._source.to_bytes(4) + data[12:]


class Strangers(OddVideo):
    """Packets of a payload type that nothing described come between those of the picture."""

    def __init__(self) -> None:
        self._number = 0

    def packets(self, data: bytes) -> Packets:
        self._number += 1
        yield b"\x80\x32" + self._number.to_bytes(2) + data[4:8] + b"\0\0\0\x09" + bytes(20)
        yield data


class SetsOfThePictureBefore(OddVideo):
    """Parameter sets have the time of the picture before, and each ends a picture."""

    def __init__(self) -> None:
        self._before = bytes(4)

    def packets(self, data: bytes) -> Packets:
        if nal_kinds(data) & {SPS, PPS}:
            yield data[:1] + bytes((data[1] | 0x80,)) + data[2:4] + self._before + data[8:]
        else:
            self._before = data[4:8]
            yield data


class OneUnit(OddVideo):
    """A keyframe and its parameter sets are one unit, with the start codes of a file between them."""

    def __init__(self) -> None:
        self._units: list[bytes] = []
        self._left_out = 0

    def packets(self, data: bytes) -> Packets:
        number = int.from_bytes(data[2:4])
        if nal_kinds(data) & {SPS, PPS, IDR}:
            is_fragment = data[12] & 0x1F == 28
            if is_fragment and not data[13] & 0x80:
                self._units[-1] += data[14:]
            else:
                self._units.append(
                    bytes((data[12] & 0xE0 | data[13] & 0x1F,)) + data[14:] if is_fragment else data[12:]
                )
            if not data[1] & 0x80:
                self._left_out += 1
                return
            data, self._units = data[:12] + _START.join(self._units), []
        yield data[:2] + (number - self._left_out & 0xFFFF).to_bytes(2) + data[4:]


class WholeFragments(OddVideo):
    """A small picture is one fragment, which is the first and the last."""

    def packets(self, data: bytes) -> Packets:
        kind = data[12] & 0x1F
        if kind in (SLICE, IDR):
            data = data[:12] + bytes((data[12] & 0xE0 | 28, 0xC0 | kind)) + data[13:]
        yield data


class Wraps(Fault):
    """The clock of the picture begins again at zero after two seconds."""

    def __init__(self) -> None:
        self._by: int | None = None

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        at = {0: 4, 1: 16}.get(channel, 0)
        stamp = int.from_bytes(data[at : at + 4])
        if channel == 0 and self._by is None:
            self._by = -stamp - 180_000
        if not at or self._by is None:
            return [(0.0, data)]
        return [(0.0, data[:at] + (stamp + self._by & 0xFFFFFFFF).to_bytes(4) + data[at + 4 :])]


class SoundOfAnotherType(Fault):
    """The packets of sound have another payload type than was described."""

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        return [(0.0, data[:1] + bytes((data[1] & 0x80 | 104,)) + data[2:] if channel == 2 else data)]


def _bare(lines: list[str]) -> list[str]:
    """A description of the picture only, without the lines that belong to the session."""
    video = lines[next(at for at, line in enumerate(lines) if line.startswith("m=video")) :]
    return [line for line in video if line.startswith(("m=video", "a=rtpmap:96", "a=control"))][:3]


@dataclass(frozen=True)
class Rule:
    """`outcome`: "shown", or the reason that is given in place of a picture. `sound`: whether it is heard."""

    issue: str
    fault: Callable[[], Fault]
    sound: bool = True
    outcome: str = "shown"
    seconds: float = 6.0


RULES = [
    # what it says of itself
    Rule("AlexxIT/go2rtc#208", swapped(("^Content-Base: ", "Content-Base: rtsp://"))),
    Rule("AlexxIT/go2rtc#264", swapped(("H264/90000", "H265/90000"))),
    Rule("AlexxIT/go2rtc#679", described(_bare), sound=False),
    Rule("AlexxIT/go2rtc#708", added("m=application/MERCURY 0 RTP/AVP smart/1/90000", "a=rtpmap:95 MERCURY/90000")),
    Rule("AlexxIT/go2rtc#1558", swapped((r"^a=fmtp:96 .*", ""))),
    Rule(
        "AlexxIT/go2rtc#1663",
        swapped(("^[oc]=.*", "c=IN"), (r"a=control:rtsp://[^/]*/", "a=control:rtsp://192.168.0.60/")),
    ),
    Rule("AlexxIT/go2rtc#2316", swapped(("^m=video 0", "m=video -1353744643"), ("^c=.*", "c=IN IP4 '&\ufffd\ufffd"))),
    Rule("bluenviron/mediamtx#136", added(*[f"a=x-note:{'n' * 900}"] * 6)),
    Rule(
        "bluenviron/mediamtx#231", swapped(("^o=.*", "o=[-2208991488 2208991488 IN IP4 10.255.1.119]"), ("^s=.*", ""))
    ),
    Rule("bluenviron/mediamtx#861", swapped(("sprop-parameter-sets=[^;]*", "sprop-parameter-sets="))),
    Rule(
        "bluenviron/mediamtx#2348",
        swapped(
            ("sprop-parameter-sets=[^;]*", "sprop-parameter-sets=AAAAAQ==,aO48gA=="),
            ("401 .*", "401 ClientUnAuthorized"),
        ),
    ),
    Rule("bluenviron/mediamtx#2555", swapped(("^o=- 1 ", "o=- 1698143674.978737 "))),
    Rule(
        "bluenviron/mediamtx#3590",
        swapped(("mpeg4-generic", "MP4A-LATM"), ("^a=fmtp:97 .*", "a=fmtp:40 cpresent=0;config=")),
        sound=False,
    ),
    Rule("bluenviron/mediamtx#3669", swapped(("^a=fmtp:97 ", "a=fmtp:98 "))),
    Rule("bluenviron/mediamtx#5033", swapped(("^c=.*", "c=IN "))),
    Rule("bluenviron/mediamtx#5857", swapped(("packetization-mode=1", "packetization-mode=0"))),
    Rule(
        "bluenviron/gortsplib#479",
        added(
            "m=application 0 RTP/AVP 107",
            "a=control:trackID=4",
            "a=rtpmap:107 vnd.onvif.metadata/90000",
            "m=audio 0 RTP/AVP 116 115 97 8",
            "a=control:trackID=5",
            "a=rtpmap:116 MPEG4-GENERIC/64000",
            "a=sendonly",
        ),
    ),
    Rule("bluenviron/gortsplib#630", OtherPayload),
    Rule(
        "home-assistant/core#38413",
        swapped(("^m=audio 0 RTP/AVP 97", "m=audio 0 RTP/AVP 14"), ("^a=(rtpmap|fmtp):97 .*", "")),
        sound=False,
    ),
    # how it speaks
    Rule(
        "AlexxIT/go2rtc#883", once(lambda lines: ["RTSP/1.0 400 Bad Request", lines[1], "", ""]), outcome="media_down"
    ),
    Rule("AlexxIT/go2rtc#2462", OtherSessions),
    Rule("bluenviron/mediamtx#840", NoSessionBeforePlay),
    Rule("bluenviron/gortsplib#72", OtherChannels),
    Rule(
        "bluenviron/gortsplib#121",
        lambda: Odd(
            lambda lines: [
                re.sub(r"^(Content-Base: .*?)/?$", r"\1?token=1&trackID=0", re.sub("control:rtsp.*/", "control:", line))
                for line in lines
            ],
            lambda head: re.sub(r"^(\w+ \S*?)\?token=1&trackID=0", r"\1", head),
        ),
    ),
    Rule("bluenviron/gortsplib#142", swapped((r";interleaved=\d-\d", ""))),
    Rule("bluenviron/gortsplib#456", swapped(("^Transport: .*", ""))),
    Rule("ZLMediaKit/ZLMediaKit#642", unanswered("GET_PARAMETER"), seconds=_LONG_S),
    Rule("themactep/thingino-firmware#490", unanswered("GET_PARAMETER", "454 Session Not Found"), seconds=_LONG_S),
    # what it sends
    Rule("AlexxIT/go2rtc#236", Garbage),
    Rule("bluenviron/mediamtx#4036", Strangers),
    Rule("bluenviron/mediamtx#5819", SoundOfAnotherType, sound=False),
    Rule("bluenviron/gortsplib#649", WholeFragments),
    Rule("bluenviron/gortsplib#687", OtherSources),
    Rule("home-assistant/core#41891", Wraps),
    Rule("home-assistant/core#165361", lambda: Steps(31, after_s=2.5, rates=(90_000, 16_000))),
    Rule("scottlamb/retina#13", SetsOfThePictureBefore),
    Rule("scottlamb/retina#68", OneUnit),
]
