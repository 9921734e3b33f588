"""The client for requests of the other processes to a media process, on this machine or over https."""

import contextlib
import copy
import http.client
import json
import queue
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from showcam.engine.grants import HEADER, Claims, Picture, ProcessAuth
from showcam.engine.messages import (
    Answered,
    BadOffer,
    End,
    Flows,
    FlowsOf,
    Keep,
    Lend,
    Lent,
    Live,
    LiveOf,
    MediaBusy,
    MediaFull,
    MediaGone,
    MediaLate,
    MediaUnavailable,
    NoPicture,
    Nothing,
    Offer,
    Probe,
    SessionOver,
    Warm,
)
from showcam.engine.source import SourceSpec, Watched
from showcam.net.addresses import is_confidential

CONNECT_S = 0.8  # the media process is on this machine or in the same region
LONGEST_S = 5.0  # for a whole answer, if the request has no limit: assistants give up after 6 to 8 s
MOST_IDLE = 32  # idle connections that are kept; beyond this number each request makes a connection for itself
LONGEST_ANSWER = 512 * 1024  # a still is in one
LARGEST_STILL = 1024 * 1024  # bytes of a still of the whole picture
PROBE_S = 1.5  # seconds beyond the watching of a camera: for its still, and for the way there and back


@dataclass(frozen=True, slots=True)
class Answer:
    at: str  # the public address of the media process that answered
    sdp: str
    session: str  # the session's grant: POST a new offer to /s/{session}/whep to replace the answer


class MediaClient:
    """A client of one media process.

    Connections are kept alive; after a restart of the media process a request connects a second time. `public`: the
    address of the same process for displays, if they use another one. `authorities` makes the context that an https
    address is trusted by. It is called once, at the first need.
    """

    def __init__(
        self,
        url: str,
        proof: ProcessAuth,
        timeout_s: float = LONGEST_S,
        *,
        public: str = "",
        authorities: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self.public = public or url
        self._proof, self._timeout_s = proof, timeout_s
        self._connections, self._may_have_keys = Connections(url, authorities), is_confidential(url)
        self._prefix = ""  # the path of one process among several

    def behind(self, process: str) -> "MediaClient":
        """A client of one process among several at this address, over the same connections."""
        client = copy.copy(self)
        client.public, client._prefix = f"{self.public}/p/{process}", f"/p/{process}"
        return client

    def place(self, account: str, camera: str = "") -> str:
        """The address of the account's video for displays."""
        return self.public

    def warm(self, claims: Claims, source: SourceSpec | None, *, timeout_s: float | None = None) -> str:
        """Starts the pull now, before the display asks. Returns at once, with the public address of the stream.

        Without a source the request joins a running pull; if the pull has just ended, the media process asks for a
        source.

        A place is kept for the viewer with a grant of these claims, until the grant expires. A snapshot takes no place.
        Raises MediaBusy, MediaUnavailable.
        """
        self._check(source)
        wanted = source.as_json() if source else None
        self._post("/internal/warm", Warm(claims=claims.as_json(), source=wanted), Nothing, timeout_s)
        return self.public

    def answer(
        self,
        claims: Claims,
        source: SourceSpec | None,
        sdp: str,
        *,
        replaces: str = "",
        timeout_s: float | None = None,
        within_s: float | None = None,
    ) -> Answer:
        """Answers a WebRTC offer with an SDP answer that holds every candidate.

        `replaces` names an own session id (Alexa's sessionId). `within_s`: when the answer is wanted; a camera that has
        shown nothing by then is not waited for. Raises BadOffer, MediaBusy, SessionOver, MediaUnavailable.
        """
        self._check(source)
        wanted = source.as_json() if source else None
        body = Offer(claims=claims.as_json(), source=wanted, sdp=sdp, replaces=replaces)
        if within_s is not None:
            body["within_s"] = within_s
        answered = self._post("/internal/answer", body, Answered, timeout_s)
        return Answer(self.public, answered["sdp"], answered["session"])

    def keep(self, claims: Claims) -> None:
        """Holds the camera's video open for half a minute, if it comes over the home network.

        Raises MediaBusy, MediaUnavailable.
        """
        self._post("/internal/keep", Keep(claims=claims.as_json()), Nothing)

    def lend(self, link: str, device: str) -> str:
        """The http address for a device in the house to fetch all that is granted to the link.

        The address works only from the device's own address. Raises MediaBusy, MediaUnavailable.
        """
        return self._post("/internal/lend", Lend(link=link, device=device), Lent)["at"]

    def probe(self, source: SourceSpec, within_s: float) -> Watched:
        """Watches a camera's stream at home for at most `within_s` seconds. Raises MediaBusy, MediaUnavailable."""
        body = Probe(source=source.as_json(), within_s=within_s)
        return self._post("/internal/probe", body, Watched, within_s + PROBE_S)

    def end_session(self, link: str, name: str, account: str = "") -> None:
        """Ends the session opened with `replaces=name` under that link, "" for all of them; ending twice is fine."""
        self._post("/internal/end", End(link=link, name=name), Nothing)

    def end_link(self, link: str, account: str = "") -> None:
        self.end_session(link, "")

    def flows(self, account: str, camera: str, timeout_s: float | None = None) -> tuple[Picture, ...]:
        """The streams (main, sub) of the camera that are being pulled for the account. Raises MediaUnavailable."""
        body = FlowsOf(account=account, camera=camera)
        return tuple(self._post("/internal/flows", body, Flows, timeout_s)["pictures"])

    def live(self, account: str) -> int:
        """The number of live streams of the account, "" for all accounts."""
        return self._post("/internal/live", LiveOf(account=account), Live)["live"]

    def still(self, url: str, account: str, camera: str, timeout_s: float) -> bytes:
        """The JPEG at the public address of a granted still. Raises MediaUnavailable."""
        path, end = self._prefix + url[url.rindex("/s/") :], time.monotonic() + timeout_s
        connection = self._connections.new(timeout_s)
        try:
            connection.connect()
            connection.sock.settimeout(_left(end))
            connection.request("GET", path)
            response = connection.getresponse()
            jpeg = response.read(LARGEST_STILL + 1)
        except (OSError, http.client.HTTPException):
            raise MediaGone("the media process gave no still") from None
        finally:
            connection.close()
        if response.status != 200 or len(jpeg) > LARGEST_STILL:
            raise MediaUnavailable(f"the media process answered {response.status} instead of a still")
        return jpeg

    def close(self) -> None:
        """Closes idle connections now, and the others when they come back."""
        self._connections.close()

    def _check(self, source: SourceSpec | None) -> None:
        """Raises MediaUnavailable for a key that others could read on its way."""
        has_key = source is not None and (source.key or source.is_secret)
        if has_key and not self._may_have_keys:
            raise MediaUnavailable("a key goes by loopback or https alone")

    def _post[T](self, path: str, body: Mapping[str, object], shape: type[T], timeout_s: float | None = None) -> T:
        path, payload = f"{self._prefix}{path}", msgspec.json.encode(body)
        end = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        connection = self._connections.reuse()
        while True:
            try:
                status, kind, text = self._say(connection, path, payload, end)
            except TimeoutError:
                raise MediaLate("the media process did not answer in time") from None
            except (OSError, http.client.HTTPException):
                if connection is None:
                    raise MediaGone("the media process can't be reached") from None
                # the connection has died since its last answer, as have the other kept ones: a new one does better
                connection = None
                self._connections.drop()
            else:
                return _read(status, kind, text, shape)

    def _say(
        self, kept: http.client.HTTPConnection | None, path: str, payload: bytes, end: float
    ) -> tuple[int, str, bytes]:
        """Sends a request, and returns status, content type and body. Raises OSError, HTTPException."""
        connection = kept or self._connections.new(_left(end))
        try:
            if kept is None:
                connection.connect()
            connection.sock.settimeout(_left(end))
            headers = {"Content-Type": "application/json", HEADER: self._proof.make(path, payload, time.time())}
            connection.request("POST", path, payload, headers)
            response = connection.getresponse()
            text = response.read(LONGEST_ANSWER)
        except BaseException:
            connection.close()
            raise
        if response.isclosed() and connection.sock is not None:
            self._connections.keep(connection)
        else:
            connection.close()
        return response.status, response.getheader("Content-Type", ""), text


class Connections:
    """Connections to one media process, kept alive for later requests.

    One thread at a time uses a connection. There are as many as the threads that have been at work together.
    """

    def __init__(self, url: str, authorities: Callable[[], ssl.SSLContext]) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (443 if self._secure else 80)
        self._authorities = authorities
        self._context: ssl.SSLContext | None = None
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue(MOST_IDLE)
        self._closed = False

    def reuse(self) -> http.client.HTTPConnection | None:
        """A connection that has served before. It may have died since."""
        with contextlib.suppress(queue.Empty):
            return self._idle.get_nowait()
        return None

    def new(self, left_s: float) -> http.client.HTTPConnection:
        """A connection that is still to be made, within `left_s`."""
        timeout_s = min(CONNECT_S, left_s)
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout_s)
        if self._context is None:
            self._context = self._authorities()
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=self._context)

    def keep(self, connection: http.client.HTTPConnection) -> None:
        """Keeps the connection for the next request if there is room, else closes it."""
        try:
            self._idle.put_nowait(connection)
        except queue.Full:
            connection.close()
        if self._closed:
            self.drop()

    def drop(self) -> None:
        """Closes the connections that are not in use."""
        while (idle := self.reuse()) is not None:
            idle.close()

    def close(self) -> None:
        """Closes the connections that are not in use, and the others when they come back."""
        self._closed = True
        self.drop()


def _left(end: float) -> float:
    left_s = end - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


def _read[T](status: int, kind: str, text: bytes, shape: type[T]) -> T:
    if status in (200, 202):
        try:
            return msgspec.json.decode(text or b"{}", type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise MediaGone("what answers is no media process") from None
    # a proxy in front of the media process answers in another form if there is nothing behind it
    if status == 404 or (status >= 500 and kind.partition(";")[0] != "application/problem+json"):
        raise MediaGone(f"the media process can't be reached: {status}")
    if status == 400:
        raise BadOffer("the offer could not be answered")
    if status == 410:
        raise SessionOver("that session is over")
    if status == 429:
        raise (MediaFull if b'"full"' in text else MediaBusy)("too many live streams")
    if status == 502 and (reason := _reason(text)):
        raise NoPicture(reason)
    raise MediaUnavailable(f"the media process answered {status}")


def _reason(text: bytes) -> str:
    try:
        return str(json.loads(text).get("reason", ""))
    except (ValueError, AttributeError):
        return ""
