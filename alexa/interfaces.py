"""Every interface that showcam has, in Discover's order. A new interface is one line in this module."""

from collections.abc import Callable, Sequence

from alexa.authorization import Authorization
from alexa.camera_stream_controller import CameraStreamController
from alexa.controls import Controls
from alexa.discovery import Discovery
from alexa.doorbell_event_source import DoorbellEventSource
from alexa.endpoint_health import EndpointHealth
from alexa.endpoints import Endpoints
from alexa.gateway import Gateway
from alexa.interface import HouseholdInterface, Interface
from alexa.mode_controller import ModeController
from alexa.motion_sensor import MotionSensor
from alexa.object_detection_sensor import ObjectDetectionSensor
from alexa.power_controller import PowerController
from alexa.rtc_session_controller import RtcSessionController
from alexa.scene_controller import SceneController
from alexa.snapshot_provider import SnapshotProvider
from alexa.state_report import StateReport
from alexa.toggle_controller import ToggleController
from registry.registry import Registry
from store.records import Link


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
    """`link_of`: the link of a token; raises InvalidAuthorization. `reported`, `granted`: as SmartHome has them."""
    return (
        Discovery(registry, link_of, Endpoints(of_cameras), reported or (lambda link: False)),
        Authorization(link_of, gateway, granted or (lambda link: None)),
    )
