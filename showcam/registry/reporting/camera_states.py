"""The present states of a link's cameras, by the last readings of all processes; no vendor is called."""

from collections.abc import Iterable

from msgspec.structs import replace

from showcam.drivers.camera import Refusal, State
from showcam.drivers.errors import SignedOut, Unavailable
from showcam.registry.gate.gate import PLAYABLE
from showcam.registry.readings.changes import LAST_S
from showcam.registry.readings.judge import Component, VisibleCamera, unreached
from showcam.registry.readings.views import with_changes, with_sightings
from showcam.registry.reporting.reporter import Now
from showcam.store.records import Happening, Link, Source

LATER_S = 0.05  # a sighting has surely ended this long after its end
_AT_ONCE = ("doorbell",)  # kinds that leave no state behind


class CameraStates(Component):
    def of(self, link: Link) -> Now:
        """The link's cameras and their states. Raises StoreUnavailable.

        Raises Unavailable if a list is not known, or too old: an assistant would be told that cameras are gone.
        """
        household = self._readings.households.of(link.account, fresh_preferences=True)
        newest = self._happenings.newest(link.account)
        states: dict[str, State] = {}
        for source in household.sources:
            reading, signed_in = self._readings.shared(household.account, source), self._is_signed_in(source)
            if reading is None:
                if signed_in or self._store.known(source.account, source.id) is not None:
                    raise Unavailable("vendor_down")
                continue  # the source still waits for its first sign-in
            for camera in reading.cameras:
                if link.cameras is None or camera.id in link.cameras:
                    visible = VisibleCamera(household.account, source, replace(camera, as_of=reading.as_of))
                    states[camera.id] = self._state(link, visible, signed_in=signed_in)
        awaited, held = self._happenings.awaited(link.account), self._happenings.held(link.account)
        states = {camera_id: with_sightings(with_changes(state, awaited), held) for camera_id, state in states.items()}
        return Now(tuple(state.camera for state in states.values()), states, _ends(newest, states))

    def _is_signed_in(self, source: Source) -> bool:
        session = self._store.read_session(source.account, source.id)
        return session is not None and session.state == "ok"

    def _state(self, link: Link, visible: VisibleCamera, *, signed_in: bool) -> State:
        if not signed_in:
            return State(visible.camera, unreached(SignedOut(), visible.camera))
        verdict = self._judge.verdict(visible, link.assistant, PLAYABLE)
        return State(visible.camera, verdict if isinstance(verdict, Refusal) else None)


def _ends(newest: Iterable[Happening], states: dict[str, State]) -> float | None:
    ends = [known.at + LAST_S + LATER_S for known in newest if known.camera in states and known.kind not in _AT_ONCE]
    return min(ends, default=None)
