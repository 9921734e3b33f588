"""The demo's accounts and their cameras."""

from simulator.state import Account, Camera, World, md5

_DEMO, _MFA, _OTHER = "demo@example.com", "mfa@example.com", "other@example.com"
_REAL = "real@example.com"  # as most are: no developer key is used, and no door at home is open
PASSWORD_MD5 = md5("showcam-demo")  # a published password


def demo_world() -> World:
    """The state at each start of the simulator."""
    accounts = [
        _account(_DEMO, "demo"),
        _account(_MFA, "mfa", sign_in_code="012345"),
        _account(_OTHER, "other"),
        _account(_REAL, "real"),
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
        Camera("F00497501", "Terrace", _REAL, "ABCDEF", "garden", model="C8W", rtsp=False, pitch_hz=349),
        Camera("F00497502", "Driveway", _REAL, "ABCDEF", "garage", model="H3", encryption=True, rtsp=False),
        # their cloud streams are RTP
        Camera("F00497503", "Balcony", _REAL, "BLCNYX", "porch", model="CB8", rtsp=False, transport="rtp"),
        Camera("F00497504", "Shed", _REAL, "SHEDXY", "attic", model="H9c", rtsp=False, transport="rtp", codec="h265"),
    ]
    return World({account.user: account for account in accounts}, {camera.serial: camera for camera in cameras})


def _account(user: str, key: str, sign_in_code: str = "") -> Account:
    return Account(user, PASSWORD_MD5, f"{key}-key", f"{key}-secret", sign_in_code)
