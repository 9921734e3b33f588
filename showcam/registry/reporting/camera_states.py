"""The present states of a household's or a link's cameras, by the last readings of all processes.

No vendor is called.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Refusal, State, Surface
from showcam.drivers.errors import SignedOut, Unavailable
from showcam.registry.gate.gate import PLAYABLE
from showcam.registry.preferences import NONE, Preferences
from showcam.registry.readings.changes import LAST_S, with_awaited, with_motion
from showcam.registry.readings.households import Household
from showcam.registry.readings.judge import Component, VisibleCamera, unreached
from showcam.registry.readings.views import with_changes, with_sightings
from showcam.registry.reporting.reporter import Now
from showcam.store.records import Happening, Link, Source

LATER_S = 0.05  # a sighting has surely ended this long after its end
_AT_ONCE = ("doorbell",)  # kinds that leave no state behind


class Present(Struct, frozen=True):
    """A camera with its sightings and awaited changes, its owner's preferences, and why a surface could not show it."""

    camera: Camera
    preferences: Preferences
    refusals: Mapping[Surface, Refusal]


class CameraStates(Component):
    """Both methods raise StoreUnavailable.

    They raise Unavailable if a list is not known, or too old: whoever asks would learn that cameras are gone.
    """

    def of(self, link: Link) -> Now:
        """The link's cameras and their states."""
        household = self._readings.households.of(link.account, fresh_preferences=True)
        newest = self._happenings.newest(link.account)
        states = {
            visible.camera.id: self._state(link, visible, signed_in=signed_in)
            for visible, signed_in in self._visible(household)
            if link.cameras is None or visible.camera.id in link.cameras
        }
        awaited, held = self._happenings.awaited(link.account), self._happenings.held(link.account)
        states = {camera_id: with_sightings(with_changes(state, awaited), held) for camera_id, state in states.items()}
        return Now(tuple(state.camera for state in states.values()), states, _ends(newest, states))

    def of_household(self, account_id: str, surfaces: Iterable[Surface]) -> tuple[list[Present], list[Happening]]:
        """All cameras of the household, and the happenings of the last LAST_S."""
        household = self._readings.households.of(account_id, fresh_preferences=True)
        newest = self._happenings.newest(account_id)
        awaited, held = self._happenings.awaited(account_id), self._happenings.held(account_id)
        found = []
        for visible, signed_in in self._visible(household):
            refused = {surface: self._refusal(visible, surface, signed_in=signed_in) for surface in surfaces}
            camera = with_motion(with_awaited(visible.camera, awaited), held)
            decided = household.preferences.get(camera.id, NONE)
            found.append(Present(camera, decided, {on: why for on, why in refused.items() if why is not None}))
        return found, newest

    def _visible(self, household: Household) -> Iterator[tuple[VisibleCamera, bool]]:
        """Every camera, and whether its source is signed in."""
        for source in household.sources:
            reading, signed_in = self._readings.shared(household.account, source), self._is_signed_in(source)
            if reading is None:
                if signed_in or self._store.known(source.account, source.id) is not None:
                    raise Unavailable("vendor_down")
                continue  # the source still waits for its first sign-in
            for camera in reading.cameras:
                yield VisibleCamera(household.account, source, replace(camera, as_of=reading.as_of)), signed_in

    def _is_signed_in(self, source: Source) -> bool:
        session = self._store.read_session(source.account, source.id)
        return session is not None and session.state == "ok"

    def _state(self, link: Link, visible: VisibleCamera, *, signed_in: bool) -> State:
        return State(visible.camera, self._refusal(visible, link.assistant, signed_in=signed_in))

    def _refusal(self, visible: VisibleCamera, surface: Surface, *, signed_in: bool) -> Refusal | None:
        if not signed_in:
            return unreached(SignedOut(), visible.camera)
        verdict = self._judge.verdict(visible, surface, PLAYABLE)
        return verdict if isinstance(verdict, Refusal) else None


def _ends(newest: Iterable[Happening], states: dict[str, State]) -> float | None:
    ends = [known.at + LAST_S + LATER_S for known in newest if known.camera in states and known.kind not in _AT_ONCE]
    return min(ends, default=None)
