"""Pictures that are opened before or beside a session: ahead of a display, to be measured, and for a still."""

import asyncio
import contextlib
from copy import replace

from media.grants import Claims
from media.plane.event_loop import Background
from media.plane.units import SourceFailed
from media.plane.viewing.camera_stills import CameraStills
from media.plane.viewing.endings import Ended, Endings
from media.plane.viewing.guard import Guard
from media.plane.viewing.key import Key, key_of
from media.plane.viewing.places import Places
from media.plane.viewing.pull import Pull
from media.plane.viewing.pulls import Pulls, TooMany
from media.plane.viewing.session_index import SessionIndex
from media.source import SourceSpec

AWAY_S = 600.0  # one that came another way than over the home network is not opened again to be kept for so long
SHOWS_S = 15.0  # a picture that is opened for nobody has this to show what it is like


class Warming:
    """`keep_s`: a picture is held open for so long, unless somebody says again that it is kept warm."""

    def __init__(
        self,
        index: SessionIndex,
        endings: Endings,
        places: Places,
        pulls: Pulls,
        guard: Guard,
        background: Background,
        stills: CameraStills,
        keep_s: float,
    ) -> None:
        self._index, self._endings, self._places, self._pulls = index, endings, places, pulls
        self._guard, self._background, self._stills, self._keep_s = guard, background, stills, keep_s
        self._clock = asyncio.get_running_loop().time
        self._away: dict[Key, float] = {}  # until when no picture is opened to be kept, since it came another way

    def warm(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Start the pull, or join the one there is. Raises Ended, TooMany."""
        self._endings.refuse(claims)
        pull = self._pulls.warm(claims, spec)
        if claims.surface == "tv":
            pull.need_tv()  # segments are made while its receiver is still being launched
        return pull

    def expect(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """A warm pull, and a place for who comes with this grant until it lapses. Raises Ended, TooMany."""
        self._endings.refuse(claims)
        if not self._index.has_begun(claims.nonce):
            self._places.keep(claims)
        try:
            return self.warm(claims, spec)
        except BaseException:
            self._places.give_back(claims.link, claims.nonce)
            raise

    def measure(self, claims: Claims, spec: SourceSpec | None) -> None:
        """Opens the picture for nobody, to report what it is like, and leaves it. Raises Ended, TooMany."""
        runs = self._pulls.runs(claims)
        pull = self.warm(claims, spec)
        if not runs:
            self._background.later(self._measured(pull))

    def keep(self, claims: Claims) -> None:
        """Hold the picture open for `keep_s`, if it comes over the home network. Raises Ended, TooMany."""
        runs, now = self._pulls.runs(claims), self._clock()
        self._away = {key: until for key, until in self._away.items() if until > now}
        if not runs and key_of(claims) in self._away:
            return
        pull = self.warm(claims, None)
        pull.is_only_kept |= not runs
        pull.hold(self._keep_s)
        if not runs:
            self._background.later(self._held(pull))

    async def still(self, claims: Claims, timeout_s: float) -> bytes:
        """A JPEG of now. Raises Ended, TooMany, SourceFailed."""
        # a pull that runs already went through the gate once, for whoever began it
        if self._pulls.runs(claims):
            await self._guard.pass_by(claims)
        elif (still := await self._own_still(claims)) is not None:
            return still
        pull = self.warm(claims, None)
        still = await pull.jpeg(timeout_s, small=claims.protocol == "still")
        self._stills.note(pull)
        return still

    async def _own_still(self, claims: Claims) -> bytes | None:
        """Raises Ended, SourceFailed."""
        self._endings.refuse(claims)
        return await self._stills.of(claims)

    def sub(self, claims: Claims) -> Pull | None:
        """The camera's smaller picture, beside the whole one of these claims; it takes no viewer's place."""
        if claims.picture == "sub":
            return None
        try:
            return self.warm(replace(claims, picture="sub"), None)
        except (Ended, TooMany):
            return None

    async def _held(self, pull: Pull) -> None:
        needed = pull.needed
        with contextlib.suppress(SourceFailed):
            await pull.opened(SHOWS_S)
        if pull.hold(self._keep_s):
            return
        self._away[pull.key] = self._clock() + AWAY_S
        if pull.needed == needed:
            self._pulls.leave(pull)

    async def _measured(self, pull: Pull) -> None:
        needed = pull.needed
        with contextlib.suppress(SourceFailed):
            await pull.opened(SHOWS_S)
        if pull.needed == needed:  # nobody came for it meanwhile
            self._pulls.leave(pull)
