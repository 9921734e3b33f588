"""A camera of the house by RTSP (RFC 2326): whether it answers, its own description, and whether a code opens it."""

import contextlib
import errno
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from media.rtsp.description import Description
from media.rtsp.login import Login, challenge
from media.rtsp.messages import Message, NotRtsp, Splitter
from registry.errors import Reason, Refused

_MOST = 128 * 1024  # bytes a camera may answer
_VIDEOS = {"H264": "h264", "H265": "h265", "HEVC": "h265", "JPEG": "mjpeg"}
_SOUNDS = {"MPEG4-GENERIC": "aac", "MP4A-LATM": "aac", "PCMU": "g711u", "PCMA": "g711a", "OPUS": "opus"}


class Described(Struct, frozen=True):
    """A camera's own description of one of its pictures.

    `codec` is "" and `sound` is "" for another than those that are shown and heard.
    """

    path: str
    codec: str
    sound: str = ""
    basic: bool = False  # user and password went to it as they are


class OnlyBasic(Refused):
    """The camera wants user and password as they are, and they may not be sent so; they were not."""


class NoStream(Refused):
    """The camera answers, but has no stream by these names."""


class NoRtsp(Refused):
    """Something took the connection, and speaks no RTSP that is followed: a web page, or a redirection."""


def describe(
    host: str, port: int, paths: Iterable[str], login: Login, deadline_s: float, *, rather_h264: bool = False
) -> Described:
    """The first of the paths that has a picture, over one connection; `rather_h264`: H.265 gives way to a later one.

    Raises Refused as `questioner` and `Questioner.description` do; NoStream.
    """
    other: Described | None = None
    with questioner(host, port, deadline_s) as asking:
        for path in paths:
            body = asking.description(path, login)
            found = _described(path, body) if body is not None else None
            if found is not None and not (rather_h264 and found.codec == "h265"):
                return replace(found, basic=login.is_basic)
            other = other or found
    if other is None:
        raise NoStream("lan_unreachable", "no picture by any path that is known")
    return replace(other, basic=login.is_basic)


def _described(path: str, body: bytes) -> Described | None:
    """None if the description has no video."""
    sdp = Description.read(body)
    video = next((track for track in sdp.tracks if track.kind == "video"), None) if sdp else None
    if sdp is None or video is None:
        return None
    sounds = (_SOUNDS.get(track.encoding, "") for track in sdp.tracks if track.kind == "audio" and not track.is_back)
    return Described(path, _VIDEOS.get(video.encoding, ""), next(filter(None, sounds), ""))


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


type Place = tuple[str, int]  # IP address and port

_OPTIONS = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: showcam\r\n\r\n"


def knock(places: Iterable[Place], deadline_s: float, *, rtsp: bool = False) -> Mapping[Place, Reason | None]:
    """None where the connection was taken; it is closed at once, without a byte sent.

    `rtsp`: it is asked for its methods, which needs no login, and whoever does not say anything is away.
    """
    end, found = time.monotonic() + deadline_s, dict[Place, Reason | None]()
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as stack:
        for place in set(places):
            begun = stack.enter_context(socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET))
            begun.setblocking(False)
            code = begun.connect_ex(place)
            if code in (0, errno.EINPROGRESS):
                waiting.register(begun, selectors.EVENT_WRITE, place)
            else:
                found[place] = _refused(code)
        while waiting.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                assert isinstance(key.fileobj, socket.socket)
                if key.events == selectors.EVENT_READ:
                    reason = _said(key.fileobj)
                else:
                    reason = _refused(key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                    if rtsp and reason is None and _is_asked(key.fileobj):
                        waiting.modify(key.fileobj, selectors.EVENT_READ, key.data)
                        continue
                waiting.unregister(key.fileobj)
                found[key.data] = reason
        for key in list(waiting.get_map().values()):
            found[key.data] = "lan_unreachable"
    return found


def _is_asked(connection: socket.socket) -> bool:
    """False where the connection is over already."""
    try:
        return connection.send(_OPTIONS) > 0
    except OSError:
        return False


def _said(connection: socket.socket) -> Reason | None:
    """Cameras that end a connection in place of an answer are asked properly when they are opened."""
    with contextlib.suppress(OSError):
        said = connection.recv(16)
        return "no_way" if said and not said.startswith(b"RTSP/") else None
    return None


def _refused(code: int) -> Reason | None:
    if code == 0:
        return None
    return "lan_closed" if code == errno.ECONNREFUSED else "lan_unreachable"
