"""The outcome of a wish: what is shown, what the assistant says in the person's language, and the error it got.

Alexa never speaks the message of an error, and has no Norwegian.
"""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")
_FILE = Path(__file__).with_suffix(".json")  # by language and English sentence

_words: Mapping[str, Mapping[str, str]] = json.loads(_FILE.read_text(encoding="utf-8"))


def translate(sentence: str, **gaps: object) -> str:
    """Translates the sentence into the answer's language, or leaves it in English."""
    return _words.get(LANGUAGE.get(), {}).get(sentence, sentence).format(**gaps)


@dataclass(slots=True)
class Outcome:
    shown: bool = False
    spoken: str = ""  # aloud
    told: str | None = None  # the assistant's own error: type and mode, or error code
    person: str | None = None  # text for a person: why, and how to fix it
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
        spoken=translate("I couldn't find any cameras."),
        person=f"{assistant} is not linked to showcam yet. Press Link on its screen, sign in, and ask again.",
    )


def unknown_camera(spoken: str, cameras: list[dict[str, Any]], again: str) -> Outcome:
    names = ", ".join(camera["name"] for camera in cameras) or "none"
    return Outcome(
        spoken=translate("I couldn't find a camera called {name}.", name=spoken),
        person=f"Cameras known here: {names}. After a rename say “{again}”.",
    )


def not_understood(text: str, examples: tuple[str, ...]) -> Outcome:
    tries = "; ".join(f"“{example}”" for example in examples)
    return Outcome(
        spoken=translate("Sorry, I didn't get that."),
        person=f"“{text}” is nothing this screen understands. Try: {tries}.",
    )


def no_answer(spoken: str, why: str) -> Outcome:
    return Outcome(spoken=spoken, person=f"{why.rstrip('.')}.")


_SPOKEN = {
    "ENDPOINT_UNREACHABLE": "{name} isn't responding. Please check its network connection and power supply.",
    "BRIDGE_UNREACHABLE": "Sorry, I couldn't reach the service that {name} is connected to.",
    "NO_SUCH_ENDPOINT": "I couldn't find {name}. Please look for it in the Alexa app.",
    "NOT_SUPPORTED_IN_CURRENT_MODE": "Sorry, I can't do that with {name} in its current mode.",
    "ENDPOINT_BUSY": "{name} is busy. Please try again in a little while.",
    "RATE_LIMIT_EXCEEDED": "{name} has had too many requests. Please try again later.",
    "INSUFFICIENT_PERMISSIONS": "Sorry, I don't have permission to use {name}.",
    "INVALID_VALUE": "Sorry, {name} doesn't support that.",
    "INVALID_DIRECTIVE": "Sorry, {name} doesn't support that.",
    "INVALID_AUTHORIZATION_CREDENTIAL": "Please enable the skill again in the Alexa app.",
    "EXPIRED_AUTHORIZATION_CREDENTIAL": "Please enable the skill again in the Alexa app.",
}
_SPOKEN_ELSE = "Sorry, something went wrong with {name}."


def sentence(kind: str, name: str) -> str:
    """Returns the sentence for an error type about the camera `name`."""
    return translate(_SPOKEN.get(kind, _SPOKEN_ELSE), name=name)


def outcome(answer: dict[str, Any], broken: list[str], name: str) -> Outcome:
    """Returns the outcome of an event about the camera `name`."""
    if broken:
        return Outcome(spoken=sentence("", name), broken=broken)
    payload = answer["event"]["payload"]
    if answer["event"]["header"]["name"] != "ErrorResponse":
        return Outcome(shown=True, spoken=translate("Okay, {name}.", name=name))
    kind, mode = payload["type"], payload.get("currentDeviceMode")
    told = f"{kind}, {mode}" if mode else kind
    return Outcome(spoken=sentence(kind, name), told=told, person=payload["message"])


def report(answer: dict[str, Any], about: str, name: str) -> Outcome:
    """Returns the outcome of a StateReport, for a question `about` motion or connectivity."""
    values = {state["name"]: state["value"] for state in answer.get("context", {}).get("properties", [])}
    if about == "motion":
        words = {"DETECTED": "detects motion", "NOT_DETECTED": "detects no motion"}
        word = words.get(str(values.get("detectionState")), "does not say whether something moves")
    else:
        words = {"OK": "is online", "UNREACHABLE": "is offline"}
        connectivity = values.get("connectivity", {}).get("value")
        word = words.get(str(connectivity), "does not say whether it is online")
    return Outcome(spoken=translate(f"{{name}} {word}.", name=name), answered=not word.startswith("does not say"))


def count(number: int) -> str:
    return "no cameras" if not number else "one camera" if number == 1 else f"{number} cameras"


# A debugString is never spoken.
_CODES = {
    "deviceOffline": "{name} isn't available right now.",
    "offline": "{name} isn't available right now.",
    "deviceNotFound": "{name} isn't available. You might want to try setting it up again.",
    "deviceNotReady": "{name} isn't ready.",
    "deviceTurnedOff": "{name} is off right now.",
    "turnedOff": "{name} is off right now.",
    "inSleepMode": "{name} is in sleep mode. Please try again later.",
    "deviceBusy": "{name} is already doing something right now.",
    "streamUnavailable": "The stream is currently unavailable from {name}.",
    "streamUnplayable": "I can't play the stream from {name} at the moment.",
    "securityRestriction": "{name} has a security restriction.",
    "functionNotSupported": "{name} doesn't support that.",
    "actionNotAvailable": "I can't do that with {name} right now.",
    "authFailure": "I can't seem to reach {name}. Try checking the app to make sure it's set up.",
    "relinkRequired": "Sorry, please use the Google Home app to link {name} again.",
    "transientError": "Sorry, something went wrong. Please try again.",
    "tooManyFailedAttempts": "Sorry, too many failed attempts. Please use the app for {name}.",
    "userCancelled": "Okay.",
    "lowBattery": "{name} has a low battery.",
    "motionDetected": "{name} detects motion.",
    "noIssuesReported": "{name} reports no issues.",
}
_ELSE = "Sorry, something went wrong with {name}."
_CHALLENGES = {
    "pinNeeded": "Can I have your PIN for {name}?",
    "challengeFailedPinNeeded": "Sorry, that PIN isn't right. Can I have your PIN for {name}?",
    "ackNeeded": "Are you sure?",
}


def code(code: str, name: str) -> str:
    return translate(_CODES.get(code, _ELSE), name=name)


def challenge(kind: str, name: str) -> str:
    return translate(_CHALLENGES.get(kind, _ELSE), name=name)


def battery(states: dict[str, Any], name: str) -> str:
    """Says the charge in percent if showcam reports percent, else as a level."""
    capacities = states.get("capacityRemaining", [])
    percent = next((capacity["rawValue"] for capacity in capacities if capacity["unit"] == "PERCENTAGE"), None)
    level = str(states.get("descriptiveCapacityRemaining", "unknown")).lower().replace("_", " ")
    left = f"has {percent} percent battery left" if percent is not None else f"has a battery level of {level}"
    return f"{name} {left}{' and is charging' if states.get('isCharging') else ''}."
