"""Still pictures of a camera that is being pulled: the newest keyframe as JPEG, decoded once for all who ask."""

import asyncio

from media.plane.keyframe import jpeg
from media.plane.units import Unit


class Stills:
    """The latest of each size is kept, as a task while it is made."""

    def __init__(self) -> None:
        self._made: dict[bool, tuple[Unit, asyncio.Task[bytes]]] = {}  # by whether they are small

    async def of(self, keyframe: Unit, *, small: bool) -> bytes:
        """Raises NoPicture."""
        known = self._made.get(small)
        if known is None or known[0] is not keyframe:
            known = keyframe, asyncio.create_task(asyncio.to_thread(jpeg, keyframe.data, small=small))
            self._made[small] = known
        # whoever asked first may go while others wait for it
        return await asyncio.shield(known[1])
