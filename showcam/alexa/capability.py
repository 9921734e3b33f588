"""A capability in Discover's answer: the camera has an interface, whose properties can be read or changed.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery-objects.html
"""

from msgspec import Struct

from showcam.alexa.texts import Named


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
