"""A capability as Discover tells it: that a camera has an interface, and what of it can be asked for or changed.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery-objects.html
"""

from msgspec import Struct

from alexa.texts import Named


class Supported(Struct):
    name: str


class ReportedProperties(Struct, rename="camel", omit_defaults=True, kw_only=True):
    supported: tuple[Supported, ...]
    proactively_reported: bool
    retrievable: bool
    non_controllable: bool = False


class Capability(Struct, tag_field="type", tag="AlexaInterface", rename="camel", omit_defaults=True, kw_only=True):
    """What all interfaces can tell. What one alone tells is a field of its own subclass, in its own module."""

    interface: str
    version: str
    instance: str | None = None
    properties: ReportedProperties | None = None
    capability_resources: Named | None = None
    configuration: Struct | None = None


def reported(name: str, *, controllable: bool = True) -> ReportedProperties:
    """`proactively_reported` is false as long as nothing is sent of our own accord.

    A property that no voice may change is told as one: Alexa offers to change whatever is told as controllable.
    """
    return ReportedProperties(
        supported=(Supported(name),), proactively_reported=False, retrievable=True, non_controllable=not controllable
    )
