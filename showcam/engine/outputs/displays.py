"""Knows which video each kind of viewer plays. Displays play H.264 up to High at level 4.2.

By WebRTC, pictures must also come in order (no B frames). TVs get no more than level 4.1: the first Chromecasts play no
more, and no device reports its model.
"""

from showcam.engine.grants import Protocol
from showcam.engine.source import MOST_PIXELS, TRANSCODED
from showcam.engine.units import Format

_PROFILES = frozenset({66, 77, 100})  # Baseline, Main, High
_HIGHEST = 42
_OF_TVS = 41


def unplayed(form: Format, surface: str, protocol: Protocol) -> str:
    """The reason why a video can't be shown on this surface as it comes; "" if it can.

    A browser plays more than displays, and stills are decoded by showcam.
    """
    if protocol in ("still", "snapshot"):
        return ""
    if form.kind != "h264":
        return "not_playable"  # no surface announces other codecs
    if protocol == "webrtc" and form.b_frames:
        return "no_common_protocol"
    if surface == "video":
        return "" if _is_small(form) and _decode(form) else "too_large"
    highest = _OF_TVS if surface == "tv" else _HIGHEST
    return "" if surface == "page" or _decode(form, highest) else "beyond_displays"


def _is_small(form: Format) -> bool:
    return form.width <= TRANSCODED[0] and form.height <= TRANSCODED[1]


def _decode(form: Format, highest: int = _HIGHEST) -> bool:
    """True if displays decode the video, by profile and level ("avc1.PPCCLL"), and by size.

    The size counts since some cameras name too low a level.
    """
    profile, _, level = bytes.fromhex(form.codec.removeprefix("avc1."))
    return profile in _PROFILES and level <= highest and form.width * form.height <= MOST_PIXELS
