"""What a test may set of the vendor and of its cameras beyond what the practice page does."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Literal, get_args

from showcam.simulator.camera import Camera
from showcam.simulator.state import ACTS_S, Settings, World

type Fault = Literal["timeout", "http500", "rate", "expired", "delay", "garbage", "half", "html", "clock_skew", "quota"]
FAULTS: tuple[str, ...] = get_args(Fault.__value__)


@dataclass(slots=True)
class Trouble(Settings):
    """The vendor's behaviour; no trouble by default, but for the servers of cameras' keys."""

    latency_ms: float = 0.0
    fault: Fault | Literal[""] = ""  # every call meets this fault
    delay_s: float = ACTS_S  # the delay of the fault "delay"
    key_code: int = 0  # the answer to every request for a camera's key; 0: the true answer
    cut_s: float = 60.0  # life of a live address from its first fetch
    token_s: float = 7 * 86400.0  # of the Open Platform's access token
    viewers: int = 20  # at once, per account
    china: bool = False  # whether the Open Platform is the Chinese one, which has a few more calls
    push_fault: Literal["", "garbage", "refuse", "drop", "resumed", "denied"] = ""  # a fault of the app's messages
    pushes_rings: bool = False  # a press is pushed too, as an older DP1C does it (RenierM26/ha-ezviz issue 112)
    hls_fault: Literal["", "no_cors", "ended", "key", "sound"] = ""  # a fault of live streams, as players meet it
    gateway_fault: str = ""  # of Amazon's event gateway, in the words of cloud_faults.py
    # the app's cloud stream
    session_cut_s: float = 0.0  # a session lasts this long; 0: for as long as it is kept alive
    cut_with: Literal["", "5500", "5999", "7005"] = ""  # the result that announces the end of a session
    mute_after_s: float = 0.0  # a session that has lasted this long sends nothing more and stays open; 0: none does
    # a camera's second session: with "" it ends the first. With "joins" it is sent the same. With a number, the node
    # refuses the session with that result.
    stream_crowd: Literal["", "joins", "5405", "5416", "5452", "5491"] = ""
    # each keyframe comes with parameter sets; "first": only those of a camera's first session do
    stream_sets: Literal["", "first"] = ""
    stream_code: int = 0  # the answer of every node; 0: the true answer
    stream_map: Literal["", "lies", "none"] = ""  # the stream's table of codecs
    stream_fault: Literal[
        "",
        "silent",
        "silent_sub",  # only the smaller picture
        "noise",
        "junk",
        "tokens",
        "ciphered",
        "hangs",
        "drips",
        "nameless",  # an answer that names no session
        "private",
        "foreign",
        "link_local",
    ] = ""
    # the server of cameras' keys. Its certificate is out of date, as real ones were found
    # (github.com/RenierM26/pyEzvizApi #271), unless "good" or "replaced" by another that is out of date
    cas_certificate: Literal["", "good", "replaced"] = ""
    # "forgets": once, the fact that a terminal was registered
    cas_fault: Literal["", "forgets", "refused", "limit", "silent", "garbage", "half", "drips"] = ""
    cas_zero: bool = False  # whether a client of type 0 is answered; real servers often do not
    # cameras' own protocol in the house
    local_answers: Literal["", "sealed"] = "sealed"  # "": in the clear
    local_cut_s: float = 0.0  # a session lasts this long; 0: until its client ends it
    local_crowd: Literal["", "refuses"] = ""  # the second session's effect; "": the first session ends
    local_stranger: Literal["", "refuses"] = ""  # the answer to a client without the camera's key; "": nothing comes
    # "stalls": a keyframe and little more is sent, and the connection stays open
    local_fault: Literal["", "refuses", "mute", "drops", "noise", "junk", "keyless", "drips", "floods", "stalls"] = ""
    local_bent: str = ""  # the answer to cut or change, and the changed place


@dataclass(slots=True)
class Webhook:
    """The address for the Open Platform's messages, and counts of their outcomes."""

    url: str = ""
    key: str = ""
    duplicates: int = 0  # how many more times each message is sent
    skew_s: float = 0.0  # the sender's clock runs ahead by this
    patience_s: float = 2.0  # EZVIZ wants an answer within this, else it sends the message again
    sent: int = 0
    answered: int = 0
    dropped: int = 0


@dataclass(slots=True)
class OfCamera:
    """`local`: how the camera's own protocol sends pictures; "": the camera has no such protocol."""

    fault: Fault | None = None
    ciphers_link: bool = False  # the stream node wants a link with an extra cipher
    local: Literal["", "plain", "wrapped"] = ""
    pairing: int = 1  # each further pairing gives the camera another key


@dataclass(slots=True)
class TroubledWorld(World):
    settings: Trouble = field(default_factory=Trouble)
    webhook: Webhook = field(default_factory=Webhook)
    calls: Counter[str] = field(default_factory=Counter)  # of both APIs, by path; of the other servers, by name
    by_camera: dict[str, OfCamera] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World) -> "TroubledWorld":
        kept = {each.name: getattr(world, each.name) for each in fields(World) if each.name != "settings"}
        return cls(**kept)

    def trouble_of(self, camera: Camera) -> OfCamera:
        """What the test has set for the device, all of whose channels it concerns but for a fault."""
        return self.by_camera.setdefault(camera.key, OfCamera())
