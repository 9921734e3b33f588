"""Cameras that the owner added by their addresses: how their driver is built, and what is said of them.

There is no maker's app to name.
"""

from pathlib import Path

from showcam.drivers.driver import Driver
from showcam.drivers.vendor import Brand, Installation, Speech, remedy
from showcam.i18n.catalogue import Catalogue, mark
from showcam.store.ports import Store

_AWAY = (
    mark("{camera} does not answer at its address on the home network."),
    mark(
        "Check its power and network. If its address is another one now, give that on showcam's "
        "page, at its picture under “Name, password, address”."
    ),
)
SPEECH = Speech(
    "LAN",
    Catalogue(Path(__file__).parent, "lan"),
    written={
        "offline": _AWAY,
        "lan_unreachable": _AWAY,
        "lan_closed": remedy(
            "On the camera's own page or in its maker's app switch RTSP on, or ONVIF, which brings it."
        ),
        "code_wrong": (
            mark("{camera} refuses showcam's user name or password for it."),
            mark(
                "showcam stops after three refusals, since some cameras lock. "
                "Give the right ones on showcam's page, at its picture under “Name, password, address”."
            ),
        ),
        "no_way": (
            mark("{camera} answers, but has no picture at its path."),
            mark(
                "Look the path up in the camera's manual, then give it on showcam's page, at its picture under “Name, "
                "password, address”."
            ),
        ),
        "audio_off": remedy("Press “Switch Audio on” at its picture on showcam's page."),
        "not_playable": remedy("On the camera's own page set the video encoding of its sub stream to H.264."),
        "beyond_displays": remedy("On the camera's own page set a sub stream of 1920×1080 or lower in H.264."),
        "too_large": remedy("On the camera's own page set a sub stream of 1280×720 or lower in H.264."),
        "not_this_way": remedy("Look for it on the camera's own page."),
        "not_set": remedy("See on the camera's own page how it is set, then try again."),
    },
    aloud={
        "offline": remedy("Check its power and its address."),
        "lan_closed": remedy("Switch RTSP on at the camera."),
        "code_wrong": (mark("it refuses its password"), mark("Give showcam the right one.")),
        "no_way": (mark("it has no picture at that path"), mark("Give another path.")),
        "audio_off": remedy("Switch it on in showcam."),
        "not_playable": remedy("Set its sub stream to H 264."),
        "beyond_displays": remedy("Set a smaller sub stream."),
        "not_this_way": remedy("Use the camera's own page."),
    },
    sign_in={},
)


def build(store: Store, installation: Installation) -> Driver | None:
    if not installation.adds:
        return None
    from showcam.drivers.lan.driver import LanDriver
    from showcam.drivers.lan.search import of_house

    # the demo asks nothing of a real house
    return LanDriver(store, loopback=installation.demo, asks=None if installation.demo else of_house)


LAN = Brand("lan", "LAN", build, SPEECH, signs_in=False)
