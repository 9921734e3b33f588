"""The outcome of a wish: what is shown, what the assistant says aloud, and the error it received."""

from dataclasses import dataclass, field
from typing import Any

from simulator.assistants.said import said


@dataclass(slots=True)
class Outcome:
    shown: bool = False
    spoken: str = ""  # aloud
    told: str | None = None  # the assistant's own error: type and mode, or error code
    person: str | None = None  # text for a person: why, and how to mend it
    answered: bool = False  # a question or command was answered; no picture was wanted
    pending: bool = False  # the screen's own step (an offer) is still to come
    broken: list[str] = field(default_factory=list)  # rules that showcam's answer broke

    def as_json(self) -> dict[str, Any]:
        return {
            "shown": self.shown and not self.broken,
            "spoken": self.spoken,
            "told": self.told,
            "person": self.person,
            "answered": self.answered and not self.broken,
            "pending": self.pending,
            "broken": [f"showcam broke a rule: {rule}" for rule in self.broken],
        }


def not_linked(assistant: str) -> Outcome:
    return Outcome(
        spoken=said("I couldn't find any cameras."),
        person=f"{assistant} is not linked to showcam yet. Press Link on its screen, sign in, and ask again.",
    )


def unknown_camera(spoken: str, cameras: list[dict[str, Any]], again: str) -> Outcome:
    names = ", ".join(camera["name"] for camera in cameras) or "none"
    return Outcome(
        spoken=said("I couldn't find a camera called {name}.", name=spoken),
        person=f"Cameras known here: {names}. After a rename say “{again}”.",
    )


def not_understood(text: str, examples: tuple[str, ...]) -> Outcome:
    tries = "; ".join(f"“{example}”" for example in examples)
    return Outcome(
        spoken=said("Sorry, I didn't get that."),
        person=f"“{text}” is nothing this screen understands. Try: {tries}.",
    )


def no_answer(spoken: str, why: str) -> Outcome:
    return Outcome(spoken=spoken, person=f"{why.rstrip('.')}.")
