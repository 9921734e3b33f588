"""The trait action.devices.traits.EnergyStorage: how full a battery is. Charging can't be started from here."""

from typing import Any

from actions.trait import Trait
from registry.camera import Camera, State

# percent up to which a battery is called that
_LEVELS = ((10, "CRITICALLY_LOW"), (30, "LOW"), (60, "MEDIUM"), (95, "HIGH"), (100, "FULL"))


class EnergyStorage(Trait):
    name = "action.devices.traits.EnergyStorage"

    def attributes(self, camera: Camera) -> dict[str, Any] | None:
        if camera.battery is None:
            return None
        return {"queryOnlyEnergyStorage": True, "isRechargeable": camera.charging != "none"}

    def states(self, state: State) -> dict[str, Any]:
        battery, charging = state.camera.battery, state.camera.charging
        if battery is None:
            return {}
        percent = min(100, max(0, battery))
        told: dict[str, Any] = {
            "descriptiveCapacityRemaining": next(level for most, level in _LEVELS if percent <= most),
            "capacityRemaining": [{"unit": "PERCENTAGE", "rawValue": percent}],
        }
        return told | ({"isCharging": charging == "on"} if charging in ("on", "off") else {})
