"""The port to the TVs in the house, which composition fills with `cast/` where there may be any."""

from dataclasses import dataclass
from typing import Protocol

from registry.camera import Refusal
from registry.reason import Reason


@dataclass(frozen=True)
class Begun:
    """The TV shows the camera, or still loads it. `waking`: a camera on battery is woken first, for up to 70 s."""

    waking: bool = False


class Screens(Protocol):
    """Each method waits `within_s` at most; what takes longer goes on after its answer."""

    def show(self, account: str, camera: str, tv: str, within_s: float) -> Refusal | Reason | Begun:
        """Shows the camera on the TV of that name. A Reason where the TV or showcam stands in the way."""
        ...

    def stop(self, account: str, camera: str, tv: str, within_s: float) -> Reason | None:
        """Ends the camera's picture on that TV, if it is shown there."""
        ...
