"""Households of any size, made while the vendor runs."""

from itertools import cycle
from zlib import crc32

from showcam.simulator.camera import Camera
from showcam.simulator.households import PASSWORD_MD5
from showcam.simulator.state import Account, Device, World

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SCENES = ("garden", "door", "garage", "nursery", "attic", "bedroom", "pond", "porch", "study")


def make(world: World, user: str, cameras: int, *, mixed: bool) -> None:
    """Replaces the user's cameras. `mixed` adds a recorder, a camera of two lenses, a hub and a doorbell."""
    if user not in world.accounts:
        world.accounts[user] = Account(user, PASSWORD_MD5)
    for camera in world.owned(user):
        del world.cameras[camera.key]
    world.devices = {serial: device for serial, device in world.devices.items() if device.owner != user}
    prefix = f"{_LETTERS[crc32(user.encode()) % 24]}{crc32(user.encode()) % 10_000:04}"
    for number, scene in zip(range(cameras), cycle(_SCENES), strict=False):
        world.add(Camera(f"{prefix}{number:04}", f"Camera {number + 1}", user, _code(number), scene))
    if mixed:
        _mix(world, user, f"{prefix[:4]}")


def _mix(world: World, user: str, prefix: str) -> None:
    recorder, lenses, hub = f"{prefix}N0001", f"{prefix}D0001", f"{prefix}H0001"
    world.devices[recorder] = Device(recorder, "Recorder", user, "XVR", "X5S", channels=8)
    for channel, name in enumerate(("Gate", "Yard", "Stable"), 1):
        world.add(Camera(recorder, name, user, "RCRDRX", "garden", model="X5S", channel=channel))
    world.devices[lenses] = Device(lenses, "Drive", user, "IPC", "H9C")
    for channel, name in enumerate(("Drive Wide", "Drive Close"), 1):
        world.add(Camera(lenses, name, user, "LNSESX", "garage", model="H9C", channel=channel))
    world.devices[hub] = Device(hub, "Alarm Hub", user, "IGateWay", "A1")
    world.add(
        Camera(
            f"{prefix}B0001",
            "Back Door",
            user,
            "BTTRYX",
            "door",
            model="DB2C",
            kind="doorbell",
            battery=67,
            awake_until=0.0,
        )
    )


def _code(number: int) -> str:
    return "".join(_LETTERS[number // 24**place % 24] for place in range(6))
