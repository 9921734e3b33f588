"""A camera as Home Assistant's MQTT discovery has it: a device with its entities, its state, and the topics of both.

Each camera has one retained message: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
has the form. Home Assistant reads it in tests/ship/test_mqtt_home_assistant.py.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from showcam.drivers.camera import Camera, Flag, Refusal, Surface
from showcam.drivers.settings import FIELDS, field_of
from showcam.i18n.catalogue import OURS, Language, mark
from showcam.registry.gate.reasons import explain
from showcam.registry.preferences import MQTT_MAY
from showcam.registry.reporting.camera_states import Present

ASSISTANTS: tuple[Surface, ...] = ("alexa", "google")
ONLINE, OFFLINE = b"online", b"offline"
RING = msgspec.json.encode({"event_type": "ring"})

PERSON, SHOWN = mark("Person"), mark("Can be shown")
NAMES = {"encryption": mark("Image Encryption"), "audio": mark("Audio"), "sleep": mark("Sleep Mode")}
_PLATFORMS = {
    "motion": "binary_sensor",
    "person": "binary_sensor",
    "shown": "binary_sensor",
    "battery": "sensor",
    "ring": "event",
    "ring_trigger": "device_automation",
    **dict.fromkeys(MQTT_MAY, "binary_sensor"),
    **{f"{setting}_switch": "switch" for setting in MQTT_MAY},
}

type Component = dict[str, Any]


class Topics:
    """The topics of one installation, `node`, which no other showcam at the same broker has."""

    def __init__(self, node: str) -> None:
        self._node, self._base = node, f"showcam/{node}"
        self.client = f"showcam-{node}"  # the id of its client
        self.status = f"{self._base}/status"
        self.all_states = f"{self._base}/+/state"
        self.all_commands = f"{self._base}/+/+/set"

    def state(self, camera: str) -> str:
        return f"{self._base}/{camera}/state"

    def ring(self, camera: str) -> str:
        return f"{self._base}/{camera}/ring"

    def command(self, camera: str, setting: str) -> str:
        return f"{self._base}/{camera}/{setting}/set"

    def device(self, camera: str) -> str:
        return f"showcam_{self._node}_{camera}"

    def discovery(self, camera: str) -> str:
        return f"homeassistant/device/{self.device(camera)}/config"

    def camera_of(self, topic: str) -> str:
        """The camera whose state has this topic; "" for any other topic."""
        base, _, rest = topic.partition(f"{self._base}/")
        camera, _, what = rest.partition("/")
        return camera if not base and what == "state" else ""


def state(present: Present, language: Language) -> bytes:
    """The retained state of a camera. A flag that is not known is null, which Home Assistant shows as unknown."""
    camera, refusals = present.camera, present.refusals
    first = next((refusals[surface] for surface in ASSISTANTS if surface in refusals), None)
    return msgspec.json.encode(
        {
            "availability": "offline" if camera.online == "off" else "online",
            "motion": _flag(camera.motion),
            "person": _flag(camera.person),
            **{setting: _flag(field_of(camera, setting)) for setting in MQTT_MAY},
            "battery": camera.battery,
            "shown": "OFF" if refusals else "ON",
            "why": {
                "reason": first.reason if first else "",
                "sentence": explain(first, language) if first else "",
                **{surface: _reason(refusals.get(surface)) for surface in ASSISTANTS},
            },
        }
    )


def discovery(present: Present, topics: Topics, language: Language, version: str) -> bytes:
    """The retained description of a camera.

    Each entity that the camera lacks is described by its platform only, and Home Assistant removes it.
    """
    camera = present.camera
    device = topics.device(camera.id)
    about = {
        "identifiers": [device],
        "name": camera.name,
        "manufacturer": camera.manufacturer,
        "model": camera.model,
        "sw_version": camera.firmware,
        "suggested_area": present.preferences.room,
    }
    has = dict(_components(present, topics, language))
    gone: dict[str, Component] = {name: {} for name in _PLATFORMS if name not in has}
    return msgspec.json.encode(
        {
            "device": {name: value for name, value in about.items() if value},
            "origin": {"name": "showcam", "sw_version": version},
            "components": {
                name: {"platform": _PLATFORMS[name]} | component for name, component in (has | gone).items()
            },
        }
    )


def switches(present: Present) -> Iterator[str]:
    """The settings of this camera that the broker may change."""
    for setting in MQTT_MAY:
        if setting in present.preferences.mqtt_may and field_of(present.camera, setting) != "none":
            yield setting


def _components(present: Present, topics: Topics, language: Language) -> Iterator[tuple[str, Component]]:
    camera, source = present.camera, topics.state(present.camera.id)
    device = topics.device(camera.id)
    running: list[Component] = [{"topic": topics.status}]
    reached = [*running, {"topic": source, "value_template": "{{ value_json.availability }}"}]

    def entity(name: str, called: str, field: str, availability: list[Component]) -> Component:
        """An entity without a name is named by Home Assistant, after its class."""
        return {
            "unique_id": f"{device}_{name}",
            **({"name": OURS.say(language, called)} if called else {}),
            "state_topic": source,
            "value_template": f"{{{{ value_json.{field} }}}}",
            "availability": availability,
            "availability_mode": "all",
        }

    if camera.motion != "none":
        yield "motion", entity("motion", "", "motion", reached) | {"device_class": "motion"}
    if camera.person != "none":
        yield "person", entity("person", PERSON, "person", reached) | {"device_class": "occupancy"}
    for setting in MQTT_MAY:
        if field_of(camera, setting) != "none":
            yield setting, entity(setting, NAMES[setting], setting, running)
    for setting in switches(present):
        name = f"{setting}_switch"
        command = {"command_topic": topics.command(camera.id, setting), "qos": 1, "retain": False}
        yield name, entity(name, NAMES[setting], setting, reached) | command
    if camera.battery is not None:
        battery = {"device_class": "battery", "unit_of_measurement": "%", "state_class": "measurement"}
        yield "battery", entity("battery", "", "battery", running) | battery
    attributes = {"json_attributes_topic": source, "json_attributes_template": "{{ value_json.why | to_json }}"}
    yield "shown", entity("shown", SHOWN, "shown", running) | attributes
    if camera.kind == "doorbell":
        yield from _bell(camera, topics, entity("ring", "", "", reached))


def _bell(camera: Camera, topics: Topics, entity: Component) -> Iterator[tuple[str, Component]]:
    """An entity, and a trigger of the device for automations. Neither has a state, so no ring is retained."""
    topic = topics.ring(camera.id)
    del entity["value_template"]
    yield "ring", entity | {"state_topic": topic, "device_class": "doorbell", "event_types": ["ring"]}
    yield (
        "ring_trigger",
        {
            "automation_type": "trigger",
            "type": "ring",
            "subtype": "doorbell",
            "topic": topic,
            "payload": "ring",
            "value_template": "{{ value_json.event_type }}",
        },
    )


def _flag(flag: Flag | str) -> str | None:
    return {"on": "ON", "off": "OFF"}.get(flag)


def _reason(refusal: Refusal | None) -> str:
    return refusal.reason if refusal else ""


assert set(MQTT_MAY) <= FIELDS.keys()
