"""What Alexa says aloud for an error type; it never speaks the message."""

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
    """For an error type, of the camera `name`."""
    return _SPOKEN.get(kind, _SPOKEN_ELSE).format(name=name)
