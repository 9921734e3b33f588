"""Every interface that showcam has, in Discover's order. A new interface is one line in this module."""

from collections.abc import Callable, Sequence

from showcam.alexa.controllers import ModeController, PowerController, ToggleController
from showcam.alexa.discovery import Discovery, Endpoints, SceneController
from showcam.alexa.gateway import Authorization, Gateway
from showcam.alexa.interface import HouseholdInterface, Interface
from showcam.alexa.states import DoorbellEventSource, EndpointHealth, MotionSensor, ObjectDetectionSensor, StateReport
from showcam.alexa.streams import CameraStreamController, RtcSessionController, SnapshotProvider
from showcam.registry.registry import Registry
from showcam.store.records import Link


def interfaces(registry: Registry, *, snapshots: bool) -> tuple[Interface, ...]:
    """The interfaces of a camera and of its scenes. `snapshots`: whether stills are advertised and served."""
    return (
        StateReport(registry),
        CameraStreamController(registry),
        RtcSessionController(registry),
        SnapshotProvider(registry, enabled=snapshots),
        EndpointHealth(registry),
        PowerController(registry),
        MotionSensor(registry),
        ObjectDetectionSensor(registry),
        ToggleController(registry),
        ModeController(registry),
        DoorbellEventSource(registry),
        SceneController(registry),
    )


def household_interfaces(
    registry: Registry,
    link_of: Callable[[str], Link],
    gateway: Gateway | None,
    of_cameras: Sequence[Interface],
    reported: Callable[[Link], bool],
    granted: Callable[[Link], None],
) -> tuple[HouseholdInterface, ...]:
    """The interfaces whose directives concern no camera. `reported` and `granted`: as SmartHome has them.

    `link_of` returns the link of a token, or raises DirectiveError.
    """
    return (
        Discovery(registry, link_of, Endpoints(of_cameras), reported),
        Authorization(link_of, gateway, granted),
    )
