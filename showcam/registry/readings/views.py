"""The cameras as a household or a link sees them: their list, and whether each surface could show them."""

import hashlib
from collections.abc import Iterable

from msgspec.structs import replace

from showcam.drivers.camera import OF_ASSISTANTS, Refusal, State, Surface
from showcam.registry.gate.gate import PLAYABLE, Allowed, overruled
from showcam.registry.readings.changes import AwaitedChanges, Held, with_awaited, with_motion
from showcam.registry.readings.households import Listing
from showcam.registry.readings.judge import Component, Open, Row, VisibleCamera
from showcam.store.records import Link

STATES_S = 60.0  # the greatest age of a reading that answers a query


class Lists(Component):
    """Lists cameras as read now, or else as last known, with their sightings. Raises Unavailable.

    `within_s`: the seconds that the surface has left; None: as the rules say.
    """

    def of_account(self, account_id: str, within_s: float | None = None) -> Listing:
        listing = self._readings.listing(account_id, self._rules.vendor_within(within_s))
        return _moving(listing, self._happenings.held(account_id))

    def of_link(self, link: Link, within_s: float | None = None) -> Listing:
        listing = self.of_account(link.account, within_s)
        if link.cameras is None:
            return listing
        return _chosen(listing, link.cameras)

    def readiness(
        self, found: Iterable[VisibleCamera | Refusal], surfaces: tuple[Surface, ...] = OF_ASSISTANTS
    ) -> list[Row]:
        """The visible cameras as listed, each with a verdict for every surface."""
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


def with_changes(state: State, awaited: AwaitedChanges) -> State:
    camera = with_awaited(state.camera, awaited)
    return state if camera is state.camera else replace(state, camera=camera)


def with_sightings(state: State, held: Held) -> State:
    camera = with_motion(state.camera, held)
    return state if camera is state.camera else replace(state, camera=camera)
