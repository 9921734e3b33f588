"""The messages between the media process and the others, and the reasons for failed requests, for both ends.

Either end may be of the version before: a field that was added since must be NotRequired, and unknown fields are
ignored.
"""

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from showcam.engine.grants import Picture, WireClaims
from showcam.engine.source import Codec, Denied, Ending, Lease, TalkPhase, WireSource

PROCESS = "^[a-z2-7]{16}$"  # the id of a media process


class MediaUnavailable(Exception):
    """The media process could not start the stream."""


class NoPicture(MediaUnavailable):
    """The camera's video could not be had; `reason` is the registry's word for the cause."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no picture: {reason}")
        self.reason = reason


class SessionOver(MediaUnavailable):
    """The stream of the grant or the name was ended; only another grant opens the camera."""


class MediaGone(MediaUnavailable):
    """No media process of ours answered in time; another one may do better."""


class MediaLate(MediaGone):
    """The media process may be there: it had too little time to answer."""


class MediaBusy(Exception):
    """A limit of live streams is reached."""


class MediaFull(MediaBusy):
    """The limit of this media process; another may have room."""


class BadOffer(Exception):
    """The text is no SDP offer, or the offer takes no codec that can be sent."""


class Nothing(TypedDict):
    """An empty answer: the request is done, or has begun."""


# messages to the media process, under /internal/


class Warm(TypedDict):
    claims: WireClaims
    source: WireSource | None  # None: the camera is being pulled already


class Offer(TypedDict):
    claims: WireClaims
    source: WireSource | None  # None: the session has a source already
    sdp: str
    replaces: str
    within_s: NotRequired[float]


class Answered(TypedDict):
    sdp: str
    session: str


class End(TypedDict):
    link: str
    name: str  # "": all sessions of the link


class Keep(TypedDict):
    claims: WireClaims


class Lend(TypedDict):
    """Asks for a door for one device in the house. The door opens the grants of that link and nothing else."""

    link: str
    device: str  # its address


class Lent(TypedDict):
    at: str  # the address that the device fetches from, as "http://192.168.1.5:40123"


class Probe(TypedDict):
    """Asks to watch a camera at home for a moment, without a viewer."""

    source: WireSource
    within_s: float


class FlowsOf(TypedDict):
    account: str
    camera: str


class Flows(TypedDict):
    """The streams of the camera that are being pulled."""

    pictures: list[Picture]


class LiveOf(TypedDict):
    account: str  # "": all accounts


class Live(TypedDict):
    live: int


class PullStats(TypedDict):
    pulls: int
    pulls_live: int
    reopened: int
    minted: int


class TranscodeStats(TypedDict):
    transcodes: int
    left_out: int  # frames that were skipped for lack of time, of the videos that are transcoded now


class Stats(PullStats, TranscodeStats):
    sessions: int
    live: int
    webrtc: int


# messages to the web process, under /internal/sources/


class Open(TypedDict):
    claims: WireClaims


class Opened(TypedDict):
    source: WireSource


class NotOpened(TypedDict):
    denied: Denied


class Still(TypedDict):
    still: str  # JPEG, in Base64; "": the camera's video has to be opened


class Check(TypedDict):
    claims: Sequence[WireClaims]
    process: NotRequired[str]  # the id of a media process that reports itself


class Checked(TypedDict):
    denied: Sequence[Denied | None]  # in the order asked


class Talk(TypedDict):
    """A viewer talks through a camera; answered as `Open` is. `reason`: why it ended."""

    claims: WireClaims
    phase: TalkPhase
    reason: str


class Admits(TypedDict):
    claims: WireClaims
    bearer: str


class Admitted(TypedDict):
    admitted: bool


class Knock(TypedDict):
    """Asks for the player of a user name of RTSP."""

    name: Annotated[str, Meta(max_length=256)]


class Knocked(TypedDict):
    player: str  # its id; "": there is none of this name
    ha1: str  # as RFC 7616 computes it with MD5 from the name, the realm "showcam" and the player's key


class Play(TypedDict):
    """Asks for a camera for a player whose key was right."""

    player: Annotated[str, Meta(max_length=128)]
    camera: Annotated[str, Meta(max_length=128)]


class Played(TypedDict):
    grant: str  # for HLS, of the surface "player"; "": refused
    reason: str  # the registry's word for the refusal
    words: str  # the refusal in an English sentence


class Learnt(TypedDict):
    claims: WireClaims
    width: int
    height: int
    b_frames: NotRequired[bool]
    codec: NotRequired[Codec]
    lacks_sub: NotRequired[bool]
    first_s: NotRequired[float]  # from the first request for the video to its first picture


class Judged(TypedDict):
    claims: WireClaims
    mark: str
    fits: bool


class Beat(TypedDict):
    """A media process reports that this process is alive."""

    process: Annotated[str, Meta(pattern=PROCESS)]
    born: Annotated[str, Meta(min_length=8, max_length=64)]  # random; it differs for two processes with the same id
    at: Annotated[
        str, Meta(max_length=64)
    ]  # IP address and port for requests of other media processes; "": it ends now
    places: Annotated[int, Meta(ge=0, le=10_000)]  # how many further cameras it has room for
    draining: bool


class Beaten(TypedDict):
    taken: bool  # another living process has this id


class Find(TypedDict):
    """Asks for another media process; if it is gone, for the one that now has the camera of the claims."""

    process: str
    lost: bool  # the process did not answer, so the camera goes to another process
    claims: WireClaims | None


class Found(TypedDict):
    process: str
    at: str  # IP address and port; "": there is none


class Closed(TypedDict):
    claims: WireClaims
    release: str  # the lease and the ending in one text, as the version before reads them
    lease: NotRequired[Lease]
    ending: NotRequired[Ending]
