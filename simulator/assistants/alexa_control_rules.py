"""The rules Amazon holds to what a camera can do beside being shown: its switches, modes, sensors and stills."""

from typing import Any

from simulator.assistants.rules import Rules

SNAPSHOTS = "Alexa.SmartVision.SnapshotProvider"
OBJECTS = "Alexa.SmartVision.ObjectDetectionSensor"
POWER, TOGGLE, MODE = "Alexa.PowerController", "Alexa.ToggleController", "Alexa.ModeController"
VERSIONS = {SNAPSHOTS: "1.1", OBJECTS: "1.0"}  # of capabilities; all others are at 3, EndpointHealth at 3.1 too
_PROPERTY = {POWER: "powerState", TOGGLE: "toggleState", MODE: "mode", OBJECTS: "objectDetectionClasses"}
_VALUES = {
    "powerState": ("ON", "OFF"),
    "toggleState": ("ON", "OFF"),
    "detectionState": ("DETECTED", "NOT_DETECTED"),
}


def capability(rules: Rules, name: str, one: dict[str, Any]) -> None:
    interface = one.get("interface", "")
    wanted = VERSIONS.get(interface)
    rules.must(wanted is None or one.get("version") == wanted, f"{name}: {interface} is at version {wanted}")
    properties = one.get("properties", {})
    if interface in _PROPERTY:
        told = [each.get("name") for each in properties.get("supported", [])]
        rules.must(told == [_PROPERTY[interface]], f"{name}: {interface} does not say what it supports")
    if interface in (TOGGLE, MODE):
        rules.must(one.get("instance"), f"{name} has a {interface} without an instance")
        _named(rules, f"{name}: {one.get('instance')}", one.get("capabilityResources"))
    if interface == MODE:
        _modes(rules, name, one.get("configuration"))


def _modes(rules: Rules, name: str, configuration: Any) -> None:
    if not rules.keys(configuration, "a mode's configuration", {"ordered", "supportedModes"}):
        return
    modes = configuration["supportedModes"]
    rules.must(isinstance(configuration["ordered"], bool) and modes, f"{name} has a mode without modes")
    for each in modes:
        if rules.keys(each, "a mode", {"value", "modeResources"}):
            _named(rules, f"{name}: {each['value']}", each["modeResources"])


def _named(rules: Rules, what: str, resources: Any) -> None:
    names = resources.get("friendlyNames") if isinstance(resources, dict) else None
    if not rules.must(names, f"{what} has no name that could be said"):
        return
    assert isinstance(names, list)
    locales = [each["value"].get("locale") for each in names if each.get("@type") == "text"]
    rules.must(len(set(locales)) == len(locales), f"{what} has two names in one language")
    for each in names:
        known = {"text": {"text", "locale"}, "asset": {"assetId"}}.get(each.get("@type", ""))
        rules.must(known and set(each["value"]) == known, f"{what} has a name that is neither text nor asset")


def state(rules: Rules, one: dict[str, Any]) -> None:
    """A property of a context."""
    values = _VALUES.get(one["name"])
    rules.must(values is None or one["value"] in values, f"{one['name']} is {one['value']!r}")
    if one["namespace"] in (TOGGLE, MODE):
        rules.must(one.get("instance"), f"{one['name']} is told of no instance")


def changed(rules: Rules, directive: dict[str, Any], answer: dict[str, Any]) -> None:
    """A Response tells all state, what was set among it."""
    rules.must(answer["event"]["payload"] == {}, "Response's payload is not empty")
    asked = directive["directive"]["header"]
    told = {
        (each["namespace"], each.get("instance"))
        for each in answer.get("context", {}).get("properties", [])
        if isinstance(each, dict) and "namespace" in each
    }
    rules.must((asked["namespace"], asked.get("instance")) in told, "Response does not tell the state that was set")
    rules.must(("Alexa.EndpointHealth", None) in told, "Response does not tell connectivity")


def snapshot(rules: Rules, _directive: dict[str, Any], answer: dict[str, Any]) -> None:
    payload = answer["event"]["payload"]
    if not rules.keys(payload, "the payload", {"value", "timeOfSample", "uncertaintyInMilliseconds"}):
        return
    if rules.keys(payload["value"], "value", {"uri", "uriExpirationTime", "authenticationType"}):
        rules.url(payload["value"]["uri"], "uri")
        rules.must(payload["value"]["authenticationType"] == "ACCESS_TOKEN", "authenticationType is not ACCESS_TOKEN")


ANSWERS = {
    (POWER, "TurnOn"): (("Alexa", "Response"), changed),
    (POWER, "TurnOff"): (("Alexa", "Response"), changed),
    (TOGGLE, "TurnOn"): (("Alexa", "Response"), changed),
    (TOGGLE, "TurnOff"): (("Alexa", "Response"), changed),
    (MODE, "SetMode"): (("Alexa", "Response"), changed),
    (OBJECTS, "SetObjectDetectionClasses"): (("Alexa", "Response"), changed),
    (SNAPSHOTS, "GetSnapshot"): ((SNAPSHOTS, "Snapshot"), snapshot),
}
