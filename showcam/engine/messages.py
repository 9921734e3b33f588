"""What the media process and the others say to each other, and why a request failed: one definition for both ends.

Either may be of the version before: what was added since has to be NotRequired, and what is not known is passed over.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from showcam.engine.grants import Picture, WireClaims
from showcam.engine.lease import Ending, Lease
from showcam.engine.source import Codec, WireDenied, WireSource


class MediaUnavailable(Exception):
    """The media process could not start the stream."""


class NoPicture(MediaUnavailable):
    """The camera's picture could not be had; `reason` is the registry's word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no picture: {reason}")
        self.reason = reason


class SessionOver(MediaUnavailable):
    """What the grant or the name stands for was ended; only another grant opens the camera."""


class MediaGone(MediaUnavailable):
    """Nobody answered in time, or nobody who knows us; another media process may do."""


class MediaLate(MediaGone):
    """The media process may be there: it had too little time to answer."""


class MediaBusy(Exception):
    """A limit of live streams is reached."""


class MediaFull(MediaBusy):
    """The limit of this media process; another may have room."""


class BadOffer(Exception):
    """The text is no SDP offer, or the offer takes no codec that can be sent."""


class Nothing(TypedDict):
    """An empty answer: what was requested is done, or begun."""


# to the media process, under /internal/


class Warm(TypedDict):
    claims: WireClaims
    source: WireSource | None  # None: of a picture that flows


class Offer(TypedDict):
    claims: WireClaims
    source: WireSource | None  # None: of a session that has one
    sdp: str
    replaces: str
    within_s: NotRequired[float]


class Answered(TypedDict):
    sdp: str
    session: str


class End(TypedDict):
    link: str
    name: str  # "": all of the link's


class Keep(TypedDict):
    claims: WireClaims


class Lend(TypedDict):
    """A door for one device in the house, which opens what was granted to that link and nothing else."""

    link: str
    device: str  # its address


class Lent(TypedDict):
    at: str  # where the device fetches, as "http://192.168.1.5:40123"


class Probe(TypedDict):
    """Watch a camera at home for a moment; nobody sees it."""

    source: WireSource
    within_s: float


class Probed(TypedDict):
    codec: Codec
    width: int
    height: int
    rate: float
    gop_s: float
    watched_s: float
    still: str  # JPEG, in Base64


class FlowsOf(TypedDict):
    account: str
    camera: str


class Flows(TypedDict):
    """Those of the camera's pictures that are being pulled."""

    pictures: list[Picture]


class LiveOf(TypedDict):
    account: str  # "": of all


class Live(TypedDict):
    live: int


class PullStats(TypedDict):
    pulls: int
    pulls_live: int
    reopened: int
    minted: int


class TranscodeStats(TypedDict):
    transcodes: int
    left_out: int  # pictures for which there was no time, of those that are transcoded now


class Stats(PullStats, TranscodeStats):
    sessions: int
    live: int
    webrtc: int


# to the web process, under /internal/sources/


class Open(TypedDict):
    claims: WireClaims


class Opened(TypedDict):
    source: WireSource


class NotOpened(TypedDict):
    denied: WireDenied


class Still(TypedDict):
    still: str  # JPEG, in Base64; "": a picture has to be opened


class Check(TypedDict):
    claims: Sequence[WireClaims]


class Checked(TypedDict):
    denied: Sequence[WireDenied | None]  # in the order asked


class Admits(TypedDict):
    claims: WireClaims
    bearer: str


class Admitted(TypedDict):
    admitted: bool


class Learnt(TypedDict):
    claims: WireClaims
    width: int
    height: int
    b_frames: NotRequired[bool]
    codec: NotRequired[Codec]
    lacks_sub: NotRequired[bool]


class Judged(TypedDict):
    claims: WireClaims
    mark: str
    fits: bool


class Closed(TypedDict):
    claims: WireClaims
    release: str  # both of what follows, as the version before reads them
    lease: NotRequired[Lease]
    ending: NotRequired[Ending]
