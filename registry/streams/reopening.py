"""The gate for an issued grant: the link, its cameras and the camera's state may have changed since."""

from media.grants import Claims
from registry.camera import Refusal
from registry.gate.displays import PLAYABLE
from registry.gate.fit import GATE
from registry.gate.gate import not_found
from registry.readings.judge import Deadline, Judge, Open, Read
from registry.surface import Surface
from store.ports import Store


class Reopening:
    def __init__(self, store: Store, judge: Judge) -> None:
        self._store, self._judge = store, judge

    def ended(self, claims: Claims) -> bool:
        link = self._store.link(claims.link)
        return link is None or link.ended is not None or link.account != claims.account

    def judged(self, claims: Claims, read: Read, deadline: Deadline) -> Open | Refusal:
        link = self._store.link(claims.link)
        if link is None or link.ended is not None or link.account != claims.account:
            return not_found()
        seen = self._judge.see(link, claims.camera, deadline)
        if isinstance(seen, Refusal):
            return seen
        return self._judge.judge(seen, surface_of(claims), PLAYABLE, read)


def surface_of(claims: Claims) -> Surface:
    # a card answers for the surface that was refused, which may ask for more than a still picture does
    if claims.protocol in ("snapshot", "still") and not claims.explains:
        return "still"
    return GATE.get(claims.surface, "page")
