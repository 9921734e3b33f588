"""One source as its vendor answered at one time."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from accounts.identity import camera_id
from registry.camera import Camera
from registry.preferences import NONE, Preferences
from store.records import Account, Source

_encoder = msgspec.msgpack.Encoder()


class Reading(Struct, frozen=True):
    """One source as its vendor listed it; `as_of`, epoch seconds, is when the vendor was called. It does not change."""

    as_of: float
    given: tuple[Camera, ...]  # as the driver returned them
    with_sizes: tuple[Camera, ...]  # `given` with the sizes that their pictures turned out to have
    cameras: tuple[Camera, ...]  # `with_sizes` with ids, and what the owner decided: rings, voice, room, scenes
    by_id: Mapping[str, Camera]
    fingerprint: str
    preferences: Mapping[str, Preferences]  # of the household, by camera id

    def find(self, camera: str) -> Camera | None:
        found = self.by_id.get(camera)
        return replace(found, as_of=self.as_of) if found else None


def made(
    account: Account,
    source: Source,
    given: tuple[Camera, ...],
    with_sizes: tuple[Camera, ...],
    as_of: float,
    preferences: Mapping[str, Preferences],
) -> Reading:
    """A reading from the driver's cameras (`given`) and the same cameras with known sizes."""
    cameras, of_all = [], []
    for camera in with_sizes:
        its_id = camera_id(account.salt, source.kind, camera.ref.serial, camera.ref.channel)
        own = preferences.get(its_id, NONE)
        decided = {
            "voice_may": own.voice_may,
            "room": own.room,
            "tv_scenes": own.tv_scenes,
            "motion_rings": own.motion_rings != "no",
        }
        of_all.append(tuple(decided.values()))
        cameras.append(replace(camera, id=its_id, as_of=as_of, **decided))
    fingerprint = hashlib.blake2b(_encoder.encode((with_sizes, of_all)), digest_size=16).hexdigest()
    by_id = MappingProxyType({camera.id: camera for camera in cameras})
    return Reading(as_of, given, with_sizes, tuple(cameras), by_id, fingerprint, preferences)
