"""Turning and stopping a camera by ONVIF, the positions it keeps, and the infrared filter of its lens."""

import html
import itertools

from showcam.drivers.driver import Direction, Preset
from showcam.drivers.lan.onvif import IMAGING, PTZ, SCHEMA, Onvif, OnvifFailed, profile_token, short
from showcam.drivers.settings import Setting, SettingView

# ONVIF's PTZ Service Specification, 5.3.3: positive is to the right and up. Half of the speed, as home-assistant/core
# has it (components/onvif/camera.py, ATTR_SPEED).
_VELOCITY: dict[Direction, tuple[float, float]] = {
    "left": (-0.5, 0.0),
    "right": (0.5, 0.0),
    "up": (0.0, 0.5),
    "down": (0.0, -0.5),
}


def turn(onvif: Onvif, profile: str, direction: Direction, timeout_s: float) -> None:
    """Has the camera turn, for a second at most if it heeds the timeout. Raises OnvifFailed."""
    x, y = _VELOCITY[direction]
    velocity = f'<Velocity><PanTilt xmlns="{SCHEMA}" x="{x}" y="{y}"/></Velocity>'
    onvif.call(PTZ, "ContinuousMove", timeout_s, f"{profile_token(profile)}{velocity}<Timeout>PT1S</Timeout>")


def halt(onvif: Onvif, profile: str, timeout_s: float) -> None:
    """Has the camera stop turning. Raises OnvifFailed."""
    onvif.call(PTZ, "Stop", timeout_s, f"{profile_token(profile)}<PanTilt>true</PanTilt><Zoom>false</Zoom>")


LONGEST_TOKEN = 64  # ONVIF's ReferenceToken (onvif.xsd)
MOST_PRESETS = 12  # each has a button on the camera's page


def presets(onvif: Onvif, profile: str, timeout_s: float) -> tuple[Preset, ...]:
    """The first named positions that the camera keeps (ONVIF's PTZ Service Specification, 5.6). Raises OnvifFailed."""
    answer = onvif.call(PTZ, "GetPresets", timeout_s, profile_token(profile))
    found = (
        Preset(element.attributes.get("token", ""), short(element.get("Name"))) for element in answer.all("Preset")
    )
    # the token is sent as it came, so one that is too long to be one is left out
    named = (preset for preset in found if preset.name and 0 < len(preset.token) <= LONGEST_TOKEN)
    return tuple(itertools.islice(named, MOST_PRESETS))


def go(onvif: Onvif, profile: str, preset: Preset, timeout_s: float) -> None:
    """Has the camera turn to the position. Raises OnvifFailed."""
    inner = f"{profile_token(profile)}<PresetToken>{html.escape(preset.token)}</PresetToken>"
    onvif.call(PTZ, "GotoPreset", timeout_s, inner)


# The filter is before the lens by day: the picture has colour. AUTO is by how dark it is.
_NIGHT = {"ON": "colour", "OFF": "black_and_white", "AUTO": "smart"}
_FILTER = {value: filter_ for filter_, value in _NIGHT.items()}


def night_vision(onvif: Onvif, lens: str, timeout_s: float) -> dict[Setting, SettingView]:
    """The settings in the camera's report; {} if the camera does not answer."""
    try:
        value = _NIGHT.get(_read(onvif, lens, timeout_s))
    except OnvifFailed:
        return {}
    if value is None:
        return {}
    return {"night_vision": SettingView(value, can_set=True, choices=tuple(_FILTER))}


def set_night_vision(onvif: Onvif, lens: str, value: str, timeout_s: float) -> None:
    """Sets the lens's infrared filter. Raises OnvifFailed."""
    wanted = f'<IrCutFilter xmlns="{SCHEMA}">{_FILTER[value]}</IrCutFilter>'
    inner = f"{_lens(lens)}<ImagingSettings>{wanted}</ImagingSettings><ForcePersistence>true</ForcePersistence>"
    onvif.call(IMAGING, "SetImagingSettings", timeout_s, inner)


def _read(onvif: Onvif, lens: str, timeout_s: float) -> str:
    return onvif.call(IMAGING, "GetImagingSettings", timeout_s, _lens(lens)).get("ImagingSettings", "IrCutFilter")


def _lens(lens: str) -> str:
    return f"<VideoSourceToken>{html.escape(lens)}</VideoSourceToken>"
