"""What is shown on a Cast device now."""

from typing import Literal

from msgspec import Struct

from cast.device import Device

# taken: another sender shows something there, or somebody went home; ended: the receiver plays no more
type Over = Literal["taken", "ended", "gone"]


class Showing(Struct, frozen=True):
    device: Device
    account: str
    camera: str  # its id
    name: str  # of the camera
    since: float  # epoch s
    until: float = 0.0  # epoch s; 0: until it is stopped
    waking: bool = False  # a camera on battery that the device waits for
