"""The cameras as a household or a link sees them: their list, and the states of some of them."""

import hashlib
from collections.abc import Iterable

from msgspec.structs import replace

from showcam.drivers.camera import Camera, Ref, Refusal, State, Surface
from showcam.drivers.errors import DriverError, Unavailable
from showcam.registry.gate.displays import PLAYABLE
from showcam.registry.gate.gate import overruled
from showcam.registry.readings.changes import Awaited, AwaitedChanges, Held, Sightings, with_awaited, with_motion
from showcam.registry.readings.households import Listing
from showcam.registry.readings.judge import Deadline, Judge, Open, unreached
from showcam.registry.readings.readings import Readings
from showcam.registry.rules import Rules
from showcam.store.records import Account, Link, Source

STATES_S = 60.0  # the greatest age of a reading that answers a query


class Lists:
    """Lists cameras as read now, or else as last known, with their sightings. Raises Unavailable.

    `within_s`: the seconds that the surface has left; None: as the rules say.
    """

    def __init__(self, readings: Readings, sightings: Sightings, rules: Rules) -> None:
        self._readings, self._sightings, self._rules = readings, sightings, rules

    def of_account(self, account_id: str, within_s: float | None = None) -> Listing:
        listing = self._readings.listing(account_id, self._rules.vendor_within(within_s))
        return _moving(listing, self._sightings.held(account_id))

    def of_link(self, link: Link, within_s: float | None = None) -> Listing:
        listing = self.of_account(link.account, within_s)
        if link.cameras is None:
            return listing
        return _chosen(listing, link.cameras)


def _moving(listing: Listing, held: Held) -> Listing:
    """The listing with the sightings that `held` has by camera id."""
    if not held:
        return listing
    cameras = tuple(with_motion(camera, held) for camera in listing.cameras)
    if cameras == listing.cameras:
        return listing
    sightings = ",".join(f"{camera.id}{camera.person}" for camera in cameras if camera.motion == "on")
    fingerprint = hashlib.blake2b((listing.fingerprint + sightings).encode(), digest_size=16).hexdigest()
    return replace(listing, cameras=cameras, fingerprint=fingerprint)


def _chosen(listing: Listing, cameras: tuple[str, ...]) -> Listing:
    """The listing with only the cameras that were ticked at consent."""
    ticked = frozenset(cameras)
    fingerprint = hashlib.blake2b((listing.fingerprint + "".join(sorted(ticked))).encode(), digest_size=16).hexdigest()
    return Listing(tuple(camera for camera in listing.cameras if camera.id in ticked), fingerprint, listing.as_of)


class States:
    """The states of cameras for a query: each source is read once for all its cameras."""

    def __init__(self, readings: Readings, judge: Judge, sightings: Sightings, awaited: Awaited, rules: Rules) -> None:
        self._readings, self._judge, self._sightings, self._rules = readings, judge, sightings, rules
        self._awaited = awaited

    def of(self, link: Link, camera_ids: Iterable[str], within_s: float | None = None) -> dict[str, State]:
        """The states by id, without cameras that the link may not see. `within_s`: the seconds left to the surface."""
        visible = [camera_id for camera_id in camera_ids if link.cameras is None or camera_id in link.cameras]
        if not visible:
            return {}
        try:
            household = self._readings.households.of(link.account)
        except Unavailable as error:
            return {
                camera_id: _unknown(camera_id, overruled(error.reason, None, error.vendor)) for camera_id in visible
            }
        deadline = Deadline(self._rules.states_within(within_s))
        awaited = self._awaited.of(link.account)
        max_age_s = 0.0 if awaited else STATES_S  # a change that is awaited is looked for with every query
        found: dict[str, State] = {}
        unknown: Refusal | None = None
        for source in household.sources:
            left = [camera_id for camera_id in visible if camera_id not in found] if found else visible
            try:
                self._find(found, household.account, source, link.assistant, left, max_age_s, deadline)
            except DriverError as error:
                unknown = unreached(error, None)
        if unknown is not None:
            # a source could not be read: its cameras are unknown, not missing
            found |= {camera_id: _unknown(camera_id, unknown) for camera_id in visible if camera_id not in found}
        if awaited:
            found = {camera_id: with_changes(state, awaited) for camera_id, state in found.items()}
        held = self._sightings.held(link.account)
        return {camera_id: with_sightings(state, held) for camera_id, state in found.items()} if held else found

    def knows(self, link: Link, camera_id: str) -> bool:
        """Whether the link may see the camera, by the last readings; calls no vendor."""
        if link.cameras is not None and camera_id not in link.cameras:
            return False
        try:
            household = self._readings.households.of(link.account)
        except Unavailable:
            return False
        account = household.account
        last = [self._readings.last(account, source) for source in household.sources]
        if any(reading and reading.find(camera_id) for reading in last):
            return True
        newer = [self._readings.newer(account, source) for source in household.sources]
        return not all(last) or any(reading and reading.find(camera_id) for reading in newer)

    def _find(
        self,
        found: dict[str, State],
        account: Account,
        source: Source,
        surface: Surface,
        camera_ids: list[str],
        max_age_s: float,
        deadline: Deadline,
    ) -> None:
        """Adds the source's states to `found`. Raises DriverError when it can't be read and no reading is known."""
        try:
            reading = self._readings.recent(account, source, max_age_s, deadline.left)
        except DriverError as error:
            last = self._readings.last(account, source)
            if last is None:
                raise
            found |= {
                camera_id: State(camera, unreached(error, camera))
                for camera_id in camera_ids
                if (camera := last.find(camera_id))
            }
            return
        if not reading.by_id.keys() >= set(camera_ids):
            # another process may have listed it since
            reading = self._readings.newer(account, source) or reading
        for camera_id in camera_ids:
            verdict = self._judge.of_reading(account, source, reading, camera_id, surface, PLAYABLE)
            if isinstance(verdict, Open):
                found[camera_id] = State(verdict.visible.camera)
            elif camera := reading.find(camera_id):
                found[camera_id] = State(camera, verdict)


def with_changes(state: State, awaited: AwaitedChanges) -> State:
    camera = with_awaited(state.camera, awaited)
    return state if camera is state.camera else replace(state, camera=camera)


def with_sightings(state: State, held: Held) -> State:
    camera = with_motion(state.camera, held)
    return state if camera is state.camera else replace(state, camera=camera)


def _unknown(camera_id: str, refusal: Refusal) -> State:
    return State(Camera(Ref("", "", 0), "", id=camera_id), refusal)
