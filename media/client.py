"""How the other processes speak to the media process, over loopback. Standard library only."""

import contextlib
import http.client
import json
import threading
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from media.grants import Claims
from media.source import SourceSpec


class MediaUnavailable(Exception):
    """The media process did not answer in time, or could not start the stream."""


class MediaBusy(Exception):
    """A limit of live streams is reached."""


class BadOffer(Exception):
    """The SDP offer is none, or holds nothing that can be sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    at: str  # where: the public address of the media process that answered
    sdp: str
    session: str  # the session's grant: POST a new offer to /s/{session}/whep to replace the answer


class MediaClient:
    """One kept-alive connection per thread; after a restart of the media process it reconnects once."""

    def __init__(self, url: str, internal_token: str, timeout_s: float = 5.0, *, public: str = "") -> None:
        """`public`: where displays find the same process, when that is another address."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.public = public or url
        self._token = internal_token
        self._timeout_s = timeout_s
        self._local = threading.local()
        self._connections: set[http.client.HTTPConnection] = set()  # of all threads

    def place(self, account: str) -> str:
        """Where displays fetch the account's pictures."""
        return self.public

    def warm(self, claims: Claims, source: SourceSpec, *, timeout_s: float | None = None) -> str:
        """Start the pull now, before the display asks. Answers at once: with the public address it is fetched at."""
        self._post("/internal/warm", {"claims": asdict(claims), "source": source.as_json()}, timeout_s)
        return self.public

    def answer(
        self, claims: Claims, source: SourceSpec | None, sdp: str, *, replaces: str = "", timeout_s: float | None = None
    ) -> Answer:
        """WebRTC: an SDP answer with every candidate in it. `replaces` names an own session id (Alexa's sessionId).

        Raises BadOffer, MediaBusy, MediaUnavailable.
        """
        body = {
            "claims": asdict(claims),
            "source": source.as_json() if source else None,
            "sdp": sdp,
            "replaces": replaces,
        }
        data = self._post("/internal/answer", body, timeout_s)
        return Answer(self.public, data["sdp"], data["session"])

    def end_session(self, link: str, name: str) -> None:
        """End the session that was opened with `replaces=name` under that link; ending it twice is fine."""
        self._post("/internal/end", {"link": link, "name": name})

    def end_link(self, link: str) -> None:
        self._post("/internal/end", {"link": link, "name": ""})

    def live(self, account: str) -> int:
        """How many streams of the account are live."""
        return int(self._post("/internal/live", {"account": account})["live"])

    def close(self) -> None:
        """Close every thread's connection; nothing may be under way."""
        for connection in list(self._connections):
            connection.close()

    def _post(self, path: str, body: dict[str, Any], timeout_s: float | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "X-Showcam-Internal": self._token}
        payload = json.dumps(body).encode()
        for last in (False, True):
            connection = self._connection(timeout_s or self._timeout_s)
            try:
                connection.request("POST", path, payload, headers)
                response = connection.getresponse()
                status, text = response.status, response.read()
            except TimeoutError:
                self._drop()
                raise MediaUnavailable("the media process did not answer in time") from None
            except (OSError, http.client.HTTPException):
                self._drop()
                if last:
                    raise MediaUnavailable("the media process can't be reached") from None
                continue
            return self._judge(status, text)
        raise MediaUnavailable("the media process can't be reached")

    @staticmethod
    def _judge(status: int, text: bytes) -> dict[str, Any]:
        if status in (200, 202):
            return dict(json.loads(text or b"{}"))
        if status == 400:
            raise BadOffer("the offer could not be answered")
        if status == 429:
            raise MediaBusy("too many live streams")
        raise MediaUnavailable(f"the media process answered {status}")

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
            self._local.connection = connection
            self._connections.add(connection)
        connection.timeout = timeout_s
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        return connection

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            self._connections.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()
        self._local.connection = None
