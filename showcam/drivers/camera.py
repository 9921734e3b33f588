"""A camera as the registry knows it, and the surfaces that show it; in no vendor's and no assistant's words."""

from operator import attrgetter
from typing import Literal

from msgspec import Struct, field

from showcam.drivers.errors import Reason
from showcam.store.records import DAY_S

# video: Alexa's VideoApp, see showcam.registry.gate.gate; tv: a TV in the house, which is a Cast device;
# player: a program of the household's own
type Display = Literal["alexa", "google", "page", "video", "tv", "player"]
type Surface = Literal[Display, "still"]

OF_ASSISTANTS: tuple[Surface, ...] = ("alexa", "google", "still")
DISPLAYS = frozenset[Surface]({"alexa", "google", "tv"})  # they decode no more than Full HD
WAITING_FOR_SOUND = frozenset[str]({"google", "tv"})  # they show no picture before a sound track comes
WITH_MICROPHONE = frozenset[str]({"alexa", "page"})  # surfaces whose viewers can talk; no other assistant documents it
SOUND_REQUIRED: tuple[str, ...] = ("google",)  # by the manual; an owner may say otherwise
_RULES: dict[Surface, str] = {"video": "alexa", "tv": "google"}  # a Cast device is Google's
STALE_S = DAY_S  # after a day somebody may have changed the camera in the vendor's app
UNASKED = "cloud_unasked"  # in `ways`: the cloud stream, which is not used until the owner agrees to it

# "none": this camera has no such feature (no microphone; encryption at a vendor that has none)
type Flag = Literal["on", "off", "none", "unknown"]
# Whether the stored code or key deciphers the camera's video. "none": no code is stored. "fits": video was deciphered,
# or the vendor lists the code's digest. "unknown": the next video decides. "wrong": keyframes did not decode with it.
type PictureCode = Literal["none", "fits", "wrong", "unknown"]
type VideoCodec = Literal["h264", "h265", "mjpeg", "unknown"]


def assistant(surface: Surface) -> str:
    """The assistant whose rules hold for pictures on this surface."""
    return _RULES.get(surface, surface)


class Ref(Struct, frozen=True):
    """The driver's own address of a camera. It never leaves the registry."""

    source: str
    serial: str
    channel: int


class Video(Struct, frozen=True, omit_defaults=True):  # stored so: a changed default would change stored lists
    codec: VideoCodec = "unknown"
    width: int = 0  # 0: unknown
    height: int = 0
    b_frames: bool = False  # found when it was opened: no display plays them by WebRTC

    @property
    def is_foreign(self) -> bool:
        """Whether the codec is known and is not H.264, the only one that displays are sent."""
        return self.codec not in ("h264", "unknown")


class Listed(Struct, frozen=True, omit_defaults=True):  # stored so: a changed default would change stored lists
    """One channel as a driver reads it: as the vendor lists it, or as the camera at home answers."""

    ref: Ref
    name: str
    kind: Literal["camera", "doorbell"] = "camera"
    manufacturer: str = ""  # the vendor's name, in whose app people manage it
    model: str = ""
    firmware: str = ""
    owner: Literal["own", "shared", "unknown"] = "own"
    online: Flag = "unknown"
    asleep: Flag = "unknown"
    encryption: Flag = "unknown"
    audio: Flag = "unknown"
    listed_video: Video = field(name="video", default=Video())
    listed_sub: Video | None = field(name="sub", default=None)  # the smaller picture; None: the camera sends none
    battery: int | None = None  # percent
    charging: Flag = "none"
    status_light: Flag = "none"
    alarm_notification: Flag = "none"
    offline_notification: Flag = "none"
    flip: Flag = "none"
    night_vision: Literal["colour", "black_and_white", "smart", "none", "unknown"] = "none"
    night_modes: tuple[str, ...] = ()  # the modes that can be set; (): any mode; a single mode: no choice
    motion: Flag = "none"  # "on": reported within the last half minute; "none": it reports no motion
    person: Flag = "none"  # "on": reported within the last half minute; "none": it does not detect people
    picture_code: PictureCode = "none"
    can_restart: bool = False
    can_turn: bool = False  # pans and tilts
    has_speaker: bool = False  # the camera can play a voice
    fault: Reason | Literal[""] = ""  # why a camera at home could not be reached last; "" if unknown
    ways: tuple[str, ...] = ()  # ways to a picture, best first: "lan", "open", "local", "cloud"


_fields_of = attrgetter(*Listed.__struct_fields__)


class Measured(Struct, frozen=True):
    """A camera's pictures as they were found when they were last opened. Times are epoch seconds; 0: never."""

    video: Video | None = None  # None: not opened since the vendor last listed its size
    sub: Video | None = None
    looked_at: float = 0.0  # when the whole picture was measured
    sub_silent_at: float = 0.0  # when the smaller picture was opened and brought nothing


UNMEASURED = Measured()


class LastKnown(Struct, frozen=True):
    """The flags that are unknown now, as they were before. "unknown": the flag is known now, or never was."""

    online: Flag = "unknown"
    encryption: Flag = "unknown"


NEVER_KNOWN = LastKnown()


class Decided(Struct, frozen=True):
    """The owner's decisions in showcam that surfaces show. All others are in showcam.registry.preferences."""

    voice_may: tuple[str, ...] = ()  # the settings that a voice may change, by name, and "restart"
    motion_rings: bool = False  # motion or persons ring like a bell; the camera itself may have no bell
    room: str = ""  # the owner's name for the camera's room; "": not given
    tv_scenes: tuple[str, ...] = ()  # TVs in the house; assistants get a scene for each
    talk: bool = False  # people may talk through the camera


class Camera(Listed, frozen=True, kw_only=True):
    """A channel with its listed, measured and decided values. It was listed at `as_of`, epoch s."""

    id: str
    measured: Measured = UNMEASURED
    last_known: LastKnown = NEVER_KNOWN  # for finding changes; the gate refuses an unknown flag
    decided: Decided = Decided()
    as_of: float = 0.0

    @classmethod
    def of(cls, listed: Listed, *, measured: Measured = UNMEASURED, last_known: LastKnown = NEVER_KNOWN) -> "Camera":
        """The channel without an id and without the owner's decisions, before both are known."""
        return cls(*_fields_of(listed), id="", measured=measured, last_known=last_known)

    @property
    def video(self) -> Video:
        """The whole picture as measured, or as listed if it was never measured."""
        return self.measured.video or self.listed_video

    @property
    def sub(self) -> Video | None:
        """The smaller picture as measured, or as listed if it was never measured; None if the camera sends none."""
        return self.listed_sub and (self.measured.sub or self.listed_sub)

    @property
    def may_be_talked_through(self) -> bool:
        """Whether the camera has a speaker and the owner allows talking."""
        return self.has_speaker and self.decided.talk

    @property
    def can_ring(self) -> bool:
        return self.kind == "doorbell" or self.decided.motion_rings


def kind_of(camera_id: str) -> str:
    """The kind of the camera's source."""
    return camera_id.partition("-")[0]


def is_own(camera_id: str) -> bool:
    """Whether the owner added the camera by its address at home, so that no vendor's account lists it."""
    return kind_of(camera_id) == "lan"


def is_on_battery(camera: Camera) -> bool:
    """Whether the camera has a battery: a picture wakes it and costs charge, and it dozes even while it is charged."""
    return camera.battery is not None or camera.charging != "none"


def sound(camera: Camera) -> Literal["on", "off", "none"]:
    """How the engine should take the camera's sound. Sound is not played if its setting is unknown."""
    if camera.audio in ("on", "none"):
        return "on" if camera.audio == "on" else "none"
    return "off"


class StreamRequest(Struct, frozen=True):
    """A surface's request. `protocols`: which ones it plays, best first ("webrtc", "hls"). `sdp`: its offer, if any."""

    surface: Display
    protocols: tuple[str, ...]
    sdp: str | None = None
    session: str = ""  # the surface's own name for a WebRTC session; a new offer under it replaces the answer
    within_s: float | None = None  # seconds that the surface can still wait; None: as long as the rules say
    image: bool = False  # the address of a still is wanted, too
    largest: tuple[int, int] | None = None  # width and height of the largest picture wanted; None: any
    silent: bool = False  # the surface plays only pictures without sound


class Stream(Struct, frozen=True):
    """A way to see the camera, good for `expires` (epoch s) to be started. URLs are ours, never the vendor's."""

    protocol: Literal["webrtc", "hls"]
    expires: float
    idle_timeout_s: int
    video: Video
    sound: bool
    url: str = ""  # hls: the master playlist; webrtc: the address for posting an offer (WHEP)
    image_url: str = ""  # the address of a JPEG of now, if `image` was requested
    grant: str = ""  # webrtc: only the grant, for the surface's own signalling URL
    answer: str = ""  # webrtc with an offer: the SDP answer
    camera: Camera | None = None  # as it was read for this request; None with a card
    way: str = ""  # a way of showcam.registry.gate.gate, if showcam fetches the picture; else ""
    explains: "Refusal | None" = None  # the stream shows a card, which says why the camera can't be shown


class Snapshot(Struct, frozen=True):
    """The address of a still of `at` or later. It can be fetched until `expires`, with an access token of the link."""

    url: str
    expires: float
    at: float


class State(Struct, frozen=True):
    """The answer to a query about one camera. `refusal` says why it could not be shown just now."""

    camera: Camera
    refusal: "Refusal | None" = None


class Failed(Struct, frozen=True):
    """A row of the gate that did not pass. `reason` names the row."""

    reason: Reason


class Refusal(Struct, frozen=True):
    """Why a camera can't be shown: every failed row in the manual's order, the first as the reason."""

    failed: tuple[Failed, ...]
    camera: str = ""  # the camera's name, "" if it must not be disclosed
    vendor: str = ""  # the camera's vendor, "" if unknown
    shared: bool = False  # another account shares the camera, and only its owner can change some settings
    battery: bool = False  # the camera runs on battery, and cameras on battery have no video port at home
    relays: bool = True  # False: no media process fetches video here

    @property
    def reason(self) -> Reason:
        return self.failed[0].reason
