"""Where a picture is shown. The manual's table has a column for each assistant, and so has this one place."""

from typing import Literal

type Display = Literal["alexa", "google", "page", "video"]  # video: Alexa's VideoApp, see registry.gate.fit
type Surface = Literal[Display, "still"]

OF_ASSISTANTS: tuple[Surface, ...] = ("alexa", "google", "still")
DISPLAYS = frozenset[Surface]({"alexa", "google"})  # they decode no more than Full HD
WAITING_FOR_SOUND = frozenset[str]({"google"})  # they show no picture before a sound track comes
SOUND_REQUIRED: tuple[str, ...] = ("google",)  # by the manual; an owner may say otherwise
ON_TV: Display = "google"  # a TV in the house is a Cast device, which the rules of its maker's assistant fit


def assistant(surface: Surface) -> str:
    """By whose rules a picture is shown there."""
    return "alexa" if surface == "video" else surface
