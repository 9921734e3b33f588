"""A scene: what an assistant starts by name. Ours shows a camera on a TV in the house."""

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from words.catalogue import OURS, chosen, mark

_NAME = mark("{camera} on {tv}")


class Scene(Struct, frozen=True):
    """`camera`: its id; `tv`: the name of a Cast device, as the owner wrote it."""

    id: str
    camera: str
    tv: str


def scenes_of(camera_id: str, tvs: Iterable[str]) -> tuple[Scene, ...]:
    """One for each of the TVs."""
    return tuple(Scene(_id(camera_id, tv), camera_id, tv) for tv in tvs)


def called(camera: str, scene: Scene, locale: str) -> str:
    """The name by which people call it, such as “Garden on Living room TV”. `camera`: its name."""
    return OURS.say(chosen([locale]), _NAME, camera=camera, tv=scene.tv)


def _id(camera_id: str, tv: str) -> str:
    """An id that survives a rename of the camera; like the camera's id it discloses nothing of the account."""
    digest = hashlib.blake2b(f"{camera_id}/{tv.casefold()}".encode(), digest_size=10)
    return f"scene-{digest.hexdigest()}"
