"""Households to practise on."""

from showcam.simulator import real_household
from showcam.simulator.camera import Camera
from showcam.simulator.state import Account, World, md5

_DEMO, _MFA, _OTHER = "demo@example.com", "mfa@example.com", "other@example.com"
PASSWORD_MD5 = md5("showcam-demo")  # a published password


def demo_world() -> World:
    """Returns the state at each start of the simulator."""
    accounts = [
        Account(_DEMO, PASSWORD_MD5),
        Account(_MFA, PASSWORD_MD5, sign_in_code="012345"),
        Account(_OTHER, PASSWORD_MD5),
        Account(real_household.USER, PASSWORD_MD5),
        Account(real_household.FAMILY, PASSWORD_MD5),
        Account(real_household.KEYS, PASSWORD_MD5, sign_in_code="012345"),
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
