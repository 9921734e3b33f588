"""The paths of makers' RTSP addresses, for cameras that do not say theirs by ONVIF.

`known` is where a path is from: the maker's own page, or a list that others wrote. None was tried on such a camera.
"""

from msgspec import Struct

_ROBOCAM = "github.com/neilshah101/Robocam, docs/RTSP-Formats.md"
_GUIDE = "github.com/AkashMLodiwiksz/Face-Identifying-Security-system-, RTSP_URL_GUIDE.md"
_LIVENVR = "blog.csdn.net/hzhouhangkeji/article/details/133701174"
_TEMPLATES = "github.com/thephez/onvif-viewer, URL Templates.txt"


class Known(Struct, frozen=True):
    """A maker's two pictures; `sub` "" where no list has one."""

    makers: str
    main: str
    sub: str
    known: str


# In the order in which they are tried: those of many makers first.
PATHS: tuple[Known, ...] = (
    Known(
        "Hikvision, HiLook, ANNKE, EZVIZ",
        "/Streaming/Channels/101",
        "/Streaming/Channels/102",
        "supportusa.hikvision.com/support/solutions/articles/17000129022",
    ),
    Known(
        "Dahua, Amcrest, Imou, Lorex",
        "/cam/realmonitor?channel=1&subtype=0",
        "/cam/realmonitor?channel=1&subtype=1",
        "programmerteach.com/p/onvif-rtsp-streaming-services-rtsp-configure-rules",
    ),
    Known("TP-Link Tapo, Pelco, Mobotix, Grandstream", "/stream1", "/stream2", _GUIDE),
    Known(
        "Reolink",
        "/h264Preview_01_main",
        "/h264Preview_01_sub",
        "the maker's CGI manual, in github.com/Benehiko/ReolinkCameraAPI",
    ),
    Known("Foscam", "/videoMain", "/videoSub", _GUIDE),
    Known("Uniview", "/unicast/c1/s0/live", "/unicast/c1/s1/live", _GUIDE),
    Known("Uniview, older", "/video1", "/video2", _LIVENVR),
    Known("Axis", "/axis-media/media.amp", "", _GUIDE),
    Known(
        "Hanwha Wisenet",
        "/profile2/media.smp",
        "/profile3/media.smp",
        "support.hanwhavision.eu/hc/en-gb/articles/4414178841746",
    ),
    Known("Samsung", "/onvif/profile2/media.smp", "/onvif/profile3/media.smp", _LIVENVR),
    Known("Eufy", "/live0", "/live1", _GUIDE),
    Known("Wyze with its RTSP firmware", "/live", "", "smartcamalerts.com/blog/rtsp-camera-setup.html"),
    Known(
        "Yi with yi-hack",
        "/ch0_0.h264",
        "/ch0_1.h264",
        "github.com/alienatedsec/yi-hack-v5, its wiki",
    ),
    Known("Hikvision before 2012", "/h264/ch1/main/av_stream", "/h264/ch1/sub/av_stream", _LIVENVR),
    Known("Milesight, Avycon", "/main", "/sub", "avycon.freshdesk.com/support/solutions/articles/36000328602"),
    Known(
        "Avycon Plug & Play", "/profile1", "/profile2", "avycon.freshdesk.com/support/solutions/articles/36000299004"
    ),
    Known("Vivotek, Netgear, Trendnet, Brickcom", "/live.sdp", "", _ROBOCAM),
    Known("D-Link", "/live1.sdp", "", _ROBOCAM),
    Known("Bosch", "/rtsp_tunnel?h26x=4&line=1&inst=1", "/rtsp_tunnel?h26x=4&line=1&inst=2", _TEMPLATES),
    Known("Panasonic i-PRO", "/MediaInput/h264", "", _ROBOCAM),
    Known("Sony", "/media/video1", "", _ROBOCAM),
    Known("Avigilon", "/defaultPrimary?streamType=u", "", _ROBOCAM),
    Known("Zosi and cameras without a maker's name", "/11", "", _GUIDE),
    Known("Tiandy", "/live/ch00_0", "", _ROBOCAM),
    Known("Infinova", "/1/h264major", "/1/h264minor", _LIVENVR),
)


def sub_of(main: str) -> str:
    """The smaller picture that goes with a main path of the table, "" where none is known."""
    return next((maker.sub for maker in PATHS if maker.main == main), "")
