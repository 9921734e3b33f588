"""What viewers play: H.264, and by WebRTC nothing that comes out of order; displays up to High at level 4.2.

TVs get no more than level 4.1: the first Chromecasts end there, and no device reports which one it is.
"""

from showcam.engine.grants import Protocol
from showcam.engine.source import MOST_PIXELS, TRANSCODED
from showcam.engine.units import Format

_PROFILES = frozenset({66, 77, 100})  # Baseline, Main, High
_HIGHEST = 42
_OF_TVS = 41


def unplayed(form: Format, surface: str, protocol: Protocol) -> str:
    """Why that can't be shown there as it comes, "" where it can. A browser plays more, and so does what is here."""
    if protocol in ("still", "snapshot"):
        return ""
    if form.kind != "h264":
        return "not_playable"  # no surface says that it plays it
    if protocol == "webrtc" and form.b_frames:
        return "no_common_protocol"
    if surface == "video":
        return "" if _is_small(form) and _decode(form) else "too_large"
    highest = _OF_TVS if surface == "tv" else _HIGHEST
    return "" if surface == "page" or _decode(form, highest) else "beyond_displays"


def _is_small(form: Format) -> bool:
    return form.width <= TRANSCODED[0] and form.height <= TRANSCODED[1]


def _decode(form: Format, highest: int = _HIGHEST) -> bool:
    """Whether displays decode it, by profile and level ("avc1.PPCCLL"), and by size: cameras name too low a level."""
    profile, _, level = bytes.fromhex(form.codec.removeprefix("avc1."))
    return profile in _PROFILES and level <= highest and form.width * form.height <= MOST_PIXELS
