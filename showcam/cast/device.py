"""A Cast device with its name and address, a video for a receiver, and the state of what a device shows."""

from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

CAST_PORT = 8009
CONNECT_S = 5.0  # for a connection with a device or the worker, for its end, and for a message

type Kind = Literal["screen", "speaker", "group"]  # a group plays only sound


class Device(Struct, frozen=True):
    """A Cast device. `id`: the device's id, or its address if the owner named the device by its address."""

    id: str
    name: str
    host: str
    port: int = CAST_PORT
    model: str = ""
    kind: Kind = "screen"

    @classmethod
    def named(cls, text: str) -> "Device":
        """The device of “NAME=HOST” or “NAME=HOST:PORT”; an IPv6 address stands in brackets. Raises ValueError."""
        name, found, address = text.partition("=")
        split = urlsplit(f"//{address.strip()}")
        host, port = split.hostname, CAST_PORT if split.port is None else split.port
        is_address = split.netloc == address.strip()  # without a path
        if not found or not name.strip() or not host or not port or not is_address:
            raise ValueError(f"{text!r} is not NAME=HOST or NAME=HOST:PORT")
        return cls(f"{host}:{port}", name.strip(), host, port)


class Picture(Struct, frozen=True):
    """A video for a receiver. `at`: the origins of the video, the nearest first; `path` is the same at all of them.

    `waking`: the camera runs on battery, and its first frame may take 70 s.
    """

    protocol: Literal["webrtc", "hls"]
    at: tuple[str, ...]
    path: str
    title: str
    waking: bool = False

    @property
    def url(self) -> str:
        return self.at[0] + self.path


# taken: another sender shows something there, or somebody pressed Home; ended: the receiver stopped; gone: no answer
type Over = Literal["taken", "ended", "gone"]


class Showing(Struct, frozen=True):
    device: Device
    account: str
    camera: str  # its id
    name: str  # of the camera
    since: float  # epoch s
    until: float = 0.0  # epoch s; 0: until it is stopped
    waking: bool = False  # a camera on battery that the device waits for
