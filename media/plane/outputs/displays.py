"""What displays of assistants play: H.264 up to High at level 4.2, and by WebRTC nothing that comes out of order."""

from typing import Literal

from media.grants import Protocol
from media.plane.codec.units import Format
from media.plane.outputs import scaler
from media.source import MOST_PIXELS

# Surfaces whose picture may be 1280×720 at most, and what is done about a larger one.
FIT: dict[str, Literal["any", "small", "scaled"]] = {"video": "small", "video_scaled": "scaled"}
_PROFILES = frozenset({66, 77, 100})  # Baseline, Main, High
_HIGHEST = 42


def unplayed(form: Format, surface: str, protocol: Protocol) -> str:
    """Why that can't be shown there as it comes, "" where it can. A browser plays more, and so does what is here."""
    if protocol in ("still", "snapshot"):
        return ""
    if protocol == "webrtc" and form.b_frames:
        return "no_common_protocol"
    if surface == "video" and not scaler.fits(form):
        return "too_large"  # its owner may have made it larger since it was looked at
    is_made_smaller = surface == "video_scaled" and not scaler.fits(form)
    if surface == "page" or is_made_smaller or _decode(form):
        return ""
    return "too_large" if surface == "video" else "beyond_displays"


def _decode(form: Format) -> bool:
    """By profile and level, as "avc1.PPCCLL" tells them, and by size: cameras name a lower level than they keep to."""
    profile, _, level = bytes.fromhex(form.codec.removeprefix("avc1."))
    return profile in _PROFILES and level <= _HIGHEST and form.width * form.height <= MOST_PIXELS
