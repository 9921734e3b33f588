"""Connects to one Cast device, shows a camera on its default media receiver, and reports when the video ends."""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from pychromecast import Chromecast
from pychromecast.controllers import BaseController
from pychromecast.controllers.media import MediaStatus, MediaStatusListener
from pychromecast.controllers.receiver import CastStatus, CastStatusListener
from pychromecast.error import NotConnected, PyChromecastError, RequestTimeout, UnsupportedNamespace
from pychromecast.generated.cast_channel_pb2 import CastMessage
from pychromecast.models import CastInfo, HostServiceInfo
from pychromecast.response_handler import WaitResponse
from pychromecast.socket_client import ConnectionStatus, ConnectionStatusListener, InterruptLoop, SocketClient

from showcam.cast.device import CONNECT_S, Device, Over, Picture
from showcam.cast.errors import CastFailed, Why
from showcam.engine.rtsp.connection import COUNTED_S
from showcam.net.text import JsonObject, too_deep

if TYPE_CHECKING:
    from uuid import UUID


log = structlog.get_logger()
logging.getLogger("pychromecast").setLevel(logging.CRITICAL)  # its logs name devices and the videos on them

RECEIVER = "CC1AD845"  # Google's default media receiver
PLAYLIST = "application/vnd.apple.mpegurl"
# Without these the receiver guesses at the segments (developers.google.com/cast, MediaInformation).
SEGMENTS = {"hlsSegmentFormat": "ts", "hlsVideoSegmentFormat": "mpeg2_ts"}
PLAY_S = 20.0  # seconds from LOAD to PLAYING: a camera may have to wake first
TRIES = 3  # tries to connect again, RETRY_S apart, before a device counts as gone
RETRY_S = 1.0  # PyChromecast waits 5 s by default; the video would stand still for this time
# Google's own senders ask a device here who it is; PyChromecast does not
DISCOVERY = "urn:x-cast:com.google.cast.receiver.discovery"
ANSWER_S = 1.0  # our own choice: the answer is one message, and an old device may not know the question
LONGEST = 64 * 1024  # bytes of a message, as Chromium's components/cast_channel/cast_framer.cc bounds it
MOST = 100  # messages of a device in COUNTED_S; a device that plays sends a few in a second
_TYPES: dict[str, str] = {"screen": "cast", "speaker": "audio", "group": "group"}


class Screen(CastStatusListener, MediaStatusListener, ConnectionStatusListener):
    """A connection that shows a video.

    `over` is called once, in its thread, when the device no longer shows the video.
    """

    def __init__(
        self,
        device: Device,
        over: Callable[[Over], None],
        *,
        app: str = RECEIVER,
        connect_s: float = CONNECT_S,
        play_s: float = PLAY_S,
    ) -> None:
        """Prepares the connection. `app`: the id of the receiver application."""
        self._device, self._over, self._app = device, over, app
        self._connect_s, self._play_s = connect_s, play_s
        self._plays = threading.Event()
        self._settled = threading.Event()  # set when the device plays or has failed
        # taken by the thread that reports the end first, and never released
        self._reported = threading.Lock()
        self._session = ""  # the session of the receiver application that we started
        self._picture: Picture | None = None
        self._why: Why = "not_played"  # the reason if the device does not play
        self._said = False  # the device itself reported the failure
        info = CastInfo(
            {HostServiceInfo(device.host, device.port)},
            _uuid(device),
            device.model,
            device.name,
            device.host,
            device.port,
            _TYPES[device.kind],
            "",
        )
        self._cast = Chromecast(info, tries=TRIES, timeout=connect_s, retry_wait=RETRY_S)
        _one_at_a_time(self._cast.socket_client)
        self._cast.register_status_listener(self)
        self._cast.register_connection_listener(self)
        self._cast.media_controller.register_status_listener(self)

    def show(self, picture: Picture) -> None:
        """Returns when the device plays the video. Raises CastFailed."""
        self._picture = picture
        self._start(self._play_s)
        if not self._plays.is_set():
            raise CastFailed(self._why, self._device.name, said=self._said)

    def wake(self, name: str) -> None:
        """A call without effect: Google's default receiver can't show a text of ours while a camera wakes."""

    def _start(self, within_s: float) -> None:
        """Starts the application, unless another device has the address.

        Returns when the device plays, has failed, or `within_s` has passed. Raises CastFailed.
        """
        try:
            self._cast.wait(self._connect_s)
            is_there = bool(self._session) or not self._is_another()
        except PyChromecastError:
            is_there = False
        if not is_there:
            raise CastFailed("unreachable", self._device.name)
        try:
            self._begin()
        except PyChromecastError:
            raise CastFailed("not_played", self._device.name) from None
        self._settled.wait(within_s)

    def _is_another(self) -> bool:
        """Tells whether a device with another id and another name has this TV's address. Raises PyChromecastError.

        A device without an answer within ANSWER_S counts as this TV. A TV that the owner named by address is not asked.
        """
        wanted = self._cast.uuid
        if str(wanted) != self._device.id:
            return False
        asked = WaitResponse(ANSWER_S, "the device's id")
        question = {"type": "GET_DEVICE_INFO"}
        self._cast.socket_client.send_platform_message(DISCOVERY, question, callback_function=asked.callback)
        try:
            asked.wait_response()
        except RequestTimeout:
            return False
        answer = {"deviceId": wanted.hex, **(asked.response or {})}
        found = str(answer["deviceId"]).replace("-", "").lower()
        return found != wanted.hex and answer.get("friendlyName") != self._device.name

    def _begin(self) -> None:
        """Launches the receiver's application. Raises PyChromecastError."""
        # in a new session: a video that plays there already may belong to another sender
        self._cast.socket_client.receiver_controller.launch_app(
            self._app, force_launch=True, callback_function=self._launched
        )

    def stop(self) -> None:
        """Ends our application on the device, unless another one took its place, and then the connection."""
        self._reported.acquire(blocking=False)
        status = self._cast.status
        try:
            if status is not None and status.app_id == self._app and status.session_id == self._session:
                self._cast.quit_app(self._connect_s)
        except PyChromecastError as error:
            log.info("a Cast device did not take the end of a picture", error=type(error).__name__)
        finally:
            self._disconnect()

    def _disconnect(self) -> None:
        """Ends the connection and closes its sockets, which PyChromecast leaves to the garbage collector."""
        client = self._cast.socket_client
        client.disconnect()
        if client.is_alive():
            client.join(CONNECT_S)
        if not client.is_alive():
            for waits in client.socketpair:
                waits.close()
            client.selector.close()

    # The following methods get the device's reports, in a thread of the connection.

    def _launched(self, sent: bool, answer: object) -> None:
        """Loads the video in this same thread: a message from another could overtake the CONNECT to the application."""
        status = self._cast.status
        if not sent or status is None or status.app_id != self._app:
            self._settled.set()
            return
        self._session = status.session_id or ""
        self._load(status)

    def _load(self, status: CastStatus) -> None:
        """Sends the video's address to the application, which is running."""
        assert self._picture is not None
        self._cast.media_controller.play_media(
            self._picture.url,
            PLAYLIST,
            title=self._picture.title,
            stream_type="LIVE",
            media_info=SEGMENTS,
            callback_function=self._answered,
        )

    def new_cast_status(self, status: CastStatus) -> None:
        if self._plays.is_set() and (status.app_id != self._app or status.session_id != self._session):
            self._report("taken")

    def new_media_status(self, status: MediaStatus) -> None:
        if self._picture is None or status.player_state in (None, "UNKNOWN"):
            return
        if status.player_state == "IDLE":
            if status.idle_reason is not None:
                self._ended()
        elif status.content_id != self._picture.url:
            self._report("taken")
        elif status.player_state == "PLAYING":
            self._plays.set()
            self._settled.set()

    def load_media_failed(self, queue_item_id: int, error_code: int) -> None:
        self._ended()

    def new_connection_status(self, status: ConnectionStatus) -> None:
        if status.status in ("FAILED", "DISCONNECTED"):
            self._settled.set()
            self._report("gone")

    def _answered(self, sent: bool, answer: dict[str, object] | None) -> None:
        if not sent:
            self._settled.set()
        elif (answer or {}).get("type") in ("LOAD_FAILED", "LOAD_CANCELLED", "INVALID_REQUEST"):
            self._refused()

    def _ended(self) -> None:
        if self._plays.is_set():
            self._report("ended")
        else:
            self._refused()

    def _refused(self) -> None:
        self._said = True
        self._settled.set()

    def _report(self, why: Over) -> None:
        if self._plays.is_set() and self._reported.acquire(blocking=False):
            self._over(why)


def _one_at_a_time(client: SocketClient) -> None:
    """Reads and writes in turns: both at once, from two threads, break TLS (github.com/python/cpython/pull/124993).

    PyChromecast reads in its own thread and writes in the caller's. It reads messages of any length (4 GiB), as fast as
    they come, so this bounds both.
    """
    turn = threading.RLock()
    read, read_bytes, write = client._read_message, client._read_bytes_from_socket, client.send_message
    came: deque[float] = deque(maxlen=MOST)

    def reads() -> CastMessage:
        with turn:
            now = time.monotonic()
            if len(came) == MOST and now - came[0] < COUNTED_S:
                raise _too_much(client)
            came.append(now)
            message = read()
            if too_deep(message.payload_utf8.encode()):  # such depth would end the thread without a word
                raise _too_much(client)
            return message

    def reads_bytes(msglen: int) -> bytes:
        if msglen > LONGEST:
            raise _too_much(client)
        return read_bytes(msglen)

    def writes(*args: Any, **named: Any) -> None:
        if not turn.acquire(timeout=CONNECT_S):  # the device has sent half a message, and holds the other half back
            raise NotConnected
        try:
            write(*args, **named)
        finally:
            turn.release()

    client._read_message, client.send_message = reads, writes  # type: ignore[method-assign]
    client._read_bytes_from_socket = reads_bytes  # type: ignore[method-assign]


def _too_much(client: SocketClient) -> Exception:
    """Ends the connection of a device that sends more than a Cast device does. Only its own video is lost."""
    client.stop.set()
    return InterruptLoop("more than a Cast device sends")


def _uuid(device: Device) -> "UUID":
    from uuid import NAMESPACE_URL, UUID, uuid5

    try:
        return UUID(device.id)
    except ValueError:
        return uuid5(NAMESPACE_URL, device.id)


NAMESPACE = "urn:x-cast:showcam.picture"  # showcam/cast/receiver/on_cast.js has the same


class OwnScreen(Screen):
    """Shows one video after another in the same application, so that HLS may follow if WebRTC fails."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._is_unpaired = False
        self._asked = ""  # the id of the latest request; the receiver's answers name it
        self._name = ""  # the name of a camera that is being woken and has no video yet
        self._cast.register_handler(_Channel(self))

    def show(self, picture: Picture) -> None:
        """Returns when the device plays the video. Raises CastFailed."""
        self._asked, self._is_unpaired = "", False
        self._settled.clear()
        try:
            super().show(picture)
        except CastFailed as failed:
            failed.unpaired = self._is_unpaired
            raise

    def wake(self, name: str) -> None:
        """Writes on the TV that the camera `name` is waking. Raises CastFailed."""
        self._picture, self._name, self._asked = None, name, ""
        self._settled.clear()
        self._start(self._play_s)
        if not self._asked:
            raise CastFailed(self._why, self._device.name)

    def _begin(self) -> None:
        status = self._cast.status
        if not self._session:
            super()._begin()
        elif status is not None and status.session_id == self._session:
            try:
                self._load(status)
            except UnsupportedNamespace:  # another application has begun in this moment
                raise CastFailed("taken", self._device.name) from None
        else:  # somebody pressed Home or cast something else, between two tries
            raise CastFailed("taken", self._device.name)

    def _load(self, status: CastStatus) -> None:
        """Sends the request to the application; does nothing if it does not listen yet, since a later
        status follows.
        """
        if NAMESPACE not in status.namespaces or self._asked:
            return
        picture = self._picture
        self._asked = secrets.token_hex(8)
        message: JsonObject = {"type": "waking", "title": self._name}
        if picture is not None:
            message = {
                "type": "show",
                "id": self._asked,
                "protocol": picture.protocol,
                "at": picture.at,
                "path": picture.path,
                "title": picture.title,
                "waking": picture.waking,
            }
        self._cast.socket_client.send_app_message(NAMESPACE, message, no_add_request_id=True)
        if picture is None:
            self._settled.set()

    # The following methods get the device's reports, in a thread of the connection.

    def _launched(self, sent: bool, answer: object) -> None:
        """Notes if showcam's receiver is missing: unlike Google's, it runs only on devices registered for it."""
        status = self._cast.status
        if not sent or status is None or status.app_id != self._app:
            self._why = "no_receiver"
        super()._launched(sent, answer)

    def new_cast_status(self, status: CastStatus) -> None:
        super().new_cast_status(status)
        if self._session and status.session_id == self._session and not self._settled.is_set():
            self._load(status)

    def new_media_status(self, status: MediaStatus) -> None:
        """A call without effect: showcam does not use the framework's own player."""

    def reported(self, state: object, shown_id: object) -> None:
        if not self._asked or shown_id != self._asked:
            return  # this is about an earlier video
        match state:
            case "playing":
                self._plays.set()
                self._settled.set()
            case "taken":
                self._report("taken")
                self._settled.set()
            case "failed" | "unpaired" | "ended":
                self._is_unpaired = state == "unpaired"
                self._ended()


class _Channel(BaseController):
    def __init__(self, screen: OwnScreen) -> None:
        super().__init__(NAMESPACE)
        self._screen = screen

    def receive_message(self, _message: CastMessage, data: JsonObject) -> bool:
        if data.get("type") == "state":
            self._screen.reported(data.get("state"), data.get("id"))
        return True
