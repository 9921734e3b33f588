"""What an owner decides in showcam per camera."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from store.ports import Store


class Preferences(Struct, frozen=True):
    """`voice_may`: names of registry.settings.BY_VOICE."""

    voice_may: tuple[str, ...] = ()
    lan_while_encrypted: bool = False  # show it over the LAN and keep Image Encryption on
    keep_warm: bool = False  # hold its picture open over the home network, so that a display sees it at once
    scaled: bool = False  # a smaller stream may be made of it where it has none


NONE = Preferences()


def of_account(store: Store, account_id: str) -> Mapping[str, Preferences]:
    """By camera id, read-only; a camera without an entry has none."""
    kept = store.preferences(account_id)
    return MappingProxyType(
        {camera: decoded for camera, data in kept.items() if (decoded := _decoded(data)) is not None}
    )


def keep(store: Store, account_id: str, camera_id: str, preferences: Preferences) -> None:
    store.put_preference(account_id, camera_id, msgspec.json.encode(preferences))


def _decoded(data: bytes) -> Preferences | None:
    try:
        return msgspec.json.decode(data, type=Preferences)
    except msgspec.MsgspecError:
        return None  # written by another version: nothing is allowed
