"""Whether each surface could show each camera, before anybody asks to see one."""

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
    """Of cameras as they were listed."""

    def __init__(self, judge: Judge, rules: Rules) -> None:
        self._judge, self._rules = judge, rules

    def of_link(self, link: Link, cameras: Iterable[Camera], deadline: Deadline) -> list[Row]:
        return self._rows([self._judge.see(link, each.id, deadline) for each in cameras])

    def of_account(self, account_id: str, cameras: Iterable[Camera]) -> list[Row]:
        deadline = Deadline(self._rules.states_s)
        return self._rows([self._judge.find(account_id, each.id, deadline) for each in cameras])

    def _rows(self, found: list[VisibleCamera | Refusal]) -> list[Row]:
        return [
            (seen.camera, {surface: self._verdict(seen, surface) for surface in OF_ASSISTANTS})
            for seen in found
            if isinstance(seen, VisibleCamera)
        ]

    def _verdict(self, seen: VisibleCamera, surface: Surface) -> Allowed | Refusal:
        if surface == "still" and not self._rules.stills:
            return overruled("not_passable", seen.camera)
        verdict = self._judge.verdict(seen, surface, PLAYABLE)
        return verdict.allowed if isinstance(verdict, Open) else verdict
