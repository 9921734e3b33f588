"""Understands spoken wishes to a screen that shows cameras, in English, German and Norwegian.

The simulated assistants and the console's “Try a sentence” use it; a real assistant understands speech itself.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

type What = Literal["show", "hide", "discover", "ask", "switch", "set", "restart", "battery", "reply", "why", "unclear"]

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
_PLEASE = re.compile(r"^(?:please|bitte|vær så snill og)\s+", re.I)
_SHOW = re.compile(
    r"^(?:show|display|open|view|see|let me see|pull up|vis|zeige?|öffne)"
    r"(?:\s+(?:me|meg|mir|uns|oss))?\s+(?P<what>.+)$",
    re.I,
)
_TARGET = re.compile(r"^(?P<what>.+?)\s+(?:on|to|på|auf)\s+(?P<screen>(?:(?:the|my|dem|der|den)\s+)?.+)$", re.I)
_HIDE = re.compile(
    r"^(?:hide|stop|close|exit|go home|skjul|stopp|lukk|stoppe|verberge|schließe?|beende)\b(?!.*\bneu$)", re.I
)
_DISCOVER = re.compile(
    r"^(?:discover|sync|find|finn|synkroniser|suche?|finde|synchronisiere)\b"
    r".*\b(?:devices?|cameras?|enheter|enhetene|kameraer|kameraene|geräte|kameras)",
    re.I,
)
_WELL = r"online|there|ok|okay|working|doing|på nett|pålogget|der|i orden|da|erreichbar|verbunden|in ordnung"
_ASK = re.compile(
    r"^(?:is|how is|how's|er|hvordan er|hvordan går det med|ist|wie geht es|wie geht's)\s+"
    rf"(?P<what>.+?)(?:\s+(?P<about>{_WELL}))?$",
    re.I,
)
_ONLINE = ("online", "there", "på nett", "pålogget", "der", "da", "erreichbar", "verbunden")
_ON, _OFF = ("on", "på", "an", "ein"), ("off", "av", "aus")
_EITHER = "|".join((*_ON, *_OFF))
_SWITCH = re.compile(
    r"^(?:turn|switch|slå|skru|schalte?|mache?)\s+"
    rf"(?:(?P<on>{_EITHER})\s+(?P<what>.+)|(?P<what2>.+)\s+(?P<on2>{_EITHER}))$",
    re.I,
)
_OF = re.compile(r"^(?P<setting>.+?)\s+(?:on|of|for|in|at|på|i|der|des|von|bei|an)\s+(?P<what>.+)$", re.I)
_BATTERY = re.compile(
    r"^(?:how much (?:battery|charge) (?:does|has)\s+(?P<what>.+?)(?:\s+(?:have|got))?(?:\s+left)?"
    r"|what(?:['’]s| is) the battery(?: level)? of\s+(?P<what2>.+)"
    r"|hvor mye (?:batteri|strøm) har\s+(?P<what3>.+?)(?:\s+igjen)?"
    r"|wie ?viel (?:akku|batterie|strom) hat\s+(?P<what4>.+?)(?:\s+noch)?)$",
    re.I,
)
_ACTIVATE = re.compile(r"^(?:activate|start|aktiver|aktiviere|starte)\s+(?P<what>.+)$", re.I)
_RESTART = re.compile(
    r"^(?:(?:reboot|restart)\s+(?P<what>.+)|start\s+(?P<what2>.+)\s+på nytt|starte\s+(?P<what3>.+)\s+neu)$", re.I
)
_REPLY = re.compile(r"^(?:(?P<yes>yes|yeah|sure|ja)|no|nei|nein)(?:\s+(?:please|thanks|takk|bitte|danke))?$", re.I)
_MOTION = re.compile(
    r"^(?:(?:is|was)\s+(?:there\s+)?(?:any\s+)?(?:motion|movement|anybody|somebody|someone)\s+(?:in|at|on|by|near)"
    r"|er det\s+(?:bevegelse|noen|noe)\s+(?:i|på|ved|foran)"
    r"|(?:ist jemand|bewegt sich (?:jemand|etwas|was)|gibt es bewegung)\s+(?:in|im|an|am|auf|vor|bei))\s+(?P<what>.+)$",
    re.I,
)
# which cameras, or why not this one
_WHY = re.compile(
    r"^(?:(?:which|what) (?:of my )?cameras .*|(?:hvilke|hva for) kameraer .*|welche kameras .*"
    r"|(?:what|hva|was) (?:can(?:['’]?t|not)|kan ikke|kann nicht) .*"
    r"|why (?:can(?:['’]t|not)|do(?:n['’]t| not)|won['’]t) (?:I |you )?(?:see |show )?(?P<en>.+?)(?: show| work)?"
    r"|why (?:is|does|can|won['’]t) (?P<en2>.+?)(?: not.*|n['’]t.*| be shown)?"
    r"|what(?:['’]s| is) wrong with (?P<en3>.+)"
    r"|hvorfor (?:ser jeg ikke|kan jeg ikke se|vises ikke|virker ikke) (?P<nb>.+)"
    r"|hva er (?:galt|i veien) med (?P<nb2>.+)"
    r"|warum (?:sehe ich|kann ich|geht|zeigt sich|läuft) (?P<de>.+?) (?:nicht|nicht sehen)"
    r"|was ist mit (?P<de2>.+?)(?: los)?)$",
    re.I,
)
_ARTICLE = re.compile(r"^(?:(?:the|my|a|der|die|das|den|dem|mein|meine|meinen|mitt|min|dem)\s+)+")
_KIND = re.compile(r"(?:\s+(?:camera|cam|video|feed|stream|please|kameraet|kamera|bitte|takk))+$")


@dataclass(frozen=True, slots=True)
class Wish:
    what: What
    camera: str = ""  # as spoken
    screen: str = ""  # another screen by name, "" for this one
    whole: str = ""  # camera and screen as one name, for a camera named “Gate on the left”
    about: str = ""  # a question: "online", "well" or "motion"; a switch: "on" or "off"; a reply: "yes" or "no"
    setting: str = ""  # of the camera, to be turned "on" or "off"


def hear(text: str, settings: Collection[str] = ()) -> Wish:
    """The wish in a sentence. `settings` names the cameras' settings that are on or off, in the form of `plain`."""
    words = _PLEASE.sub("", _WAKE.sub("", " ".join(text.split())).strip(" .!?"))
    if _DISCOVER.match(words):
        return Wish("discover")
    if _HIDE.match(words):
        return Wish("hide")
    if match := _SHOW.match(words):
        what, screen = match["what"], ""
        if target := _TARGET.match(what):
            what, screen = target["what"], re.sub(r"^(?:the|my|dem|der|den)\s+", "", target["screen"], flags=re.I)
        return Wish("show", what, screen, match["what"])
    if match := _RESTART.match(words):
        return _about("restart", match)
    if match := _SWITCH.match(words):
        return _switched(match, settings)
    if match := _ACTIVATE.match(words):
        return Wish("switch", match["what"], whole=match["what"], about="on")
    return _question(words)


def _switched(match: re.Match[str], settings: Collection[str]) -> Wish:
    what, on = match["what"] or match["what2"], (match["on"] or match["on2"]).lower()
    about = "on" if on in _ON else "off"
    if (of := _OF.match(what)) and plain(of["setting"]) in settings:
        return Wish("set", of["what"], whole=of["what"], about=about, setting=plain(of["setting"]))
    return Wish("switch", what, whole=what, about=about)


def _question(words: str) -> Wish:
    if match := _BATTERY.match(words):
        return _about("battery", match)
    if match := _REPLY.match(words):
        return Wish("reply", about="yes" if match["yes"] else "no")
    if match := _WHY.match(words):
        return _about("why", match)
    if match := _MOTION.match(words):
        return Wish("ask", match["what"], whole=match["what"], about="motion")
    if match := _ASK.match(words):
        about = "online" if (match["about"] or "").lower() in _ONLINE else "well"
        return Wish("ask", match["what"], whole=match["what"], about=about)
    return Wish("unclear")


def _about(what: What, match: re.Match[str]) -> Wish:
    """The wish about the camera whose name one of the match's groups has; "" if no group has a name."""
    camera = next(filter(None, match.groups()), "")
    return Wish(what, camera, whole=camera)


def plain(name: str) -> str:
    """A name without case, punctuation, a leading “the” and a trailing “camera”."""
    words = " ".join(re.sub(r"[^\w\s]", " ", name.casefold()).split())
    return _KIND.sub("", _ARTICLE.sub("", words)) or words


def find_scene[Named: Mapping[str, object]](wish: Wish, scenes: Sequence[Named]) -> Named | None:
    """The scene with the whole name that the wish says, if the wish is to switch something."""
    wanted = plain(wish.whole) if wish.what == "switch" else None
    return next((scene for scene in scenes if plain(str(scene["name"])) == wanted), None)


def find[Named: Mapping[str, object]](wish: Wish, cameras: Sequence[Named]) -> Named | None:
    """The camera with this name, else the only one whose name begins with or holds the words."""
    names = [(plain(str(camera["name"])), camera) for camera in cameras]
    for wanted in (plain(wish.whole), plain(wish.camera)):
        if exact := [camera for name, camera in names if name == wanted]:
            return exact[0]
    wanted = plain(wish.camera)
    if not wanted:
        return None
    for near in (
        [camera for name, camera in names if name.startswith(wanted)],
        [camera for name, camera in names if wanted in name],
    ):
        if len(near) == 1:
            return near[0]
    return None
