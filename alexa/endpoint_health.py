"""Alexa.EndpointHealth 3.1: whether a camera can be reached."""

from typing import Any

from alexa.event import timestamp


def capability() -> dict[str, Any]:
    return {
        "type": "AlexaInterface",
        "interface": "Alexa.EndpointHealth",
        "version": "3.1",
        "properties": {"supported": [{"name": "connectivity"}], "proactivelyReported": False, "retrievable": True},
    }


def connectivity(reachable: bool, at: float, uncertain_ms: int) -> dict[str, Any]:
    """The property, as of `at` (epoch seconds)."""
    return {
        "namespace": "Alexa.EndpointHealth",
        "name": "connectivity",
        "value": {"value": "OK" if reachable else "UNREACHABLE"},
        "timeOfSample": timestamp(at),
        "uncertaintyInMilliseconds": uncertain_ms,
    }
