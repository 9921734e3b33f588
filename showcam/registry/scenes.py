"""Scenes that show a camera on a TV in the house: lists a link's scenes, and starts and ends them.

Composition fills the port `Screens` with `showcam/cast/` if there may be TVs.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from showcam.drivers.camera import Refusal
from showcam.drivers.driver import LEAST_S
from showcam.drivers.errors import NotOnTv, Unavailable
from showcam.i18n.catalogue import OURS, chosen, mark
from showcam.registry.gate.gate import not_found, overruled
from showcam.registry.readings.households import Households, Listing
from showcam.registry.readings.judge import Deadline, Judge
from showcam.registry.rules import Rules
from showcam.store.records import Link

_NAME = mark("{camera} on {tv}")
SETTLED_S = 1.0  # a TV that is on usually plays or fails within this time; a later result is only in the log


class Scene(Struct, frozen=True):
    """`camera`: its id; `tv`: the name of a Cast device, as the owner wrote it."""

    id: str
    camera: str
    tv: str


def scenes_of(camera_id: str, tvs: Iterable[str]) -> tuple[Scene, ...]:
    """A scene for each of the TVs."""
    return tuple(Scene(_id(camera_id, tv), camera_id, tv) for tv in tvs)


def called(camera: str, scene: Scene, locale: str) -> str:
    """The name of a scene for people, like “Garden on Living room TV”. `camera`: the camera's name."""
    return OURS.say(chosen([locale]), _NAME, camera=camera, tv=scene.tv)


def _id(camera_id: str, tv: str) -> str:
    """An id that survives a rename of the camera; like the camera's id it discloses nothing of the account."""
    digest = hashlib.blake2b(f"{camera_id}/{tv.casefold()}".encode(), digest_size=10)
    return f"scene-{digest.hexdigest()}"


@dataclass(frozen=True)
class Begun:
    """The TV shows the camera, or still loads it. `waking`: a camera on battery is woken first, for up to 70 s."""

    waking: bool = False


class Screens(Protocol):
    """Each method waits `wait_s` at most; slower work goes on after the answer. Raises NotOnTv."""

    def begin(self, account: str, camera: str, on: str, wait_s: float) -> Refusal | Begun:
        """Begins to show the camera on the TV of that name."""
        ...

    def begin_stop(self, account: str, camera: str, on: str, wait_s: float) -> None:
        """Ends the camera's picture on that TV, if it is shown there."""
        ...


class Scenes:
    """Answers with a Refusal if something is wrong. Without `screens` there are no scenes."""

    def __init__(self, households: Households, judge: Judge, rules: Rules) -> None:
        self._households, self._judge, self._rules = households, judge, rules
        self._screens: Screens | None = None

    def cast_with(self, screens: Screens) -> None:
        self._screens = screens

    def of(self, listing: Listing) -> tuple[Scene, ...]:
        """The scenes of the cameras that are listed."""
        if self._screens is None:
            return ()
        return tuple(scene for camera in listing.cameras for scene in scenes_of(camera.id, camera.decided.tv_scenes))

    def find(self, link: Link, scene_id: str) -> Scene | None:
        """The link's scene of that id; calls no vendor. Raises Unavailable."""
        if self._screens is None or not scene_id.startswith("scene-"):
            return None
        decided = self._households.preferences(link.account)
        return next(
            (
                scene
                for camera, preferences in decided.items()
                if link.cameras is None or camera in link.cameras
                for scene in scenes_of(camera, preferences.tv_scenes)
                if scene.id == scene_id
            ),
            None,
        )

    def activate(self, link: Link, scene_id: str, within_s: float) -> Refusal | Begun:
        """Begins to show the camera, through the gate."""
        deadline = Deadline(within_s, hard=True, after_s=LEAST_S)
        scene = self._known(link, scene_id)
        if isinstance(scene, Refusal):
            return scene
        assert self._screens is not None
        visible = self._judge.see(link, scene.camera, deadline)
        if isinstance(visible, Refusal):
            return visible
        opened = self._judge.judge(visible, "tv", ("hls",), self._judge.fresh(deadline))
        if isinstance(opened, Refusal):
            return opened
        left_s = min(SETTLED_S, deadline.or_at_least(LEAST_S))
        try:
            return self._screens.begin(link.account, scene.camera, scene.tv, left_s)
        except NotOnTv as failed:
            return overruled(failed.reason, opened.visible.camera)

    def deactivate(self, link: Link, scene_id: str, within_s: float) -> Refusal | None:
        scene = self._known(link, scene_id)
        if isinstance(scene, Refusal):
            return scene
        assert self._screens is not None
        try:
            self._screens.begin_stop(link.account, scene.camera, scene.tv, min(SETTLED_S, within_s))
        except NotOnTv as failed:
            return overruled(failed.reason, None)
        return None

    def _known(self, link: Link, scene_id: str) -> Scene | Refusal:
        try:
            return self.find(link, scene_id) or not_found()
        except Unavailable as error:
            return overruled(error.reason, None, error.vendor)
