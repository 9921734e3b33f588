"""Stills that cameras make themselves, of those that are not being pulled: for these nothing is opened.

A camera at home makes one by HTTP, one on battery by its vendor.
"""

import asyncio
from functools import partial

from media.camera_still import NoStill, fetch
from media.codec.nal import NoPicture
from media.grants import Claims
from media.plane.keyframe import resized
from media.plane.viewing.asking import Asking
from media.plane.viewing.key import Key, key_of
from media.plane.viewing.pull import Pull
from net.cache import Recent

MANY = 1024
ASKED_S = 60.0  # whether a camera runs on battery is asked again after so long


class CameraStills:
    """A camera counts as one of these once a pull of it said so; what it refuses it is not asked again.

    `loopback`: cameras may be on this machine, for the demo. `within_s`: a camera's time for one.
    """

    def __init__(self, asking: Asking, *, loopback: bool, within_s: float) -> None:
        self._asking, self._loopback, self._within_s = asking, loopback, within_s
        self._makes: dict[Key, bool] = {}
        self._on_mains: Recent[Key, float] = Recent(MANY)  # since when its vendor made no still of it

    def note(self, pull: Pull) -> None:
        if pull.makes_stills and len(self._makes) < MANY:
            self._makes.setdefault(pull.key, True)

    async def of(self, claims: Claims) -> bytes | None:
        """A JPEG of now, through the gate; None where it takes a pull. Raises SourceFailed where the gate is shut."""
        if still := await self._of_vendor(claims):
            return still
        if not self._makes.get(key_of(claims)):
            return None
        spec = await self._asking.source(claims)
        if not spec.still:
            return None
        fetching = partial(
            fetch, spec.still, spec.user, spec.password, loopback=self._loopback, within_s=self._within_s
        )
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
        """Raises SourceFailed where the gate is shut."""
        now = asyncio.get_running_loop().time()
        since = self._on_mains.get(key_of(claims))
        if since is not None and now - since < ASKED_S:
            return None
        data = await self._asking.still(claims)
        if data is None:
            self._on_mains.put(key_of(claims), now)
            return None
        try:
            return await asyncio.to_thread(resized, data, small=claims.protocol == "still")
        except NoPicture:
            return None
