"""One source as its vendor answered at one time."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from accounts.identity import camera_id
from registry.camera import Camera
from registry.preferences import Preferences
from store.records import Account, Source

_encoder = msgspec.msgpack.Encoder()


class Reading(Struct, frozen=True):
    """One source as its vendor last told it; `as_of` is when it was asked. Nothing in it can be changed."""

    as_of: float
    given: tuple[Camera, ...]  # as the driver gave them
    told: tuple[Camera, ...]  # the same with the sizes that their pictures turned out to have
    cameras: tuple[Camera, ...]  # these with their ids
    by_id: Mapping[str, Camera]
    fingerprint: str
    preferences: Mapping[str, Preferences]  # of the household, by camera id; in the cameras too

    def find(self, camera: str) -> Camera | None:
        found = self.by_id.get(camera)
        return replace(found, as_of=self.as_of) if found else None


def made(
    account: Account,
    source: Source,
    given: tuple[Camera, ...],
    told: tuple[Camera, ...],
    as_of: float,
    preferences: Mapping[str, Preferences],
) -> Reading:
    """Of what a driver gave and the same with known sizes; cameras get their ids and what their owner says of them."""
    cameras = []
    for camera in told:
        its_id = camera_id(account.salt, source.kind, camera.ref.serial, camera.ref.channel)
        voice_may = preferences[its_id].voice_may if its_id in preferences else ()
        cameras.append(replace(camera, id=its_id, voice_may=voice_may, as_of=as_of))
    allowed = [camera.voice_may for camera in cameras]
    fingerprint = hashlib.blake2b(_encoder.encode((told, allowed)), digest_size=16).hexdigest()
    by_id = MappingProxyType({camera.id: camera for camera in cameras})
    return Reading(as_of, given, told, tuple(cameras), by_id, fingerprint, preferences)
