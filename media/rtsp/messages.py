"""Splits the byte stream of RTSP (RFC 2326 section 10.12) into messages and interleaved frames."""

from collections.abc import Callable
from dataclasses import dataclass

HEAD_CAP = 16 * 1024
BODY_CAP = 64 * 1024
_FRAME = 0x24


class NotRtsp(Exception):
    """The bytes are no RTSP, or exceed a limit."""


@dataclass(frozen=True, slots=True)
class Message:
    """`start` is its first line."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header.lower() == name]

    def value(self, name: str) -> str:
        """The value of the first header of that (lower-case) name, or ""."""
        return next(iter(self.values(name)), "")

    @property
    def status(self) -> int:
        """The status of a response; 0 for a request. Raises NotRtsp."""
        if not self.start.startswith("RTSP/"):
            return 0
        code = self.start.split(" ", 2)[1:2]
        if not code or not code[0].isdigit() or len(code[0]) != 3:
            raise NotRtsp
        return int(code[0])

    @property
    def method(self) -> str:
        """The method of a request. Raises NotRtsp."""
        parts = self.start.split(" ")
        if len(parts) != 3 or not parts[2].startswith("RTSP/"):
            raise NotRtsp
        return parts[0]

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


class Splitter:
    """`frames` gets each complete interleaved frame and its channel."""

    def __init__(self, frames: Callable[[int, bytes], None], message: Callable[[Message], None]) -> None:
        self._frames, self._message = frames, message
        self._held = b""

    def feed(self, data: bytes) -> int:
        """Returns how many frames and messages were complete. Raises NotRtsp."""
        if self._held:
            data, self._held = self._held + data, b""
        at, size, frames, count = 0, len(data), self._frames, 0
        while at < size:
            if data[at] == _FRAME:
                if size - at < 4:
                    break
                end = at + 4 + (data[at + 2] << 8 | data[at + 3])
                if end > size:
                    break
                frames(data[at + 1], data[at + 4 : end])
                at = end
            else:
                taken = self._take(data, at)
                if not taken:
                    break
                at += taken
            count += 1
        self._held = data[at:]
        return count

    def _take(self, data: bytes, at: int) -> int:
        """How many bytes the message took; 0 if it is incomplete."""
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
