"""What a receiver is sent to show."""

from typing import Literal

from msgspec import Struct


class Picture(Struct, frozen=True):
    """`at`: where it may be fetched, the nearest first, each an origin; `path` is the same at all.

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
