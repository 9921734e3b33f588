"""The present states of a household's or a link's cameras, by the last readings of all processes.

No vendor is called.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera, Refusal, State, Surface
from showcam.drivers.errors import DriverError, SignedOut, Unavailable, VendorDown
from showcam.registry.gate.gate import PLAYABLE
from showcam.registry.preferences import NONE, Preferences
from showcam.registry.readings.changes import LAST_S, with_awaited, with_motion
from showcam.registry.readings.households import Household, Reading
from showcam.registry.readings.judge import Component, VisibleCamera, unreached
from showcam.registry.readings.views import with_changes, with_sightings
from showcam.registry.reporting.reporter import Now
from showcam.store.records import Account, Happening, Link, Source

LATER_S = 0.05  # a sighting has surely ended this long after its end
_AT_ONCE = ("doorbell",)  # kinds that leave no state behind
_AGEING = ("online", "asleep", "encryption", "audio")  # flags that a list of yesterday no longer tells


class _SourceList(Struct, frozen=True):
    """The last list of a source. `error`: why none of its cameras can be shown; None: the gate decides for each."""

    source: Source
    reading: Reading
    is_old: bool  # the list is at least a day old
    error: DriverError | None


class Present(Struct, frozen=True):
    """A camera with its sightings and awaited changes, its owner's preferences, and why a surface could not show it."""

    camera: Camera
    preferences: Preferences
    refusals: Mapping[Surface, Refusal]


class CameraStates(Component):
    """Both methods raise StoreUnavailable.

    They raise Unavailable if a list is not known, or if all lists are a day old: whoever asks would learn that cameras
    are gone. If only some are a day old, their cameras are there with unknown flags, and no surface can show them.
    """

    def of(self, link: Link) -> Now:
        """The link's cameras and their states."""
        household = self._readings.households.of(link.account, fresh_preferences=True)
        newest = self._happenings.newest(link.account)
        lists = self._lists(household)
        states = {
            visible.camera.id: State(visible.camera, self._refusal(visible, link.assistant, error))
            for visible, error in _cameras(household.account, lists)
            if link.cameras is None or visible.camera.id in link.cameras
        }
        awaited, held = self._happenings.awaited(link.account), self._happenings.held(link.account)
        states = {camera_id: with_sightings(with_changes(state, awaited), held) for camera_id, state in states.items()}
        can_list = not any(known.is_old for known in lists)
        return Now(tuple(state.camera for state in states.values()), states, _ends(newest, states), can_list)

    def of_household(self, account_id: str, surfaces: Iterable[Surface]) -> tuple[list[Present], list[Happening]]:
        """All cameras of the household, and the happenings of the last LAST_S."""
        household = self._readings.households.of(account_id, fresh_preferences=True)
        newest = self._happenings.newest(account_id)
        awaited, held = self._happenings.awaited(account_id), self._happenings.held(account_id)
        found = []
        for visible, error in _cameras(household.account, self._lists(household)):
            refused = {surface: self._refusal(visible, surface, error) for surface in surfaces}
            camera = with_motion(with_awaited(visible.camera, awaited), held)
            decided = household.preferences.get(camera.id, NONE)
            found.append(Present(camera, decided, {on: why for on, why in refused.items() if why is not None}))
        return found, newest

    def _lists(self, household: Household) -> list[_SourceList]:
        lists = []
        for source in household.sources:
            young, signed_in = self._readings.shared(household.account, source), self._is_signed_in(source)
            reading = young or self._readings.last_of_any_age(household.account, source)
            if reading is not None:
                error = SignedOut() if not signed_in else VendorDown() if young is None else None
                lists.append(_SourceList(source, reading, young is None, error))
            elif signed_in or self._store.known(source.account, source.id) is not None:
                raise Unavailable("vendor_down")
            # else the source still waits for its first sign-in
        if lists and all(known.is_old for known in lists):
            raise Unavailable("vendor_down")
        return lists

    def _is_signed_in(self, source: Source) -> bool:
        session = self._store.read_session(source.account, source.id)
        return session is not None and session.state == "ok"

    def _refusal(self, visible: VisibleCamera, surface: Surface, error: DriverError | None) -> Refusal | None:
        if error is not None:
            return unreached(error, visible.camera)
        verdict = self._judge.verdict(visible, surface, PLAYABLE)
        return verdict if isinstance(verdict, Refusal) else None


def _cameras(account: Account, lists: Iterable[_SourceList]) -> Iterator[tuple[VisibleCamera, DriverError | None]]:
    """Every camera, and why its source can't be read."""
    for known in lists:
        for camera in known.reading.cameras:
            unknown = {flag: "unknown" for flag in _AGEING if known.is_old and getattr(camera, flag) != "none"}
            dated = replace(camera, as_of=known.reading.as_of, **unknown)
            yield VisibleCamera(account, known.source, dated), known.error


def _ends(newest: Iterable[Happening], states: dict[str, State]) -> float | None:
    ends = [known.at + LAST_S + LATER_S for known in newest if known.camera in states and known.kind not in _AT_ONCE]
    return min(ends, default=None)
