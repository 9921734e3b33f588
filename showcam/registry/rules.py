"""The installation's rules for streams, as composition takes them from the settings."""

from typing import Literal

from msgspec import Struct

from showcam.drivers.camera import SOUND_REQUIRED
from showcam.drivers.driver import AGAIN_S
from showcam.engine.grants import IDLE_S
from showcam.registry.preferences import WhileEncrypted

PASSED_S = 300  # a display fetches its first list and segment within seconds; it fetches a new address to go on
REQUEST_S = 3.0  # both assistants give up after longer


class Rules(Struct, frozen=True, kw_only=True):
    """Times in seconds."""

    web_url: str = ""  # the address of showcam's pages, without a trailing slash
    require_audio: tuple[str, ...] = SOUND_REQUIRED
    pictures: Literal["plane", "vendor"] = "plane"  # vendor: no media process, a display fetches from the vendor itself
    transcodes: bool = False  # whether the media process may transcode video that a display can't play
    live_per_account: int = 4  # counted here if there is no media process
    passed_s: int = PASSED_S  # the lifetime requested for a vendor's address that a display gets
    deciphers: bool = True  # whether a key may go to the media process: only by loopback or https
    explain: Literal["no", "picture"] = "no"  # whether a display is shown why a camera can't be shown
    opens_per_minute: int = 6  # per link
    idle_s: int = IDLE_S
    request_s: float = REQUEST_S  # for a whole request, unless the surface names a time
    states_s: float = 1.5  # a query may wait this long, for one read
    owner_s: float = 20.0  # for a request of an owner, who waits for it
    read_back_s: float = AGAIN_S  # between two reads of a changed setting; Image Encryption needs seconds

    @property
    def playable(self) -> tuple[str, ...]:
        """The protocols that can show a picture on a display, best first."""
        return ("webrtc", "hls") if self.pictures == "plane" else ("hls",)

    @property
    def stills(self) -> bool:
        """Whether there are still pictures."""
        return self.pictures == "plane"

    @property
    def closed_ways(self) -> tuple[str, ...]:
        """Ways whose picture only a media process can fetch."""
        return () if self.pictures == "plane" else ("lan", "local", "cloud")

    def exception(self, while_encrypted: WhileEncrypted) -> WhileEncrypted:
        """The owner's decision as it applies here: if nothing is deciphered here, a code shows no picture."""
        return "no" if while_encrypted == "code" and not self.deciphers else while_encrypted

    @property
    def vendor_s(self) -> float:
        """The vendor's share of `request_s`; the rest is for the answer."""
        return self.request_s - min(0.3, self.request_s / 4)

    def vendor_within(self, seconds: float | None) -> float:
        """The vendor's seconds: all that the surface has left, else `vendor_s`."""
        return self.vendor_s if seconds is None else seconds

    def states_within(self, seconds: float | None) -> float:
        """Seconds for the one read of a query: no more than the surface has left."""
        return self.states_s if seconds is None else min(self.states_s, seconds)
