"""The page of the house's TVs: what is shown on them, a camera put on one or taken off, and scenes for assistants."""

import time
from collections.abc import Callable
from typing import Protocol

from flask import Response, request
from msgspec import Struct
from msgspec.structs import replace

from accounts.console_sessions import ConsoleSession
from console import pages
from console.area import READ, Area, Rule
from console.sentences import CASTING
from registry.camera import Camera, Refusal
from registry.errors import Unavailable
from registry.gate.reasons import explain
from registry.owner.owner import Owner
from registry.settings import BadValue
from words.languages import Language

AT = "/home/tv"
KNOWN_S = 600.0  # TVs that were found so lately are listed without another search, which takes seconds


class Tv(Struct, frozen=True):
    id: str
    name: str


class OnTv(Struct, frozen=True):
    """A camera, by its name, on a TV."""

    tv: Tv
    camera: str


class Tvs(Protocol):
    """The TVs of the house, as the worker reaches them. Each method but `found` answers for one household."""

    def found(self) -> list[Tv]:
        """Those that answer now; takes seconds. Raises NotOnTv."""
        ...

    def now(self, account: str) -> list[OnTv]:
        """Raises NotOnTv."""
        ...

    def show(self, account: str, camera: str, tv: str) -> Refusal | None:
        """None where it is shown, or the TV still loads. `tv`: an id. Raises NotOnTv."""
        ...

    def stop(self, account: str, tv: str) -> None:
        """Raises NotOnTv."""
        ...


class NotOnTv(Exception):
    """A TV or showcam stands in the way; the text is for a person."""

    def text(self, language: Language) -> str:
        raise NotImplementedError


class Scenes(Struct, frozen=True):
    """The scenes of one camera."""

    camera: Camera
    tvs: tuple[str, ...]


class Casting:
    def __init__(self, owner: Owner, area: Area, tvs: Tvs, clock: Callable[[], float] = time.monotonic) -> None:
        self._owner, self._area, self._tvs, self._clock = owner, area, tvs, clock
        self._known: tuple[float, list[Tv]] | None = None

    def rules(self) -> list[Rule]:
        """Of the page, which tiles and the menu lead to."""
        return [(AT, "tv", self.show, READ), (AT, "tv_step", self.take, ("POST",))]

    def show(self, current: ConsoleSession) -> Response:
        return self._page(current, chosen=request.args.get("camera", ""))

    def take(self, current: ConsoleSession) -> Response:
        camera, tv = request.form.get("camera", ""), request.form.get("tv", "")
        try:
            why = self._done(request.form.get("step", ""), current.account, camera, tv)
        except NotOnTv as failed:
            why = failed.text(pages.language())
        except (Unavailable, BadValue):
            why = pages.say(CASTING["not_kept"])
        if why:
            return self._page(current, 403, chosen=camera, tv=tv, error=why)
        return pages.led(AT)

    def _done(self, step: str, account: str, camera: str, tv: str) -> str:
        """Why nothing was done, as a sentence; "" else."""
        match step:
            case "show" if camera and tv:
                refusal = self._tvs.show(account, camera, tv)
                return explain(refusal, pages.language()) if refusal else ""
            case "stop" if tv:
                self._tvs.stop(account, tv)
            case "scene" | "no-scene" if camera and tv:
                self._scene(account, camera, tv, wanted=step == "scene")
            case "look":
                self._known = None
            case _:
                return pages.say(CASTING["nothing_chosen"])
        return ""

    def _scene(self, account: str, camera: str, tv: str, *, wanted: bool) -> None:
        """`tv`: an id of one that was found, or its name. Raises BadValue, Unavailable, NotOnTv."""
        if all(listed.id != camera for listed in self._owner.cameras(account).cameras):
            raise BadValue("there is no such camera")
        names = {found.id: found.name for found in self._found()} if wanted else {}
        name = names.get(tv, tv)
        kept = self._owner.preferences(account, camera)
        others = tuple(one for one in kept.tv_scenes if one.casefold() != name.casefold())
        self._owner.prefer(account, camera, replace(kept, tv_scenes=(*others, name) if wanted else others))

    def _found(self) -> list[Tv]:
        if self._known is None or self._clock() - self._known[0] > KNOWN_S:
            self._known = (self._clock(), self._tvs.found())
        return self._known[1]

    def _page(self, current: ConsoleSession, status: int = 200, **context: object) -> Response:
        cameras: tuple[Camera, ...] = ()
        tvs: list[Tv] = []
        now: list[OnTv] = []
        try:
            cameras = self._owner.cameras(current.account).cameras
            now = self._tvs.now(current.account)
            tvs = self._found()
        except NotOnTv as failed:
            context.setdefault("error", failed.text(pages.language()))
        except Unavailable:
            context.setdefault("error", pages.say(CASTING["no_list"]))
        scenes = [
            Scenes(camera, kept)
            for camera in cameras
            if (kept := self._owner.preferences(current.account, camera.id).tv_scenes)
        ]
        return self._area.page("tv", status, cameras=cameras, tvs=tvs, now=now, scenes=scenes, **context)
