"""A camera of the house by RTSP (RFC 2326): whether it answers, its own description, and whether a code opens it."""

import contextlib
import errno
import selectors
import socket
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.errors import Reason, Refused
from showcam.engine.rtsp.description import Description
from showcam.engine.rtsp.login import Login

if TYPE_CHECKING:
    from showcam.engine.rtsp.connection import RtspFailed

_VIDEOS = {"H264": "h264", "H265": "h265", "HEVC": "h265", "JPEG": "mjpeg"}
_SOUNDS = {"MPEG4-GENERIC": "aac", "MP4A-LATM": "aac", "PCMU": "g711u", "PCMA": "g711a", "OPUS": "opus"}


class Described(Struct, frozen=True):
    """A picture as the camera itself describes it.

    `codec` and `sound` are "" for formats that showcam does not know.
    """

    path: str
    codec: str
    sound: str = ""
    basic: bool = False  # user and password were sent as they are, by Basic


class OnlyBasic(Refused):
    """The camera wants user and password as they are (Basic), which is not allowed here; they were not sent."""


class NoStream(Refused):
    """The camera answers, but has no stream by these names."""


class NoRtsp(Refused):
    """Something took the connection, and speaks no RTSP that is followed: a web page, or a redirection."""


def describe(
    host: str, port: int, paths: Iterable[str], login: Login, deadline_s: float, *, rather_h264: bool = False
) -> Described:
    """The first path with a picture, by one connection; `rather_h264`: H.265 only if no other path has another codec.

    Raises Refused: lan_closed if the camera answered that the port is closed; lan_unreachable if nothing answered;
    code_wrong after one try; OnlyBasic; NoRtsp; NoStream.
    """
    # asyncio takes as long to load as a whole directive does, and only cameras in a house are asked
    import asyncio

    from showcam.engine.rtsp.connection import RtspFailed

    try:
        found = asyncio.run(_found(host, port, paths, login, deadline_s, rather_h264))
    except TimeoutError:
        raise Refused("lan_unreachable", "no answer in time") from None
    except RtspFailed as failed:
        raise _why(failed) from None
    if found is None:
        raise NoStream("lan_unreachable", "no picture by any path that is known")
    return replace(found, basic=login.is_basic)


async def _found(
    host: str, port: int, paths: Iterable[str], login: Login, deadline_s: float, rather_h264: bool
) -> Described | None:
    import asyncio

    from showcam.engine.rtsp.connection import Connection

    base = f"rtsp://[{host}]:{port}" if ":" in host else f"rtsp://{host}:{port}"
    other: Described | None = None
    async with asyncio.timeout(max(0.01, deadline_s)):
        connection = await Connection.open(host, port, login, lambda _channel, _frame: None, lambda _failure: None)
        try:
            for path in paths:
                answer = await connection.ask("DESCRIBE", base + path, ("Accept", "application/sdp"))
                found = _described(path, answer.body) if answer.status == 200 else None
                if found is not None and not (rather_h264 and found.codec == "h265"):
                    return found
                other = other or found
        finally:
            connection.close()
            await asyncio.sleep(0)  # the loop closes the socket in its next turn
    return other


def has_speaker(host: str, port: int, path: str, login: Login, deadline_s: float) -> bool:
    """Whether the camera offers a back channel that showcam can send sound to, by a connection only for this question.

    False too if the camera does not answer: some know no such question and end the connection.
    """
    import asyncio

    from showcam.engine.rtsp.connection import RtspFailed

    try:
        return asyncio.run(_offers_speaker(host, port, path, login, deadline_s))
    except (RtspFailed, TimeoutError):
        return False


async def _offers_speaker(host: str, port: int, path: str, login: Login, deadline_s: float) -> bool:
    import asyncio

    from showcam.engine.rtsp.session import BACK, BackChannel, speaker_of

    channel = BackChannel(host, port, path, login, lambda _failure: None)
    try:
        async with asyncio.timeout(deadline_s):
            return speaker_of(await channel.describe(BACK)) is not None
    finally:
        channel.close()
        await asyncio.sleep(0)  # the loop closes the socket in its next turn


def _why(failed: "RtspFailed") -> Refused:
    if failed.cause == "closed":
        return Refused("lan_closed", "the port is closed")
    if failed.cause == "silent":
        return Refused("lan_unreachable", "nothing at the camera's address")
    if failed.cause == "basic":
        return OnlyBasic("code_wrong", "by Basic alone")
    if failed.why == "code_wrong" and not failed.cause:
        return Refused("code_wrong", "401")
    if failed.why == "busy":
        return NoStream("lan_unreachable", "no place is free")
    return NoRtsp("lan_unreachable", "no RTSP at the camera's address")


def _described(path: str, body: bytes) -> Described | None:
    """None if the description has no video."""
    sdp = Description.read(body)
    video = next((track for track in sdp.tracks if track.kind == "video"), None) if sdp else None
    if sdp is None or video is None:
        return None
    sounds = (_SOUNDS.get(track.encoding, "") for track in sdp.tracks if track.kind == "audio" and not track.is_back)
    return Described(path, _VIDEOS.get(video.encoding, ""), next(filter(None, sounds), ""))


type Place = tuple[str, int]  # IP address and port

_OPTIONS = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: showcam\r\n\r\n"


KNOCK_S = 1.0  # a device in the house that says nothing within this counts as away


def knock(places: Iterable[Place], deadline_s: float, *, rtsp: bool = False) -> Mapping[Place, Reason | None]:
    """None for each place that takes a connection, else the reason. Connections are closed at once, with nothing sent.

    `rtsp`: each place is also asked for its RTSP methods, which needs no login. A place that says nothing is away.
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
                    reason = _fault_of(key.fileobj)
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
    """Sends the request; False if the connection has already ended."""
    try:
        return connection.send(_OPTIONS) > 0
    except OSError:
        return False


def _fault_of(connection: socket.socket) -> Reason | None:
    """Why the answer is no RTSP, else None. A camera that ends the connection instead is asked again when opened."""
    with contextlib.suppress(OSError):
        said = connection.recv(16)
        return "no_way" if said and not said.startswith(b"RTSP/") else None
    return None


def _refused(code: int) -> Reason | None:
    if code == 0:
        return None
    return "lan_closed" if code == errno.ECONNREFUSED else "lan_unreachable"
