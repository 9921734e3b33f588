"""A camera by EZVIZ's own cloud stream: one session after another, which viewers see as one video.

A camera gives one session. A second one ends the first (rhanekom/hass-ezviz-stream, camera.py: "a rival session
preempts the live one"; Dead96/ezviz-stream-ha-integration, CHANGELOG 0.2.3: "the device only supports one at a time").
So showcam never opens a second session, no matter how many viewers ask for the camera.

An opening goes through these states until its last viewer leaves:

    `rest`     The camera was refused a moment ago. It is refused again without a new address (`ezviz/results.py`).
    `open`     An address has a new token; dispatcher and node answer.  Next: `shown` or `refused`.
    `mute`     The session is open and no byte has come.                Next: `keyless`, `vain`, or `refused` as silent.
    `keyless`  Bytes come, but no keyframe.                             Next: `shown` or `vain`.
    `shown`    Video flows.                                             Next: silent, or `over`.
    `over`     A session that was shown has ended. The next session opens at once.
    `vain`     A session that brought no video has ended. The next session opens after 2 s, 4 s and longer.
    `refused`  The node refused the session. If the result may pass, this is like `vain`; else its reason is reported.

A camera has two streams. The smaller stream is requested first, since its keyframes are seconds apart and not minutes.
The full stream follows if the smaller one stays mute or keyless.
"""

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Never

import structlog

from showcam.engine.ezviz.address import MAIN, SUB, Address, BadAddress, Stream
from showcam.engine.ezviz.messages import (
    OTHER_STREAM,
    PASSING,
    SERVER,
    SILENT,
    SINGLE,
    TOKEN,
    UNREACHED,
    Rest,
    Rests,
    meaning,
)
from showcam.engine.ezviz.node import NodeSession, SaidNo, Unreached
from showcam.engine.source import USED, WAKING_S, Ending, EzvizCloud, Lease, SourceFailed, SourceSpec, Unopened
from showcam.engine.sources.ezviz_picture import SHORT_S, EzvizPicture, Showing
from showcam.engine.sources.footage import Sets
from showcam.engine.sources.screen import Screen
from showcam.net.addresses import OnLoopback
from showcam.net.cache import Recent

_log = structlog.get_logger()

# open: the time limits for an answer are in showcam/engine/ezviz/node.py
LEAVES_S = 3.0  # a session that ends to make room for this one, such as the previous viewer's, is closed by then
# mute, and shown without video: nodes send in clumps up to 2 s apart, after the camera has answered them
# (rhanekom/hass-ezviz-stream, doc/reference.md)
MUTE_S = 6.0
# mute, on battery: The first session wakes the camera and may stay mute (rhanekom/hass-ezviz-stream, doc/reference.md).
# If it answers, its first byte comes after 4.3 s (Stinocon/ezviz-stream-bridge). Later sessions may wait for longer.
DOZES_S = (6.0, 12.0)
# mute, on battery: all sessions together have WAKING_S
# mute: some models open sessions and never send (Bobsilvio/ezviz_hp7, issues 33, 36 and 58); one on battery has 70 s
MUTE_SESSIONS = 3
# keyless: the smaller stream had a keyframe within 5 s (rhanekom) or 10 s (Bahrombekk/cloud-cam-viewer), and clumps
KEYLESS_S = 12.0
# keyless and vain, plugged in: the limit for all sessions together, as in Stinocon/ezviz-stream-bridge
FIRST_S = 25.0
# vain: a real client waits 2 s between two sessions (rhanekom/hass-ezviz-stream, stream.py, _RETRY_BACKOFF)
PAUSES_S = (0.0, 2.0, 4.0, 8.0, 16.0)
# vain: this number of sessions in a row ends an opening that was shown; its viewers wait for another opening
TRIES = 4
# refused: result 5452 of a camera on mains passes within seconds (nick3/ezviz-cb2-homekit tries six times)
REACHED_TRIES = 3


class EzvizCameras:
    """A media process's memory of all EZVIZ cameras: their rests, their parameter sets, and whose turn it is."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.rests = Rests(now)
        self.sets: Recent[str, Sets] = Recent(256)  # by camera and stream
        self._turns: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def turn(self, camera: str) -> AsyncIterator[None]:
        """Holds the right to the camera's only session. Raises SourceFailed if another account's viewer keeps it."""
        lock = self._turns.get(camera) or asyncio.Lock()
        self._turns[camera] = lock
        try:
            await asyncio.wait_for(lock.acquire(), LEAVES_S)
        except TimeoutError:
            raise SourceFailed("busy", again=True) from None
        try:
            yield
        finally:
            lock.release()


class EzvizSource:
    """Opens the camera in one session after another. `mint` returns a new address, since a token works once.

    `give_back` takes the lease of an address once its session is open, or never will be: an account opens one
    session at a time. `camera` is the camera's name within one account.
    """

    def __init__(
        self,
        screen: Screen,
        spec: EzvizCloud,
        mint: Callable[[], Awaitable[SourceSpec]],
        give_back: Callable[[Lease, Ending], None],
        *,
        camera: str,
        loopback: OnLoopback,
        cameras: EzvizCameras,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._mint, self._give_back, self._loopback = mint, give_back, loopback
        self._camera, self._cameras, self._rests = camera, cameras, cameras.rests
        self._picture = EzvizPicture(screen, spec.sound, deciphers=bool(spec.key))
        self._spec, self._is_first = spec, True
        self._owed: Lease | None = None  # the lease of an address whose session is being opened
        self._began = self._loop.time()
        self._stream: Stream | None = None  # the stream that brings video, as far as is known
        self._barren: set[Stream] = set()  # streams that brought no video
        self._absent: Stream | None = None  # the stream that the camera does not have
        self._vain = self._mute = self._refused = 0  # in a row: sessions without video, without a byte; refusals

    async def last(self) -> Never:
        """Runs session after session until the camera's source fails. Raises SourceFailed."""
        async with self._cameras.turn(_address(self._spec).camera):
            pause_s = 0.0
            while True:
                await asyncio.sleep(pause_s)
                await self._next()
                pause_s = await self._session()

    def close(self) -> None:
        self._picture.close()

    async def _next(self) -> None:
        """Gets an address for the next session. Raises SourceFailed."""
        rest = None if self._picture.is_begun else self._rests.of(self._camera, self._spec.state)
        if rest is not None:
            raise self._resting(rest)
        if not self._is_first:
            self._spec = _of_cloud(await self._mint())
        self._is_first = False

    async def _session(self) -> float:
        """Opens a session and shows its video. Returns the seconds to wait before the next. Raises SourceFailed."""
        address = _address(self._spec)
        stream = self._stream or address.stream
        node, kept = NodeSession(self._loopback), f"{address.camera}/{stream}"
        lent = self._cameras.sets.get(kept)
        showing = Showing(stream, node, self._spec.key, lent)
        showing.is_other = address.stream == SUB and stream == MAIN
        self._owed, result, is_given_up = self._spec.lease, 0, False
        self._rests.opens(self._camera, self._spec.state)
        try:
            await node.open(address.asking(stream), self._spec.hosts)
            self._opened(showing)
            while not (is_given_up := self._is_given_up(showing)):
                await self._picture.room.wait()
                await showing.wait()
                await self._picture.take(showing)
                if showing.is_shown:
                    self._stream = stream
                    self._keep_sets(kept, showing.footage.sets)
        except Unreached:
            self._return_address()
        except SaidNo as no:
            result = no.result
        except BaseException:
            self._return_address()
            raise
        finally:
            showing.close()
        if result and not showing.is_open:
            return self._said_no(result, stream)
        if result:
            self._ended(result)
        if is_given_up and not (showing.is_shown or self._picture.is_begun):
            if showing.footage.uses_lent:
                self._cameras.sets.drop(kept)  # wrong parameter sets may have hidden a keyframe
            else:
                self._barren.add(stream)
                self._stream = self._other(showing, address.stream)
        return self._over(showing)

    def _opened(self, showing: Showing) -> None:
        showing.began()
        self._refused = 0
        self._return_address()

    def _keep_sets(self, kept: str, sets: Sets | None) -> None:
        """Keeps the parameter sets for the next session. Video has come, so the camera's rest ends."""
        self._rests.shown(self._camera)
        if sets and sets != self._cameras.sets.get(kept):
            self._cameras.sets.put(kept, sets)

    def _is_given_up(self, showing: Showing) -> bool:
        """Whether the session has brought nothing for too long."""
        if showing.held and showing.silent_s <= MUTE_S:
            return False
        if showing.is_shown:
            return showing.silent_s > MUTE_S
        dozes = self._spec.dozes and not self._picture.is_begun
        if showing.mute_s > (DOZES_S[min(self._vain, 1)] if dozes and showing.is_mute else MUTE_S):
            return True
        if showing.stream == SUB or (SUB not in self._barren and not self._picture.is_begun and not dozes):
            return showing.lasted_s > KEYLESS_S
        # keyframes of the full stream may be minutes apart, and viewers keep the last frame
        is_late = self._loop.time() - self._began > self._patience_s
        return not self._picture.is_begun and is_late and showing.lasted_s > KEYLESS_S

    @property
    def _patience_s(self) -> float:
        return WAKING_S + MUTE_S if self._spec.dozes else FIRST_S  # a session may end just before the first byte

    def _over(self, showing: Showing) -> float:
        """The seconds to wait after a session that has ended. Raises SourceFailed if no other session should follow."""
        is_begun = self._picture.is_begun
        if showing.is_shown and showing.lasted_s > SHORT_S:
            self._vain = self._mute = 0
            return 0.0
        self._vain += 1
        self._mute = self._mute + 1 if showing.is_mute and showing.is_open else 0
        is_late = self._loop.time() - self._began > self._patience_s
        is_mute = self._mute >= MUTE_SESSIONS
        if self._vain >= TRIES if is_begun else is_late or (is_mute and not self._spec.dozes):
            if is_mute and not is_begun:
                raise self._silent()
            raise SourceFailed("waking" if self._spec.dozes and not is_begun else "media_down", again=True)
        return PAUSES_S[1] if self._spec.dozes and not is_begun else self._pause_s(self._vain)

    def _silent(self) -> SourceFailed:
        rest_s = self._rests.refused(self._camera, SILENT, self._spec.state)
        if self._spec.lease:
            self._give_back(self._spec.lease, Unopened(SILENT, "silent", rest_s))
        return SourceFailed("silent", again=False)

    def _other(self, showing: Showing, asked: Stream) -> Stream:
        """The stream to request after a session that brought no video."""
        other = MAIN if showing.stream == SUB else SUB
        is_worth_it = other == MAIN or asked == SUB or not (showing.is_mute or SUB in self._barren)
        return other if is_worth_it and other != self._absent else showing.stream

    # refusals

    def _said_no(self, result: int, stream: Stream) -> float:
        """The seconds to wait before another try. Raises SourceFailed if another try is useless."""
        _log.info("a stream node said no", result=result)
        self._refused += 1
        if result in OTHER_STREAM and self._absent is None:
            self._absent, self._stream = stream, MAIN if stream == SUB else SUB
            self._barren.add(stream)
            self._return_address()
            return 0.0
        if self._refused < self._tries(result):
            self._return_address(result)
            return 0.0 if result in TOKEN else PAUSES_S[1] if result == UNREACHED else self._pause_s(self._refused)
        raise self._refusal(result)

    def _ended(self, result: int) -> None:
        """Notes that the node ended a session with this result. Raises SourceFailed if no other session can follow."""
        _log.info("a stream node ended a session", result=result)
        if result not in SINGLE and meaning(result).reason != "media_down":
            raise self._refusal(result)

    def _refusal(self, result: int) -> SourceFailed:
        means = meaning(result)
        reason = "busy" if result in SINGLE and self._picture.is_begun else means.reason
        self._return_address(result, reason, self._rests.refused(self._camera, result, self._spec.state))
        return SourceFailed(reason, again=means.again)

    def _tries(self, result: int) -> float:
        """The number of times in a row that a node may answer with this result before the opening fails."""
        is_begun, waited_s = self._picture.is_begun, self._loop.time() - self._began
        if result in TOKEN or result in SERVER:
            return 2
        if is_begun:
            return TRIES if result in SINGLE or meaning(result).reason == "media_down" else 1
        if meaning(result).reason == "offline" and self._spec.dozes:
            return float("inf") if waited_s < WAKING_S else 1
        if result == UNREACHED:
            return REACHED_TRIES
        return TRIES if result in PASSING and waited_s < FIRST_S else 1

    def _pause_s(self, times: int) -> float:
        return PAUSES_S[min(times, len(PAUSES_S) - 1)]

    def _resting(self, rest: Rest) -> SourceFailed:
        means = meaning(rest.result)
        reason = "waking" if self._spec.dozes and not rest.result else means.reason
        if self._is_first:
            self._owed = self._spec.lease
            self._return_address(rest.result, reason, rest.left_s)
        return SourceFailed(reason, again=means.again)

    def _return_address(self, result: int = 0, reason: str = "", rest_s: float = 0.0) -> None:
        owed, self._owed = self._owed, None
        if owed:
            self._give_back(owed, Unopened(result, reason, rest_s) if result or reason else USED)


def _of_cloud(spec: SourceSpec) -> EzvizCloud:
    """Raises SourceFailed if the camera has a better way by now."""
    if not isinstance(spec, EzvizCloud):
        raise SourceFailed("media_down", again=True)
    return spec


def _address(spec: EzvizCloud) -> Address:
    """Raises SourceFailed if the URL is not an address of EZVIZ's cloud."""
    try:
        return Address.read(spec.url)
    except BadAddress:
        raise SourceFailed("media_down", again=False) from None
