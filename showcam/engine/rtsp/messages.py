"""Splits the byte stream of RTSP (RFC 2326 section 10.12) into messages and interleaved frames."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from showcam.net.text import number

HEAD_CAP = 16 * 1024
BODY_CAP = 64 * 1024
_FRAME = 0x24
# the beginnings of a camera's messages: answers, and the requests of RFC 2326 that servers make
_REQUESTS = "OPTIONS", "ANNOUNCE", "DESCRIBE", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT", "TEARDOWN"
_STARTS = (b"RTSP/", *(f"{name} ".encode() for name in _REQUESTS))
_LONGEST_START = 16
_NEXT = re.compile(rb"[$ROADGST]")  # the first byte of a frame or of a message


class NotRtsp(Exception):
    """The bytes are no RTSP, or exceed a limit."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response. `start` is its first line."""

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
        code = "".join(self.start.split(" ", 2)[1:2])
        status = number(code)
        if status is None or len(code) != 3:
            raise NotRtsp
        return status

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
    """Splits received bytes. `frames` gets each complete interleaved frame and its channel.

    Between frames some cameras send bytes that belong to nothing, which are skipped (AlexxIT/go2rtc issue 236).
    `of_client`: the bytes come from a client, whose requests have other names; all that it sends belongs to something.
    """

    def __init__(
        self,
        frames: Callable[[int, bytes], None],
        message: Callable[[Message], None],
        *,
        of_client: bool = False,
    ) -> None:
        self._frames, self._message, self._of_client = frames, message, of_client
        self._held: list[bytes] = []
        self._size = 0  # of `_held`
        self._has_frames = False
        self._wanted = 0  # bytes until the frame or message in `_held` is whole, by the length in its head

    def feed(self, data: bytes) -> int:
        """Takes bytes, and returns how many frames and messages were complete. Raises NotRtsp."""
        self._held.append(data)
        self._size += len(data)
        if self._size < self._wanted:  # nothing is parsed again for each byte that drips in
            return 0
        data = b"".join(self._held)
        self._wanted = 0
        at, size, frames, count = 0, len(data), self._frames, 0
        while at < size:
            if data[at] == _FRAME:
                if size - at < 4:
                    break
                end = at + 4 + (data[at + 2] << 8 | data[at + 3])
                if end > size:
                    self._wanted = end - at
                    break
                self._has_frames = True
                frames(data[at + 1], data[at + 4 : end])
                at = end
            else:
                taken = self._take(data, at)
                if not taken:
                    break
                at += taken
            count += 1
        self._held, self._size = [data[at:]], size - at
        return count

    def _take(self, data: bytes, at: int) -> int:
        """Reads a message, and returns its number of bytes; 0 if it is incomplete."""
        if data[at] in b"\r\n":
            return 1  # an empty line, which some cameras send between messages
        if self._has_frames and not self._of_client and not _may_begin(data[at : at + _LONGEST_START]):
            after = _NEXT.search(data, at + 1)
            return (after.start() if after else len(data)) - at
        end = data.find(b"\r\n\r\n", at, at + HEAD_CAP)
        if end == -1:
            if len(data) - at >= HEAD_CAP:
                raise NotRtsp
            return 0
        lines = data[at:end].decode("utf-8", "surrogateescape").split("\r\n")
        parted = [line.partition(":") for line in lines[1:]]
        headers = tuple((name.strip(), value.strip()) for name, colon, value in parted if colon)
        found = Message(lines[0], headers)
        length = number(found.value("content-length") or "0")
        if length is None or length > BODY_CAP:
            raise NotRtsp
        whole = end + 4 + length
        if whole > len(data):
            self._wanted = whole - at
            return 0
        self._message(Message(found.start, headers, data[end + 4 : whole]))
        return whole - at


def _may_begin(data: bytes) -> bool:
    """Whether a message may begin with these bytes."""
    return data.startswith(_STARTS) or any([start.startswith(data) for start in _STARTS])
