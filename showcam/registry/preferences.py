"""The decisions of an owner for each camera."""

import contextlib
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeIs, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace

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
MQTT_MAY = ("encryption", "audio", "sleep")  # settings that a broker may be allowed to switch
MOTION_RINGS: tuple[MotionRings, ...] = get_args(MotionRings.__value__)
LONGEST_PAUSE_S = HOUR_S  # for longer pauses there are quiet times
RING_PAUSE_S = 60  # motion in front of a camera goes on for some time


class Preferences(Struct, frozen=True):
    """`voice_may`: names of showcam.drivers.settings.BY_VOICE. `tv_when`: of TV_WHEN, what brings the camera to `tv`.

    `mqtt_may`: of MQTT_MAY, what whoever writes to the household's MQTT broker may switch, without a further consent.

    `phone_when`: of TV_WHEN, what is sent to the household's addresses for notices, with a still of the camera.

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
    mqtt_may: tuple[str, ...] = ()
    phone_when: tuple[str, ...] = ()
    talk: bool = False  # viewers with a microphone may talk through the camera
    favourite: bool = False  # stands first among the cameras on an owner's page


NONE = Preferences()
_decoder = msgspec.json.Decoder(dict[str, object])


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
    """The preferences that this version can read; each of the others has its default, which allows nothing."""
    try:
        kept = _decoder.decode(data)
    except msgspec.MsgspecError:
        return None  # written by another version: nothing is allowed
    if kept.get("lan_while_encrypted") is True:  # as 0.1 spelled it
        kept.setdefault("while_encrypted", "lan")
    known = {}
    for field in fields(Preferences):
        with contextlib.suppress(KeyError, msgspec.ValidationError):
            known[field.name] = msgspec.convert(kept[field.name], field.type)
    preferences = Preferences(**known)
    if not is_pause(preferences.ring_pause_s):
        preferences = replace(preferences, ring_pause_s=RING_PAUSE_S)
    return preferences if preferences.while_encrypted != "no" else replace(preferences, decided_at=0.0)
