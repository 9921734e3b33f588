"""Camera names as Alexa can hear them: letters, digits and spaces, and no two alike."""

import textwrap
import unicodedata
from collections.abc import Iterable

from registry.camera import Camera

LONGEST = 128


def friendly_names(cameras: Iterable[Camera]) -> dict[str, str]:
    """By camera id. Of several with one name the others are numbered, in the order of their ids.

    The numbers stay as long as the cameras do; one more of the name may move them.
    """
    spoken = {camera.id: spoken_name(camera) for camera in sorted(cameras, key=lambda camera: camera.id)}
    taken = {name.casefold() for name in spoken.values()}
    first: set[str] = set()
    for camera_id, name in spoken.items():
        if name.casefold() not in first:
            first.add(name.casefold())
            continue
        number = 2
        while (numbered := f"{name[: LONGEST - 4].rstrip()} {number}").casefold() in taken:
            number += 1
        taken.add(numbered.casefold())
        spoken[camera_id] = numbered
    return spoken


def spoken_name(camera: Camera) -> str:
    """Apostrophes close up, as in "Karis stue"; all other signs part words."""
    text = unicodedata.normalize("NFC", camera.name).replace("'", "").replace("’", "")
    words = "".join(sign if _spoken(sign) else " " for sign in text).split()
    name = shorten(" ".join(words), LONGEST)
    return name or ("Doorbell" if camera.kind == "doorbell" else "Camera")


def shorten(text: str, longest: int) -> str:
    """At most `longest` characters, cut between words where there are any."""
    return text if len(text) <= longest else textwrap.shorten(text, longest, placeholder="") or text[:longest]


def _spoken(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc")  # marks belong to the letter before them
