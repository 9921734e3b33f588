"""Households to practise on, and households of any size made while the simulator runs."""

import re
from itertools import cycle
from zlib import crc32

from showcam.simulator import real_household
from showcam.simulator.camera import Camera
from showcam.simulator.state import Account, Device, World, md5

_DEMO, _MFA, _OTHER = "demo@example.com", "mfa@example.com", "other@example.com"
PASSWORD_MD5 = md5("showcam-demo")  # a published password


def demo_world() -> World:
    """Returns the state at each start of the simulator."""
    accounts = [
        _account(_DEMO, "demo"),
        _account(_MFA, "mfa", sign_in_code="012345"),
        _account(_OTHER, "other"),
        _account(real_household.USER, "real"),
        _account(real_household.FAMILY, "family"),
        _account(real_household.KEYS, "keys", sign_in_code="012345"),
    ]
    cameras = [
        Camera("F00497201", "Garden", _DEMO, "GKRTUV", "garden", shared_with=(_OTHER,), pitch_hz=220),
        Camera("F00497202", "Front Door", _DEMO, "DMNPQR", "door", model="DB1C", kind="doorbell", pitch_hz=262),
        Camera("F00497203", "Garage", _DEMO, "ABCDEF", "garage", encryption=True, pitch_hz=196),
        Camera("F00497204", "Nursery", _DEMO, "NBCXZL", "nursery", model="C6N", audio=False, pitch_hz=330),
        Camera("F00497205", "Attic", _DEMO, "TTHJKL", "attic", online=False, pitch_hz=247),
        Camera("F00497206", "Bedroom", _DEMO, "BDRWMK", "bedroom", model="C6N", asleep=True, pitch_hz=294),
        Camera("F00497207", "Pond", _DEMO, "PQWSXC", "pond", model="C8C", codec="h265", pitch_hz=175),
        Camera("F00497301", "Porch", _MFA, "PRCHXY", "porch", pitch_hz=233),
        Camera("F00497401", "Study", _OTHER, "STDYKJ", "study", model="C6N", pitch_hz=277),
    ]
    world = World({account.user: account for account in accounts}, {camera.serial: camera for camera in cameras})
    real_household.add(world)
    return world


def _account(user: str, key: str, sign_in_code: str = "") -> Account:
    return Account(user, PASSWORD_MD5, f"{key}-key", f"{key}-secret", sign_in_code)


MOST = 1000
ADDRESS = re.compile(r"[a-z0-9.+-]{1,40}@example\.(?:com|org|net)")
KEPT = frozenset(demo_world().accounts)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SCENES = ("garden", "door", "garage", "nursery", "attic", "bedroom", "pond", "porch", "study")


def make(world: World, user: str, cameras: int, *, mixed: bool) -> None:
    """Replaces the user's cameras. `mixed` adds a recorder, a camera of two lenses, a hub and a doorbell."""
    key = user.partition("@")[0]
    if user not in world.accounts:
        world.accounts[user] = Account(user, PASSWORD_MD5, f"{key}-key", f"{key}-secret")
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
