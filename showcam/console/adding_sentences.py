"""The sentences about the owner's own cameras: why an address can't be read, and why a camera can't be added."""

from collections.abc import Mapping

from showcam.drivers.errors import Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark

_IP = mark("Give its IP address, such as 192.168.1.20.")
_SCHEME = mark("Begin with rtsp://, or with http:// for ONVIF.")
# keys are of showcam.drivers.lan.devices.BadAddress.why
ADDRESS: Mapping[str, str] = {
    "characters": mark("Only letters from a to z, no spaces."),
    "none": _IP,
    "login": mark("User name and password have their own fields."),
    "tls": mark("Not over TLS: give the plain rtsp:// address."),
    "scheme": _SCHEME,
    "name": _IP,
    "outside": mark("No home address. Those begin with 10., 172.16. to 172.31., 192.168. or fd."),
    "path": _SCHEME,
}
# keys are reasons (showcam.drivers.errors.Reason) of a camera that was tried
WHY: Mapping[str, str] = {
    "lan_unreachable": mark("Nothing answers there. Is the camera on, and in this network?"),
    "lan_closed": mark("Its video port is closed. Switch RTSP or ONVIF on at the camera."),
    "no_way": mark("No RTSP picture at that address. Look the path up in its manual."),
    "code_wrong": mark("It refuses this user name or password."),
    "not_playable": mark("Its video is none of H.264, H.265, Motion JPEG. Set H.264 at the camera."),
    "busy": mark("Too many screens show it. Close one."),
    "media_down": mark("It answered without a picture. Try again."),
}
CODECS = {"h264": "H.264", "h265": "H.265", "mjpeg": "Motion JPEG"}
SOUNDS = {"aac": "AAC", "g711u": "G.711", "g711a": "G.711", "opus": "Opus"}
ONLY_BASIC = mark(
    "It wants the password in the clear (Basic), which the camera did not. Nothing was "
    "sent. If it is yours, remove the camera and add it again."
)
GUESSED = mark("It refused three passwords. Some cameras lock: try again in an hour.")
NOT_NOW = mark("Others are being tried. Try again in some seconds.")
LOST = mark("This try has expired. Try again.")
UNNAMED = mark("It needs a name.")
ROOM = mark("At most 60 characters.")
NOT_SET = mark("It took only some. Set the rest at the camera.")
SEARCHING = mark("Searching …")

# at the tile of the owner's own camera, whose page is a press away
_ON_ITS_PAGE = mark("Check power and network. Change it under: Name, password, address.")
AT_ITS_TILE: Mapping[Reason, Sentence] = {
    "offline": ("", _ON_ITS_PAGE),
    "lan_unreachable": ("", _ON_ITS_PAGE),
    "code_wrong": (
        "",
        mark("Some cameras lock after three refusals. Change it under: Name, password, address."),
    ),
    "no_way": (
        "",
        mark("Its manual has the path. Change it under: Name, password, address."),
    ),
}

# keys are of showcam.drivers.lan.trial.Better: which picture, and which change
BETTER: Mapping[tuple[str, str], str] = {
    ("main", "h264"): mark("H.264: every display plays it"),
    ("sub", "h264"): mark("H.264 for the smaller picture"),
    ("main", "sub"): mark("A smaller picture (sub stream) for slow connections"),
    ("main", "keyframes"): mark("A keyframe every 2 s: it begins sooner"),
    ("sub", "keyframes"): mark("A keyframe every 2 s in the smaller picture"),
    ("main", "sound"): mark("AAC or G.711 for the sound"),
}
