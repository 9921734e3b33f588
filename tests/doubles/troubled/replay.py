"""Cameras made from traces of real cameras (docs/maintainer/trace.md has the format): their lists, and how sessions go.

A session follows the trace in its answers, the times of bytes, the distance and NAL units of keyframes, and its end.
The video is the simulator's own, smaller than in life so that it encodes in time.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise, repeat
from pathlib import Path
from typing import Any, Literal

from showcam.simulator.camera import TICK_S, Camera
from showcam.simulator.households import PASSWORD_MD5
from showcam.simulator.pictures.garbler import split
from showcam.simulator.products import Product
from showcam.simulator.state import Account
from tests.doubles.troubled.names import REPLAYED
from tests.doubles.troubled.trouble import TroubledWorld

FAMILY, CODE = "replay-family@example.com", "RPLAYC"
WIDE, SMALL = 640, 320  # pixels
ANSWERS_MS = 500  # an awake camera sends its first byte after this time
CLUMP_MS = 40  # bytes closer together than this are one clump
CLOUD = ("sub", "main", "long", "beside")  # ways of a session; the others are at home
DOORBELLS = ("BDoorBell", "CatEye")
_START = b"\0\0\0\1"
# units that the encoder does not make, as small as possible: an access unit delimiter, and an empty message (SEI)
_MADE = {
    "h264": {9: b"\x09\xf0", 6: b"\x06\x05\x01\x00\x80"},
    "h265": {35: b"\x46\x01\x50", 39: b"\x4e\x01\x05\x01\x00\x80"},
}
_SETS = {"h264": (7, 8), "h265": (32, 33, 34)}


class NotTrace(Exception):
    """The file is no trace of a camera; the text is one line for the person who gave it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one session goes. `clumps`: ms since its opening when bytes come; later clumps keep the same distances.

    `ends`: the ms of the end and its result, 0 for none; None: the node does not end the session.
    """

    result: int
    clumps: tuple[int, ...] = ()
    ends: tuple[int, int] | None = None
    keys: tuple[tuple[int, ...], ...] = ()  # types of the NAL units of each keyframe, the last one for all that follow
    key_ms: int = 0  # between keyframes; 0: unknown
    first_key_ms: int = 0  # when the first keyframe comes, or later if the encoder has none by then

    def at(self, first_ms: int) -> "Shape":
        """Returns the same shape with its first byte at another time."""
        later = first_ms - self.clumps[0]
        clumps = tuple(ms + later for ms in self.clumps)
        return replace(self, clumps=clumps, first_key_ms=max(0, self.first_key_ms + later))

    def moments(self) -> Iterator[int]:
        """Yields the ms when bytes come, without end unless none ever do."""
        yield from self.clumps
        if len(self.clumps) < 2:
            return
        at, pauses = self.clumps[-1], [later - earlier for earlier, later in pairwise(self.clumps)]
        while True:
            for pause in pauses:
                at += pause
                yield at

    async def due(self, began: float, is_over: Callable[[], bool] = lambda: False) -> AsyncIterator[float]:
        """Yields the ms when bytes come, each when it is due, up to the session's end or until `is_over`.

        `began` is by the loop's clock.
        """
        clock = asyncio.get_running_loop().time
        end = self.end(began)
        for ms in chain(self.moments(), repeat(math.inf)):
            while (left_s := min(began + ms / 1000, end) - clock()) > 0 and not is_over():
                await asyncio.sleep(min(left_s, TICK_S))
            if clock() >= end or is_over():
                return
            yield ms

    def end(self, began: float) -> float:
        """Returns when the session ends automatically; infinity if it does not."""
        return began + self.ends[0] / 1000 if self.ends else math.inf

    def dressed(self, data: bytes, codec: Literal["h264", "h265"], number: int) -> bytes:
        """Returns the session's keyframe of that number, with the units that the trace has for it."""
        if not self.keys:
            return data
        wanted = self.keys[min(number, len(self.keys) - 1)]
        kept = [
            (start, unit) for start, unit in split(data) if _kind(unit, codec) in wanted or not _is_extra(unit, codec)
        ]
        have = {_kind(unit, codec) for _, unit in kept}
        added = [(_START, unit) for kind, unit in _MADE[codec].items() if kind in wanted and kind not in have]
        first = [made for made in added if _kind(made[1], codec) in (9, 35)]
        rest = [made for made in added if made not in first]
        sets = [row for row in kept if _kind(row[1], codec) in _SETS[codec]]
        others = [row for row in kept if row not in sets]
        return b"".join(start + unit for start, unit in [*first, *sets, *rest, *others])


@dataclass(slots=True)
class Replay:
    """A camera's sessions, by stream: each takes the next shape, and all later sessions take the last shape.

    `at_home` has the sessions in the house, by way, in the same order. A camera on battery wakes once for all sessions
    that are opened meanwhile, and sleeps after a session that its client did not end.
    """

    shapes: dict[int, list[Shape]]
    at_home: dict[str, list[Shape]] = field(default_factory=dict)
    dozes: bool = False
    taken: dict[int | str, int] = field(default_factory=dict)
    awake_at: float | None = None  # by the caller's clock; None: the camera sleeps

    def refuses(self, stream: int) -> int:
        """Returns the result that refuses the next session; 0: no refusal. A refusal is a turn, too."""
        shape = self._now(stream)
        if shape is not None and shape.result:
            self.taken[stream] = self.taken.get(stream, 0) + 1
        return shape.result if shape is not None else 0

    def begins(self, stream: int, now: float) -> Shape | None:
        """Returns the shape of a session that opens now; None: the trace has none."""
        shape = self._now(stream)
        if shape is None or not self.dozes or not shape.clumps:
            return shape
        if self.awake_at is None:
            self.awake_at = now + shape.clumps[0] / 1000
        return shape.at(max(ANSWERS_MS, round((self.awake_at - now) * 1000)))

    def next_at_home(self, way: str) -> Shape | None:
        """Returns the shape of a session that opens now at home, which is a turn; None: the trace has none."""
        known, number = self.at_home.get(way), self.taken.get(way, 0)
        self.taken[way] = number + 1
        return known[min(number, len(known) - 1)] if known else None

    def over(self, stream: int, shape: Shape, lasted_ms: float, *, by_itself: bool) -> None:
        """Ends a session. The session was no turn if the client ended it while the camera woke."""
        if by_itself and shape.clumps:
            self.awake_at = None
        if by_itself or not shape.clumps or lasted_ms >= shape.clumps[0]:
            self.taken[stream] = self.taken.get(stream, 0) + 1

    def _now(self, stream: int) -> Shape | None:
        known = self.shapes.get(stream) or self.shapes.get(3 - stream)
        return known[min(self.taken.get(stream, 0), len(known) - 1)] if known else None


def add(world: TroubledWorld, files: Iterable[Path]) -> None:
    """Adds one camera a file, in a separate household. Raises NotTrace."""
    for user in (REPLAYED, FAMILY):
        world.accounts.setdefault(user, Account(user, PASSWORD_MD5))
    for number, file in enumerate(files):
        lines = read(file)
        _answers_as(world, lines)
        world.add(camera_of(lines, f"T{number:08}", file.stem.replace("_", " ").replace("-", " ").title()))


def _answers_as(world: TroubledWorld, lines: list[dict[str, Any]]) -> None:
    """Gives the vendor's odd answers as often as in the trace, if there are any; all cameras share one vendor."""
    lists = [line for line in lines if line["line"] == "call" and line["call"] == "list"]
    odd = {"gateway_each": sum(call["http"] >= 500 for call in lists), "empty_each": sum(c["is_empty"] for c in lists)}
    for name, count in odd.items():
        if count:
            setattr(world.settings, name, max(2, len(lists) // count))


def read(file: Path) -> list[dict[str, Any]]:
    """Reads the lines of a trace. Raises NotTrace."""
    try:
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        if lines[0]["line"] == "trace" and lines[0]["version"] == 1 and lines[0]["of"] == "camera":
            return lines
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise NotTrace(f"{file} is no trace of a camera that this version can read")


@dataclass(slots=True)
class TracedCamera(Camera):
    replay: Replay = field(default_factory=lambda: Replay({}))


def camera_of(lines: list[dict[str, Any]], serial: str, name: str) -> TracedCamera:
    """Makes a camera from the lines of a trace. Raises NotTrace."""
    row = next((line for line in lines if line["line"] == "camera"), None)
    if row is None:
        raise NotTrace("the trace has no line of the camera")
    sessions = {line["number"]: line for line in lines if line["line"] == "session"}
    ended = {
        line["number"]: line for line in lines if line["line"] == "end" and sessions[line["number"]]["way"] in CLOUD
    }
    seen = {sessions[number]["stream"]: line for number, line in ended.items() if line["codec"] != "unknown"}
    shown = {
        sessions[line["number"]]["way"]
        for line in lines
        if line["line"] == "end" and line["picture"] in ("clear", "deciphered")
    }
    whole, smaller = seen.get(1) or seen.get(2), seen.get(2) or seen.get(1)
    any_end = whole or next(iter(ended.values()), {})
    qualities = row["qualities"] or [[1, 2], [2, 1]]
    is_own = row["share"] in (0, 1, None)
    switches = {kind: on for _channel, kind, on in row["switches"] or ()}
    alarms = [line for line in lines if line["line"] == "alarm"]
    rings = any(line["sub"] == 2701 or line["calling"] == 1 for line in alarms)
    sends_smaller = any(stream == 2 for stream, _ in qualities)
    camera = TracedCamera(
        serial,
        name,
        REPLAYED if is_own else FAMILY,
        CODE,
        "porch",
        row["model"],
        "doorbell" if row["category"] in DOORBELLS or rings else "camera",
        _codec(whole),
        _size(whole, WIDE),
        _codec(smaller),
        _size(smaller, SMALL) if sends_smaller else None,
        () if is_own else (REPLAYED,),
        product=_product(row, rtsp="rtsp" in shown),
        category=row["category"],
        online=row["online"] != 2,
        asleep=switches.get(21, False),
        privacy=switches.get(7, False),
        audio=switches.get(22, True),
        light=switches.get(3, True),
        infrared=switches.get(10, True),
        armed=row["global_status"] != 0,
        offline_notify=bool(row["offline_notify"]),
        night_vision=row["night_vision"] or 0,
        flips=row["image_flip"] is not None,
        flipped=bool(row["image_flip"]),
        battery=row["battery"],
        charging=bool(row["charging"]),
        rtsp="rtsp" in shown,
        encryption=row["encrypted"] == 1,
        transport="rtp" if any_end.get("transport") == "rtp" else "ps",
    )
    if whole is not None and whole["layout"] in ("body", "copied", "whole"):
        camera.layout = whole["layout"]
    camera.replay = Replay(_shapes(lines), _at_home(lines), dozes=camera.battery is not None)
    return camera


def _shapes(lines: list[dict[str, Any]]) -> dict[int, list[Shape]]:
    """Returns the shapes by stream, in the order of the trace.

    Sessions at home, or at the same time as others, are left out.
    """
    found: dict[int, list[Shape]] = {}
    for session in lines:
        if session["line"] == "session" and session["way"] in CLOUD[:3] and not session["refused"]:
            own = [line for line in lines if line.get("number") == session["number"] and line is not session]
            found.setdefault(session["stream"], []).append(_shape(session, own))
    return found


def _at_home(lines: list[dict[str, Any]]) -> dict[str, list[Shape]]:
    found: dict[str, list[Shape]] = {}
    for session in lines:
        if session["line"] == "session" and session["way"] not in CLOUD and not session["refused"]:
            own = [line for line in lines if line.get("number") == session["number"] and line is not session]
            found.setdefault(session["way"], []).append(_shape(session, own, unanswered=0))
    return found


def _shape(session: dict[str, Any], own: list[dict[str, Any]], unanswered: int = 5000) -> Shape:
    """`unanswered` is the result of a session without an answer from its servers."""
    result = session["results"][-1] if session["results"] else unanswered
    rows = [row for line in own if line["line"] == "frames" for row in line["rows"]]
    end = next((line for line in own if line["line"] == "end"), None)
    clumps: list[int] = []
    for ms, channel, *_ in rows:
        if channel == 1 and (not clumps or ms - clumps[-1] > CLUMP_MS):
            clumps.append(ms)
    keys = [(ms, tuple(nals)) for ms, _channel, _length, nals, _code in rows if _is_key(nals, end)]
    apart = [later - earlier for (earlier, _), (later, _) in pairwise(keys)]
    steps = [row for line in own if line["line"] == "seconds" for row in line["rows"]]
    if not apart and (counted := sum(row[4] for row in steps)):
        apart = [(steps[-1][0] - steps[0][0]) // counted]
    first = (end["first_key_ms"] if end else None) or 0
    # after the frames the trace has steps of time; bytes came at the beginning of each
    clumps += [step for step, *_ in steps if not clumps or step > clumps[-1]]
    ends = (end["ms"], end["result"]) if end and end["ending"] in ("result", "closed") else None
    return Shape(result, tuple(clumps), ends, tuple(nals for _, nals in keys), max(apart, default=0), first)


def _is_key(nals: list[int], end: dict[str, Any] | None) -> bool:
    if end is None:
        return False
    return any(kind == 5 if end["codec"] == "h264" else 16 <= kind <= 21 for kind in nals)


def _codec(end: dict[str, Any] | None) -> Literal["h264", "h265"]:
    return "h265" if end is not None and end["codec"] == "h265" else "h264"


def _size(end: dict[str, Any] | None, wide: int) -> tuple[int, int]:
    """Returns a size in the proportions of the trace."""
    width, height = (end["width"], end["height"]) if end else (0, 0)
    return (wide, round(wide * height / width / 4) * 4) if width and height else (wide, wide * 9 // 16)


def _product(row: dict[str, Any], *, rtsp: bool) -> Product:
    version = row["firmware"] or [0, 0, 0, 0]
    return Product(
        f"CS-{row['model']}-R100",
        row["model"],
        "V{}.{}.{} build {:06}".format(*version) if row["firmware"] else "",
        row["permission"] if row["permission"] is not None else 3,
        {number: ",".join(map(str, parts)) for number, parts in (row["support"] or {}).items()},
        (_number(row["encodings"][0]), _number(row["encodings"][1])),
        tuple((stream, level) for stream, level in row["qualities"] or [[2, 1], [1, 2]]),
        row["category"],
        features=row["has_features"],
        flip_feature=row["image_flip"] is not None,
        inverse=row["inverse"] or 0,
        rtsp=rtsp,
    )


def _number(value: int | None) -> int:
    return -1 if value is None else value


def _kind(unit: bytes, codec: str) -> int:
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def _is_extra(unit: bytes, codec: Literal["h264", "h265"]) -> bool:
    """Tells whether a picture may lack the unit: a parameter set, a delimiter, a message."""
    return _kind(unit, codec) in (*_SETS[codec], *_MADE[codec])
