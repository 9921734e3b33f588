"""Opening sessions at EZVIZ: which of the two pictures, with which address, and what a refusal means."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from media.ezviz.address import MAIN, SUB, Address, BadAddress, Stream
from media.ezviz.results import OTHER_STREAM, PASSING, QUOTA, SERVER, TOKEN, Meaning, meaning
from media.plane.codec.units import SourceFailed
from media.plane.sources.ezviz_node import NodeSession, SaidNo, Unreached
from media.plane.sources.ezviz_showing import Showing
from media.plane.sources.fetcher import OnLoopback
from media.plane.sources.quota_rests import QuotaRests
from media.source import REFUSED, SourceSpec

_log = structlog.get_logger()

WAKING_S = 25.0  # how long a battery camera is waited for that can't be reached
WAKING_TRIES = 8  # sessions that are tried while it wakes
TRIES = 4  # times that a node may fail in a row


class Openings:
    """The addresses of one opening of a camera. `spec` is its first address. Call `close` after use.

    Each address is given back as soon as its session is open or failed to open: an account opens one at a time.
    """

    def __init__(
        self,
        spec: SourceSpec,
        mint: Callable[[], Awaitable[SourceSpec]],
        give_back: Callable[[str], None],
        loopback: OnLoopback,
        rests: QuotaRests,
    ) -> None:
        self._mint, self._give_back, self._loopback, self._rests = mint, give_back, loopback, rests
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._spec: SourceSpec | None = spec
        self.dozes = spec.dozes
        self.stream: Stream | None = None  # what turned out to bring a picture, or to be there
        self.is_alone = False  # the camera gives no second session beside the first
        self._refused = 0  # in a row
        self._open: set[Showing] = set()

    async def next(self, *, is_begun: bool) -> Showing | None:
        """A new session, or None if another try may succeed. Raises SourceFailed if none would.

        `is_begun`: whether a picture has been shown.
        """
        spec, self._spec = self._spec or await self._mint(), None
        address = _address(spec)
        if not is_begun and self._rests.holds(address.camera):
            raise SourceFailed("busy", again=True)
        try:
            showing = await self._opened(spec, self.stream)
            self._rests.opened(address.camera)
            return showing
        except Unreached:
            return None
        except SaidNo as no:
            if no.result in OTHER_STREAM and self.stream is None:
                self.stream = SUB if address.stream == MAIN else MAIN
                return await self.next(is_begun=is_begun)
            if no.result in QUOTA:
                self._rests.refused(address.camera)
            self.said_no(no.result, is_begun=is_begun)
            return None

    async def beside(self, stream: Stream) -> Showing | None:
        """A session beside one that is open; None if there is none to be had."""
        try:
            return await self._opened(await self._mint(), stream)
        except (Unreached, SourceFailed):
            return None
        except SaidNo as no:
            self.is_alone = no.result in QUOTA
            return None

    def end(self, showing: Showing) -> None:
        self._open.discard(showing)
        showing.close()

    def close(self) -> None:
        for showing in list(self._open):
            self.end(showing)

    async def _opened(self, spec: SourceSpec, stream: Stream | None) -> Showing:
        """Raises Unreached, SaidNo, SourceFailed."""
        address = _address(spec)
        wanted, node = stream or address.stream, NodeSession(self._loopback)
        showing = Showing(wanted, node, spec.key)
        showing.is_other = address.stream == SUB and wanted == MAIN
        self._open.add(showing)
        ending = ""
        try:
            await node.open(address.asking(wanted), spec.hosts)
            showing.began()
        except BaseException as error:
            ending = REFUSED if isinstance(error, SaidNo) and error.result in TOKEN else ""
            self.end(showing)
            raise
        finally:
            if spec.release:
                self._give_back(f"{spec.release}{ending}")
        self._refused = 0
        return showing

    def said_no(self, result: int, *, is_begun: bool, midway: bool = False) -> None:
        """`midway`: of a session that had begun. Raises SourceFailed, unless it is worth asking again."""
        _log.info("a stream node said no", result=result)
        means = meaning(result)
        self._refused += 1
        if self._refused > self._askable(result, means, is_begun=is_begun or midway):
            raise SourceFailed(means.reason, again=means.again)

    def _askable(self, result: int, means: Meaning, *, is_begun: bool) -> int:
        """How often in a row that may be heard."""
        if result in TOKEN or result in SERVER:
            return 1
        if means.reason == "offline" and self.dozes and self._loop.time() - self._began < WAKING_S:
            return WAKING_TRIES
        if result in PASSING:
            return TRIES
        return TRIES if means.reason == "media_down" and is_begun else 0


def _address(spec: SourceSpec) -> Address:
    """Raises SourceFailed."""
    if spec.kind != "ezviz":
        raise SourceFailed("media_down", again=True)  # there is a better way by now
    try:
        return Address.read(spec.url)
    except BadAddress:
        raise SourceFailed("media_down", again=False) from None
