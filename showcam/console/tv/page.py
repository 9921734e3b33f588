"""The page of the house's TVs: show a camera on a TV, stop it, edit scenes, and have cameras come automatically."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from flask import Response, request
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.look import pages
from showcam.console.look.area import READ, Area, Rule
from showcam.drivers.camera import Camera
from showcam.drivers.errors import NotOnTv, Unavailable
from showcam.drivers.settings import BadValue
from showcam.i18n.catalogue import mark
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import TV_WHEN, Preferences
from showcam.registry.scenes import Screens

# Errors of the TVs' page.
CASTING = {
    "nothing_chosen": mark("Choose a camera and a TV."),
    "not_kept": mark("That camera is gone, or has enough scenes."),
    "no_list": mark("The cameras can't be listed now. Try again."),
}
# Occasions that automatically bring a camera to a TV; each follows “when”.
HAPPENS = {
    "doorbell": mark("Somebody rang"),
    "motion": mark("Motion"),
    "person": mark("A person"),
}

AT = "/home/tv"
WAITED_S = 12.0  # seconds that the page waits; a TV that takes longer still shows the camera
KNOWN_S = 600.0  # TVs that were found within this time are listed without another search, which takes seconds


class Tv(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str:
        """A "screen" or something that plays only sound."""
        ...


class OnTv(Protocol):
    @property
    def device(self) -> Tv: ...
    @property
    def name(self) -> str:
        """The camera's name."""
        ...

    @property
    def waking(self) -> bool:
        """Whether the camera runs on battery, and the TV waits for it."""
        ...


class Tvs(Screens, Protocol):
    """The worker's door to the TVs of the house, as `showcam.cast.door.CastClient`. Each method raises NotOnTv."""

    def devices(self) -> Sequence[Tv]:
        """Returns the devices that answer now; takes seconds."""
        ...

    def now(self, account: str) -> Sequence[OnTv]:
        """Lists the household's cameras that are on TVs now."""
        ...


class Scenes(Struct, frozen=True):
    """The scenes of one camera."""

    camera: Camera
    tvs: tuple[str, ...]


class ByItself(Struct, frozen=True):
    """A camera that an occasion brings to a TV for a minute. `when` is of TV_WHEN, `happens` its name for people."""

    camera: Camera
    tv: str
    when: str
    happens: str


class Casting:
    def __init__(self, owner: Owner, area: Area, tvs: Tvs, clock: Callable[[], float] = time.monotonic) -> None:
        self._owner, self._area, self._tvs, self._clock = owner, area, tvs, clock
        self._known: tuple[float, list[Tv]] | None = None

    def rules(self) -> list[Rule]:
        """The addresses of the page, which tiles and the menu lead to."""
        return [(AT, "tv", self.show, READ), (AT, "tv_step", self.take, ("POST",))]

    def show(self, current: ConsoleSession) -> Response:
        return self._page(current, chosen=request.args.get("camera", ""))

    def take(self, current: ConsoleSession) -> Response:
        camera, tv = request.form.get("camera", ""), request.form.get("tv", "")
        try:
            why = self._done(request.form.get("step", ""), current.account, camera, tv, request.form.get("when", ""))
        except NotOnTv as failed:
            why = failed.text(pages.language())
        except (Unavailable, BadValue):
            why = pages.say(CASTING["not_kept"])
        if why:
            return self._page(current, 403, chosen=camera, tv=tv, error=why)
        return pages.led(AT)

    def _done(self, step: str, account: str, camera: str, tv: str, when: str) -> str:
        """Does the step. Returns why nothing was done, as a sentence, or ""."""
        match step:
            case "show" if camera and tv:
                return pages.why(self._tvs.begin(account, camera, tv, WAITED_S))
            case "stop" if tv:
                self._tvs.begin_stop(account, "", tv, WAITED_S)
            case "scene" | "no-scene" if camera and tv:
                self._scene(account, camera, tv, wanted=step == "scene")
            case "by-itself" if camera and tv and when in TV_WHEN:
                self._by_itself(account, camera, self._named(tv), when)
            case "not-by-itself" if camera:
                self._not_by_itself(account, camera, when)
            case "look":
                self._known = None
            case _:
                return pages.say(CASTING["nothing_chosen"])
        return ""

    def _scene(self, account: str, camera: str, tv: str, *, wanted: bool) -> None:
        """`tv` is the id of a found TV, or its name. Raises BadValue, Unavailable, NotOnTv."""
        kept = self._preferences(account, camera)
        name = self._named(tv) if wanted else tv
        others = tuple(scene for scene in kept.tv_scenes if scene.casefold() != name.casefold())
        self._owner.prefer(account, camera, replace(kept, tv_scenes=(*others, name) if wanted else others))

    def _by_itself(self, account: str, camera: str, tv: str, when: str) -> None:
        """Adds the occasion `when`. A camera has one TV; on another TV the earlier occasions end.

        Raises BadValue, Unavailable.
        """
        kept = self._preferences(account, camera)
        others = kept.tv_when if kept.tv.casefold() == tv.casefold() else ()
        wanted = tuple(when_shown for when_shown in TV_WHEN if when_shown == when or when_shown in others)
        self._owner.prefer(account, camera, replace(kept, tv=tv, tv_when=wanted))

    def _not_by_itself(self, account: str, camera: str, when: str) -> None:
        """Ends the occasion `when`. Raises BadValue, Unavailable."""
        kept = self._preferences(account, camera)
        left = tuple(occasion for occasion in kept.tv_when if occasion != when)
        self._owner.prefer(account, camera, replace(kept, tv=kept.tv if left else "", tv_when=left))

    def _preferences(self, account: str, camera: str) -> Preferences:
        """Raises BadValue if the household has no such camera, and Unavailable."""
        if all(listed.id != camera for listed in self._owner.cameras(account).cameras):
            raise BadValue("there is no such camera")
        return self._owner.preferences(account, camera)

    def _named(self, tv: str) -> str:
        """Returns the name of a TV that was found by its id, else the given text. Raises NotOnTv."""
        return next((found.name for found in self._found() if found.id == tv), tv)

    def _found(self) -> list[Tv]:
        if self._known is not None and self._clock() - self._known[0] <= KNOWN_S:
            return self._known[1]
        found = [tv for tv in self._tvs.devices() if tv.kind == "screen"]
        # a house without a TV is searched again: one may be switched on
        self._known = (self._clock(), found) if found else None
        return found

    def _page(self, current: ConsoleSession, status: int = 200, **context: object) -> Response:
        cameras: tuple[Camera, ...] = ()
        tvs: list[Tv] = []
        now: Sequence[OnTv] = ()
        try:
            cameras = self._owner.cameras(current.account).cameras
            now = self._tvs.now(current.account)
            tvs = self._found()
        except NotOnTv as failed:
            context.setdefault("error", failed.text(pages.language()))
        except Unavailable:
            context.setdefault("error", pages.say(CASTING["no_list"]))
        kept = [(camera, self._owner.preferences(current.account, camera.id)) for camera in cameras]
        return self._area.page(
            "tv/page",
            status,
            cameras=cameras,
            tvs=tvs,
            now=now,
            scenes=[Scenes(camera, preferred.tv_scenes) for camera, preferred in kept if preferred.tv_scenes],
            by_itself=[
                ByItself(camera, preferred.tv, when, pages.say(HAPPENS[when]))
                for camera, preferred in kept
                for when in (preferred.tv_when if preferred.tv else ())
            ],
            happens=[(when, pages.say(HAPPENS[when])) for when in TV_WHEN],
            **context,
        )
