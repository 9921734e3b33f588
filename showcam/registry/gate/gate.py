"""The gate decides how a camera may be shown on a surface, and which of its pictures a display gets.

Displays decode H.264 up to level 4.x, which is Full HD: larger pictures stay black. No display reorders frames that
come by WebRTC, so it can't play B-frames. Sizes are as the vendor lists them, or else as measured when a picture was
opened.

The gate does no I/O: it judges what was read, and the registry hands it fresh readings.
"""

from collections.abc import Callable, Mapping, Set
from typing import NamedTuple, get_args

from msgspec import Struct

from showcam.drivers.camera import (
    DISPLAYS,
    SOUND_REQUIRED,
    STALE_S,
    UNASKED,
    WAITING_FOR_SOUND,
    WITH_MICROPHONE,
    Camera,
    Display,
    Failed,
    Refusal,
    StreamRequest,
    Surface,
    Video,
    assistant,
    is_on_battery,
)
from showcam.drivers.errors import Reason
from showcam.drivers.settings import BY_VOICE
from showcam.engine.grants import Picture
from showcam.engine.source import MOST_PIXELS, TRANSCODED, transcoded_size
from showcam.registry.preferences import WhileEncrypted

PLAYABLE = ("webrtc", "hls")  # protocols of the media process, the better first
H265 = "h265"  # among the protocols of a request: the program also plays H.265, and wants the whole picture
FULL_HD = (1920, 1080)
USUAL = (1280, 720)  # assumed for a picture of unknown size
VIDEO_APP = (1280, 720)
# The gate's row for each surface a grant may be for.
GATE: dict[str, Surface] = {display: display for display in get_args(Display.__value__)}


def may_have_changed(camera: Camera) -> bool:
    """Whether the whole picture was measured more than STALE_S ago: the owner may have changed it since."""
    return 0 < camera.measured.looked_at < camera.as_of - STALE_S


def plain(camera: Camera) -> Picture:
    """The picture for a player of any size: the smaller one if, as far as is known, only that one is H.264."""
    return "sub" if camera.video.is_foreign and camera.sub and not camera.sub.is_foreign else "main"


def not_h264(camera: Camera) -> bool:
    """Whether no picture is H.264. False if the codec may have changed: the picture is tried then."""
    return shown(camera, plain(camera)).is_foreign and not may_have_changed(camera)


def best(camera: Camera) -> Picture:
    """The picture for a display: also the smaller one if the whole one is known to be too large for displays."""
    sub_alone = not camera.video.is_foreign and is_larger(camera.video, _full_hd(camera.video))
    return "sub" if sub_alone and camera.sub and may_fit(camera.sub, _full_hd(camera.sub)) else plain(camera)


def shown(camera: Camera, picture: Picture) -> Video:
    return camera.sub if picture == "sub" and camera.sub else camera.video


def within(video: Video, largest: tuple[int, int]) -> bool:
    """Whether the video is at most this large; False if its size is not known."""
    return 0 < video.width <= largest[0] and 0 < video.height <= largest[1]


def beyond(camera: Camera) -> bool:
    """Whether every picture is too large for a display. False if the size may have changed: it is tried then."""
    picture = shown(camera, best(camera))
    return picture.width * picture.height > MOST_PIXELS and not may_have_changed(camera)


def by_hls_alone(camera: Camera) -> bool:
    """Whether the picture for a display has B-frames, and no playable picture without them exists."""
    picture = best(camera)
    if not shown(camera, picture).b_frames:
        return False
    return picture == "sub" or camera.sub is None or camera.sub.b_frames or camera.sub.is_foreign


def as_played(video: Video, surface: str) -> Video:
    """The video that a display gets, if the media process transcodes pictures that the display can't play."""
    is_too_large = surface in DISPLAYS and video.width * video.height > MOST_PIXELS
    if video.is_foreign or is_too_large or (surface == "video" and is_larger(video, TRANSCODED)):
        return Video("h264", *(transcoded_size(video.width, video.height) if video.width else TRANSCODED))
    return video


def _full_hd(video: Video) -> tuple[int, int]:
    """Full HD in the picture's orientation: a decoder's limit counts macroblocks."""
    width, height = FULL_HD
    return (height, width) if video.height > video.width else FULL_HD


def may_fit(video: Video | None, largest: tuple[int, int]) -> bool:
    return video is not None and not video.is_foreign and (video.width == 0 or within(video, largest))


def is_larger(video: Video, largest: tuple[int, int]) -> bool:
    width, height = (video.width, video.height) if video.width else USUAL
    return width > largest[0] or height > largest[1]


class Fit(NamedTuple):
    """A picture to ask the camera for, and the surface as its grant will name it.

    `way`: the way that the source came by; "" until then.
    """

    picture: Picture
    surface: str
    way: str = ""


def common(requested: tuple[str, ...], playable: tuple[str, ...]) -> tuple[str, ...]:
    """The requested protocols that are served here, in the requested order. H265 stays among them."""
    return tuple([protocol for protocol in requested if protocol in (*playable, H265)])


def fits(request: StreamRequest, camera: Camera, *, transcodes: bool) -> tuple[Fit, ...]:
    """The fits, best first: the next is for a camera that turns out to have no smaller picture. Empty: all too large.

    `transcodes`: the media process may make a larger picture smaller.
    """
    if H265 in request.protocols:
        return (Fit("main", request.surface),)
    if request.surface != "video":
        return _for_display(request, camera) if camera.sub else (Fit("main", request.surface),)
    if plain(camera) == "main" and within(camera.video, VIDEO_APP):
        return (Fit("main", "video"),)
    # the size of a picture may turn out only when it plays: the media process transcodes or refuses it then
    alone = transcodes and plain(camera) == "sub"
    found = [Fit("sub", "video")] if alone or may_fit(camera.sub, VIDEO_APP) else []
    if plain(camera) == "main" and (transcodes or camera.video.width == 0):
        found.append(Fit("main", "video"))
    return tuple(found)


def _for_display(request: StreamRequest, camera: Camera) -> tuple[Fit, ...]:
    picture = plain(camera)
    if picture == "main" and _wants_less(request, camera):
        return Fit("sub", request.surface), Fit("main", request.surface)
    return (Fit(picture, request.surface),)


def _wants_less(request: StreamRequest, camera: Camera) -> bool:
    largest = request.largest
    if largest and is_larger(camera.video, largest) and may_fit(camera.sub, largest):
        return True
    orderly = camera.sub is not None and not camera.sub.is_foreign and not camera.sub.b_frames
    if orderly and camera.video.b_frames and "hls" not in request.protocols:
        return True
    # once a day the whole picture is tried again: the owner may have made it smaller, and the media process will see
    is_display = request.surface not in ("page", "player")
    return is_display and best(camera) == "sub" and not may_have_changed(camera)


# LAN first: it costs the vendor nothing and the picture never leaves the house. The account's own cloud stream asks
# nothing of its owner, but is slower to begin and an open connection. "local" is a camera's own protocol at home, which
# its owner chose since the cloud brought nothing.
ORDER = ("lan", "open", "local", "cloud")

# Ways with a single picture, whichever picture is asked for: all viewers share it.
ONE_PICTURE = frozenset({"cloud", "local"})

OPEN_AIR = frozenset({"cloud"})  # ways whose pictures cross the internet on an open connection

# Ways that show a camera while its Image Encryption is on, by the owner's decision. RTSP at home is clear; video of the
# account's cloud stream or of the camera's own protocol is deciphered here.
EXCEPTED: Mapping[WhileEncrypted, frozenset[str]] = {
    "no": frozenset(),
    "lan": frozenset({"lan"}),
    "code": frozenset({"lan", "local", "cloud"}),
}

_CLEAR = frozenset({"off", "none"})  # values of Image Encryption
_NOT_SHARED = frozenset({"open"})  # the account's own key can't fetch a camera that another account shares


def choose(camera: Camera, tried: tuple[str, ...] = (), while_encrypted: WhileEncrypted = "no") -> str | None:
    """The best way left, or None. Ways that show an encrypted camera come before other ways."""
    barred: Set[str] = _NOT_SHARED if camera.owner == "shared" else frozenset()
    left = [way for way in ORDER if way in camera.ways and way not in tried and way not in barred]
    if camera.encryption not in _CLEAR:
        left = [way for way in left if way in EXCEPTED[while_encrypted]] or left
    return left[0] if left else None


def shows_by_code(camera: Camera) -> bool:
    """Whether the camera has a way that shows an encrypted picture by its code, once the owner agrees to that way."""
    return UNASKED in camera.ways or not EXCEPTED["code"].isdisjoint(camera.ways)


def may_be_overheard(camera: Camera) -> bool:
    """Whether the camera's best way crosses the internet on an open connection: the owner must agree."""
    way = choose(camera)
    return way in OPEN_AIR or (way is None and UNASKED in camera.ways)


class Allowed(Struct, frozen=True):
    """The gate is open; `sound` says whether the picture comes with sound, `silence` whether a silent track is due."""

    sound: bool
    silence: bool


class Conditions(Struct, frozen=True):
    """The facts that the gate judges as well as the camera itself."""

    surface: Surface
    way: str | None  # "lan", "open", "local", "cloud"; None when no way to a picture exists
    protocols: tuple[str, ...] = ()  # all that the surface can play; empty for a still picture
    audio_required: tuple[str, ...] = SOUND_REQUIRED
    transcodes: bool = False  # a picture that the surface can't play may be transcoded
    while_encrypted: WhileEncrypted = "no"  # the owner's decision
    relays: bool = True  # a media process fetches what a display can't


# The reason for each value of a flag. A value that is not listed is unknown, which is not off.
_ONLINE: dict[str, Reason | None] = {"on": None, "off": "offline"}
_ASLEEP: dict[str, Reason | None] = {"off": None, "none": None, "on": "asleep"}  # "none": the model has no Sleep Mode
_ENCRYPTION: dict[str, Reason | None] = {"off": None, "none": None, "on": "encryption_on"}
# The reason for each state of the stored code or key, if the owner decided "code"; without a key the camera counts as
# encrypted. Only the video shows whether a key fits, so an untested key may be tried.
_PICTURE_CODE: dict[str, Reason | None] = {
    "fits": None,
    "unknown": None,
    "wrong": "code_wrong",
    "none": "encryption_on",
}
_PLAYED = frozenset({"webrtc", "hls"})
_BY_HLS = frozenset({"hls"})
_AUDIO: dict[str, Reason | None] = {"on": None, "none": None, "off": "audio_off"}


def _online(camera: Camera, _now: Conditions) -> Reason | None:
    reason = _ONLINE.get(camera.online, "state_unknown")
    return camera.fault or reason if reason == "offline" else reason


def _awake(camera: Camera, _now: Conditions) -> Reason | None:
    return _ASLEEP.get(camera.asleep, "state_unknown")


def _encryption(camera: Camera, now: Conditions) -> Reason | None:
    reason = _ENCRYPTION.get(camera.encryption, "encryption_unknown")
    if reason is None or now.way not in EXCEPTED[now.while_encrypted]:
        return reason
    if now.while_encrypted == "code":
        return _PICTURE_CODE.get(camera.picture_code, "encryption_unknown")
    return None


def _audio(camera: Camera, now: Conditions) -> Reason | None:
    if assistant(now.surface) not in now.audio_required:
        return None
    return _AUDIO.get(camera.audio, "audio_unknown")


def _way(camera: Camera, now: Conditions) -> Reason | None:
    if now.way or (camera.fault and camera.online == "off"):  # that fault is the reason of the row “online”
        return None
    return camera.fault or ("not_agreed" if UNASKED in camera.ways else "no_way")


def _playable(camera: Camera, now: Conditions) -> Reason | None:
    if now.surface == "still":
        return None
    if now.transcodes:
        return "no_common_protocol" if _PLAYED.isdisjoint(now.protocols) else None
    is_played = H265 in now.protocols and now.relays and camera.video.codec == "h265"
    # an unknown codec is settled by the first packet
    if not_h264(camera) and not is_played:
        return "not_playable"
    # a browser plays more
    if now.surface in DISPLAYS and beyond(camera):
        return "beyond_displays"
    played = _BY_HLS if by_hls_alone(camera) else _PLAYED
    return "no_common_protocol" if played.isdisjoint(now.protocols) else None


type Row = Callable[[Camera, Conditions], Reason | None]

# The manual's preconditions in the order of their reports. Three are judged elsewhere. Visibility comes before them: if
# a link may not see a camera, nothing else about the camera is judged, and so nothing can be disclosed. A reading tells
# whether the account is signed in and its vendor answers; if not, the flags are old, and reporting them might mislead.
# The media process judges whether a place is free when it gives the place away.
ROWS: tuple[Row, ...] = (_online, _awake, _encryption, _audio, _way, _playable)


def gate(camera: Camera, now: Conditions) -> Allowed | Refusal:
    """A refusal with every failed row, or how the picture may be shown."""
    failed = tuple(Failed(reason) for row in ROWS if (reason := row(camera, now)) is not None)
    if failed:
        return _refusal(failed, camera, relays=now.relays)
    return Allowed(sound=camera.audio == "on", silence=camera.audio != "on" and now.surface in WAITING_FOR_SOUND)


def may_talk(camera: Camera, surface: str) -> bool:
    """Whether a viewer on this surface may talk through the camera, once the gate has let them see it."""
    return camera.may_be_talked_through and surface in WITH_MICROPHONE


def unverified(refusal: Refusal) -> bool:
    """Whether reading the camera once more might open the gate."""
    return any(row.reason in ("state_unknown", "encryption_unknown", "audio_unknown") for row in refusal.failed)


def overruled(reason: Reason, camera: Camera | None, vendor: str = "") -> Refusal:
    """A refusal by the vendor or a limit, whatever the flags say. `camera` None: only the vendor is named."""
    if camera is None:
        return Refusal((Failed(reason),), vendor=vendor)
    return _refusal((Failed(reason),), camera)


def _refusal(failed: tuple[Failed, ...], camera: Camera, *, relays: bool = True) -> Refusal:
    is_shared, battery = camera.owner == "shared", is_on_battery(camera)
    return Refusal(failed, camera.name, camera.manufacturer, shared=is_shared, battery=battery, relays=relays)


def not_by_voice(camera: Camera, what: str) -> Refusal | None:
    """Why no voice may change `what` on the camera: a setting's name, or "restart". None: a voice may."""
    if what == "encryption":
        return overruled("encryption_by_voice", camera)  # not even the owner can allow this
    may = what in BY_VOICE and what in camera.decided.voice_may
    return None if may else overruled("voice_may_not", camera)


def not_found() -> Refusal:
    """The same answer for an unknown camera, another household's, and one not chosen at consent."""
    return Refusal((Failed("not_found"),))
