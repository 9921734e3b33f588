"""Where a picture is shown. The manual's table has a column for each assistant, and so has this one place."""

from typing import Literal

# video: Alexa's VideoApp, see registry.gate.fit; tv: a TV in the house, which is a Cast device
type Display = Literal["alexa", "google", "page", "video", "tv"]
type Surface = Literal[Display, "still"]

OF_ASSISTANTS: tuple[Surface, ...] = ("alexa", "google", "still")
DISPLAYS = frozenset[Surface]({"alexa", "google", "tv"})  # they decode no more than Full HD
WAITING_FOR_SOUND = frozenset[str]({"google", "tv"})  # they show no picture before a sound track comes
SOUND_REQUIRED: tuple[str, ...] = ("google",)  # by the manual; an owner may say otherwise
_RULES: dict[Surface, str] = {"video": "alexa", "tv": "google"}  # a Cast device is Google's


def assistant(surface: Surface) -> str:
    """By whose rules a picture is shown there."""
    return _RULES.get(surface, surface)
