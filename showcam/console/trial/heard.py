"""An assistant that is tried: what it is sent and answers, what it says then, and the reasons behind that."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from showcam.console.look import pages
from showcam.drivers.camera import Refusal, Surface
from showcam.drivers.errors import Unavailable
from showcam.i18n.catalogue import Language, mark
from showcam.i18n.hearing import Wish, find, hear
from showcam.registry.gate.reasons import row_text
from showcam.registry.owner.owner import Owner
from showcam.store.records import Link

# Outcomes of a sentence that was tried.
TRIAL = {
    "nothing_said": mark("Say “show” and a camera's name."),
    "no_name": mark("It knows no such camera."),
    "shown": mark("It shows the picture."),
    "unshown": mark("No picture came. Try again."),
    "unclear": mark("Say “show” and a camera's name."),
    "hidden": mark("Done."),
    "listed": mark("Cameras that it knows: {count}."),
    "online": mark("{camera} is online."),
    "offline": mark("{camera} is offline."),
    "motion": mark("{camera} sees motion."),
    "no_motion": mark("{camera} sees no motion."),
    "unknown": mark("Unknown."),
    "battery": mark("{camera} has {percent} % battery."),
    "well": mark("{camera} can be shown."),
    "all_well": mark("All can be shown."),
    "done": mark("Done."),
    "refused": mark("Refused for {camera}."),
    "not_offered": mark("Allow it on showcam's page."),
    "asks_pin": mark("It asks for your PIN."),
    "asks_yes": mark("It asks if you are sure."),
}

_GRANT = re.compile(r"/s/[^/\"]+/")
_SDP = re.compile(r'"value": "v=0[^"]*"|"sdp": "v=0[^"]*"')

type Ask = Callable[[Link, bytes], bytes]
type Messages = tuple[tuple[str, str], ...]


class Exchanges:
    """`ask` answers a message as if it came with a token of the link."""

    def __init__(self, link: Link, ask: Ask) -> None:
        self.link, self._ask = link, ask
        self._shown: list[tuple[str, str]] = []

    @property
    def shown(self) -> Messages:
        """The messages for a person to read; grants in addresses and the lines of WebRTC descriptions are left out."""
        return tuple(self._shown)

    def send(self, message: Mapping[str, object], ask: Ask | None = None) -> Any:
        """Sends the message and returns the answer. `ask` is another door of the same assistant."""
        body = msgspec.json.encode(message)
        answer = (ask or self._ask)(self.link, body)
        self._shown.append((_for_a_person(body), _for_a_person(answer)))
        return msgspec.json.decode(answer)


def _for_a_person(body: bytes) -> str:
    text = _GRANT.sub("/s/…/", msgspec.json.format(body, indent=1).decode())
    return _SDP.sub(lambda found: f'{found[0].partition(": ")[0]}: "v=0 …"', text)


type Named = Mapping[str, str]  # "id" and "name" of a camera


class Heard(Struct, frozen=True):
    """`says` is for a person, in `language`. `told` is the error that the assistant got as answer.

    If video plays, one of these is set: `hls` is an address, `offers` is the camera that an Echo's offer is for.
    """

    assistant: str
    says: str
    language: Language
    told: str = ""
    hls: str = ""
    offers: str = ""
    messages: Messages = ()


class Reasons:
    """Says why a camera of the household can't be shown."""

    def __init__(self, owner: Owner, account: str) -> None:
        self._owner, self._account = owner, account

    def of(self, surface: Surface, camera_id: str) -> str:
        """Says in sentences why the camera is not shown; "" if nothing prevents it or the reason is unknown."""
        return " ".join(dict(self._each(surface)).get(camera_id, ()))

    def _each(self, surface: Surface) -> list[tuple[str, tuple[str, ...]]]:
        """Lists the ids of the cameras that can't be shown, each with sentences about the reason and the fix."""
        try:
            rows = self._owner.readiness(self._account, (surface,))
        except Unavailable:
            return []
        refused = [(camera.id, verdicts[surface]) for camera, verdicts in rows]
        return [
            (its_id, tuple(row_text(verdict.reason, pages.language(), verdict.camera, verdict.vendor)))
            for its_id, verdict in refused
            if isinstance(verdict, Refusal)
        ]

    def why(self, surface: Surface, camera: Named | None) -> str:
        """Says why the camera is not shown, and the fix. Without a camera, says what is wrong with all cameras."""
        if camera is not None:
            return self.of(surface, camera["id"]) or pages.say(TRIAL["well"], camera=camera["name"])
        return " ".join(wrong for _, (wrong, *_) in self._each(surface)) or pages.say(TRIAL["all_well"])


class Tried(ABC):
    """An assistant that is tried. `of` gets a wish, the camera, and the assistant's listing of this camera."""

    name: ClassVar[str]

    def __init__(self, exchanges: Exchanges, reasons: Reasons) -> None:
        self._exchanges, self._reasons = exchanges, reasons

    @abstractmethod
    def why(self, camera: Named | None) -> Heard: ...

    @abstractmethod
    def of(self, wish: Wish, camera: Named, listed: Any) -> Heard: ...

    def reply(self, says: str, told: str = "", *, hls: str = "", offers: str = "") -> Heard:
        return Heard(self.name, says, pages.language(), told, hls, offers, self._exchanges.shown)

    def reaction(self, key: str, **gaps: object) -> Heard:
        return self.reply(pages.say(TRIAL[key], **gaps))

    def answered(self, text: str, cameras: list[tuple[Named, Any]], settings: set[str]) -> Heard:
        """Returns the reaction. `cameras` are as the assistant listed them; `settings` names the switches."""
        wish, names = hear(text, settings), [name for name, _ in cameras]
        if wish.what == "discover":
            return self.reaction("listed", count=len(cameras))
        if wish.what == "hide":
            return self.reaction("hidden")
        camera = find(wish, names) or named(text, names)
        if wish.what == "why":
            return self.why(camera)
        if camera is None:
            return self.reaction("unclear" if wish.what in ("unclear", "reply") else "no_name")
        return self.of(wish, camera, next(listed for name, listed in cameras if name["id"] == camera["id"]))


def named(text: str, cameras: Sequence[Named]) -> Named | None:
    """Finds the camera whose name stands anywhere in a sentence; of several, the longest name wins."""
    said = f" {_words(text)} "
    found = [camera for camera in cameras if _words(camera["name"]) and f" {_words(camera['name'])} " in said]
    return max(found, key=lambda camera: len(camera["name"]), default=None)


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
