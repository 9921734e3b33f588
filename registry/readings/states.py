"""How cameras are, for a query: each source read once for all that are asked about, judged once for all who ask."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from net.cache import Kept
from registry.camera import Camera, Ref, Refusal, State
from registry.errors import DriverError, Unavailable
from registry.gate.displays import PLAYABLE
from registry.gate.gate import overruled
from registry.readings.households import IN_MEMORY
from registry.readings.judge import Deadline, Judge, VisibleCamera, unreached
from registry.readings.reading import Reading
from registry.readings.readings import Readings
from registry.readings.sightings import Happenings, with_motion
from registry.rules import Rules
from registry.surface import Surface
from store.records import Account, Link, Source

STATES_S = 60.0  # a query may be told what was read this long ago


class _Judged(Struct, frozen=True):
    """What a reading came to; states are made when they are first asked for."""

    reading: Reading
    made: dict[str, State]


class States:
    def __init__(self, readings: Readings, judge: Judge, happenings: Happenings, rules: Rules) -> None:
        self._readings, self._judge, self._happenings, self._rules = readings, judge, happenings, rules
        self._judged: Kept[str, _Judged] = Kept(IN_MEMORY)

    def of(self, link: Link, camera_ids: Iterable[str], within_s: float | None = None) -> dict[str, State]:
        """By id; one that the link may not see is absent. `within_s`: what the surface has left to wait."""
        asked = [each for each in camera_ids if link.cameras is None or each in link.cameras]
        if not asked:
            return {}
        try:
            household = self._readings.households.of(link.account)
        except Unavailable as error:
            return {each: _unknown(each, overruled(error.reason, None, error.vendor)) for each in asked}
        deadline = Deadline(self._rules.states_within(within_s))
        found: dict[str, State] = {}
        unknown: Refusal | None = None
        for source in household.sources:
            left = [each for each in asked if each not in found] if found else asked
            try:
                self._find(found, household.account, source, link.assistant, left, deadline)
            except DriverError as error:
                unknown = unreached(error, None)
        if unknown is not None:
            # nothing is known of a source's cameras just now: that, and not that there is none, can be told
            found |= {each: _unknown(each, unknown) for each in asked if each not in found}
        held = self._happenings.held(link.account)
        return {each: _moving(state, held) for each, state in found.items()} if held else found

    def knows(self, link: Link, camera_id: str) -> bool:
        """Whether the link may see it, as far as its household has been read; no vendor is asked for that."""
        if link.cameras is not None and camera_id not in link.cameras:
            return False
        try:
            household = self._readings.households.of(link.account)
        except Unavailable:
            return False
        of = household.account
        last = [self._readings.last(of, source) for source in household.sources]
        if any(each and each.find(camera_id) for each in last):
            return True
        newer = [self._readings.newer(of, source) for source in household.sources]
        return not all(last) or any(each and each.find(camera_id) for each in newer)

    def _find(
        self,
        found: dict[str, State],
        account: Account,
        source: Source,
        surface: Surface,
        asked: list[str],
        deadline: Deadline,
    ) -> None:
        """Adds the source's to `found`. Raises DriverError when it can't be read and never was."""
        try:
            reading = self._readings.recent(account, source, STATES_S, deadline.left)
        except DriverError as error:
            last = self._readings.last(account, source)
            if last is None:
                raise
            found |= {each: State(seen, unreached(error, seen)) for each in asked if (seen := last.find(each))}
            return
        if not reading.by_id.keys() >= set(asked):
            # another process may have listed it since
            reading = self._readings.newer(account, source) or reading
        made = self._made(source, surface, reading)
        for each in asked:
            state = made.get(each)
            if state is None and (camera := reading.find(each)):
                state = made[each] = self._judge_state(VisibleCamera(account, source, camera), surface)
            if state is not None:
                found[each] = state

    def _made(self, source: Source, surface: Surface, reading: Reading) -> dict[str, State]:
        key = f"{source.id}/{surface}"
        judged = self._judged.get(key)
        if judged is None or judged.reading is not reading:
            judged = _Judged(reading, {})
            self._judged.put(key, judged)
        return judged.made

    def _judge_state(self, seen: VisibleCamera, surface: Surface) -> State:
        verdict = self._judge.verdict(seen, surface, PLAYABLE)
        return State(seen.camera, verdict if isinstance(verdict, Refusal) else None)


def _moving(state: State, held: Mapping[str, frozenset[str]]) -> State:
    camera = with_motion(state.camera, held)
    return state if camera is state.camera else replace(state, camera=camera)


def _unknown(camera_id: str, refusal: Refusal) -> State:
    return State(Camera(camera_id, Ref("", "", 0), ""), refusal)
