"""What becomes of a camera's packets and answers on their way: the faults of networks and of cameras' clocks."""

import random
import re

SLICE, IDR = 1, 5
_FU_A, _STAP_A = 28, 24
_RTCP_SENDER = 200


def nal_kinds(data: bytes) -> set[int]:
    """The types of the units of H.264 in an RTP packet, of a fragment that of the unit it is of."""
    kind, at, kinds = data[12] & 0x1F, 13, set()
    if kind != _STAP_A:
        return {data[13] & 0x1F if kind == _FU_A else kind}
    while at + 2 < len(data):
        kinds.add(data[at + 2] & 0x1F)
        at += 2 + int.from_bytes(data[at : at + 2])
    return kinds


class Fault:
    """None: everything passes as it is."""

    holds = False  # a packet that does not leave at once leaves later

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        """What leaves for one packet that came, each with how long it is held up; channels are even for RTP."""
        return [(0.0, data)]

    def says(self, lines: list[str]) -> list[str]:
        """What becomes of an answer's lines; without lines it is not sent."""
        return lines

    def asks(self, head: str) -> str:
        """What becomes of a request's head."""
        return head

    def wire(self, framed: bytes) -> bytes:
        """What goes over TCP for an answer, or for a packet in its frame."""
        return framed


class Drops(Fault):
    """So many of a hundred packets of the picture, the same at each run; keyframes stay whole unless `keys`."""

    def __init__(self, percent: float, *, keys: bool = False) -> None:
        self._percent, self._keys, self._dice = percent, keys, random.Random(3)

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        if channel or not nal_kinds(data) & ({SLICE, IDR} if self._keys else {SLICE}):
            return [(0.0, data)]
        return [] if self._dice.random() * 100 < self._percent else [(0.0, data)]


class LosesKeyframes(Fault):
    """The first `count` keyframes: of each every packet but the first."""

    def __init__(self, count: int) -> None:
        self._left, self._of = count, b""

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        if channel or IDR not in nal_kinds(data):
            return [(0.0, data)]
        if data[4:8] != self._of:
            self._of, self._left = data[4:8], self._left - 1
            return [(0.0, data)]
        return [] if self._left >= 0 else [(0.0, data)]


class Jitters(Fault):
    """Each packet is held up for a while, but no longer than `most_s`."""

    def __init__(self, most_s: float) -> None:
        self._most_s, self._dice = most_s, random.Random(5)

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        return [(self._dice.random() * self._most_s, data)]


class Swaps(Fault):
    """Every third packet of a track leaves after the one that follows it."""

    holds = True

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._held: dict[int, bytes] = {}

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        if channel % 2:
            return [(0.0, data)]
        count = self._counts[channel] = self._counts.get(channel, 0) + 1
        if (held := self._held.pop(channel, None)) is not None:
            return [(0.0, data), (0.0, held)]
        if count % 3 == 0:
            self._held[channel] = data
            return []
        return [(0.0, data)]


class Steps(Fault):
    """The camera sets its clock by so many seconds when it has sent for `after_s`: RTP times leap with it."""

    def __init__(self, by_s: float, *, after_s: float = 1.5, rates: tuple[int, int] = (90_000, 48_000)) -> None:
        self._by_s, self._after_s, self._rates = by_s, after_s, rates
        self._began: float | None = None

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        self._began = now if self._began is None else self._began
        if now - self._began < self._after_s:
            return [(0.0, data)]
        by = round(self._by_s * self._rates[channel // 2])
        return [(0.0, _moved(data, 16 if channel % 2 else 4, by))]


class LiesOfReports(Fault):
    """The sender reports of sound name a time of day that is so many seconds off."""

    def __init__(self, by_s: int) -> None:
        self._by_s = by_s

    def frames(self, channel: int, data: bytes, now: float) -> list[tuple[float, bytes]]:
        return [(0.0, _moved(data, 8, self._by_s) if channel == 3 else data)]


class LiesOfRtpInfo(Fault):
    """PLAY is answered with times that no track begins with, another for each."""

    def says(self, lines: list[str]) -> list[str]:
        times = iter(("rtptime=5", "rtptime=4000000000"))
        return [
            re.sub(r"rtptime=\d+", lambda _: next(times), line) if line.startswith("RTP-Info") else line
            for line in lines
        ]


class Undescribed(Fault):
    """The description has no parameter sets."""

    def says(self, lines: list[str]) -> list[str]:
        return [re.sub(r";(sprop-parameter-sets|profile-level-id)=[^;\r]*", "", line) for line in lines]


def _moved(data: bytes, at: int, by: int) -> bytes:
    """With another number in the four bytes from `at`; of RTCP only what begins with a sender report."""
    if at >= 8 and (len(data) < 20 or data[1] != _RTCP_SENDER):
        return data
    moved = int.from_bytes(data[at : at + 4]) + by & 0xFFFFFFFF
    return data[:at] + moved.to_bytes(4) + data[at + 4 :]


def resized(lines: list[str]) -> list[str]:
    """A body's length as it is now."""
    at = lines.index("") + 1
    length = len("\r\n".join(lines[at:]).encode())
    return [f"Content-Length: {length}" if line.startswith("Content-Length") else line for line in lines]
