"""What the modules of Alexa's interfaces have in common: what they advertise, and what they tell of a camera."""

from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec import Raw

from alexa.texts import Locales
from registry.camera import Camera, Flag

type Capability = dict[str, Any] | Raw


class Stated(NamedTuple):
    """A property's value, as of the camera's reading."""

    namespace: str
    name: str
    value: Any
    instance: str = ""


class Condition(NamedTuple):
    """All that a camera's properties are made of, named as in registry.camera: alike in this, they are told alike."""

    online: Flag
    asleep: Flag
    encryption: Flag
    audio: Flag
    status_light: Flag
    alarm_notification: Flag
    offline_notification: Flag
    flip: Flag
    night_vision: str
    motion: Flag
    person: Flag
    voice_may: tuple[str, ...]


class Interface(Protocol):
    """A module: both lists are empty for a camera that has no such thing, the second also where it is not known.

    `named`: in which locales what has a name of ours is named.
    """

    def capabilities(self, camera: Camera, named: Locales) -> list[Capability]: ...

    def states(self, camera: Condition) -> list[Stated]: ...


def sensor(interface: str, version: str, name: str, **more: Any) -> Raw:
    """A capability with one property that can be asked for, encoded once for all cameras."""
    return encoded(interface, version, properties=reported(name), **more)


def encoded(interface: str, version: str, **more: Any) -> Raw:
    return Raw(msgspec.json.encode({"type": "AlexaInterface", "interface": interface, "version": version, **more}))


def reported(name: str, *, controllable: bool = True) -> dict[str, Any]:
    """`proactivelyReported` is false as long as nothing is sent of our own accord.

    A property that no voice may change is told as one: whatever is told as controllable Alexa offers to change.
    """
    properties: dict[str, Any] = {"supported": [{"name": name}], "proactivelyReported": False, "retrievable": True}
    return properties if controllable else properties | {"nonControllable": True}
