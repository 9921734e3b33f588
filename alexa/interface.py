"""What an interface of Alexa's is to showcam: what a camera has of it, its states, and the directives it takes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec
from msgspec import Struct

from alexa.capability import Capability
from alexa.deadline import Deadline
from alexa.directive import Directive
from alexa.message import Value
from alexa.texts import Locales
from registry.camera import Camera
from store.records import Link


class Asked:
    """A directive about one camera, which the link may not see or which may not be there."""

    __slots__ = ("camera_id", "deadline", "directive", "link")

    def __init__(self, link: Link, camera_id: str, directive: Directive, deadline: Deadline) -> None:
        self.link, self.camera_id, self.directive, self.deadline = link, camera_id, directive, deadline

    @property
    def left_s(self) -> float:
        return self.deadline.left_s

    @property
    def instance(self) -> str:
        """Of a generic controller; "" where none is named."""
        return self.directive.header.instance or ""

    def read[T](self, shape: msgspec.json.Decoder[T]) -> T:
        """The payload. Raises InvalidDirective."""
        return self.directive.read(shape)


class Answer(Struct, frozen=True):
    """An event without its envelope. `camera`: whose state goes with it; `version`: of the payload."""

    namespace: str
    name: str
    payload: Struct
    camera: Camera | None = None
    version: str = "3"
    of_camera: bool = True  # False: it is about the household, and names no endpoint


class Stated(Struct, frozen=True):
    """The value of one property, as of the camera's reading."""

    name: str
    value: Value
    instance: str | None = None


type Handler = Callable[[Asked], Answer]
type HouseholdHandler = Callable[[Directive, Deadline], Answer]


class Interface(ABC):
    """One for all cameras. Each method gives nothing where there is no such thing."""

    name: ClassVar[str]  # the namespace of its directives and properties

    @abstractmethod
    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        """What Discover tells of the camera. `locales`: in which what has a name of ours is named."""

    @abstractmethod
    def states(self, camera: Camera) -> Sequence[Stated]:
        """What a report and an answer's context tell; nothing also where it is not known."""

    @abstractmethod
    def directives(self) -> Mapping[str, Handler]:
        """By name. The link's token has been checked before one is called, and it may raise DirectiveError."""

    def names(self, camera: Camera) -> int:
        """How many things of the camera its capabilities name in each locale."""
        return 0


class HouseholdInterface(ABC):
    """Its directives are about no camera, and say in their payload whose they are."""

    name: ClassVar[str]

    @abstractmethod
    def directives(self) -> Mapping[str, HouseholdHandler]:
        """By name. Each checks the token that it is given, and may raise DirectiveError."""
