"""Every trait that showcam has, in SYNC's order."""

from actions.camera_stream import CameraStream
from actions.controls import Controls
from actions.energy_storage import EnergyStorage
from actions.modes import Modes
from actions.object_detection import ObjectDetection
from actions.on_off import OnOff
from actions.reboot import Reboot
from actions.scene import SceneTrait
from actions.status_report import StatusReport
from actions.toggles import Toggles
from actions.trait import Trait
from showcam.registry.registry import Registry


def traits(registry: Registry, public_url: str, receiver_app: str = "") -> tuple[Trait, ...]:
    controls = Controls(registry)
    return (
        CameraStream(registry, public_url, receiver_app),
        OnOff(controls),
        Toggles(controls),
        Modes(controls),
        StatusReport(),
        ObjectDetection(),
        EnergyStorage(),
        Reboot(controls),
        SceneTrait(registry),
    )
