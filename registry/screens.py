"""The port to the TVs in the house, which composition fills with `cast/` where there may be any."""

from typing import Protocol

from registry.camera import Refusal
from registry.reason import Reason


class Screens(Protocol):
    """Each method waits `within_s` at most; what takes longer goes on after its answer."""

    def show(self, account: str, camera: str, tv: str, within_s: float) -> Refusal | Reason | None:
        """Shows the camera on the TV of that name. A Reason where the TV or showcam stands in the way."""
        ...

    def stop(self, account: str, camera: str, tv: str, within_s: float) -> Reason | None:
        """Ends the camera's picture on that TV, if it is shown there."""
        ...
