"""The sentences about the owner's own cameras: why an address can't be read, and why a camera can't be added."""

from collections.abc import Mapping

from showcam.drivers.errors import Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark

# keys are of showcam.drivers.lan.devices.BadAddress.why
ADDRESS: Mapping[str, str] = {
    "characters": mark("An address has only letters from a to z, and no spaces."),
    "none": mark("That is not an address. Give one such as 192.168.1.20, or rtsp://192.168.1.20/stream1."),
    "login": mark("Leave user name and password out: each has a field here."),
    "tls": mark("RTSP over TLS is not read: give the plain rtsp:// address."),
    "scheme": mark("An address begins with rtsp://, with http:// or https:// for ONVIF, or is only an IP address."),
    "name": mark("Give the camera's IP address, such as 192.168.1.20, not a name."),
    "outside": mark("That is no address of a home network. Those begin with 10., 172.16. to 172.31., 192.168. or fd."),
    "path": mark("An address with a path begins with rtsp:// or http://."),
}
# keys are reasons (showcam.drivers.errors.Reason) of a camera that was tried
WHY: Mapping[str, str] = {
    "lan_unreachable": mark(
        "Nothing answers there. Check that the camera is on, in this network, and has that address."
    ),
    "lan_closed": mark("The camera's video port is closed. Switch RTSP or ONVIF on, on its own page."),
    "no_way": mark("Something answers, but has no RTSP picture at that address. Look the path up in its manual."),
    "code_wrong": mark("The camera refuses this user name or password."),
    "not_playable": mark("Its video is neither H.264, H.265 nor Motion JPEG. Set H.264 on the camera's own page."),
    "busy": mark("Too many screens show the camera. Close one, then try again."),
    "media_down": mark("The camera answered without a picture. Try again in a moment."),
}
ONLY_BASIC = mark(
    "What answers there wants the password in the clear (Basic), unlike the camera before, so it was not "
    "sent. If it is your camera, remove it and add it again."
)
GUESSED = mark("That address refused three passwords. Some cameras lock after more: try again in an hour.")
NOT_NOW = mark("Other cameras are being tried. Try again in a few seconds.")
LOST = mark("showcam has forgotten this try. Try the camera again.")
UNNAMED = mark("A camera needs a name.")
ROOM = mark("A room has at most 60 characters.")
NOT_SET = mark("The camera took only some of it. Set the rest on its own page.")
SEARCHING = mark("A search is running already.")

# at the tile of the owner's own camera, whose page is a press away
_ON_ITS_PAGE = mark("Check its power and network. Give a new address under: Name, password, address.")
AT_ITS_TILE: Mapping[Reason, Sentence] = {
    "offline": ("", _ON_ITS_PAGE),
    "lan_unreachable": ("", _ON_ITS_PAGE),
    "code_wrong": (
        "",
        mark("showcam stops after three refusals, since some cameras lock. Correct it under: Name, password, address."),
    ),
    "no_way": (
        "",
        mark("Look the path up in its manual, then give it under: Name, password, address."),
    ),
}

# keys are of showcam.drivers.lan.trial.Better: which picture, and which change
BETTER: Mapping[tuple[str, str], str] = {
    ("main", "h264"): mark("H.264 for the picture: every display plays it"),
    ("sub", "h264"): mark("H.264 for the smaller picture: every display plays it"),
    ("main", "sub"): mark("A smaller picture (sub stream) in H.264, for slow connections"),
    ("main", "keyframes"): mark("A keyframe every 2 s in the whole picture: it begins sooner"),
    ("sub", "keyframes"): mark("A keyframe every 2 s in the smaller picture: it begins sooner"),
    ("main", "sound"): mark("AAC or G.711 for the sound"),
}
