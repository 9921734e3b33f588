"""A picture that an ONVIF device can send, as either of its media services describes it."""

from msgspec import Struct

from net.elements import Element
from net.text import line

_CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265", "JPEG": "mjpeg"}


class Profile(Struct, frozen=True):
    """A picture that the device can send."""

    token: str
    codec: str  # "h264", "h265", "mjpeg" or "" for another
    width: int
    height: int
    rate: int
    keyframes: int  # frames from one keyframe to the next; 0: not reported
    sound: str
    source: str  # the token of the lens it comes from
    encoder: Element | None = None  # its video encoder's configuration


def profile_of(element: Element) -> Profile | None:
    """The profile in an element of either media service. None for one without video."""
    configurations = element.find("Configurations")
    encoder = element.find("VideoEncoderConfiguration") or element.find("Configurations", "VideoEncoder")
    if encoder is None or not element.attributes.get("token"):
        return None
    sound = element.find("AudioEncoderConfiguration") or (configurations and configurations.find("AudioEncoder"))
    source = element.find("VideoSourceConfiguration") or (configurations and configurations.find("VideoSource"))
    between = encoder.attributes.get("GovLength") or encoder.get("H264", "GovLength")
    return Profile(
        short(element.attributes["token"]),
        _CODECS.get(encoder.get("Encoding").upper(), ""),
        _number(encoder.get("Resolution", "Width")),
        _number(encoder.get("Resolution", "Height")),
        _number(encoder.get("RateControl", "FrameRateLimit")),
        _number(between),
        short(sound.get("Encoding")) if sound else "",
        short(source.get("SourceToken")) if source else "",
        encoder,
    )


def _number(text: str) -> int:
    """A picture's size, rate or GOP as a number: 0 for what is none."""
    try:
        return max(0, min(int(float(text)), 100_000))
    except (ValueError, OverflowError):
        return 0


def short(text: str) -> str:
    return line(text)[:100]
