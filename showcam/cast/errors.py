"""Says why a TV shows no video although the camera is fine, and gives the sentence for a person."""

from collections.abc import Mapping
from typing import Literal

from showcam.drivers.errors import NotOnTv, Reason
from showcam.i18n.catalogue import OURS, Language, mark

type Why = Literal[
    "no_device",
    "several",
    "speaker",
    "unreachable",
    "not_played",
    "taken",
    "no_receiver",
    "full",
    "not_running",
    "no_pictures",
]

# the reason that an assistant gets for these faults; for every other it is "no_tv"
REASONS: Mapping[Why, Reason] = {"full": "household_full", "not_running": "media_down", "no_pictures": "media_down"}

type Sentence = tuple[str, str]  # the fault, and how to fix it; {device} is a name

SENTENCES: Mapping[Why, Sentence] = {
    "no_device": (
        mark("There is no Cast device {device} in the house."),
        mark("Choose from the list. The TV must be on and in showcam's network."),
    ),
    "several": (
        mark("Several Cast devices are called {device}."),
        mark("Rename one in the Google Home app."),
    ),
    "speaker": (
        mark("{device} has no screen."),
        mark("Choose a TV or a display."),
    ),
    "unreachable": (
        mark("{device} does not answer."),
        mark("Is it on, and in showcam's network? Else restart it."),
    ),
    "not_played": (
        mark("{device} did not play the picture."),
        mark("Try again. A firewall or guest network may keep the TV from this machine."),
    ),
    "taken": (
        mark("{device} was taken for something else before the picture came."),
        mark("Try again when the TV is free."),
    ),
    "no_receiver": (
        mark("{device} did not start showcam's own receiver."),
        mark(
            "Check the setting cast_receiver_app_id, and that the receiver is published or the device registered "
            "for it."
        ),
    ),
    "full": (
        mark("Too many TVs are showing cameras already."),
        mark("Stop one, then try again."),
    ),
    "not_running": (
        mark("showcam is not running on this machine, or shows nothing on TVs."),
        mark("Start it, then try again."),
    ),
    "no_pictures": (
        mark("showcam has no pictures just now."),
        mark("Try again in a moment."),
    ),
}


class CastFailed(NotOnTv):
    """A TV can't show the video. `device`: the TV's name, as the caller gave it. `said`: the device reported the
    failure.

    `unpaired`: by WebRTC none of the device's addresses reaches an address of showcam. `is_final`: the process that
    spoke to the device has ended, so that nothing else can be shown by this connection.
    """

    def __init__(self, why: Why, device: str = "", *, said: bool = False) -> None:
        super().__init__(why)
        self.why, self.device, self.said = why, device, said
        self.unpaired, self.is_final, self.reason = False, False, REASONS.get(why, "no_tv")

    def text(self, language: Language) -> str:
        return " ".join(OURS.say(language, sentence, device=self.device) for sentence in SENTENCES[self.why])
