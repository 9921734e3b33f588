"""Recognises what a person says to a screen that shows cameras."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

EXAMPLES = (
    "show the garden camera",
    "show the nursery on the living room TV",
    "is the attic online",
    "is the garage ok",
    "turn off the garden camera",
    "turn on garden on living room TV",
    "is there motion at the front door",
    "discover devices",
    "hide the camera",
)

_WAKE = re.compile(r"^(?:(?:hey|ok|okay)\s+google|alexa)\b[\s,]*", re.I)
_SHOW = re.compile(
    r"^(?:please\s+)?(?:show|display|open|view|see|let me see|pull up|vis)(?:\s+me)?\s+(?P<what>.+)$", re.I
)
_TARGET = re.compile(r"^(?P<what>.+?)\s+(?:on|to|på)\s+(?P<screen>(?:(?:the|my)\s+)?.+)$", re.I)
_HIDE = re.compile(r"^(?:please\s+)?(?:hide|stop|close|exit|go home|skjul|stopp)\b", re.I)
_DISCOVER = re.compile(
    r"^(?:please\s+)?(?:discover|sync|find|finn|synkroniser)\b.*\b(?:devices?|cameras?|enheter|enhetene)", re.I
)
_ASK = re.compile(r"^(?:is|how is|how's)\s+(?P<what>.+?)(?:\s+(?P<about>online|there|ok|okay|working|doing))?$", re.I)
_SWITCH = re.compile(
    r"^(?:please\s+)?(?:turn|switch|slå)\s+(?:(?P<on>on|off|på|av)\s+(?P<what>.+)|(?P<what2>.+)\s+(?P<on2>on|off|på|av))$",
    re.I,
)
_OF = re.compile(r"^(?P<setting>.+?)\s+(?:on|of|for|in|at|på)\s+(?P<what>.+)$", re.I)
_BATTERY = re.compile(
    r"^(?:how much (?:battery|charge) (?:does|has)\s+(?P<what>.+?)(?:\s+(?:have|got))?(?:\s+left)?"
    r"|what(?:['’]s| is) the battery(?: level)? of\s+(?P<what2>.+))$",
    re.I,
)
_ACTIVATE = re.compile(r"^(?:please\s+)?(?:activate|start)\s+(?P<what>.+)$", re.I)
_RESTART = re.compile(r"^(?:please\s+)?(?:reboot|restart)\s+(?P<what>.+)$", re.I)
_REPLY = re.compile(r"^(?:(?P<yes>yes|yeah|sure|ja)|no|nei)(?:\s+(?:please|thanks))?$", re.I)
_MOTION = re.compile(
    r"^(?:is|was)\s+(?:there\s+)?(?:any\s+)?(?:motion|movement|anybody|somebody|someone)\s+(?:in|at|on|by|near)\s+(?P<what>.+)$",
    re.I,
)
_ARTICLE = re.compile(r"^(?:(?:the|my|a)\s+)+")
_KIND = re.compile(r"(?:\s+(?:camera|cam|video|feed|stream|please|kameraet|kamera))+$")


@dataclass(frozen=True, slots=True)
class Wish:
    what: Literal["show", "hide", "discover", "ask", "switch", "set", "restart", "battery", "reply", "unclear"]
    camera: str = ""  # as spoken
    screen: str = ""  # another screen by name, "" for this one
    whole: str = ""  # camera and screen as one name, for a camera named “Gate on the left”
    about: str = ""  # a question: "online", "well" or "motion"; a switch: "on" or "off"; a reply: "yes" or "no"
    setting: str = ""  # of the camera, to be turned "on" or "off"


def hear(text: str, settings: Collection[str] = ()) -> Wish:
    """`settings` are the cameras' settings that are on or off, in the form of `plain`."""
    words = _WAKE.sub("", " ".join(text.split())).strip(" .!?")
    if _DISCOVER.match(words):
        return Wish("discover")
    if _HIDE.match(words):
        return Wish("hide")
    if match := _SHOW.match(words):
        what, screen = match["what"], ""
        if target := _TARGET.match(what):
            what, screen = target["what"], re.sub(r"^(?:the|my)\s+", "", target["screen"], flags=re.I)
        return Wish("show", what, screen, match["what"])
    if match := _SWITCH.match(words):
        what, on = match["what"] or match["what2"], (match["on"] or match["on2"]).lower()
        about = "on" if on in ("on", "på") else "off"
        if (of := _OF.match(what)) and plain(of["setting"]) in settings:
            return Wish("set", of["what"], whole=of["what"], about=about, setting=plain(of["setting"]))
        return Wish("switch", what, whole=what, about=about)
    if match := _ACTIVATE.match(words):
        return Wish("switch", match["what"], whole=match["what"], about="on")
    if match := _RESTART.match(words):
        return Wish("restart", match["what"], whole=match["what"])
    if match := _BATTERY.match(words):
        what = match["what"] or match["what2"]
        return Wish("battery", what, whole=what)
    if match := _REPLY.match(words):
        return Wish("reply", about="yes" if match["yes"] else "no")
    if match := _MOTION.match(words):
        return Wish("ask", match["what"], whole=match["what"], about="motion")
    if match := _ASK.match(words):
        about = "online" if (match["about"] or "").lower() in ("online", "there") else "well"
        return Wish("ask", match["what"], whole=match["what"], about=about)
    return Wish("unclear")


def plain(name: str) -> str:
    """A name without case, punctuation, a leading “the” and a trailing “camera”."""
    words = " ".join(re.sub(r"[^\w\s]", " ", name.casefold()).split())
    return _KIND.sub("", _ARTICLE.sub("", words)) or words


def find_scene(wish: Wish, scenes: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The scene that is to be switched, by its whole name."""
    wanted = plain(wish.whole) if wish.what == "switch" else None
    return next((scene for scene in scenes if plain(scene["name"]) == wanted), None)


def find(wish: Wish, cameras: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The camera with this name, else the only one whose name begins with or holds the words."""
    names = [(plain(camera["name"]), camera) for camera in cameras]
    for wanted in (plain(wish.whole), plain(wish.camera)):
        if exact := [camera for name, camera in names if name == wanted]:
            return exact[0]
    wanted = plain(wish.camera)
    for near in (
        [camera for name, camera in names if name.startswith(wanted)],
        [camera for name, camera in names if wanted in name],
    ):
        if len(near) == 1:
            return near[0]
    return None
