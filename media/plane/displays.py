"""What displays of assistants play: H.264 up to High at level 4.2, and by WebRTC nothing that comes out of order."""

from media.grants import Claims
from media.plane import scaled
from media.plane.units import Format

_PROFILES = frozenset({66, 77, 100})  # Baseline, Main, High
_HIGHEST = 42


def play(form: Format, claims: Claims) -> bool:
    """Whether whoever has these claims can be shown it as it comes. A browser plays more, and so does what is here."""
    if claims.protocol in ("still", "snapshot"):
        return True
    if claims.protocol == "webrtc" and form.b_frames:
        return False
    is_made_smaller = claims.surface == "video_scaled" and not scaled.fits(form)
    return claims.surface == "page" or is_made_smaller or _decode(form.codec)


def _decode(codec: str) -> bool:
    """By profile and level, as "avc1.PPCCLL" tells them."""
    profile, _, level = bytes.fromhex(codec.removeprefix("avc1."))
    return profile in _PROFILES and level <= _HIGHEST
