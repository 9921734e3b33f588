"""What a Google display says: for an error code, a camera's report, a challenge."""

from typing import Any

from simulator.assistants.said import said

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
    return said(_CODES.get(code, _ELSE), name=name)


def challenge(kind: str, name: str) -> str:
    return said(_CHALLENGES.get(kind, _ELSE), name=name)


def battery(states: dict[str, Any], name: str) -> str:
    """In percent where showcam reports it."""
    capacities = states.get("capacityRemaining", [])
    percent = next((capacity["rawValue"] for capacity in capacities if capacity["unit"] == "PERCENTAGE"), None)
    level = str(states.get("descriptiveCapacityRemaining", "unknown")).lower().replace("_", " ")
    left = f"has {percent} percent battery left" if percent is not None else f"has a battery level of {level}"
    return f"{name} {left}{' and is charging' if states.get('isCharging') else ''}."
