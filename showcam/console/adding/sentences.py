"""The sentences about the owner's own cameras: why an address can't be read, and why a camera can't be added."""

from collections.abc import Mapping

from showcam.i18n.catalogue import mark

_IP = mark("Give its IP address.")
_SCHEME = mark("Begin with rtsp://, or with http:// for ONVIF.")
# keys are of showcam.drivers.lan.devices.BadAddress.why
ADDRESS: Mapping[str, str] = {
    "characters": mark("Only letters from a to z, no spaces."),
    "none": _IP,
    "login": mark("User name and password have their own fields."),
    "tls": mark("Not over TLS: give its rtsp:// address."),
    "scheme": _SCHEME,
    "name": _IP,
    "outside": mark("No home address: give its private IP address."),
    "path": _SCHEME,
}
# keys are reasons (showcam.drivers.errors.Reason) of a camera that was tried
WHY: Mapping[str, str] = {
    "lan_unreachable": mark("Nothing answers. Is it on, and in showcam's network?"),
    "lan_closed": mark("Its video port is closed. Switch RTSP or ONVIF on."),
    "no_way": mark("No RTSP picture there. Its manual has the path."),
    "code_wrong": mark("It refuses this user name or password."),
    "not_playable": mark("Its video can't be shown. Set H.264 at the camera."),
    "busy": mark("Too many screens show it. Close one."),
    "media_down": mark("No picture came. Try again."),
}
CODECS = {"h264": "H.264", "h265": "H.265", "mjpeg": "Motion JPEG"}
SOUNDS = {"aac": "AAC", "g711u": "G.711", "g711a": "G.711", "opus": "Opus"}
ONLY_BASIC = mark(
    "It now wants the password in the clear (Basic); nothing was sent. If it is yours, remove and add it again."
)
GUESSED = mark("It refused three passwords. Wait an hour.")
NOT_NOW = mark("Too busy. Try again in some seconds.")
LOST = mark("This try has expired.")
UNNAMED = mark("It needs a name.")
ROOM = mark("At most 60 characters.")
NOT_SET = mark("It took only some.")
SEARCHING = mark("Searching …")

# keys are of showcam.drivers.lan.trial.Better: which picture, and which change
BETTER: Mapping[tuple[str, str], str] = {
    ("main", "h264"): mark("H.264: every display plays it"),
    ("sub", "h264"): mark("Smaller picture: H.264"),
    ("main", "sub"): mark("A smaller picture (sub stream)"),
    ("main", "keyframes"): mark("A keyframe every 2 s: it begins sooner"),
    ("sub", "keyframes"): mark("Smaller picture: a keyframe every 2 s"),
    ("main", "sound"): mark("Sound: AAC or G.711"),
}
