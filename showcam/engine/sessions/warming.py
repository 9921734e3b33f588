"""Opens cameras without a session: before a display comes, to measure the video, and for a still."""

import asyncio
import contextlib
from copy import replace
from functools import partial

from showcam.engine.camera_still import NoStill, fetch
from showcam.engine.codec.nal import NoPicture
from showcam.engine.gate import Background, Gate
from showcam.engine.grants import Claims
from showcam.engine.keyframe import resized
from showcam.engine.sessions.endings import Ended, Endings
from showcam.engine.sessions.pull import Key, Pull, key_of
from showcam.engine.sessions.pulls import Places, Pulls, TooMany
from showcam.engine.sessions.session import SessionIndex
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import Rtsp, SourceFailed, SourceSpec

AWAY_S = 600.0  # for this time, a camera whose video came from outside the home network is not opened to be kept
MANY = 1024  # showcam remembers this number of cameras that make stills, or don't


class CameraStills:
    """Stills that cameras or their vendors make, for cameras that are not being pulled: no video is opened.

    A camera at home makes a still by HTTP, for a camera on battery its vendor does. A camera at home is asked only
    after a pull has shown that the camera makes stills. After a refusal it is never asked again.
    """

    def __init__(self, settings: PlaneSettings, gate: Gate) -> None:
        self._settings, self._gate = settings, gate
        self._makes: dict[Key, bool] = {}

    def note(self, pull: Pull) -> None:
        if pull.makes_stills and len(self._makes) < MANY:
            self._makes.setdefault(pull.key, True)

    async def of(self, claims: Claims) -> bytes | None:
        """A JPEG of now, through the gate; None if a pull is needed for it. Raises SourceFailed if the gate is shut."""
        if still := await self._of_vendor(claims):
            return still
        if not self._makes.get(key_of(claims)):
            return None
        spec = await self._gate.source(claims)
        if not isinstance(spec, Rtsp) or not spec.still:
            return None
        loopback, within_s = self._settings.allow_loopback_sources, self._settings.still_s
        fetching = partial(fetch, spec.still, spec.user, spec.password, loopback=loopback, within_s=within_s)
        try:
            data = await asyncio.to_thread(fetching)
            return await asyncio.to_thread(resized, data, small=claims.protocol == "still")
        except NoStill as none:
            if none.refused:
                self._makes[key_of(claims)] = False
        except NoPicture:
            pass
        return None

    async def _of_vendor(self, claims: Claims) -> bytes | None:
        """A JPEG from the vendor, or None. Raises SourceFailed if the gate is shut."""
        data = await self._gate.still(claims)
        if data is None:
            return None
        try:
            return await asyncio.to_thread(resized, data, small=claims.protocol == "still")
        except NoPicture:
            return None


class Warming:
    def __init__(
        self,
        settings: PlaneSettings,
        index: SessionIndex,
        endings: Endings,
        places: Places,
        pulls: Pulls,
        gate: Gate,
        background: Background,
    ) -> None:
        self._index, self._endings, self._places, self._pulls = index, endings, places, pulls
        self._gate, self._background = gate, background
        self._keep_s, self._open_s = settings.keep_s, settings.open_s
        self._stills = CameraStills(settings, gate)
        self._clock = asyncio.get_running_loop().time
        self._away: dict[Key, float] = {}  # until when the camera is not opened to be kept

    def warm(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Starts the pull, or joins the pull that runs. Raises Ended, TooMany."""
        self._endings.refuse(claims)
        pull = self._pulls.warm(claims, spec)
        if claims.surface == "tv":
            pull.renditions.need_tv()  # segments are made while its receiver is still being launched
        return pull

    def expect(self, claims: Claims, spec: SourceSpec | None) -> Pull:
        """Starts the pull, and reserves a place for this grant's viewer until it expires. Raises Ended, TooMany."""
        self._endings.refuse(claims)
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
            self._background.later(self._measured(pull))

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
            self._background.later(self._held(pull))

    async def still(self, claims: Claims) -> bytes:
        """A JPEG of now. Waits for the camera, since viewers don't ask again. Raises Ended, TooMany, SourceFailed."""
        # a running pull went through the gate only for its first viewer
        if self._pulls.runs(claims):
            await self._gate.check(claims)
        else:
            self._endings.refuse(claims)
            if (still := await self._stills.of(claims)) is not None:
                return still
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

    async def _held(self, pull: Pull) -> None:
        needed = pull.needed
        with contextlib.suppress(SourceFailed):
            await pull.opened()
        if pull.hold(self._keep_s):
            return
        self._away[pull.key] = self._clock() + AWAY_S
        if pull.needed == needed:
            self._pulls.leave(pull)

    async def _measured(self, pull: Pull) -> None:
        needed = pull.needed
        with contextlib.suppress(SourceFailed):
            await pull.opened()
        if pull.needed == needed:  # no viewer came meanwhile
            self._pulls.leave(pull)
