"""What is shown on a Cast device now."""

from msgspec import Struct

from cast.device import Device


class Showing(Struct, frozen=True):
    device: Device
    account: str
    camera: str  # its id
    name: str  # of the camera
    since: float  # epoch s
    until: float = 0.0  # epoch s; 0: until it is stopped
