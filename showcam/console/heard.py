"""An assistant's reaction to a sentence that is tried. Both assistants share these names, words and reasons."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from showcam.console import pages
from showcam.console.exchanges import Messages
from showcam.console.sentences import TRIAL
from showcam.drivers.camera import Refusal, Surface
from showcam.drivers.errors import Unavailable
from showcam.i18n.catalogue import Language
from showcam.i18n.hearing import Wish, find, hear
from showcam.registry.gate.reasons import row_text
from showcam.registry.owner.owner import Owner

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


class Answers(Protocol):
    """An assistant that is tried. `of` gets a wish, the camera, and the assistant's listing of this camera."""

    def reaction(self, key: str, **gaps: object) -> Heard: ...
    def why(self, camera: Named | None) -> Heard: ...
    def of(self, wish: Wish, camera: Named, listed: Any) -> Heard: ...


def answered(by: Answers, text: str, cameras: list[tuple[Named, Any]], settings: set[str]) -> Heard:
    """Returns the assistant's reaction. `cameras` are as the assistant listed them; `settings` names the switches."""
    wish, names = hear(text, settings), [name for name, _ in cameras]
    if wish.what == "discover":
        return by.reaction("listed", count=len(cameras))
    if wish.what == "hide":
        return by.reaction("hidden")
    camera = meant(wish, text, names)
    if wish.what == "why":
        return by.why(camera)
    if camera is None:
        return by.reaction("unclear" if wish.what in ("unclear", "reply") else "no_name")
    return by.of(wish, camera, next(listed for name, listed in cameras if name["id"] == camera["id"]))


def meant(wish: Wish, text: str, cameras: list[Named]) -> Named | None:
    """Finds the camera that a wish is about. The sentence may be only a camera's name, or contain a name anywhere."""
    by_id = {camera["id"]: camera for camera in cameras}
    return find(wish, cameras) or by_id.get(named(by_id_and_name(cameras))(text) or "")


def by_id_and_name(cameras: Iterable[Named]) -> list[tuple[str, str]]:
    return [(camera["id"], camera["name"]) for camera in cameras]


def named(devices: Iterable[tuple[str, str]]) -> Callable[[str], str | None]:
    """Returns a function that finds the id of the device named in a sentence; of several, the longest name wins."""
    by_length = sorted(devices, key=lambda device: -len(device[1]))

    def find_id(text: str) -> str | None:
        said = f" {_words(text)} "
        return next((its_id for its_id, name in by_length if _words(name) and f" {_words(name)} " in said), None)

    return find_id


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
