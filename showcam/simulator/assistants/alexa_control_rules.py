"""Amazon's rules for the switches, modes, sensors and stills of a camera."""

from typing import Any

from showcam.simulator.assistants.rules import Rules

SNAPSHOTS = "Alexa.SmartVision.SnapshotProvider"
OBJECTS = "Alexa.SmartVision.ObjectDetectionSensor"
POWER, TOGGLE, MODE = "Alexa.PowerController", "Alexa.ToggleController", "Alexa.ModeController"
SCENES = "Alexa.SceneController"
VERSIONS = {SNAPSHOTS: "1.1", OBJECTS: "1.0"}  # of capabilities; all others are at version 3, EndpointHealth at 3.1 too
_PROPERTY = {POWER: "powerState", TOGGLE: "toggleState", MODE: "mode", OBJECTS: "objectDetectionClasses"}
_VALUES = {
    "powerState": ("ON", "OFF"),
    "toggleState": ("ON", "OFF"),
    "detectionState": ("DETECTED", "NOT_DETECTED"),
}


def capability(rules: Rules, name: str, capability: dict[str, Any]) -> None:
    interface = capability.get("interface", "")
    wanted = VERSIONS.get(interface)
    rules.must(wanted is None or capability.get("version") == wanted, f"{name}: {interface} is at version {wanted}")
    properties = capability.get("properties", {})
    if interface in _PROPERTY:
        supported = [state.get("name") for state in properties.get("supported", [])]
        rules.must(supported == [_PROPERTY[interface]], f"{name}: {interface} does not say what it supports")
    if interface in (TOGGLE, MODE):
        rules.must(capability.get("instance"), f"{name} has a {interface} without an instance")
        _named(rules, f"{name}: {capability.get('instance')}", capability.get("capabilityResources"))
    if interface == MODE:
        _modes(rules, name, capability.get("configuration"))


def _modes(rules: Rules, name: str, configuration: Any) -> None:
    if not rules.keys(configuration, "a mode's configuration", {"ordered", "supportedModes"}):
        return
    modes = configuration["supportedModes"]
    rules.must(isinstance(configuration["ordered"], bool) and modes, f"{name} has a mode without modes")
    for mode in modes:
        if rules.keys(mode, "a mode", {"value", "modeResources"}):
            _named(rules, f"{name}: {mode['value']}", mode["modeResources"])


def _named(rules: Rules, what: str, resources: Any) -> None:
    names = resources.get("friendlyNames") if isinstance(resources, dict) else None
    if not rules.must(names, f"{what} has no name that could be said"):
        return
    assert isinstance(names, list)
    locales = [label["value"].get("locale") for label in names if label.get("@type") == "text"]
    rules.must(len(set(locales)) == len(locales), f"{what} has two names in one language")
    for label in names:
        known = {"text": {"text", "locale"}, "asset": {"assetId"}}.get(label.get("@type", ""))
        rules.must(known and set(label["value"]) == known, f"{what} has a name that is neither text nor asset")


def state(rules: Rules, state: dict[str, Any]) -> None:
    """Checks a property of a context."""
    values = _VALUES.get(state["name"])
    rules.must(values is None or state["value"] in values, f"{state['name']} is {state['value']!r}")
    if state["namespace"] in (TOGGLE, MODE):
        rules.must(state.get("instance"), f"{state['name']} is reported without an instance")


def changed(rules: Rules, directive: dict[str, Any], answer: dict[str, Any]) -> None:
    """Checks that a Response reports the whole state, with the new value."""
    rules.must(answer["event"]["payload"] == {}, "Response's payload is not empty")
    header = directive["directive"]["header"]
    reported = {
        (state["namespace"], state.get("instance"))
        for state in answer.get("context", {}).get("properties", [])
        if isinstance(state, dict) and "namespace" in state
    }
    changed_state = (header["namespace"], header.get("instance"))
    rules.must(changed_state in reported, "Response does not report the state that was set")
    rules.must(("Alexa.EndpointHealth", None) in reported, "Response does not report connectivity")


def snapshot(rules: Rules, _directive: dict[str, Any], answer: dict[str, Any]) -> None:
    payload = answer["event"]["payload"]
    if not rules.keys(payload, "the payload", {"value", "timeOfSample", "uncertaintyInMilliseconds"}):
        return
    if rules.keys(payload["value"], "value", {"uri", "uriExpirationTime", "authenticationType"}):
        rules.url(payload["value"]["uri"], "uri")
        rules.must(payload["value"]["authenticationType"] == "ACCESS_TOKEN", "authenticationType is not ACCESS_TOKEN")


def started(rules: Rules, _directive: dict[str, Any], answer: dict[str, Any]) -> None:
    """Checks the answer when a scene has begun or ended."""
    payload = answer["event"]["payload"]
    if rules.keys(payload, "the payload", {"cause", "timestamp"}):
        rules.must(payload["cause"] == {"type": "VOICE_INTERACTION"}, "the cause is no voice")


ANSWERS = {
    (POWER, "TurnOn"): (("Alexa", "Response"), changed),
    (POWER, "TurnOff"): (("Alexa", "Response"), changed),
    (TOGGLE, "TurnOn"): (("Alexa", "Response"), changed),
    (TOGGLE, "TurnOff"): (("Alexa", "Response"), changed),
    (MODE, "SetMode"): (("Alexa", "Response"), changed),
    (OBJECTS, "SetObjectDetectionClasses"): (("Alexa", "Response"), changed),
    (SCENES, "Activate"): ((SCENES, "ActivationStarted"), started),
    (SCENES, "Deactivate"): ((SCENES, "DeactivationStarted"), started),
    (SNAPSHOTS, "GetSnapshot"): ((SNAPSHOTS, "Snapshot"), snapshot),
}
