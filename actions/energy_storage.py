"""The trait action.devices.traits.EnergyStorage: the level of a battery. Charging can't be started by voice.

Page: https://developers.home.google.com/cloud-to-cloud/traits/energystorage
"""

from typing import Literal, NotRequired, TypedDict

from actions.trait import Nothing, Trait
from showcam.drivers.camera import Camera, State

type Level = Literal["CRITICALLY_LOW", "LOW", "MEDIUM", "HIGH", "FULL"]

# up to this many percent Google calls a battery by that name
_LEVELS: tuple[tuple[int, Level], ...] = (
    (10, "CRITICALLY_LOW"),
    (30, "LOW"),
    (60, "MEDIUM"),
    (95, "HIGH"),
    (100, "FULL"),
)


class Attributes(TypedDict):
    queryOnlyEnergyStorage: Literal[True]
    isRechargeable: bool


class Capacity(TypedDict):
    unit: Literal["PERCENTAGE"]
    rawValue: int


class States(TypedDict):
    descriptiveCapacityRemaining: Level
    capacityRemaining: list[Capacity]
    isCharging: NotRequired[bool]


class EnergyStorage(Trait):
    name = "action.devices.traits.EnergyStorage"

    def attributes(self, camera: Camera) -> Attributes | None:
        if camera.battery is None:
            return None
        return {"queryOnlyEnergyStorage": True, "isRechargeable": camera.charging != "none"}

    def states(self, state: State) -> States | Nothing:
        battery, charging = state.camera.battery, state.camera.charging
        if battery is None:
            return Nothing()
        percent = min(100, max(0, battery))
        states: States = {
            "descriptiveCapacityRemaining": next(level for most, level in _LEVELS if percent <= most),
            "capacityRemaining": [{"unit": "PERCENTAGE", "rawValue": percent}],
        }
        if charging in ("on", "off"):
            states["isCharging"] = charging == "on"
        return states
