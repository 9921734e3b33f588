"""The base of every Alexa interface: its capabilities and states of a camera, and the directives it handles."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Never

import msgspec
from msgspec import Struct

from showcam.alexa.errors import InvalidValue, refused
from showcam.alexa.message import EMPTY, Directive, Value
from showcam.alexa.texts import Locales, Named
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.settings import Asked, BadValue
from showcam.registry.gate.gate import not_found, overruled
from showcam.registry.registry import Registry
from showcam.store.records import Link

# Alexa waits 6 s for an answer with a picture and 8 s for others; the forwarder waits equally long for all.
ANSWER_S = 5.0  # Alexa's displays give a stream up after 6 s


class Deadline:
    """The deadline of one request. `received`: when the request arrived, by time.monotonic; None: now."""

    __slots__ = ("_late",)

    def __init__(self, received: float | None = None) -> None:
        self._late = (time.monotonic() if received is None else received) + ANSWER_S

    @property
    def left_s(self) -> float:
        """Seconds left to find the answer. Alexa waits a little longer, which covers the network."""
        return max(0.0, self._late - time.monotonic())


class Supported(Struct):
    name: str


class ReportedProperties(Struct, rename="camel", omit_defaults=True, kw_only=True):
    supported: tuple[Supported, ...]
    proactively_reported: bool
    retrievable: bool
    non_controllable: bool = False


class Capability(Struct, tag_field="type", tag="AlexaInterface", rename="camel", omit_defaults=True, kw_only=True):
    """The fields of every interface. An interface's own fields are in a subclass, in the interface's module."""

    interface: str
    version: str
    instance: str | None = None
    properties: ReportedProperties | None = None
    capability_resources: Named | None = None
    configuration: Struct | None = None

    def report(self) -> None:
        """Promises Alexa that showcam reports each change without a request."""
        if self.properties is not None:
            self.properties.proactively_reported = True


def reported(name: str, *, controllable: bool = True) -> ReportedProperties:
    """The property `name` of an interface, in Discover's form.

    A property that no voice may change is declared `nonControllable`: Alexa offers to change every other. It is
    reported proactively if the link has a grant: see `Capability.report`.
    """
    return ReportedProperties(
        supported=(Supported(name),), proactively_reported=False, retrievable=True, non_controllable=not controllable
    )


class CameraDirective:
    """A directive about one camera, which may be invisible to the link or not exist."""

    __slots__ = ("camera_id", "deadline", "link", "original")

    def __init__(self, link: Link, camera_id: str, original: Directive, deadline: Deadline) -> None:
        self.link, self.camera_id, self.original, self.deadline = link, camera_id, original, deadline

    @property
    def left_s(self) -> float:
        return self.deadline.left_s

    @property
    def instance(self) -> str:
        """The instance of a generic controller; "" if the directive names none."""
        return self.original.header.instance or ""

    def read[T](self, shape: msgspec.json.Decoder[T]) -> T:
        """The decoded payload. Raises InvalidDirective."""
        return self.original.read(shape)


class Answer(Struct, frozen=True):
    """An event without its envelope. `camera`: its state becomes the context; `version`: the version of the payload."""

    namespace: str
    name: str
    payload: Struct
    camera: Camera | None = None
    version: str = "3"
    of_camera: bool = True  # False: the event is about the household and names no endpoint


class Stated(Struct, frozen=True):
    """The value of one property, as of the camera's reading."""

    name: str
    value: Value
    instance: str | None = None


type Handler = Callable[[CameraDirective], Answer]
type HouseholdHandler = Callable[[Directive, Deadline], Answer]


class Interface(ABC):
    """One object serves all cameras. A method returns nothing for a camera that lacks the interface."""

    name: ClassVar[str]  # the namespace of its directives and properties

    @abstractmethod
    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        """The camera's capabilities in Discover's answer. `locales`: the languages for names of instances and modes."""

    @abstractmethod
    def states(self, camera: Camera) -> Sequence[Stated]:
        """The properties for a report and for an answer's context, without those whose value is unknown."""

    @abstractmethod
    def directives(self) -> Mapping[str, Handler]:
        """Handlers by directive name. The link's token is checked before a call; a handler may raise DirectiveError."""

    def names(self, camera: Camera) -> int:
        """How many names the capabilities of the camera hold in each locale."""
        return 0


class HouseholdInterface(ABC):
    """An interface whose directives concern no camera and carry the token in their payload."""

    name: ClassVar[str]

    @abstractmethod
    def directives(self) -> Mapping[str, HouseholdHandler]:
        """Handlers by directive name. A handler checks the token itself and may raise DirectiveError."""


STATE_UNREAD = ("signed_out", "no_internet", "vendor_down", "vendor_busy")  # with these reasons no state could be read


class Controls:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def change(self, directive: CameraDirective, setting: str, value: str) -> Answer:
        """Changes a setting. The Response holds the state as read back, or as showcam asked the vendor for it.

        Alexa waits for no later word. A refusal says where the setting can be changed instead.
        """
        try:
            changed = self._registry.change(
                directive.link, directive.camera_id, setting, value, within_s=directive.left_s
            )
        except BadValue as error:
            raise InvalidValue(str(error)) from None
        if isinstance(changed, Refusal):
            raise refused(changed, directive.link.locale)
        return Answer("Alexa", "Response", EMPTY, changed.camera if isinstance(changed, Asked) else changed)

    def unchanged(self, directive: CameraDirective) -> Answer:
        """A Response to a directive whose wish is already met."""
        return Answer("Alexa", "Response", EMPTY, self.read(directive))

    def refuse_encryption(self, directive: CameraDirective) -> Never:
        raise refused(overruled("encryption_by_voice", self.read(directive)), directive.link.locale)

    def read(self, directive: CameraDirective) -> Camera:
        """The camera from a reading at most a minute old. Raises DirectiveError without one."""
        state = self._registry.states(directive.link, (directive.camera_id,), directive.left_s).get(directive.camera_id)
        if state is None:
            raise refused(not_found(), directive.link.locale)
        if state.refusal is not None and state.refusal.reason in STATE_UNREAD:
            raise refused(state.refusal, directive.link.locale)
        return state.camera
