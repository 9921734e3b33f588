"""Applies the gate and the installation's rules to a fresh reading: visibility first, then what was read."""

import time
from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from showcam.accounts.console_sessions import Viewer
from showcam.drivers.camera import SOUND_REQUIRED, Camera, Refusal, Surface
from showcam.drivers.driver import AGAIN_S, Driver
from showcam.drivers.errors import DriverError, Unavailable
from showcam.engine.grants import IDLE_S
from showcam.net.cache import Recent
from showcam.registry.gate.gate import (
    Allowed,
    Conditions,
    choose,
    gate,
    may_have_changed,
    not_found,
    overruled,
    unverified,
)
from showcam.registry.preferences import NONE, Preferences, WhileEncrypted
from showcam.registry.readings.changes import Happenings
from showcam.registry.readings.households import IN_MEMORY, Household, Reading
from showcam.registry.readings.readings import Readings
from showcam.registry.readings.vendor_calls import Breaker
from showcam.store.ports import Store
from showcam.store.records import Account, Source

MOST = 4096  # of one source; a household of 300 cameras on both assistants has some 2000

type Case = tuple[str, Surface, tuple[str, ...], bool]  # camera id, surface, protocols, may_have_changed
type Verdict = tuple[str | None, Allowed | Refusal]  # the way, and the gate's answer
_NOT_FOUND = not_found()
LEAST_S = 0.1  # the least a later step gets under a hard deadline, so that every step may overrun a little

PASSED_S = 300  # a display fetches its first list and segment within seconds; it fetches a new address to go on
REQUEST_S = 3.0  # both assistants give up after longer

type Read = Callable[[Account, Source], Reading]
type Row = tuple[Camera, dict[Surface, Allowed | Refusal]]


class Rules(Struct, frozen=True, kw_only=True):
    """The installation's rules for streams, as composition takes them from the settings. Times in seconds."""

    web_url: str = ""  # the address of showcam's pages, without a trailing slash
    require_audio: tuple[str, ...] = SOUND_REQUIRED
    pictures: Literal["plane", "vendor"] = "plane"  # vendor: no media process, a display fetches from the vendor itself
    transcodes: bool = False  # whether the media process may transcode video that a display can't play
    live_per_account: int = 4  # counted here if there is no media process
    passed_s: int = PASSED_S  # the lifetime requested for a vendor's address that a display gets
    deciphers: bool = True  # whether a key may go to the media process: only by loopback or https
    explain: Literal["no", "picture"] = "no"  # whether a display is shown why a camera can't be shown
    opens_per_minute: int = 6  # per link
    idle_s: int = IDLE_S
    request_s: float = REQUEST_S  # for a whole request, unless the surface names a time
    states_s: float = 1.5  # a query may wait this long, for one read
    owner_s: float = 20.0  # for a request of an owner, who waits for it
    read_back_s: float = AGAIN_S  # between two reads of a changed setting; Image Encryption needs seconds

    @property
    def playable(self) -> tuple[str, ...]:
        """The protocols that can show a picture on a display, best first."""
        return ("webrtc", "hls") if self.pictures == "plane" else ("hls",)

    @property
    def relays(self) -> bool:
        """Whether a media process fetches what a display can't."""
        return self.pictures == "plane"

    @property
    def stills(self) -> bool:
        """Whether there are still pictures."""
        return self.relays

    @property
    def closed_ways(self) -> tuple[str, ...]:
        """Ways whose picture only a media process can fetch."""
        return () if self.pictures == "plane" else ("lan", "local", "cloud")

    def exception(self, while_encrypted: WhileEncrypted) -> WhileEncrypted:
        """The owner's decision as it applies here: if nothing is deciphered here, a code shows no picture."""
        return "no" if while_encrypted == "code" and not self.deciphers else while_encrypted

    @property
    def vendor_s(self) -> float:
        """The vendor's share of `request_s`; the rest is for the answer."""
        return self.request_s - min(0.3, self.request_s / 4)

    def vendor_within(self, seconds: float | None) -> float:
        """The vendor's seconds: all that the surface has left, else `vendor_s`."""
        return self.vendor_s if seconds is None else seconds

    def states_within(self, seconds: float | None) -> float:
        """Seconds for the one read of a query: no more than the surface has left."""
        return self.states_s if seconds is None else min(self.states_s, seconds)


class _Given(Struct, frozen=True):
    cameras: tuple[Camera, ...]
    preferences: Mapping[str, Preferences]
    verdicts: dict[Case, Verdict]


class Verdicts:
    """Keeps the gate's verdicts while the cameras do not change: most readings equal the one before.

    By source, for IN_MEMORY sources. Safe to use from many threads."""

    def __init__(self) -> None:
        self._given: Recent[str, _Given] = Recent(IN_MEMORY)

    def on(self, source_id: str, reading: Reading) -> dict[Case, Verdict]:
        """The verdicts on exactly these cameras under these preferences; the judge adds to them."""
        given = self._given.get(source_id)
        # by identity: a reading that brings nothing new keeps the tuple, and to compare 300 cameras takes too long
        if (
            given is None
            or given.cameras is not reading.cameras
            or given.preferences is not reading.preferences
            or len(given.verdicts) >= MOST
        ):
            given = _Given(reading.cameras, reading.preferences, {})
            self._given.put(source_id, given)
        return given.verdicts


class Deadline:
    """Seconds left of a request. `hard`: the surface gives up soon after them.

    `after_s`: seconds kept for the steps after the vendor's.
    """

    def __init__(self, seconds: float, *, hard: bool = False, after_s: float = 0.0) -> None:
        self._began = time.monotonic()
        self._end = self._began + seconds
        self._hard, self._after_s = hard, after_s

    @property
    def left(self) -> float:
        """Seconds for the vendor."""
        left = self._end - self._after_s - time.monotonic()
        return left if left > 0 else 0.0

    def left_of(self, seconds: float) -> float:
        """Seconds left of `seconds` since the request began."""
        return max(0.0, self._began + seconds - time.monotonic())

    def or_at_least(self, seconds: float) -> float:
        """Seconds for a step after the vendor's, however long the vendor took."""
        return max(LEAST_S if self._hard else seconds, self._end - time.monotonic())


class VisibleCamera(Struct, frozen=True):
    """A camera that the viewer may see, as last read, with its account and source."""

    account: Account
    source: Source
    camera: Camera


class Open(Struct, frozen=True):
    """The gate is open for this camera, by this way."""

    visible: VisibleCamera
    way: str
    allowed: Allowed


class Judge:
    """Answers with a Refusal if something is wrong; raises only what the store raises."""

    def __init__(self, readings: Readings, rules: Rules) -> None:
        self._readings, self._rules = readings, rules
        self._verdicts = Verdicts()

    def see(self, viewer: Viewer, camera: str, deadline: Deadline) -> VisibleCamera | Refusal:
        """The camera if the viewer may see it; not_found if unknown, another household's or not chosen at consent."""
        if viewer.cameras is not None and camera not in viewer.cameras:
            return not_found()
        return self.find(viewer.account, camera, deadline)

    def find(self, account_id: str, camera: str, deadline: Deadline) -> VisibleCamera | Refusal:
        """The household's camera, visible to a link or not."""
        try:
            household = self._readings.households.of(account_id)
        except Unavailable as error:
            return overruled(error.reason, None, error.vendor)
        return self._last_known(household, camera) or self._newly_listed(household, camera, deadline)

    def fresh(self, deadline: Deadline) -> Read:
        """A reading made for this request, or shared with requests that came together with it."""
        return lambda account, source: self._readings.read(account, source, deadline.left)

    def judge(self, visible: VisibleCamera, surface: Surface, protocols: tuple[str, ...], read: Read) -> Open | Refusal:
        """The gate's answer for the reading of `read`, or for a second reading if a flag is unknown.

        An owner's decision about an encrypted camera counts at once, in whichever process it was made.
        """
        verdict: Open | Refusal = _NOT_FOUND
        if visible.camera.encryption in ("on", "unknown"):
            self._readings.households.follow(visible.account.id)
        for _ in range(2):
            try:
                reading = read(visible.account, visible.source)
            except DriverError as error:
                return unreached(error, visible.camera)
            verdict = self.of_reading(visible.account, visible.source, reading, visible.camera.id, surface, protocols)
            if isinstance(verdict, Open) or not unverified(verdict):
                break
        return verdict

    def of_reading(
        self,
        account: Account,
        source: Source,
        reading: Reading,
        camera_id: str,
        surface: Surface,
        protocols: tuple[str, ...],
    ) -> Open | Refusal:
        """The gate's answer for the camera as it is in the reading."""
        camera = reading.find(camera_id)
        if camera is None:
            return not_found()
        verdicts = self._verdicts.on(source.id, reading)
        case = camera.id, surface, protocols, may_have_changed(camera)
        given = verdicts.get(case)
        if given is None:
            given = verdicts[case] = self._gated(camera, reading.preferences, surface, protocols)
        return _opened(VisibleCamera(account, source, camera), given)

    def verdict(
        self, visible: VisibleCamera, surface: Surface, protocols: tuple[str, ...], tried: tuple[str, ...] = ()
    ) -> Open | Refusal:
        """The gate's answer for the camera as last read, by the best way that was not tried yet."""
        preferences = self._readings.households.preferences(visible.account.id)
        return _opened(visible, self._gated(visible.camera, preferences, surface, protocols, tried))

    def _gated(
        self,
        camera: Camera,
        household: Mapping[str, Preferences],
        surface: Surface,
        protocols: tuple[str, ...],
        tried: tuple[str, ...] = (),
    ) -> Verdict:
        """Judges by the arguments and the rules only, so `Verdicts` may keep the verdict.

        The camera's `as_of` grows with each reading. It counts only by `may_have_changed`, which is part of a `Case`.
        """
        while_encrypted = self._rules.exception(household.get(camera.id, NONE).while_encrypted)
        way = choose(camera, (*tried, *self._rules.closed_ways), while_encrypted)
        conditions = Conditions(
            surface,
            way,
            protocols,
            audio_required=self._rules.require_audio,
            transcodes=self._rules.transcodes,
            while_encrypted=while_encrypted,
            relays=self._rules.relays,
        )
        return way, gate(camera, conditions)

    def _last_known(self, household: Household, camera: str) -> VisibleCamera | None:
        for source in household.sources:
            last = self._readings.last(household.account, source)
            if last and (found := last.find(camera)):
                return VisibleCamera(household.account, source, found)
        return None

    def _newly_listed(self, household: Household, camera: str, deadline: Deadline) -> VisibleCamera | Refusal:
        """Finds a camera that another process has listed since; reads the vendor if no list is known."""
        unread: Refusal | None = None
        for source in household.sources:
            newer = self._readings.newer(household.account, source)
            if newer and (found := newer.find(camera)):
                return VisibleCamera(household.account, source, found)
            if self._readings.last(household.account, source):
                continue
            try:
                reading = self._readings.read(household.account, source, deadline.left)
            except DriverError as error:
                unread = unreached(error, None)  # it may be another source's
                continue
            if found := reading.find(camera):
                return VisibleCamera(household.account, source, found)
        return unread or not_found()


def _opened(visible: VisibleCamera, verdict: Verdict) -> Open | Refusal:
    way, allowed = verdict
    if isinstance(allowed, Refusal):
        return allowed
    assert way is not None  # the gate refuses a camera without one
    return Open(visible, way, allowed)


def unreached(error: DriverError, camera: Camera | None) -> Refusal:
    """The refusal for a failed vendor call, whatever the flags say: they are old."""
    return overruled(error.reason, camera, error.vendor)


class Ground(Struct, frozen=True):
    """The objects that most components of the registry work with. `drivers`: by the kind of source they serve."""

    store: Store
    drivers: Mapping[str, Driver]
    rules: Rules
    clock: Callable[[], float]  # epoch seconds
    breaker: Breaker
    happenings: Happenings
    readings: Readings
    judge: Judge


class Component:
    """A part of the registry that reads cameras, asks their vendors and applies the gate."""

    def __init__(self, ground: Ground) -> None:
        self._store, self._drivers, self._rules, self._clock = ground.store, ground.drivers, ground.rules, ground.clock
        self._breaker, self._happenings = ground.breaker, ground.happenings
        self._readings, self._judge = ground.readings, ground.judge

    def _on[T](self, account_id: str, camera_id: str, do: Callable[[VisibleCamera, Deadline], T]) -> T | Refusal:
        """The result of `do` with the household's camera, within the time that an owner waits."""
        deadline = Deadline(self._rules.owner_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        return visible if isinstance(visible, Refusal) else do(visible, deadline)
