"""What a camera says of one of its pictures by RTSP."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from media.rtsp.description import Description, Track
from media.rtsp.login import Login
from net.addresses import is_in_house
from registry.drivers.probes.rtsp import NoRtsp, questioner
from registry.errors import Refused

_VIDEOS = {"H264": "h264", "H265": "h265", "HEVC": "h265", "JPEG": "mjpeg"}
_SOUNDS = {"MPEG4-GENERIC": "aac", "MP4A-LATM": "aac", "PCMU": "g711u", "PCMA": "g711a", "OPUS": "opus"}


class Described(Struct, frozen=True):
    """`codec` is "" and `sound` is "" for another than those that are shown and heard."""

    path: str
    codec: str
    sound: str
    basic: bool = False  # user and password went to it as they are


def describe(
    host: str,
    port: int,
    paths: Iterable[str],
    user: str,
    password: str,
    deadline_s: float,
    *,
    loopback: bool,
    basic: bool = True,
) -> Described:
    """The first path that has a picture, over one connection.

    `basic`: whether user and password may be sent as they are.

    Raises Refused: code_wrong after one try, lan_closed, lan_unreachable, and no_way where the port speaks no RTSP or
    has no picture by these paths.
    """
    if not is_in_house(host, loopback=loopback):
        raise Refused("lan_unreachable", "no address of a house")
    login = Login(user, password, basic=basic)
    try:
        with questioner(host, port, deadline_s) as asking:
            for path in paths:
                body = asking.description(path, login)
                if body is not None and (found := _described(path, body)) is not None:
                    return replace(found, basic=login.is_basic)
    except NoRtsp as other:
        raise Refused("no_way", str(other)) from None
    raise Refused("no_way", "no picture by that path")


def _described(path: str, body: bytes) -> Described | None:
    """None where the description has no video."""
    sdp = Description.read(body)
    video = next((track for track in sdp.tracks if track.kind == "video"), None) if sdp else None
    if sdp is None or video is None:
        return None
    return Described(path, _VIDEOS.get(video.encoding, ""), _sound(sdp.tracks))


def _sound(tracks: tuple[Track, ...]) -> str:
    heard = (_SOUNDS.get(track.encoding, "") for track in tracks if track.kind == "audio" and not track.is_back)
    return next((codec for codec in heard if codec), "")
