"""The settings of a camera that ONVIF reads and sets: night vision, by its infrared cut filter (Imaging, 5.1)."""

import html

from registry.drivers.lan.onvif import IMAGING, Onvif
from registry.drivers.lan.soap import OnvifFailed
from registry.settings import Setting, SettingView

_SCHEMA = "http://www.onvif.org/ver10/schema"
# The filter is before the lens by day: the picture has colour. AUTO is by how dark it is.
_NIGHT = {"ON": "colour", "OFF": "black_and_white", "AUTO": "smart"}
_FILTER = {value: filter_ for filter_, value in _NIGHT.items()}


def settings(onvif: Onvif, lens: str, timeout_s: float) -> dict[Setting, SettingView]:
    """The settings that the camera reports; none where it can't be asked."""
    try:
        value = _NIGHT.get(_read(onvif, lens, timeout_s))
    except OnvifFailed:
        return {}
    if value is None:
        return {}
    return {"night_vision": SettingView(value, can_set=True, choices=tuple(_FILTER))}


def set_night_vision(onvif: Onvif, lens: str, value: str, timeout_s: float) -> None:
    """Raises OnvifFailed."""
    wanted = f'<IrCutFilter xmlns="{_SCHEMA}">{_FILTER[value]}</IrCutFilter>'
    inner = f"{_token(lens)}<ImagingSettings>{wanted}</ImagingSettings><ForcePersistence>true</ForcePersistence>"
    onvif.call(IMAGING, "SetImagingSettings", timeout_s, inner)


def _read(onvif: Onvif, lens: str, timeout_s: float) -> str:
    return onvif.call(IMAGING, "GetImagingSettings", timeout_s, _token(lens)).get("ImagingSettings", "IrCutFilter")


def _token(lens: str) -> str:
    return f"<VideoSourceToken>{html.escape(lens)}</VideoSourceToken>"
