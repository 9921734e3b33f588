"""The cameras that are being pulled: for viewers, before a display comes, to measure the video, and for a still.

If the machine can carry no more, a pull without a viewer gives way.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from copy import replace
from functools import partial

from showcam.engine.camera_still import NoStill, fetch
from showcam.engine.codec.nal import NoPicture
from showcam.engine.gate import Background, Gate
from showcam.engine.grants import EVENT, Claims, Picture
from showcam.engine.keyframe import resized
from showcam.engine.messages import PullStats
from showcam.engine.sessions.pull import Key, Pull, key_of, other_key
from showcam.engine.sessions.session import SessionIndex
from showcam.engine.sessions.transcodes import OVER_S
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import Rtsp, SourceFailed, SourceSpec

FREED_S = 1.0  # a vendor's stream ends this long after its last viewer; other streams may be wanted again at once
FEW = 4  # cameras that are always admitted, however busy the loop is
MOST_KEPT = 4096  # grants with a reserved place; above this the oldest loses its place and needs free room
AWAY_S = 600.0  # for this time, a camera whose video came from outside the home network is not opened to be kept
_MANY = 1024  # showcam remembers this number of cameras that make stills, or don't


class TooMany(Exception):
    """A limit is reached. The answer is 429."""

    def __init__(self, retry_s: int, *, full: bool = False) -> None:
        super().__init__(retry_s)
        self.retry_s = retry_s
        self.full = full  # the limit is this process's, not the household's: another process may have room


class Ended(Exception):
    """The session or its link has ended. The answer is 410."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Places:
    """Grants that displays were given and have not used yet. Their cameras do not give way to others."""

    def __init__(self) -> None:
        self._kept: dict[str, Claims] = {}  # by nonce, the oldest first

    def keep(self, claims: Claims) -> None:
        """Reserves a place until the grant expires or a display uses it."""
        self._kept.setdefault(claims.nonce, claims)
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def give_back(self, link: str, nonce: str) -> Claims | None:
        """Frees the place of the grant with this nonce, and returns its claims, if the grant belongs to the link."""
        claims = self._kept.get(nonce)
        return self._kept.pop(nonce) if claims is not None and claims.link == link else None

    def leave_link(self, link: str) -> None:
        self._kept = {nonce: claims for nonce, claims in self._kept.items() if claims.link != link}

    def expects(self, is_meant: Callable[[Claims], bool]) -> bool:
        """True while a display may still come with claims that `is_meant` accepts."""
        clock = time.time()
        return any([claims.expires > clock and is_meant(claims) for claims in self._kept.values()])

    def tidy(self) -> None:
        clock = time.time()
        self._kept = {nonce: claims for nonce, claims in self._kept.items() if claims.expires > clock}


class Load:
    """Measures how busy the event loop is. All video passes through the loop, whose load limits the number of cameras.

    The loop runs in a single thread, and `cpu` returns that thread's time. A machine that is slow for other reasons
    still admits cameras. If the loop takes the part `full` of a core, no further camera is admitted.
    """

    def __init__(
        self, full: float, cpu: Callable[[], float] = time.thread_time, clock: Callable[[], float] | None = None
    ) -> None:
        self._full, self._cpu = full, cpu
        self._clock = clock or asyncio.get_running_loop().time
        self._samples: deque[tuple[float, float]] = deque([(self._clock(), cpu())])

    def sample(self) -> None:
        now = self._clock()
        self._samples.append((now, self._cpu()))
        while len(self._samples) > 2 and now - self._samples[1][0] >= OVER_S:
            self._samples.popleft()

    @property
    def part(self) -> float:
        """The part of a core that the loop took over the last ten seconds."""
        (began, at_first), (now, at_last) = self._samples[0], self._samples[-1]
        return (at_last - at_first) / (now - began) if now > began else 0.0

    def admits(self, cameras: int) -> bool:
        """True if a further camera may be pulled while this number of cameras is."""
        return cameras < FEW or self.part < self._full


class Pulls:
    """All pulls of this process. `held`: the pull has a session. `in_use`: it has a viewer or an unused grant."""

    def __init__(
        self,
        settings: PlaneSettings,
        load: Load,
        begin: Callable[[Claims, SourceSpec | None], Pull],
        held: Callable[[Pull], bool],
        in_use: Callable[[Pull], bool],
    ) -> None:
        self._settings, self._load, self._begin = settings, load, begin
        self._held, self._in_use = held, in_use
        self._by_key: dict[Key, Pull] = {}
        self._background = Background()
        self.is_draining = False  # the pulls go on, and no pull begins

    def runs(self, claims: Claims) -> bool:
        return self.key(claims) in self._by_key

    def key(self, claims: Claims) -> Key:
        """The key of the pull for these claims. With a single session for both pictures, the other picture's serves."""
        own, other = key_of(claims), other_key(claims)
        pull = self._by_key.get(other)
        is_shared = own not in self._by_key and pull is not None and pull.is_single and pull.failure is None
        return other if is_shared else own

    def flows(self, account: str, camera: str) -> list[Picture]:
        """The camera's pictures that are already pulled and flow, so that a further viewer costs nothing."""
        keys: dict[Picture, Key] = {"main": (account, camera), "sub": (account, f"{camera}/sub")}
        pulls = {picture: self._by_key.get(key) for picture, key in keys.items()}
        flowing = {picture: pull for picture, pull in pulls.items() if pull is not None and pull.flows}
        return list(keys if any([pull.is_single for pull in flowing.values()]) else flowing)

    def warm(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Starts the pull, or joins the pull that runs. Raises TooMany."""
        key = self.key(claims)
        pull = self._by_key.get(key)
        if pull is not None and spec is not None and not pull.says(spec):
            self._stop(key)  # a card with another reason than before
            pull = None
        if pull is not None and pull.failure is None:
            pull.need()
            if spec is not None and spec.lease and not pull.holds(spec.lease):
                pull.give_back(spec.lease)
            return pull
        self._make_room(claims.account)
        pull = self._by_key[key] = self._begin(claims, spec)
        return pull

    def leave(self, pull: Pull) -> None:
        """Ends the pull now if it has no session, and drops its video in memory."""
        if not self._held(pull) and self._by_key.get(pull.key) is pull:
            self._stop(pull.key)

    def leave_link(self, link: str) -> None:
        for pull in list(self._by_key.values()):
            if pull.claims.link == link:
                self.leave(pull)

    def tidy(self, now: float) -> None:
        """Ends pulls that failed or were not needed for a while. `now` is the loop's time."""
        for key, pull in list(self._by_key.items()):
            pull.tidy()
            if pull.failure is not None:
                self.leave(pull)
            elif self._is_left(pull, now):
                self._stop(key)

    def _is_left(self, pull: Pull, now: float) -> bool:
        is_freed = pull.is_idle_at_vendor and not self._in_use(pull)
        idle_s = FREED_S if is_freed else max(self._settings.idle_s, pull.patience_s)
        return now - pull.needed > idle_s and now > pull.held_until

    def places(self) -> int | None:
        """How many further cameras may be pulled; None if this process has no such limit."""
        of_all = self._settings.live_per_process
        if of_all is None:
            return None
        count = len(self._by_key)
        if self.is_draining or not self._load.admits(count):
            return 0
        return max(0, of_all - sum(self._in_use(pull) for pull in self._by_key.values()))

    def stats(self) -> PullStats:
        pulls = list(self._by_key.values())
        return {
            "pulls": len(pulls),
            "pulls_live": sum(pull.is_live for pull in pulls),
            "reopened": sum(pull.reopened for pull in pulls),
            "minted": sum(pull.gate.opened for pull in pulls),
        }

    async def close(self) -> None:
        for key in list(self._by_key):
            self._stop(key)
        await self._background.done()

    def _stop(self, key: Key) -> None:
        self._background.later(self._by_key.pop(key).stop())

    def _make_room(self, account: str) -> None:
        """Ends failed pulls, and an unused pull if a limit is reached. Raises TooMany."""
        if self.is_draining:
            raise TooMany(10, full=True)
        for key in [key for key, pull in self._by_key.items() if pull.failure is not None]:
            self._stop(key)
        of_one, of_all = self._settings.live_per_account, self._settings.live_per_process
        own = [key for key in self._by_key if key[0] == account]
        if of_one is not None and len(own) >= of_one:
            self._stop_one(own, full=False)
        count = len(self._by_key)
        if (of_all is not None and count >= of_all) or not self._load.admits(count):
            self._stop_one(list(self._by_key), full=True)

    def _stop_one(self, keys: list[Key], *, full: bool) -> None:
        """Ends the unused pull that was needed longest ago. Raises TooMany if all are in use."""
        idle = [key for key in keys if not self._in_use(self._by_key[key])]
        if not idle:
            raise TooMany(10, full=full)
        self._stop(min(idle, key=lambda key: self._by_key[key].needed))


class CameraStills:
    """Stills that cameras or their vendors make, for cameras that are not being pulled: no video is opened.

    A camera at home makes a still by HTTP, for a camera on battery its vendor does. A camera at home is asked only
    after a pull has shown that the camera makes stills. After a refusal it is never asked again.
    """

    def __init__(self, settings: PlaneSettings, gate: Gate) -> None:
        self._settings, self._gate = settings, gate
        self._makes: dict[Key, bool] = {}

    def note(self, pull: Pull) -> None:
        if pull.makes_stills and len(self._makes) < _MANY:
            self._makes.setdefault(pull.key, True)

    async def of(self, claims: Claims) -> bytes | None:
        """A JPEG of now, through the gate; None if a pull is needed for it. Raises SourceFailed if the gate is shut."""
        if still := await self._made_again(await self._gate.still(claims), claims):
            return still
        if not self._makes.get(key_of(claims)):
            return None
        spec = await self._gate.source(claims)
        if not isinstance(spec, Rtsp) or not spec.still:
            return None
        loopback, within_s = self._settings.allow_loopback_sources, self._settings.still_s
        fetching = partial(fetch, spec.still, spec.user, spec.password, loopback=loopback, within_s=within_s)
        try:
            return await self._made_again(await asyncio.to_thread(fetching), claims)
        except NoStill as none:
            if none.refused:
                self._makes[key_of(claims)] = False
            return None

    @staticmethod
    async def _made_again(still: bytes | None, claims: Claims) -> bytes | None:
        """The still picture in the wanted size; None if the bytes are no picture."""
        with contextlib.suppress(NoPicture):
            return still and await asyncio.to_thread(resized, still, small=claims.protocol == "still")
        return None


class Warming:
    """Opens cameras without a session. `refuse` raises Ended for claims whose session or link has ended."""

    def __init__(
        self,
        settings: PlaneSettings,
        index: SessionIndex,
        refuse: Callable[[Claims], None],
        places: Places,
        pulls: Pulls,
        gate: Gate,
        background: Background,
    ) -> None:
        self._index, self._refuse, self._places, self._pulls = index, refuse, places, pulls
        self._gate, self._background = gate, background
        self._keep_s, self._open_s = settings.keep_s, settings.open_s
        self._stills = CameraStills(settings, gate)
        self._clock = asyncio.get_running_loop().time
        self._away: dict[Key, float] = {}  # until when the camera is not opened to be kept

    def warm(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Starts the pull, or joins the pull that runs. Raises Ended, TooMany."""
        self._refuse(claims)
        pull = self._pulls.warm(claims, spec)
        if claims.surface == "tv":
            pull.renditions.need(tv=True)  # segments are made while its receiver is still being launched
        return pull

    def expect(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Starts the pull, and reserves a place for this grant's viewer until it expires. Raises Ended, TooMany."""
        self._refuse(claims)
        if not self._index.has_begun(claims.nonce):
            self._places.keep(claims)
        try:
            return self.warm(claims, spec)
        except BaseException:
            self._places.give_back(claims.link, claims.nonce)
            raise

    def measure(self, claims: Claims, spec: SourceSpec | None) -> None:
        """Opens the camera without a viewer, reports the format of its video, and leaves it. Raises Ended, TooMany."""
        runs = self._pulls.runs(claims)
        pull = self.warm(claims, spec)
        if not runs:
            self._background.later(self._opened(pull, is_kept=False))

    def keep(self, claims: Claims) -> None:
        """Keeps the camera open for `keep_s`, if its video comes over the home network. The next call renews this time.

        Raises Ended, TooMany.
        """
        runs, now = self._pulls.runs(claims), self._clock()
        self._away = {key: until for key, until in self._away.items() if until > now}
        if not runs and key_of(claims) in self._away:
            return
        pull = self.warm(claims, None)
        pull.is_only_kept |= not runs
        pull.hold(self._keep_s)
        if not runs:
            self._background.later(self._opened(pull, is_kept=True))

    async def still(self, claims: Claims) -> bytes:
        """A JPEG of now. Waits for the camera, since viewers don't ask again. Raises Ended, TooMany, SourceFailed."""
        runs = self._pulls.runs(claims)
        if not runs or claims.surface.startswith(EVENT):
            self._refuse(claims)
            if (still := await self._stills.of(claims)) is not None:
                return still
        if runs:  # a running pull went through the gate only for its first viewer
            await self._gate.check(claims)
        pull = self.warm(claims, None)
        still = await pull.jpeg(self._open_s, small=claims.protocol == "still")
        self._stills.note(pull)
        return still

    def sub(self, claims: Claims) -> Pull | None:
        """A pull of the camera's smaller picture, as well as the whole picture.

        Returns None if there is no room: the smaller picture takes no viewer's place.
        """
        if claims.picture == "sub":
            return None
        try:
            return self.warm(replace(claims, picture="sub"), None)
        except (Ended, TooMany):
            return None

    async def _opened(self, pull: Pull, *, is_kept: bool) -> None:
        """Waits until the pull has opened, then leaves it unless a viewer came meanwhile or the pull is kept."""
        needed = pull.needed
        with contextlib.suppress(SourceFailed):
            await pull.opened()
        if is_kept and pull.hold(self._keep_s):
            return
        if is_kept:
            self._away[pull.key] = self._clock() + AWAY_S
        if pull.needed == needed:
            self._pulls.leave(pull)
