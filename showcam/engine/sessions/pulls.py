"""The cameras that are being pulled. If the machine can carry no more, a pull without a viewer gives way."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from showcam.engine.gate import Background
from showcam.engine.grants import Claims, Picture
from showcam.engine.messages import PullStats
from showcam.engine.sessions.pull import Key, Pull, key_of, other_key
from showcam.engine.sessions.transcodes import OVER_S
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import SourceSpec

FREED_S = 1.0  # a vendor's stream ends this long after its last viewer; other streams may be wanted again at once
FEW = 4  # cameras that are always admitted, however busy the loop is
MOST_KEPT = 4096  # grants with a reserved place; above this the oldest loses its place and needs free room


class TooMany(Exception):
    """A limit is reached. The answer is 429."""

    def __init__(self, retry_s: int, *, full: bool = False) -> None:
        super().__init__(retry_s)
        self.retry_s = retry_s
        self.full = full  # the limit is this process's, not the household's: another process may have room


class Places:
    """Grants that displays were given and have not used yet. Their cameras do not give way to others."""

    def __init__(self) -> None:
        self._kept: dict[str, Claims] = {}  # by nonce, the oldest first

    def keep(self, claims: Claims) -> None:
        """Reserves a place until the grant expires or a display uses it."""
        self._kept.setdefault(claims.nonce, claims)
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def take(self, claims: Claims) -> None:
        """Frees the place, because a session begins with this grant."""
        self.give_back(claims.link, claims.nonce)

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

    def stats(self) -> PullStats:
        pulls = list(self._by_key.values())
        return {
            "pulls": len(pulls),
            "pulls_live": sum(pull.is_live for pull in pulls),
            "reopened": sum(pull.reopened for pull in pulls),
            "minted": sum(pull.minted for pull in pulls),
        }

    async def close(self) -> None:
        for key in list(self._by_key):
            self._stop(key)
        await self._background.done()

    def _stop(self, key: Key) -> None:
        self._background.later(self._by_key.pop(key).stop())

    def _make_room(self, account: str) -> None:
        """Ends failed pulls, and an unused pull if a limit is reached. Raises TooMany."""
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
