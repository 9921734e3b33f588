"""A camera's own description by RTSP (RFC 2326, DESCRIBE) in the house, and whether a code opens it."""

import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from msgspec import Struct

from media.rtsp.login import Login, challenge
from media.rtsp.messages import Message, NotRtsp, Splitter
from registry.errors import Refused

_MOST = 128 * 1024  # bytes a camera may answer
_VIDEO = re.compile(r"^m=video .*?(?=^m=|\Z)", re.MULTILINE | re.DOTALL)
_CODEC = re.compile(r"^a=rtpmap:\d+ (H264|H265|HEVC)/", re.MULTILINE | re.IGNORECASE)


class Described(Struct, frozen=True):
    path: str
    codec: Literal["h264", "h265", "unknown"]


class OnlyBasic(Refused):
    """The camera wants user and password as they are, and they may not be sent so; they were not."""


class NoStream(Refused):
    """The camera answers, but has no stream by these names."""


class NoRtsp(Refused):
    """Something took the connection, and speaks no RTSP that is followed: a web page, or a redirection."""


def describe(host: str, port: int, paths: Iterable[str], login: Login, deadline_s: float) -> Described:
    """The first of the paths that has H.264, or else the first that exists.

    Raises Refused as `questioner` and `Questioner.description` do; NoStream.
    """
    other: Described | None = None
    with questioner(host, port, deadline_s) as asking:
        for path in paths:
            body = asking.description(path, login)
            found = _described(path, body) if body is not None else None
            if found is not None and found.codec != "h265":
                return found
            other = other or found
    if other is None:
        raise NoStream("lan_unreachable", "no stream by any name that is known")
    return other


def _described(path: str, body: bytes) -> Described | None:
    """None where the description has no video."""
    video = _VIDEO.search(body.decode("utf-8", "replace").replace("\r\n", "\n"))
    if video is None:
        return None
    codec = _CODEC.search(video[0])
    named: Literal["h264", "h265", "unknown"] = "unknown"
    if codec:
        named = "h264" if codec[1].upper() == "H264" else "h265"
    return Described(path, named)


@contextmanager
def questioner(host: str, port: int, deadline_s: float) -> Iterator["Questioner"]:
    """A connection to the camera, for `deadline_s` at most.

    Raises Refused: lan_closed, where the camera answered that the port is closed; lan_unreachable, where nothing
    answered; NoRtsp.
    """
    end = time.monotonic() + deadline_s
    try:
        connection = socket.create_connection((host, port), timeout=max(0.01, deadline_s))
    except ConnectionRefusedError:
        raise Refused("lan_closed", "the port is closed") from None
    except OSError:
        raise Refused("lan_unreachable", "nothing at the camera's address") from None
    with connection:
        try:
            yield Questioner(connection, f"rtsp://[{host}]:{port}" if ":" in host else f"rtsp://{host}:{port}", end)
        except TimeoutError:
            raise Refused("lan_unreachable", "no answer in time") from None
        except (OSError, NotRtsp):
            raise NoRtsp("lan_unreachable", "no RTSP at the camera's address") from None


class Questioner:
    """One connection with one request at a time, all by `end`, monotonic seconds."""

    def __init__(self, connection: socket.socket, base: str, end: float) -> None:
        self._connection, self._base, self._end = connection, base, end
        self._answers: list[Message] = []
        self._splitter = Splitter(lambda _channel, _frame: None, self._answers.append)
        self._bytes = self._sent = 0
        self._is_http = False

    def description(self, path: str, login: Login) -> bytes | None:
        """The camera's SDP. None: no stream by that name.

        Raises Refused("code_wrong") after one try, OnlyBasic, NoRtsp, NotRtsp, OSError.
        """
        answer = self._request(path, login)
        if answer.status == 401:
            wanted = challenge(answer.values("www-authenticate"))
            if wanted is None:
                raise NoRtsp("lan_unreachable", "an unknown way of signing in")
            if not login.may(wanted):
                raise OnlyBasic("code_wrong", "by Basic alone")
            login.take(wanted)
            answer = self._request(path, login)
        if answer.status == 401:
            raise Refused("code_wrong", "401")
        if 300 <= answer.status < 400:
            raise NoRtsp("lan_unreachable", "redirected")
        return answer.body if answer.status == 200 else None

    def _request(self, path: str, login: Login) -> Message:
        self._sent += 1
        uri = f"{self._base}{path}"
        headers = [("CSeq", str(self._sent)), ("Accept", "application/sdp"), ("User-Agent", "showcam")]
        signature = login.sign("DESCRIBE", uri)
        if signature is not None:
            headers.append(("Authorization", signature))
        self._connection.settimeout(max(0.01, self._end - time.monotonic()))
        self._connection.sendall(Message(f"DESCRIBE {uri} RTSP/1.0", tuple(headers)).encode())
        return self._answer()

    def _answer(self) -> Message:
        while True:
            while self._answers:
                message = self._answers.pop(0)
                self._is_http |= message.start.startswith("HTTP/")
                if message.status >= 200 and message.value("cseq") == str(self._sent):
                    return message
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if self._bytes > _MOST or self._is_http:
                raise NotRtsp
            self._connection.settimeout(left)
            data = self._connection.recv(16 * 1024)
            if not data:
                raise NotRtsp
            self._bytes += len(data)
            self._splitter.feed(data)
