"""The decisions of an owner for each camera."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeIs, get_args

import msgspec
from msgspec import Struct

from showcam.store.ports import Store
from showcam.store.records import HOUR_S

# How a camera is shown while its Image Encryption is on. "no": not at all. "lan": by its clear RTSP at home.
# "code": its video is deciphered here. Only the owner decides this; giving a code or a key does not. Without the
# decision a stored key opens nothing, and without a key the decision opens nothing.
type WhileEncrypted = Literal["no", "lan", "code"]

# Events that are announced as if somebody had rung, as well as the bell: none, all motion, or only persons.
type MotionRings = Literal["no", "motion", "person"]

TV_WHEN = ("doorbell", "motion", "person")
WHILE_ENCRYPTED: tuple[WhileEncrypted, ...] = get_args(WhileEncrypted.__value__)
MOTION_RINGS: tuple[MotionRings, ...] = get_args(MotionRings.__value__)
LONGEST_PAUSE_S = HOUR_S  # for longer pauses there are quiet times
RING_PAUSE_S = 60  # motion in front of a camera goes on for some time


class Preferences(Struct, frozen=True):
    """`voice_may`: names of showcam.drivers.settings.BY_VOICE. `tv_when`: of TV_WHEN, what brings the camera to `tv`.

    `ring_pause_s`: for this long after an announcement, such events are not announced again. The bell always is.
    """

    voice_may: tuple[str, ...] = ()
    while_encrypted: WhileEncrypted = "no"
    decided_at: float = 0.0  # when the owner decided that, epoch seconds; 0: never, or in a version that kept no date
    keep_warm: bool = False  # keep the video open over the home network: a display then shows it at once
    room: str = ""  # the room of the camera, as people call it
    tv: str = ""  # name of a Cast device in the house
    tv_when: tuple[str, ...] = ()
    tv_scenes: tuple[str, ...] = ()  # names of Cast devices; assistants get a scene for each
    motion_rings: MotionRings = "no"
    ring_pause_s: int = RING_PAUSE_S
    favourite: bool = False  # stands first among the cameras on an owner's page


class _Kept(Struct):
    """Preferences as the store has them; `lan_while_encrypted` is how 0.1 spelled while_encrypted = "lan"."""

    voice_may: tuple[str, ...] = ()
    while_encrypted: object = None
    lan_while_encrypted: object = False
    decided_at: object = 0.0
    keep_warm: bool = False
    room: str = ""
    tv: str = ""
    tv_when: tuple[str, ...] = ()
    tv_scenes: tuple[str, ...] = ()
    motion_rings: object = "no"
    ring_pause_s: object = RING_PAUSE_S
    favourite: object = False


NONE = Preferences()
_decoder = msgspec.json.Decoder(_Kept)


def of_account(store: Store, account_id: str) -> Mapping[str, Preferences]:
    """The preferences by camera id, read-only. A camera without preferences is absent."""
    kept = store.preferences(account_id)
    return MappingProxyType(
        {camera: decoded for camera, data in kept.items() if (decoded := _decoded(data)) is not None}
    )


def keep(store: Store, account_id: str, camera_id: str, preferences: Preferences) -> None:
    store.put_preference(account_id, camera_id, msgspec.json.encode(preferences), time.time())


def is_while_encrypted(value: object) -> TypeIs[WhileEncrypted]:
    return value in WHILE_ENCRYPTED


def is_motion_rings(value: object) -> TypeIs[MotionRings]:
    return value in MOTION_RINGS


def is_pause(value: object) -> TypeIs[int]:
    return type(value) is int and 0 <= value <= LONGEST_PAUSE_S


def _decoded(data: bytes) -> Preferences | None:
    try:
        kept = _decoder.decode(data)
    except msgspec.MsgspecError:
        return None  # written by another version: nothing is allowed
    return Preferences(
        kept.voice_may,
        _while_encrypted(kept),
        _decided_at(kept),
        kept.keep_warm,
        kept.room,
        kept.tv,
        kept.tv_when,
        kept.tv_scenes,
        kept.motion_rings if is_motion_rings(kept.motion_rings) else "no",
        kept.ring_pause_s if is_pause(kept.ring_pause_s) else NONE.ring_pause_s,
        kept.favourite is True,
    )


def _decided_at(kept: _Kept) -> float:
    at = kept.decided_at
    return float(at) if isinstance(at, int | float) and _while_encrypted(kept) != "no" else 0.0


def _while_encrypted(kept: _Kept) -> WhileEncrypted:
    if kept.while_encrypted is None:
        return "lan" if kept.lan_while_encrypted is True else "no"
    return kept.while_encrypted if is_while_encrypted(kept.while_encrypted) else "no"
