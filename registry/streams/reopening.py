"""The gate for an issued grant: its viewer, the viewer's cameras and the camera's state may have changed since."""

from accounts import console_sessions
from accounts.console_sessions import Viewer
from media.grants import Claims
from registry.camera import Refusal, is_on_battery
from registry.gate.displays import PLAYABLE
from registry.gate.fit import GATE
from registry.gate.gate import not_found
from registry.readings.judge import Deadline, Judge, Open, Read, VisibleCamera
from registry.surface import Surface
from store.ports import Store


class Reopening:
    def __init__(self, store: Store, judge: Judge) -> None:
        self._store, self._judge = store, judge

    def ended(self, claims: Claims) -> bool:
        return self._viewer(claims) is None

    def on_battery(self, claims: Claims, deadline: Deadline) -> bool:
        """Whether the camera is known to run on battery."""
        viewer = self._viewer(claims)
        visible = self._judge.see(viewer, claims.camera, deadline) if viewer else None
        return isinstance(visible, VisibleCamera) and is_on_battery(visible.camera)

    def judged(self, claims: Claims, read: Read, deadline: Deadline) -> Open | Refusal:
        viewer = self._viewer(claims)
        if viewer is None:
            return not_found()
        visible = self._judge.see(viewer, claims.camera, deadline)
        if isinstance(visible, Refusal):
            return visible
        return self._judge.judge(visible, surface_of(claims), PLAYABLE, read)

    def _viewer(self, claims: Claims) -> Viewer | None:
        viewer = console_sessions.find_viewer(self._store, claims.link)
        return viewer if viewer is not None and viewer.account == claims.account else None


def surface_of(claims: Claims) -> Surface:
    # a card answers for the surface that was refused, which may ask for more than a still picture does
    if claims.protocol in ("snapshot", "still") and not claims.explains:
        return "still"
    return GATE.get(claims.surface, "page")
