"""A Cast television: CASTV2 (a length of four bytes, a CastMessage with JSON), its connections, and what it plays.

Sources: the table of CASTV2 messages that senders were observed to send and receivers to answer, and
developers.google.com/cast/docs/media/messages.
"""

import asyncio
import json
import ssl
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from showcam.simulator.television.player import Player, State

LONGEST = 64 * 1024  # bytes of the longest message
OF_ANYBODY, PREFIX = "urn:x-cast:", "urn:x-cast:com.google.cast."


class Message(NamedTuple):
    """`space` is the namespace behind PREFIX, or the whole namespace if it is not Google's."""

    space: str
    source: str
    destination: str
    body: dict[str, Any]


class BadMessage(Exception):
    """The sender broke the protocol: a receiver ends the connection."""


async def read(reader: asyncio.StreamReader) -> Message:
    """Reads a message. Raises BadMessage, asyncio.IncompleteReadError at the end."""
    from pychromecast.generated.cast_channel_pb2 import CastMessage  # with requests and zeroconf

    length = int.from_bytes(await reader.readexactly(4))
    if not 0 < length <= LONGEST:
        raise BadMessage("a message is too long")
    message = CastMessage()
    try:
        message.ParseFromString(await reader.readexactly(length))
        body = json.loads(message.payload_utf8)
    except (ValueError, RecursionError) as error:
        raise BadMessage("no CastMessage with JSON in it") from error
    if not message.namespace.startswith(OF_ANYBODY) or not isinstance(body, dict):
        raise BadMessage("no message of a namespace")
    return Message(message.namespace.removeprefix(PREFIX), message.source_id, message.destination_id, body)


def written(message: Message) -> bytes:
    from pychromecast.generated.cast_channel_pb2 import CastMessage

    sent = CastMessage(
        protocol_version=CastMessage.CASTV2_1_0,
        source_id=message.source,
        destination_id=message.destination,
        namespace=message.space if message.space.startswith(OF_ANYBODY) else PREFIX + message.space,
        payload_type=CastMessage.STRING,
        payload_utf8=json.dumps(message.body),
    )
    data = sent.SerializeToString()
    return len(data).to_bytes(4) + bytes(data)


class Sender:
    """A sender's connection. `connected` has the pairs of source and destination that CONNECT opened."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connected: set[tuple[str, str]] = set()

    def say(self, message: Message) -> None:
        if not self.writer.is_closing():
            self.writer.write(written(message))


@dataclass
class Application:
    id: str
    name: str
    spaces: tuple[str, ...] = ("urn:x-cast:com.google.cast.media",)
    session: str = field(default_factory=lambda: str(uuid.uuid4()))
    player: Player | None = None
    media: dict[str, Any] = field(default_factory=dict)
    state: State = "IDLE"
    idle_reason: str = ""
    media_session: int = 0
    # the sender that waits for the answer to LOAD: sender, source, requestId
    loading: tuple["Sender", str, int] | None = None

    def row(self) -> dict[str, Any]:
        return {
            "appId": self.id,
            "displayName": self.name,
            "namespaces": [{"name": space} for space in self.spaces],
            "sessionId": self.session,
            "transportId": self.session,
            "statusText": self.name,
            "isIdleScreen": False,
        }

    def status(self) -> list[dict[str, Any]]:
        if not self.media_session:
            return []
        found: dict[str, Any] = {
            "mediaSessionId": self.media_session,
            "playerState": self.state,
            "playbackRate": 1,
            "currentTime": 0,
            "supportedMediaCommands": 12303,
            "volume": {"level": 1, "muted": False},
            "media": self.media,
        }
        return [found | ({"idleReason": self.idle_reason} if self.state == "IDLE" else {})]


NAME = "Living room TV"
MEDIA_RECEIVER = "CC1AD845"
OTHER = "233637DE"  # YouTube: the application that takes the television over
IDLE_OUT_S = 300.0  # an application that plays nothing is closed after this [memory: five minutes]
SILENT_S = 30.0  # a sender that sends nothing, not even PING, counts as gone


class Page(NamedTuple):
    """A registered receiver: its own namespace, and the function for messages in this namespace."""

    space: str
    heard: Callable[[dict[str, Any]], None]


class Television:
    """Everything but the player, which is a thread, runs in the loop that opened the television.

    `pages` has the registered receivers by app id; each takes what senders say to its page.
    """

    def __init__(self, idle_out_s: float = IDLE_OUT_S, pages: Mapping[str, Page] | None = None) -> None:
        self._idle_out_s, self._pages = idle_out_s, dict(pages or {})
        self._senders: set[Sender] = set()
        self._server: asyncio.Server | None = None
        self._idle: asyncio.TimerHandle | None = None
        self.application: Application | None = None
        self.loads: list[dict[str, Any]] = []  # the media of the senders' requests to play
        self.took_s = 0.0  # from the last LOAD that played to its first picture
        self._loaded = 0.0
        self.port = 0

    async def open(self, host: str, tls: ssl.SSLContext) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve, host, 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._quit()
        if self._server:
            self._server.close()
        for sender in list(self._senders):
            sender.writer.close()

    def facts(self) -> dict[str, Any]:
        """Returns the television's present state, for a page and for tests."""
        on = self.application
        player = on.player if on else None
        return {
            "name": NAME,
            "app": on.id if on else "",
            "state": on.state if on else "",
            "title": str((on.media.get("metadata") or {}).get("title", "")) if on else "",
            "why": player.why if player else "",
            "frames": player.frames if player else 0,
            "width": player.width if player else 0,
            "height": player.height if player else 0,
            "sound": player.sound if player else False,
        }

    def take_over(self) -> None:
        """Acts as if somebody casts from a phone."""
        self._launch(OTHER, "YouTube")

    def say_from_page(self, message: dict[str, Any]) -> None:
        """Sends the running registered receiver's message to all senders."""
        on = self.application
        if on is not None and on.id in self._pages:
            for sender in self._senders:
                sender.say(Message(self._pages[on.id].space, on.session, "*", message))

    def press_home(self) -> None:
        self._quit()
        self._send_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = Sender(writer)
        self._senders.add(sender)
        try:
            while True:
                async with asyncio.timeout(SILENT_S):
                    message = await read(reader)
                self._take(sender, message)
        except (BadMessage, TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._senders.discard(sender)
            writer.close()

    def _take(self, sender: Sender, message: Message) -> None:
        body, kind = message.body, message.body.get("type")
        match message.space, kind:
            case "tp.connection", "CONNECT":
                sender.connected.add((message.source, message.destination))
            case "tp.connection", "CLOSE":
                sender.connected.discard((message.source, message.destination))
            case "tp.heartbeat", "PING":
                sender.say(Message("tp.heartbeat", message.destination, message.source, {"type": "PONG"}))
            case _ if (message.source, message.destination) not in sender.connected:
                raise BadMessage("a message before CONNECT")
            case "receiver", "GET_STATUS":
                sender.say(self._receiver_status(message.source, body.get("requestId", 0)))
            case "receiver", "LAUNCH":
                self._launched(sender, message)
            case "receiver", "STOP":
                if self.application and body.get("sessionId") in (None, self.application.session):
                    self._quit()
                self._send_all(sender, message)
            case "media", _:
                self._media(sender, message)
            case space, _ if (on := self.application) is not None and message.destination == on.session:
                if on.id in self._pages and space == self._pages[on.id].space:
                    self._pages[on.id].heard(body)

    def _launched(self, sender: Sender, message: Message) -> None:
        app = str(message.body.get("appId"))
        if app in self._pages:
            self._launch(app, "A registered receiver", sender, message)
            return
        if app != MEDIA_RECEIVER:
            error = {"type": "LAUNCH_ERROR", "reason": "NOT_FOUND", "requestId": message.body.get("requestId", 0)}
            sender.say(Message("receiver", "receiver-0", message.source, error))
            return
        self._launch(MEDIA_RECEIVER, "Default Media Receiver", sender, message)

    def _media(self, sender: Sender, message: Message) -> None:
        on, body = self.application, message.body
        if on is None or message.destination != on.session:
            return  # the application is gone: no answer
        match body.get("type"):
            case "GET_STATUS":
                sender.say(self._media_status(on, message.source, body.get("requestId", 0)))
            case "LOAD":
                self._load(on, body)
                on.loading = (sender, message.source, body.get("requestId", 0))
                self._send_media(on)
            case "STOP":
                self._stop(on, "CANCELLED")
                self._send_media(on, sender, message)

    def _load(self, on: Application, body: dict[str, Any]) -> None:
        if on.player:
            on.player.stop()
        on.media, on.media_session = dict(body.get("media") or {}), on.media_session + 1
        self.loads.append(on.media)
        session = on.media_session

        def hears(state: State) -> None:
            self._loop.call_soon_threadsafe(self._changed, on, session, state)

        self._loaded = self._loop.time()
        on.state, on.player = "BUFFERING", Player(on.media, hears)
        self._hold(None)
        on.player.start()

    def _changed(self, on: Application, session: int, state: State) -> None:
        if on is not self.application or session != on.media_session or on.state == "IDLE":
            return
        on.state = state
        if state == "PLAYING":
            self.took_s = self._loop.time() - self._loaded
        if state == "IDLE":
            on.idle_reason = "ERROR"
            self._hold(on)
        if on.loading and state != "BUFFERING":
            self._answer_load(on, *on.loading)
        self._send_media(on)

    def _answer_load(self, on: Application, sender: Sender, source: str, request: int) -> None:
        """Answers LOAD when it is known whether the media plays."""
        on.loading = None
        if on.state == "IDLE":
            failed = {"type": "LOAD_FAILED", "requestId": request, "itemId": 1, "detailedErrorCode": 301}
            sender.say(Message("media", on.session, source, failed))
        else:
            sender.say(self._media_status(on, source, request))

    def _stop(self, on: Application, why: str) -> None:
        if on.player:
            on.player.stop()
        if on.state != "IDLE":
            on.state, on.idle_reason = "IDLE", why
            self._hold(on)

    def _launch(self, app: str, name: str, sender: Sender | None = None, message: Message | None = None) -> None:
        self._quit()
        self.application = Application(app, name)
        if app in self._pages:
            self.application.spaces = (self._pages[app].space,)
        self._hold(self.application)
        self._send_all(sender, message)

    def _quit(self) -> None:
        self._hold(None)
        if self.application and self.application.player:
            self.application.player.stop()
        self.application = None

    def _hold(self, idle: Application | None) -> None:
        """Closes the application if it goes on to play nothing."""
        if self._idle:
            self._idle.cancel()
            self._idle = None
        if idle is not None:
            self._idle = self._loop.call_later(self._idle_out_s, self.press_home)

    # the messages to senders

    def _receiver_status(self, to: str, request: int = 0) -> Message:
        status = {
            "applications": [self.application.row()] if self.application else [],
            "isActiveInput": True,
            "isStandBy": False,
            "volume": {"level": 0.5, "muted": False, "controlType": "attenuation"},
        }
        return Message(
            "receiver", "receiver-0", to, {"type": "RECEIVER_STATUS", "requestId": request, "status": status}
        )

    def _media_status(self, on: Application, to: str, request: int = 0) -> Message:
        return Message("media", on.session, to, {"type": "MEDIA_STATUS", "requestId": request, "status": on.status()})

    def _send_all(self, asker: Sender | None = None, message: Message | None = None) -> None:
        for sender in self._senders:
            request = message.body.get("requestId", 0) if sender is asker and message else 0
            sender.say(self._receiver_status("*", request))

    def _send_media(self, on: Application, asker: Sender | None = None, message: Message | None = None) -> None:
        for sender in self._senders:
            request = message.body.get("requestId", 0) if sender is asker and message else 0
            sender.say(self._media_status(on, "*", request))
