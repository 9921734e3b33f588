"""A household's program on its RTSP connection (RFC 2326): it proves a player's password, and gets a camera's video.

All goes over the one TCP connection. So one proof serves for all of its requests, and its end ends the session.
"""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from showcam.engine.grants import BadGrant, ExpiredGrant
from showcam.engine.messages import Knocked, Played
from showcam.engine.outputs.rtsp import TRACKS, RtspStream
from showcam.engine.rtsp.messages import Message, NotRtsp, Splitter
from showcam.engine.rtsp.verifying import LIFE_S, Nonce, read_signature
from showcam.engine.sessions.fanout import Fanout
from showcam.engine.sessions.pulls import Ended, TooMany
from showcam.engine.sessions.session import Session
from showcam.engine.sessions.sessions import Sessions
from showcam.engine.source import SourceFailed, Unit
from showcam.net.text import line, number

_log = structlog.get_logger()

SOUND_S = 1.0  # until the first AAC frame, which shows its channels
_MOST_WAITING = 16  # requests at once: a client waits for its answer before the next
_READ = 64 * 1024
_LONGEST_NAME = 32
_CAMERA = re.compile(r"[A-Za-z0-9_~-]{1,128}").fullmatch
_CHANNELS = re.compile(r"interleaved=(\d{1,3})(?:-\d{1,3})?")
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_PHRASES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    410: "Gone",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
}
# The status of a refusal by the registry's word; 403 for all others, which last until somebody changes something.
_STATUS = dict.fromkeys(
    (
        *("no_internet", "vendor_down", "vendor_busy", "offline", "state_unknown", "encryption_unknown"),
        *("audio_unknown", "lan_unreachable", "waking", "media_down", "too_often"),
    ),
    503,
) | {
    "not_found": 404,
    "link_ended": 410,
    "rests": 410,
    "busy": 453,
    "household_full": 453,
    "machine_full": 453,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a client may take. With more unread bytes than `behind` a client gets no picture, until it has read
    half of them and a keyframe comes.
    """

    most: int = 128  # connections
    most_of_one: int = 64  # connections of an address: a recorder of 32 cameras fetches both pictures of each
    behind: int = 4 * 1024 * 1024
    stalled_s: float = 20.0  # a client that reads nothing for this time is ended
    asking_s: float = LIFE_S  # from the connection to the description, since a person may type a password
    unplayed_s: float = 20.0  # from the description to PLAY: here no person is asked


class Programs(Protocol):
    """The household's programs, as the web process knows them. Both answer None if it can't be asked."""

    async def knock(self, name: str) -> Knocked | None: ...

    async def play(self, player: str, camera: str) -> Played | None: ...


class Refused(Exception):
    """The request is answered by this status."""

    def __init__(self, status: int, phrase: str = "", *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.status, self.phrase, self.headers = status, phrase, headers


class _Over(Exception):
    """The client has ended the session."""


class Connection:
    """`wrong` waits as long as an answer to a wrong password of this address has to wait."""

    def __init__(
        self,
        sessions: Sessions,
        players: Programs,
        wrong: Callable[[str], Awaitable[None]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        address: str,
        *,
        wait_s: float,
        limits: Limits,
    ) -> None:
        self._sessions, self._players, self._wrong, self._wait_s = sessions, players, wrong, wait_s
        self._reader, self._writer, self.address = reader, writer, address
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._requests: list[Message] = []
        self._splitter = Splitter(lambda _channel, _frame: None, self._requests.append, of_client=True)
        self._nonce, self._player = Nonce(), ""
        self._id = secrets.token_hex(8)
        self._held = contextlib.ExitStack()  # the session's place while this connection lasts
        self._session: Session | None = None
        self._camera, self._base = "", ""
        self._stream: RtspStream | None = None
        self._picture: Fanout | None = None
        self._plays = self._skips = False
        self._due = self._clock() + limits.asking_s  # until PLAY
        self._written, self._read, self._moved = 0, 0, self._clock()  # bytes, and when the client last read some
        writer.transport.set_write_buffer_limits(high=2 * limits.behind)

    async def serve(self) -> None:
        """Answers requests until either end closes the connection."""
        try:
            while data := await self._reader.read(_READ):
                self._split(data)
                while self._requests:
                    await self._answer(self._requests.pop(0))
                    await self._writer.drain()
        except _Over:
            await self._hang_up()
        except NotRtsp:
            self._say("0", 400)
            await self._hang_up()
        except OSError:
            pass
        except Exception as error:
            _log.error("an RTSP request broke", error=type(error).__name__)
        finally:
            self._leave()
            self.abort()

    def look(self) -> None:
        """Ends the connection if its time has run out, its picture has ended, or its client reads nothing."""
        now, waiting = self._clock(), self._writer.transport.get_write_buffer_size()
        if not waiting or self._written - waiting > self._read:
            self._read, self._moved = self._written - waiting, now
        is_late = not self._plays and now > self._due
        has_ended = self._picture is not None and self._picture.failure is not None
        if is_late or has_ended or now - self._moved > self._limits.stalled_s:
            self.abort()

    def abort(self) -> None:
        self._writer.transport.abort()

    async def _hang_up(self) -> None:
        """Closes the connection once the client has read the answer, soon in any case."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    def _leave(self) -> None:
        """Ends the session."""
        session, self._session = self._session, None
        if self._picture is not None:
            self._picture.unwatch(self._take)
        self._held.close()
        if session is not None:
            session.left = lambda: None
            session.pull.unhear(self._take)
            session.pull.unfollow(self._compare)
            self._sessions.endings.end(session, is_final=True)

    # requests

    def _split(self, data: bytes) -> None:
        """Adds the requests in these bytes. Raises NotRtsp."""
        self._splitter.feed(data)
        if len(self._requests) > _MOST_WAITING:
            raise NotRtsp

    async def _answer(self, request: Message) -> None:
        sequence = f"{number(request.value('cseq')) or 0}"
        try:
            await self._handled(request, sequence)
        except Refused as refused:
            self._say(sequence, refused.status, *refused.headers, phrase=refused.phrase)
        except SourceFailed as failed:
            self._leave()
            status = _STATUS.get(failed.reason, 503 if failed.again else 403)
            self._say(sequence, status, phrase=f"{_PHRASES[status]} ({failed.reason or 'media_down'})")
        except TooMany:
            self._say(sequence, 453)
        except (Ended, BadGrant, ExpiredGrant):
            self._say(sequence, 410)

    async def _handled(self, request: Message, sequence: str) -> None:
        method, uri = request.method, request.start.split(" ")[1]
        if request.start.split(" ")[2] != "RTSP/1.0":
            raise Refused(505)
        if method == "OPTIONS":
            self._say(sequence, 200, ("Public", _METHODS))
            return
        if method not in _METHODS.split(", "):
            raise Refused(501, "", ("Allow", _METHODS))
        if not self._player:
            self._player = await self._proved(request)
        if method == "DESCRIBE":
            await self._describe(sequence, uri)
            return
        named = request.value("session").partition(";")[0]
        if named and named != self._id:
            raise Refused(454)
        if method == "SETUP":
            self._set_up(sequence, uri, request.value("transport"))
        elif method == "PLAY":
            self._play(sequence)
        else:
            self._say(sequence, 200, ("Session", self._id))
            if method == "TEARDOWN":
                raise _Over

    async def _proved(self, request: Message) -> str:
        """The id of the player whose password signed the request. Raises Refused.

        An unknown name is answered as a wrong password is, after as much work.
        """
        signature, now = read_signature(request.value("authorization")), self._clock()
        if signature is None or not self._nonce.is_of(signature):
            raise Refused(401, "", ("WWW-Authenticate", self._nonce.challenge(now)))
        known = await self._players.knock(signature.user[:_LONGEST_NAME])
        if known is None:
            raise Refused(503)
        is_right = signature.fits(request.method, known["ha1"] or secrets.token_hex(16))
        if not is_right or not known["player"] or len(signature.user) > _LONGEST_NAME:
            await self._wrong(self.address)
            raise Refused(401, "", ("WWW-Authenticate", self._nonce.challenge(self._clock())))
        if self._nonce.is_over(now):
            raise Refused(401, "", ("WWW-Authenticate", self._nonce.challenge(now, stale=True)))
        return known["player"]

    async def _describe(self, sequence: str, uri: str) -> None:
        """Opens the camera, and describes its video. go2rtc asks for a talk channel in the header Require
        (pkg/rtsp/client.go there); as cameras without a loudspeaker do, showcam describes none.
        """
        parts = urlsplit(uri)
        camera = parts.path.strip("/")
        if not _CAMERA(camera):
            raise Refused(404)
        if self._camera not in ("", camera):
            raise Refused(455)
        if self._stream is None:
            self._stream = await self._opened(camera)
        self._camera, self._base = camera, f"rtsp://{parts.netloc.rpartition('@')[2]}/{camera}/"
        self._due = self._clock() + self._limits.unplayed_s
        body = self._stream.description().encode()
        self._say(sequence, 200, ("Content-Base", self._base), ("Content-Type", "application/sdp"), body=body)

    async def _opened(self, camera: str) -> RtspStream:
        """Raises Refused, SourceFailed, TooMany, Ended."""
        played = await self._players.play(self._player, camera)
        if played is None:
            raise Refused(503)
        if not played["grant"]:
            raise Refused(_STATUS.get(played["reason"], 403), line(played["words"]))
        session = self._session = self._sessions.open(self._sessions.verified(played["grant"], "hls"))
        self._held.enter_context(session.fetching())
        session.left = self.abort
        pull, ends = session.pull, self._clock() + self._wait_s
        if not await pull.opened(self._wait_s):
            raise pull.not_yet
        picture = pull.shown(session.claims.surface, "rtsp")
        keyframe = await picture.keyframe(ends - self._clock())
        if pull.format and pull.format.sound and pull.format.sound.codec == "aac":
            await pull.signal.until(lambda: pull.heard or pull.failure, SOUND_S)
        if picture.format is None or pull.format is None:
            raise pull.failure or pull.not_yet
        self._picture = picture
        pull.follow(self._compare)
        return RtspStream(picture.format, pull.format.sound, keyframe, pull.heard)

    def _compare(self) -> None:
        """Ends the connection if an opening has brought another codec or sound: the client then asks again."""
        form = self._session.pull.format if self._session else None
        if form is not None and self._stream is not None and not self._stream.holds(form):
            self.abort()

    def _set_up(self, sequence: str, uri: str, transport: str) -> None:
        stream, track = self._stream, TRACKS.get(urlsplit(uri).path.rstrip("/").rpartition("/")[2])
        if stream is None or self._plays:
            raise Refused(455)
        if track is None or stream.packer(track) is None:
            raise Refused(404)
        wanted = next((each for each in transport.split(",") if "/TCP" in each.upper()), "")
        if not wanted:
            raise Refused(461)
        found = _CHANNELS.search(wanted)
        channel = int(found[1]) if found else 2 * len(stream.tracks)
        if channel > 254:
            raise Refused(461)
        stream.set_up(track, channel)
        accepted = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        self._say(sequence, 200, ("Transport", accepted), ("Session", f"{self._id};timeout=60"))

    def _play(self, sequence: str) -> None:
        """Begins with the latest keyframe: the client then shows a picture at once."""
        stream, picture, session = self._stream, self._picture, self._session
        if stream is None or picture is None or session is None or not stream.tracks:
            raise Refused(455)
        units: list[Unit] = []
        if not self._plays:
            units = picture.watch(self._take)
            session.pull.hear(self._take)
            self._skips = sum(len(unit.data) for unit in units) > self._limits.behind or not units
        first = units[0].pts if units else session.pull.now()
        told = [f"url={self._base}{track};{stream.place(track, first)}" for track in stream.tracks]
        self._say(sequence, 200, ("Session", self._id), ("Range", "npt=now-"), ("RTP-Info", ",".join(told)))
        self._plays = True
        if not self._skips:
            self._write(stream.packed(units, session.pull.now()))

    def _take(self, unit: Unit) -> None:
        """Sends a picture or sound as it comes; none to a client that is behind, until a keyframe."""
        transport, stream, session = self._writer.transport, self._stream, self._session
        if stream is None or session is None or transport.is_closing():
            return
        waiting, behind = transport.get_write_buffer_size(), self._limits.behind
        self._skips |= waiting > behind
        if self._skips and (unit.kind != "video" or not unit.key or waiting > behind // 2):
            return
        self._skips = False
        self._write(stream.packed([unit], session.pull.now()))

    def _say(self, sequence: str, status: int, *headers: tuple[str, str], phrase: str = "", body: bytes = b"") -> None:
        sized = (("Content-Length", f"{len(body)}"),) if body else ()
        start = f"RTSP/1.0 {status} {phrase or _PHRASES[status]}"
        self._write(Message(start, (("CSeq", sequence), ("Server", "showcam"), *headers, *sized), body).encode())

    def _write(self, data: bytes) -> None:
        if data and not self._writer.transport.is_closing():
            self._written += len(data)
            self._writer.write(data)
