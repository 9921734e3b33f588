"""Every interface that showcam has, in Discover's order. A new interface is one line in this module."""

from collections.abc import Callable, Sequence

from showcam.alexa.authorization import Authorization
from showcam.alexa.camera_stream_controller import CameraStreamController
from showcam.alexa.controls import Controls
from showcam.alexa.discovery import Discovery
from showcam.alexa.doorbell_event_source import DoorbellEventSource
from showcam.alexa.endpoint_health import EndpointHealth
from showcam.alexa.endpoints import Endpoints
from showcam.alexa.gateway import Gateway
from showcam.alexa.interface import HouseholdInterface, Interface
from showcam.alexa.mode_controller import ModeController
from showcam.alexa.motion_sensor import MotionSensor
from showcam.alexa.object_detection_sensor import ObjectDetectionSensor
from showcam.alexa.power_controller import PowerController
from showcam.alexa.rtc_session_controller import RtcSessionController
from showcam.alexa.scene_controller import SceneController
from showcam.alexa.snapshot_provider import SnapshotProvider
from showcam.alexa.state_report import StateReport
from showcam.alexa.toggle_controller import ToggleController
from showcam.registry.registry import Registry
from showcam.store.records import Link


def interfaces(registry: Registry, *, snapshots: bool) -> tuple[Interface, ...]:
    """The interfaces of a camera and of its scenes. `snapshots`: whether stills are advertised and served."""
    controls = Controls(registry)
    return (
        StateReport(controls),
        CameraStreamController(registry),
        RtcSessionController(registry),
        SnapshotProvider(registry, enabled=snapshots),
        EndpointHealth(),
        PowerController(controls),
        MotionSensor(),
        ObjectDetectionSensor(controls),
        ToggleController(controls),
        ModeController(controls),
        DoorbellEventSource(),
        SceneController(registry),
    )


def household_interfaces(
    registry: Registry,
    link_of: Callable[[str], Link],
    gateway: Gateway | None,
    of_cameras: Sequence[Interface],
    reported: Callable[[Link], bool] | None = None,
    granted: Callable[[Link], None] | None = None,
) -> tuple[HouseholdInterface, ...]:
    """The interfaces whose directives concern no camera. `link_of`: the link of a token; raises InvalidAuthorization.

    `reported` and `granted`: as SmartHome has them.
    """
    return (
        Discovery(registry, link_of, Endpoints(of_cameras), reported or (lambda link: False)),
        Authorization(link_of, gateway, granted or (lambda link: None)),
    )
