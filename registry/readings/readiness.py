"""Whether each surface could show each camera, before a picture is requested."""

from collections.abc import Iterable

from registry.camera import Camera, Refusal
from registry.gate.displays import PLAYABLE
from registry.gate.gate import Allowed, overruled
from registry.readings.judge import Deadline, Judge, Open, VisibleCamera
from registry.rules import Rules
from registry.surface import OF_ASSISTANTS, Surface
from store.records import Link

type Row = tuple[Camera, dict[Surface, Allowed | Refusal]]


class Readiness:
    """Judges cameras as they were listed, without a new read."""

    def __init__(self, judge: Judge, rules: Rules) -> None:
        self._judge, self._rules = judge, rules

    def of_link(self, link: Link, cameras: Iterable[Camera], deadline: Deadline) -> list[Row]:
        return self._rows([self._judge.see(link, camera.id, deadline) for camera in cameras])

    def of_account(
        self, account_id: str, cameras: Iterable[Camera], surfaces: tuple[Surface, ...] = OF_ASSISTANTS
    ) -> list[Row]:
        deadline = Deadline(self._rules.states_s)
        return self._rows([self._judge.find(account_id, camera.id, deadline) for camera in cameras], surfaces)

    def _rows(self, found: list[VisibleCamera | Refusal], surfaces: tuple[Surface, ...] = OF_ASSISTANTS) -> list[Row]:
        return [
            (visible.camera, {surface: self._verdict(visible, surface) for surface in surfaces})
            for visible in found
            if isinstance(visible, VisibleCamera)
        ]

    def _verdict(self, visible: VisibleCamera, surface: Surface) -> Allowed | Refusal:
        if surface == "still" and not self._rules.stills:
            return overruled("not_passable", visible.camera)
        verdict = self._judge.verdict(visible, surface, PLAYABLE)
        return verdict.allowed if isinstance(verdict, Open) else verdict
