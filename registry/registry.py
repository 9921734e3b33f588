"""The one way to a camera or a stream. No method takes a camera's id without the link or grant it is asked under."""

import time
from collections.abc import Callable, Iterable, Mapping

from media.grants import Claims, Grants, Picture
from media.source import Denied, SourceSpec
from net.cache import Recent
from registry.camera import Camera, Refusal, Snapshot, State, Stream, StreamRequest
from registry.driver import Driver, Hint
from registry.errors import Unavailable
from registry.gate.displays import PLAYABLE
from registry.gate.gate import Allowed, Surface, overruled
from registry.owner.control import Control
from registry.owner.lan_codes import Codes
from registry.preferences import Preferences
from registry.readings.breaker import Breaker
from registry.readings.changes import Changes, Noticing
from registry.readings.devices import Devices
from registry.readings.judge import Deadline, Judge, Open, VisibleCamera
from registry.readings.readings import IN_MEMORY, Listing, Readings, chosen, moving
from registry.readings.sightings import Happenings
from registry.readings.states import States
from registry.rules import Rules
from registry.settings import Setting, SettingView, Step
from registry.streams.handover import Pictures
from registry.streams.quota import Opens
from registry.streams.sources import Minting
from registry.streams.streams import Streams
from store.ports import Store
from store.records import Link

__all__ = ["Listing", "Registry", "Rules"]

REFRESH_S = 20.0  # nobody waits for it
SURFACES: tuple[Surface, ...] = ("alexa", "google", "still")


class Registry:
    """Safe to use from many threads; `drivers` by the kind of source they serve, `opens` if not counted here."""

    def __init__(
        self,
        store: Store,
        drivers: Mapping[str, Driver],
        pictures: Pictures,
        grants: Grants,
        rules: Rules,
        clock: Callable[[], float] = time.time,
        opens: Opens | None = None,
    ) -> None:
        breaker = Breaker()
        self._rules, self._grants, self._clock = rules, grants, clock
        self.changes = Changes()
        self._happenings = Happenings(store, clock)
        self._readings = Readings(store, drivers, breaker, clock, self.changes.compared)
        self._noticing = Noticing(self._readings, self.changes, self._happenings, clock)
        self._devices = Devices(store)
        self._judge = Judge(self._readings, rules)
        self._minting = Minting(drivers, rules, self._readings, self._judge, breaker)
        self._streams = Streams(
            store, drivers, pictures, grants, rules, self._readings, self._judge, self._minting, clock, opens
        )
        self._states = States(self._readings, self._judge, self._happenings, rules)
        self._control = Control(store, drivers, self._readings, self._judge, breaker, rules)
        self._codes = Codes(drivers, self._readings, self._judge)
        self._chosen: Recent[str, tuple[str, Listing]] = Recent(IN_MEMORY)
        self._listed: Callable[[Link, Listing], None] = lambda link, listing: None

    @property
    def playable(self) -> tuple[str, ...]:
        """By which protocols a camera can be shown here, best first: "webrtc", "hls"."""
        return self._rules.playable

    @property
    def stills(self) -> bool:
        """Whether there are still pictures."""
        return self._rules.pictures == "plane"

    def cameras(self, link: Link, within_s: float | None = None) -> Listing:
        """What the link may see, read now, or else as last known. Raises Unavailable.

        `within_s`, here and below: what the surface has left to wait; None: as long as the rules say.
        """
        listing = self._allowed(link, self.account_cameras(link.account, within_s))
        self._listed(link, listing)
        return listing

    def when_listed(self, tell: Callable[[Link, Listing], None]) -> None:
        """`tell` of each list that a link is given, before it is given; it must cost nothing."""
        self._listed = tell

    def look(self, link: Link, camera_id: str, picture: Picture) -> None:
        """Learn the size of a picture of the link, by opening it. It takes its time. Raises Unavailable."""
        self._streams.looking.first(link, camera_id, picture)

    def _allowed(self, link: Link, listing: Listing) -> Listing:
        if link.cameras is None:
            return listing
        key = f"{listing.fingerprint}/{','.join(link.cameras)}"
        known = self._chosen.get(link.id)
        if known is None or known[0] != key:
            known = (key, chosen(listing, link.cameras))
            self._chosen.put(link.id, known)
        return Listing(known[1].cameras, known[1].fingerprint, listing.as_of)

    def account_cameras(self, account_id: str, within_s: float | None = None) -> Listing:
        """All of a household's, for the page where some are chosen. Raises Unavailable."""
        listing = self._readings.listing(account_id, self._rules.vendor_within(within_s))
        return moving(listing, self._happenings.held(account_id))

    def refresh(self, account_id: str) -> bool:
        """Read the account's cameras ahead of those who ask, and keep its session alive; False: it failed."""
        began = self._clock()
        try:
            return self._readings.listing(account_id, REFRESH_S).as_of >= began
        except Unavailable:
            return False

    def noticed(self, account_id: str, hints: Iterable[Hint]) -> None:
        """Something may have happened at the account's cameras: look, and publish on `changes` what has.

        Raises StoreUnavailable.
        """
        self._noticing.noticed(account_id, hints)

    def accounts_with(self, serial: str) -> list[str]:
        """The accounts in whose lists a vendor's device is. Raises StoreUnavailable."""
        return self._devices.accounts(serial)

    def states(self, link: Link, camera_ids: Iterable[str], within_s: float | None = None) -> dict[str, State]:
        """By id, read at most a minute ago; an id that the link may not see is absent."""
        return self._states.of(link, camera_ids, within_s)

    def knows(self, link: Link, camera_id: str) -> bool:
        """Whether the link may see it, by what was last read; as long as nothing was, any may be there."""
        return self._states.knows(link, camera_id)

    def readiness(
        self, link: Link, within_s: float | None = None
    ) -> list[tuple[Camera, dict[Surface, Allowed | Refusal]]]:
        """Every camera of the link and whether each surface could show it. Raises Unavailable."""
        table = []
        deadline = Deadline(self._rules.states_within(within_s))
        for camera in self.cameras(link, within_s).cameras:
            seen = self._judge.see(link, camera.id, deadline)
            if isinstance(seen, VisibleCamera):
                table.append((seen.camera, {surface: self._verdict(seen, surface) for surface in SURFACES}))
        return table

    def owner_readiness(self, account_id: str) -> list[tuple[Camera, dict[Surface, Allowed | Refusal]]]:
        """Likewise of every camera of the household, read now. Raises Unavailable."""
        listing = self.account_cameras(account_id)
        deadline = Deadline(self._rules.states_s)
        found = [self._judge.find(account_id, each.id, deadline) for each in listing.cameras]
        return [
            (seen.camera, {surface: self._verdict(seen, surface) for surface in SURFACES})
            for seen in found
            if isinstance(seen, VisibleCamera)
        ]

    def too_large(self, link: Link, camera: Camera) -> Refusal | None:
        """What Alexa's VideoApp asks of a picture beyond the gate, as far as its size is known."""
        return self._minting.too_large(link.account, camera)

    def open_stream(self, link: Link, camera_id: str, request: StreamRequest) -> Stream | Refusal:
        """Raises BadOffer."""
        return self._streams.open(link, camera_id, request)

    def snapshot(
        self, link: Link, camera_id: str, surface: Surface, within_s: float | None = None
    ) -> Snapshot | Refusal:
        """A still picture's address, good for ten minutes and only with an access token of the link."""
        return self._streams.snapshot(link, camera_id, surface, within_s)

    def signal(self, grant: str, sdp: str) -> Stream | Refusal:
        """Raises BadGrant, ExpiredGrant, BadOffer."""
        return self._streams.signal(grant, sdp)

    def grant_camera(self, grant: str) -> str:
        """The camera a webrtc grant is for. Raises BadGrant, ExpiredGrant."""
        return self._grants.verify(grant, "webrtc", self._clock()).camera

    def end_session(self, link: Link, session: str) -> None:
        self._streams.end_session(link.id, session)

    def end_grant(self, grant: str) -> None:
        """Raises BadGrant."""
        self._streams.end_grant(grant)

    def source_for(self, claims: Claims) -> SourceSpec | Denied:
        return self._streams.source_for(claims)

    def check(self, claims: Claims, asked: float | None = None) -> Denied | None:
        """`asked`: when the question came, epoch s; None: now."""
        return self._streams.check(claims, asked)

    def learn(self, claims: Claims, width: int, height: int, *, b_frames: bool = False) -> None:
        """What the picture that was opened turned out to be like."""
        self._streams.learn(claims, width, height, b_frames=b_frames)

    def release(self, claims: Claims, release: str) -> None:
        self._streams.release(claims, release)

    def change(
        self, link: Link, camera_id: str, setting: str, value: str, *, within_s: float | None = None
    ) -> Camera | Refusal:
        """What a voice asks for, read back; the camera as it is then. Raises registry.settings.BadValue."""
        return self._control.change(link, camera_id, setting, value, within_s)

    def restart(self, link: Link, camera_id: str, *, within_s: float | None = None) -> Camera | Refusal:
        return self._control.restart(link, camera_id, within_s)

    def serving(self, account_id: str) -> dict[str, tuple[str, ...]]:
        """By which ways each source of the household serves state and settings. Raises Unavailable."""
        return self._control.serving(account_id)

    def owner_settings(self, account_id: str, camera_id: str) -> dict[Setting, SettingView] | Refusal:
        """The manual's settings, read now; for the owner, as are the next four."""
        return self._control.settings(account_id, camera_id)

    def owner_change(
        self, account_id: str, camera_id: str, setting: str, value: str, *, code: str = "", consent: bool = False
    ) -> Camera | Refusal | Step:
        """Raises registry.settings.BadValue. A Step names what is wanted first: consent, or a code."""
        return self._control.owner_change(account_id, camera_id, setting, value, code=code, consent=consent)

    def owner_restart(self, account_id: str, camera_id: str) -> Camera | Refusal:
        return self._control.owner_restart(account_id, camera_id)

    def change_password(self, account_id: str, camera_id: str, old: str, new: str) -> Camera | Refusal | Step:
        """The one pictures are encrypted with. Raises registry.settings.BadValue."""
        return self._control.change_password(account_id, camera_id, old, new)

    def delete(self, account_id: str, camera_id: str, name: str) -> Camera | Refusal:
        """Take it off the vendor account, its name typed by a person. Raises registry.settings.BadValue."""
        return self._control.delete(account_id, camera_id, name)

    def owner_set_code(self, account_id: str, camera_id: str, code: str) -> Camera | Refusal:
        """What opens the camera on the LAN, tried there once; "" takes it back. Raises registry.settings.BadValue."""
        return self._codes.set(account_id, camera_id, code)

    def preferences(self, account_id: str, camera_id: str) -> Preferences:
        """Raises Unavailable where there is no such household."""
        return self._control.preferences(account_id, camera_id)

    def prefer(self, account_id: str, camera_id: str, preferences: Preferences) -> None:
        """Raises registry.settings.BadValue."""
        self._control.prefer(account_id, camera_id, preferences)

    def _verdict(self, seen: VisibleCamera, surface: Surface) -> Allowed | Refusal:
        if surface == "still" and not self.stills:
            return overruled("not_passable", seen.camera)
        verdict = self._judge.verdict(seen, surface, PLAYABLE)
        return verdict.allowed if isinstance(verdict, Open) else verdict
