"""An application that runs on the television, and what it plays."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from simulator.television.player import Player, State
from simulator.television.sender import Sender


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
    loading: tuple["Sender", str, int] | None = None  # who waits for the answer to LOAD: sender, source, requestId

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
