"""What Alexa says aloud; it never speaks the message of an error."""

from typing import Any

from simulator.assistants.outcome import Outcome
from simulator.assistants.said import said

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
    """The sentence for an error type about the camera `name`."""
    return said(_SPOKEN.get(kind, _SPOKEN_ELSE), name=name)


def outcome(answer: dict[str, Any], broken: list[str], name: str) -> Outcome:
    """The outcome of an event about the camera `name`."""
    if broken:
        return Outcome(spoken=sentence("", name), broken=broken)
    payload = answer["event"]["payload"]
    if answer["event"]["header"]["name"] != "ErrorResponse":
        return Outcome(shown=True, spoken=said("Okay, {name}.", name=name))
    kind, mode = payload["type"], payload.get("currentDeviceMode")
    told = f"{kind}, {mode}" if mode else kind
    return Outcome(spoken=sentence(kind, name), told=told, person=payload["message"])


def report(answer: dict[str, Any], about: str, name: str) -> Outcome:
    """The outcome of a StateReport, for a question `about` motion or connectivity."""
    values = {state["name"]: state["value"] for state in answer.get("context", {}).get("properties", [])}
    if about == "motion":
        words = {"DETECTED": "detects motion", "NOT_DETECTED": "detects no motion"}
        word = words.get(str(values.get("detectionState")), "does not say whether something moves")
    else:
        words = {"OK": "is online", "UNREACHABLE": "is offline"}
        connectivity = values.get("connectivity", {}).get("value")
        word = words.get(str(connectivity), "does not say whether it is online")
    return Outcome(spoken=said(f"{{name}} {word}.", name=name), answered=not word.startswith("does not say"))


def count(number: int) -> str:
    return "no cameras" if not number else "one camera" if number == 1 else f"{number} cameras"
