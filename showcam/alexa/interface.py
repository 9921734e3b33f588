"""The base of every Alexa interface: its capabilities and states of a camera, and the directives it handles."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec
from msgspec import Struct

from showcam.alexa.capability import Capability
from showcam.alexa.deadline import Deadline
from showcam.alexa.message import Directive, Value
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera
from showcam.store.records import Link


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
