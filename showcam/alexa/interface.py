"""The base of every Alexa interface, and the types of directives, capabilities, states and answers.

A directive is typed as far as dispatch and authentication need it. Unknown keys are ignored, since real directives hold
more than is published. Each interface types its payloads. A message that is no directive is still read
for what its error answer needs.
https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-interface.html
https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-response.html
"""

import functools
import json
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Raw, Struct

from showcam.alexa.errors import DirectiveError, refused
from showcam.alexa.texts import Locales, Named
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.settings import Asked, BadValue
from showcam.net.text import JsonObject, shallow, too_deep
from showcam.registry.gate.gate import not_found
from showcam.registry.registry import Registry
from showcam.store.records import Link

type Value = str | int | Struct | tuple[Struct, ...]  # the value of a property
_MS = [f".{ms:03d}Z" for ms in range(1000)]
DEEP = 3  # the fields read from header and endpoint lie no deeper
# more lenient than the decoder of directives; numbers are not used, so each becomes a float
_decode = json.JSONDecoder(parse_int=float, strict=False).decode
_unpaired = re.compile(r"[\ud800-\udfff]").search


class Header(Struct, rename="camel", omit_defaults=True):
    namespace: str
    name: str
    payload_version: str
    message_id: str
    correlation_token: str | None = None


class EndpointId(Struct, rename="camel"):
    """The id of an endpoint without a scope: a bearer token is never sent back."""

    endpoint_id: str


class Event(Struct, omit_defaults=True):
    header: Header
    payload: Struct
    endpoint: EndpointId | None = None


class Property(Struct, rename="camel", omit_defaults=True):
    """One property of a camera at `time_of_sample`."""

    namespace: str
    name: str
    value: Value
    time_of_sample: str
    uncertainty_in_milliseconds: int
    instance: str | None = None


class Context(Struct):
    properties: list[Property]


class Message(Struct, omit_defaults=True):
    event: Event
    context: Context | None = None


class Empty(Struct, frozen=True):
    """A payload without fields."""


EMPTY = Empty()


def timestamp(at: float) -> str:
    """Epoch seconds in Alexa's format: ISO 8601, UTC, with milliseconds."""
    ms = int(at * 1000)
    return _second(ms // 1000) + _MS[ms % 1000]


def seconds(at: float) -> str:
    """Epoch seconds in the format of an event that takes no fractions."""
    return _second(int(at)) + "Z"


@functools.lru_cache(1024)  # many readings and streams fall into the same second
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class DirectiveHeader(Struct, rename="camel"):
    namespace: str
    name: str
    message_id: str | None = None
    correlation_token: str | None = None
    instance: str | None = None


class Scope(Struct):
    token: str = ""


class Endpoint(Struct, rename="camel"):
    endpoint_id: str
    scope: Scope | None = None


class Directive(Struct):
    header: DirectiveHeader
    endpoint: Endpoint | None = None
    payload: Raw = Raw(b"{}")

    def read[T](self, shape: msgspec.json.Decoder[T]) -> T:
        """The payload, decoded by the handler's decoder. Raises DirectiveError."""
        try:
            return shape.decode(self.payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise DirectiveError(
                "INVALID_DIRECTIVE", "The payload does not have the shape this directive has."
            ) from None


class _Message(Struct):
    directive: Directive


_message = msgspec.json.Decoder(_Message)


def read(body: bytes) -> Directive:
    """Reads a directive. Raises Unreadable."""
    try:
        if not too_deep(body):
            return _message.decode(body).directive
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    raise Unreadable(body)


class Unreadable(Exception):
    """The body is no directive.

    `correlation_token` and `endpoint_id` are None if the body does not hold them as text.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__("not a directive")
        directive = _within(_object(body), "directive")
        self.correlation_token = _text(_within(directive, "header"), "correlationToken")
        self.endpoint_id = _text(_within(directive, "endpoint"), "endpointId")


def _object(body: bytes) -> Any:
    try:
        return _decode(shallow(body, DEEP).decode("utf-8", "surrogateescape"))
    except ValueError:
        return None


def _within(given: Any, key: str) -> JsonObject:
    value = given.get(key) if isinstance(given, dict) else None
    return value if isinstance(value, dict) else {}


def _text(given: JsonObject, key: str) -> str | None:
    """The value if it is text and can be sent back unchanged."""
    value = given.get(key)
    return value if isinstance(value, str) and not _unpaired(value) else None


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
        """The decoded payload. Raises DirectiveError."""
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

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @abstractmethod
    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        """The camera's capabilities in Discover's answer. `locales`: the languages for names of instances and modes."""

    def states(self, camera: Camera) -> Sequence[Stated]:
        """The properties for a report and for an answer's context, without those whose value is unknown."""
        return ()

    def directives(self) -> Mapping[str, Handler]:
        """Handlers by directive name. The link's token is checked before a call; a handler may raise DirectiveError."""
        return {}

    def names(self, camera: Camera) -> int:
        """How many names the capabilities of the camera hold in each locale."""
        return 0

    def change(self, directive: CameraDirective, setting: str, value: str) -> Answer:
        """Changes a setting. The Response holds the state as read back, or as showcam asked the vendor for it.

        Alexa waits for no later word. A refusal says where the setting can be changed instead.
        """
        try:
            changed = self._registry.change(
                directive.link, directive.camera_id, setting, value, within_s=directive.left_s
            )
        except BadValue as error:
            raise DirectiveError("INVALID_VALUE", str(error)) from None
        if isinstance(changed, Refusal):
            raise refused(changed, directive.link.locale)
        return Answer("Alexa", "Response", EMPTY, changed.camera if isinstance(changed, Asked) else changed)

    def read(self, directive: CameraDirective) -> Camera:
        """The camera from a reading at most a minute old. Raises DirectiveError without one."""
        state = self._registry.states(directive.link, (directive.camera_id,), directive.left_s).get(directive.camera_id)
        if state is None:
            raise refused(not_found(), directive.link.locale)
        if state.refusal is not None and state.refusal.reason in STATE_UNREAD:
            raise refused(state.refusal, directive.link.locale)
        return state.camera


class HouseholdInterface(ABC):
    """An interface whose directives concern no camera and carry the token in their payload."""

    name: ClassVar[str]

    @abstractmethod
    def directives(self) -> Mapping[str, HouseholdHandler]:
        """Handlers by directive name. A handler checks the token itself and may raise DirectiveError."""


STATE_UNREAD = ("signed_out", "no_internet", "vendor_down", "vendor_busy")  # with these reasons no state could be read
