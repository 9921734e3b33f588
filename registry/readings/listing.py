"""An account's cameras as one list, and what is made of it: merged, reduced to what a link may see, with sightings."""

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry.camera import Camera
from registry.readings.reading import Reading
from registry.readings.sightings import with_motion


class Listing(Struct, frozen=True):
    """`fingerprint` is the same for the same cameras in the same state; `as_of` in epoch seconds.

    `waiting`: the vendors of sources that nobody has signed in to yet, whose cameras are therefore not in it.
    """

    cameras: tuple[Camera, ...]
    fingerprint: str
    as_of: float
    waiting: tuple[str, ...] = ()


def merged(readings: Sequence[Reading], now: float, waiting: tuple[str, ...] = ()) -> Listing:
    """The cameras of all sources; its age is the oldest reading's, and no cameras are those of `now`."""
    if len(readings) == 1:
        return Listing(readings[0].cameras, readings[0].fingerprint, readings[0].as_of, waiting)
    cameras = tuple(camera for reading in readings for camera in reading.cameras)
    fingerprint = hashlib.blake2b(
        "".join(reading.fingerprint for reading in readings).encode(), digest_size=16
    ).hexdigest()
    return Listing(cameras, fingerprint, min((reading.as_of for reading in readings), default=now), waiting)


def moving(listing: Listing, held: Mapping[str, frozenset[str]]) -> Listing:
    """The listing with the sightings that `held` has by camera id."""
    if not held:
        return listing
    cameras = tuple(with_motion(camera, held) for camera in listing.cameras)
    if cameras == listing.cameras:
        return listing
    sightings = ",".join(f"{camera.id}{camera.person}" for camera in cameras if camera.motion == "on")
    fingerprint = hashlib.blake2b((listing.fingerprint + sightings).encode(), digest_size=16).hexdigest()
    return replace(listing, cameras=cameras, fingerprint=fingerprint)


def chosen(listing: Listing, cameras: tuple[str, ...]) -> Listing:
    """The cameras of it that were ticked at consent."""
    ticked = frozenset(cameras)
    fingerprint = hashlib.blake2b((listing.fingerprint + "".join(sorted(ticked))).encode(), digest_size=16).hexdigest()
    return Listing(tuple(camera for camera in listing.cameras if camera.id in ticked), fingerprint, listing.as_of)
