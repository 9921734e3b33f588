"""One call of a reporter: what its assistant has accepted so far, and what it refused for good."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Self

from registry.camera import Camera
from registry.telling.reporter import Happened, NotTold, Tell, Told, ToldOf, Undeliverable


class Turn:
    """`cameras`: what the assistant knows now. A reporter writes it as its messages are accepted.

    A door's own turn is made of this one and of the way to its assistant.
    """

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.cameras: dict[str, ToldOf] = dict(tell.told.cameras) if tell.told else {}
        self._happened: set[str] = set()
        self._reasons: list[str] = []
        self._refused: set[str] = set()

    def take(self, send: Callable[[Self], None], announce: Callable[[Self, Camera, Happened], None]) -> Told:
        """Sends what differs, then announces what happened of cameras in `tell.now`, the oldest first.

        Raises NotTold with what was accepted before it; Undeliverable when all was sent and some of it was refused.
        """
        try:
            send(self)
            for happened in self.tell.happened:
                if (camera := self._camera(happened.camera)) is not None:
                    announce(self, camera, happened)
                self._happened.add(happened.row)
        except NotTold as error:
            error.told, error.happened = self._told, frozenset(self._happened)
            raise
        if self._reasons:
            raise Undeliverable(
                "; ".join(dict.fromkeys(self._reasons)),
                cameras=tuple(sorted(self._refused)),
                told=self._told,
                happened=frozenset(self._happened),
            )
        return self._told

    def refuse(self, reason: str, cameras: Iterable[str]) -> None:
        """Notes a message that the assistant refused for good. Its cameras are as if it had been accepted."""
        self._reasons.append(reason)
        self._refused.update(cameras)

    @property
    def _told(self) -> Told:
        return Told(self.cameras)

    def _camera(self, camera_id: str) -> Camera | None:
        return next((camera for camera in self.tell.now.cameras if camera.id == camera_id), None)


def fingerprint(data: bytes) -> str:
    """A fingerprint that is the same for the same bytes in every process and after a restart."""
    return hashlib.sha256(data).hexdigest()[:16]
