"""Camera names that Alexa can recognise in speech: letters, digits and spaces, and no name twice."""

import textwrap
import unicodedata
from collections.abc import Iterable

from showcam.drivers.camera import Camera

LONGEST = 128


def friendly_names(cameras: Iterable[Camera]) -> dict[str, str]:
    """Names by camera id. Of cameras with equal names all but the first, by id, get a number.

    A camera's number changes only when another camera of its name is added or removed.
    """
    names = {camera.id: spoken_name(camera) for camera in sorted(cameras, key=lambda camera: camera.id)}
    taken = {name.casefold() for name in names.values()}
    first: set[str] = set()
    for camera_id, name in names.items():
        if name.casefold() not in first:
            first.add(name.casefold())
            continue
        number = 2
        while (numbered := f"{name[: LONGEST - 4].rstrip()} {number}").casefold() in taken:
            number += 1
        taken.add(numbered.casefold())
        names[camera_id] = numbered
    return names


def spoken_name(camera: Camera) -> str:
    return spoken(camera.name) or ("Doorbell" if camera.kind == "doorbell" else "Camera")


def spoken(name: str) -> str:
    """A name that Alexa understands: without apostrophes ("Karis stue"); any other sign becomes a space."""
    text = unicodedata.normalize("NFC", name).replace("'", "").replace("’", "")
    words = "".join(sign if _spoken(sign) else " " for sign in text).split()
    return shorten(" ".join(words), LONGEST)


def shorten(text: str, longest: int) -> str:
    """The name with at most `longest` characters, cut between words if possible."""
    return text if len(text) <= longest else textwrap.shorten(text, longest, placeholder="") or text[:longest]


def _spoken(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign) in (
        "Mn",
        "Mc",
    )  # a combining mark is part of a letter
