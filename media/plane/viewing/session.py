"""One viewer's use of a picture, from its first fetch to its end."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from media.grants import Claims
from media.plane.outputs.hls import HlsOutput
from media.plane.outputs.peer import Peer, Voice
from media.plane.units import SourceFailed
from media.plane.viewing.pull import Pull
from media.plane.viewing.view import View

VERDICT_S = 1.0  # a camera has this to say that it can't be shown
NEWS_S = 1.0  # a list waits so long for a segment that its viewer does not know
SILENT_S = 5.0  # a viewer by HLS that fetches nothing for so long gives up its place, until it fetches again


@dataclass(eq=False)
class Session:
    """Its grant is in the addresses that its viewer uses from here on."""

    claims: Claims  # for the protocol it began with; the nonce is its id
    grant: str
    pull: Pull
    began: float  # with its latest answer
    used: float  # by its viewer, last
    opened: float
    view: View
    until: float  # epoch s; the gate's check renews it where nothing caps a session
    name: str = ""
    peer: Peer | None = None
    starts: dict[str, str] = field(default_factory=dict)  # by the start id in a playlist's address, what it shows
    answering: asyncio.Lock = field(default_factory=asyncio.Lock)
    _fetches: int = 0  # that wait for an answer
    # the output whose list its viewer has, and the segment that was due after that list
    _listed: tuple[HlsOutput, int] | None = None
    _listed_at: float = 0.0

    @property
    def failure(self) -> SourceFailed | None:
        """Why it is over, if the picture is."""
        return self.pull.failure or self.view.failure

    def watches(self, now: float) -> bool:
        """A WebRTC viewer is a connection, an HLS viewer a request now or within SILENT_S."""
        return self.peer is not None or self._fetches > 0 or now - self.used < SILENT_S

    @contextlib.contextmanager
    def fetching(self) -> Iterator[None]:
        """While a request of its viewer waits for an answer."""
        self._fetches += 1
        try:
            yield
        finally:
            self._fetches -= 1
            self.used = asyncio.get_running_loop().time()

    @property
    def has_list(self) -> bool:
        """Whether its viewer has been given a list."""
        return self._listed is not None

    def has_list_of(self, output: HlsOutput) -> bool:
        """Whether its viewer has been given a list of that output."""
        return self._listed is not None and self._listed[0] is output

    def hand_list(self, output: HlsOutput) -> None:
        """Its viewer is given the list as it is now."""
        self._listed, self._listed_at = (output, output.due), asyncio.get_running_loop().time()

    async def news(self) -> bool:
        """Wait for a segment that its viewer does not know; whether it was waited for.

        A player that finds an old list comes again after half a target duration, and may stand still until then. One
        that asks again sooner is not kept waiting: some ask twice when they begin.
        """
        if self._listed is None:
            return False
        output, due = self._listed
        half_s = output.target_s / 2
        if output.due != due or asyncio.get_running_loop().time() - self._listed_at < half_s:
            return False
        with self.fetching():
            await self.view.signal.until(lambda: output.due != due or self.failure, min(NEWS_S, half_s))
        return True

    def is_left(self, now: float, *, idle_s: float, card_s: float, connect_s: float) -> bool:
        """Whether its viewer is gone, or never came; a card lasts `card_s`."""
        waits = self.peer is not None and self.peer.state != "connected"
        return (
            (self.peer is None and not self._fetches and now - self.used > idle_s)
            or (waits and now - self.began > connect_s)
            or (self.claims.explains and now - self.opened > card_s)
        )

    async def answer(self, peer: Peer, view: View, sdp: str, left_s: float) -> str:
        """A peer's answer to an offer within `left_s`, of that view. Raises SourceFailed, NoOffer, NotGathered."""
        loop = asyncio.get_running_loop()
        due = loop.time() + left_s
        peer.gather(sdp, left_s)
        # a source that can't be shown is best said now, but a slow one must not cost the answer
        await self.pull.opened(min(VERDICT_S, left_s))
        await peer.gathered(due - loop.time())
        await self.pull.opened(0)
        view.check()
        answer = await peer.answer(self._voice())
        if self.pull.failure is not None:
            raise self.pull.failure  # of meanwhile: from here on whoever is answered is waited for
        return answer

    def _voice(self) -> Voice:
        pull = self.pull
        if pull.sound == "on":
            # a camera may send its first sound after its first picture
            return "camera" if pull.format is None or pull.format.audio else "late"
        # both assistants' displays are sent silence; Google's sees a camera without Audio only where the gate lets it
        waits = self.claims.surface == "alexa" or (self.claims.surface in ("google", "tv") and pull.sound != "off")
        return "silence" if waits else "none"
