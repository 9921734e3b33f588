"""What a receiver is sent to show."""

from typing import Literal

from msgspec import Struct


class Picture(Struct, frozen=True):
    """`at`: where it may be fetched, the nearest first, each an origin; `path` is the same at all."""

    protocol: Literal["webrtc", "hls"]
    at: tuple[str, ...]
    path: str
    title: str

    @property
    def url(self) -> str:
        return self.at[0] + self.path
