"""RTSP's byte stream (RFC 2326 section 10.12) taken apart: messages whole, the frames between them as they come."""

from collections.abc import Callable
from dataclasses import dataclass

HEAD_CAP = 16 * 1024
BODY_CAP = 64 * 1024
_FRAME = 0x24


class NotRtsp(Exception):
    """Bytes that are no RTSP, or out of all proportion."""


@dataclass(frozen=True, slots=True)
class Message:
    """`start` is its first line."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each.lower() == name]

    def value(self, name: str) -> str:
        """Of the first header of that (lower-case) name, or ""."""
        return next(iter(self.values(name)), "")

    @property
    def status(self) -> int:
        """Of a response; 0 for a request. Raises NotRtsp."""
        if not self.start.startswith("RTSP/"):
            return 0
        code = self.start.split(" ", 2)[1:2]
        if not code or not code[0].isdigit() or len(code[0]) != 3:
            raise NotRtsp
        return int(code[0])

    def with_headers(self, start: str, **changes: str | None) -> "Message":
        """Another first line; headers given as lower-case names replace those there, None takes them away."""
        kept = tuple(each for each in self.headers if each[0].lower() not in changes)
        added = tuple((name.capitalize(), value) for name, value in changes.items() if value is not None)
        return Message(start, (*kept, *added), self.body)

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


class Splitter:
    """`frames` gets runs of interleaved frames, cut wherever the network cut them."""

    def __init__(self, frames: Callable[[bytes], None], message: Callable[[Message], None]) -> None:
        self._frames, self._message = frames, message
        self._held = b""
        self._rest = 0  # of a frame that has begun

    def feed(self, data: bytes) -> None:
        """Raises NotRtsp."""
        if self._held:
            data, self._held = self._held + data, b""
        at = begun = 0
        while at < len(data):
            if self._rest:
                step = min(self._rest, len(data) - at)
                at, self._rest = at + step, self._rest - step
            elif data[at] == _FRAME:
                if len(data) - at < 4:
                    break
                self._rest = 4 + int.from_bytes(data[at + 2 : at + 4], "big")
            else:
                self._pass(data, begun, at)
                taken = self._take(data, at)
                begun = at = at + taken
                if not taken:
                    break
        self._pass(data, begun, at)
        self._held = data[at:]

    def _pass(self, data: bytes, begun: int, at: int) -> None:
        if at > begun:
            self._frames(data if at - begun == len(data) else data[begun:at])

    def _take(self, data: bytes, at: int) -> int:
        """How many bytes the message there had; 0: it has not come whole yet."""
        if data[at] in b"\r\n":
            return 1  # between messages some send an empty line
        end = data.find(b"\r\n\r\n", at, at + HEAD_CAP)
        if end == -1:
            if len(data) - at >= HEAD_CAP:
                raise NotRtsp
            return 0
        lines = data[at:end].decode("utf-8", "surrogateescape").split("\r\n")
        parted = [line.partition(":") for line in lines[1:]]
        headers = tuple((name.strip(), value.strip()) for name, colon, value in parted if colon)
        found = Message(lines[0], headers)
        length = found.value("content-length") or "0"
        if not length.isdigit() or int(length) > BODY_CAP:
            raise NotRtsp
        whole = end + 4 + int(length)
        if whole > len(data):
            return 0
        self._message(Message(found.start, headers, data[end + 4 : whole]))
        return whole - at
