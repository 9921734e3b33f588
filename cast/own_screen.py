"""A connection to one Cast device that runs showcam's own receiver, the page of cast/receiver/."""

import secrets
from typing import Any

from pychromecast.controllers import BaseController
from pychromecast.controllers.media import MediaStatus
from pychromecast.controllers.receiver import CastStatus
from pychromecast.generated.cast_channel_pb2 import CastMessage

from cast.failed import CastFailed
from cast.picture import Picture
from cast.screen import Screen
from net.incoming import JsonObject

NAMESPACE = "urn:x-cast:showcam.picture"  # cast/receiver/on_cast.js has the same


class OwnScreen(Screen):
    """Shows one picture after another in the same application, so that HLS may follow where WebRTC fails."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._is_unpaired = False
        self._asked = ""  # names what was asked for last, in what the receiver answers
        self._name = ""  # of a camera that is being woken, and of which there is no picture yet
        self._cast.register_handler(_Channel(self))

    def show(self, picture: Picture) -> None:
        """Returns when the device plays it. Raises CastFailed."""
        self._asked, self._is_unpaired = "", False
        self._settled.clear()
        try:
            super().show(picture)
        except CastFailed as failed:
            failed.unpaired = self._is_unpaired
            raise

    def wake(self, name: str) -> None:
        """Write on the TV that the camera `name` is waking. Raises CastFailed."""
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
            self._load(status)
        else:  # somebody went home or cast something else, between two tries
            raise CastFailed("taken", self._device.name)

    def _load(self, status: CastStatus) -> None:
        """Waits for a later status where the application does not listen yet."""
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

    # what the device reports, in a thread of the connection

    def _launched(self, sent: bool, answer: object) -> None:
        """Google's default receiver is on every device; this one is where it was registered."""
        status = self._cast.status
        if not sent or status is None or status.app_id != self._app:
            self._why = "no_receiver"
        super()._launched(sent, answer)

    def new_cast_status(self, status: CastStatus) -> None:
        super().new_cast_status(status)
        if self._session and status.session_id == self._session and not self._settled.is_set():
            self._load(status)

    def new_media_status(self, status: MediaStatus) -> None:
        """The framework's own player is not used for what showcam shows."""

    def reported(self, state: object, shown_id: object) -> None:
        if not self._asked or shown_id != self._asked:
            return  # of a picture before
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
