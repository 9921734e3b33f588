"""The sentences about the owner's own cameras: why an address can't be read, and why a camera can't be added."""

from collections.abc import Mapping

from showcam.drivers.errors import Reason
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark

# keys are of showcam.drivers.lan.devices.BadAddress.why
ADDRESS: Mapping[str, str] = {
    "characters": mark("An address has no spaces, and no letters beyond a to z."),
    "none": mark("That is not an address. Give one such as 192.168.1.20, or rtsp://192.168.1.20/stream1."),
    "login": mark("Leave user name and password out of the address: each has a field of its own here."),
    "tls": mark("RTSP over TLS is not read: give the camera's plain rtsp:// address."),
    "scheme": mark("An address begins with rtsp://, with http:// or https:// for ONVIF, or is an IP address alone."),
    "name": mark("Give the camera's IP address, such as 192.168.1.20, in place of a name."),
    "outside": mark("That is no address of a home network. Those begin with 10., 172.16. to 172.31., 192.168. or fd."),
    "path": mark("An address with a path begins with rtsp:// or http://."),
}
# keys are reasons (showcam.drivers.errors.Reason) of a camera that was tried
WHY: Mapping[str, str] = {
    "lan_unreachable": mark("Nothing answers there. See that the camera is on, in this network, and has that address."),
    "lan_closed": mark(
        "The camera is there, and its video port is closed. Switch RTSP or ONVIF on, on the camera's own page."
    ),
    "no_way": mark(
        "Something answers there, and it has no picture by RTSP at that address. Look the path up in its manual."
    ),
    "code_wrong": mark("The camera refuses this user name or password."),
    "not_playable": mark("Its video is neither H.264, H.265 nor Motion JPEG. Set H.264 on the camera's own page."),
    "busy": mark("The camera is shown on as many screens as it can. Close one, then try again."),
    "media_down": mark("The camera answered, and no picture came. Try again in a moment."),
}
ONLY_BASIC = mark(
    "What answers there wants the password as it is (Basic), which the camera did not before: it is not sent. "
    "If that is your camera all the same, remove it here and add it again."
)
GUESSED = mark("That address refused three passwords. Some cameras lock after more: wait an hour, then try again.")
NOT_NOW = mark("Other cameras are being tried just now. Try again in a few seconds.")
LOST = mark("showcam no longer knows the camera that you tried. Try it again.")
UNNAMED = mark("A camera needs a name.")
ROOM = mark("A room has at most 60 characters.")
NOT_SET = mark("The camera did not take all of it. Set the rest on the camera's own page.")
SEARCHING = mark("A search is running already.")

# at the tile of the owner's own camera, whose page is a press away
_ON_ITS_PAGE = mark(
    "See that it has power and is on the network. If it has another address now, give it under: "
    "Name, password, address."
)
AT_ITS_TILE: Mapping[Reason, Sentence] = {
    "offline": ("", _ON_ITS_PAGE),
    "lan_unreachable": ("", _ON_ITS_PAGE),
    "code_wrong": (
        "",
        mark(
            "showcam stops after three refusals, since some cameras lock. Give the right ones under: "
            "Name, password, address."
        ),
    ),
    "no_way": (
        "",
        mark("Look the path up in the camera's manual, then give the address under: Name, password, address."),
    ),
}

# keys are of showcam.drivers.lan.trial.Better: which picture, and which change
BETTER: Mapping[tuple[str, str], str] = {
    ("main", "h264"): mark("H.264 for the picture, which every display plays as it comes"),
    ("sub", "h264"): mark("H.264 for the smaller picture, which every display plays as it comes"),
    ("main", "sub"): mark("A smaller picture (sub stream) in H.264, for slow connections"),
    ("main", "keyframes"): mark("A keyframe every 2 s in the whole picture, so that it begins sooner"),
    ("sub", "keyframes"): mark("A keyframe every 2 s in the smaller picture, so that it begins sooner"),
    ("main", "sound"): mark("AAC or G.711 for the sound, which can be played"),
}
