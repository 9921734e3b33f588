"""A camera by EZVIZ's own cloud stream: one session after another, which viewers see as one picture.

The smaller picture is tried first, since its keyframes are seconds apart and not minutes; then the full picture. Before
a node is going to end a session, or where one stays silent, the next session opens beside it. Where a node has ended
a session at a moment that nothing foretold, another one stands by; where it goes on so, a session is followed once it
is as old as one that the node has ended.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Never

from media.ezviz.address import MAIN, SUB, Stream
from media.plane.codec.units import SourceFailed
from media.plane.sources.ezviz_beside import Beside
from media.plane.sources.ezviz_node import SaidNo, Unreached
from media.plane.sources.ezviz_openings import Openings
from media.plane.sources.ezviz_picture import EzvizPicture
from media.plane.sources.ezviz_showing import Showing
from media.plane.sources.fetcher import OnLoopback
from media.plane.sources.foresight import Foresight
from media.plane.sources.quota_rests import QuotaRests
from media.plane.sources.screen import Screen
from media.source import SourceSpec

SUB_S = 6.0  # how long the smaller picture is waited for: its first byte,
KEYLESS_S = 12.0  # and its first keyframe, where no other session may be open beside it
FIRST_S = 25.0  # how long the first picture is waited for, over all sessions
SILENT_S = 6.0  # a session without a picture for so long is given up
MUTE_S = 2.5  # after so long without a byte another session opens beside it: nodes send in clumps up to 2 s apart
LEAST_MUTE_S, MUTER = 1.0, 1.5  # sooner of one that never paused so long: by so much longer than it ever did
DOZES_S = 1.5  # the same of a battery camera's first session, which wakes it and may bring nothing itself
SHORT_S = 2.0  # after a session that was shorter comes a pause of PAUSE_S
PAUSE_S = 1.0
TRIES = 4  # sessions in a row without a picture that end the opening
AGAIN_S = 9.0  # between two that are opened to stand by, where nothing foretells when a session ends
FOLLOWS_S = 12.0  # how long the first keyframe of a session is waited for that opens beside another
CLUMP_S = 2.5  # how long the pictures before its first one are waited for


class EzvizSource:
    """One opening of the camera, over all its sessions. `mint` returns a new address, since a token works once.

    `give_back` takes the `release` of an address whose session is open, or will never be.
    """

    def __init__(
        self,
        screen: Screen,
        spec: SourceSpec,
        mint: Callable[[], Awaitable[SourceSpec]],
        give_back: Callable[[str], None],
        *,
        loopback: OnLoopback,
        rests: QuotaRests,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._openings = Openings(spec, mint, give_back, loopback, rests)
        self._picture = EzvizPicture(screen, spec.sound, deciphers=bool(spec.key))
        self._foresight = Foresight(self._loop.time)
        self._began = self._loop.time()
        self._empty = 0
        self._beside: Beside | None = None
        self._opened_beside = 0.0  # when one was last opened
        self._may_stand_by = True
        self._foreseen: float | None = None  # the length that it was opened for
        self._has_tried_sub = False  # beside the whole picture
        self._witness: asyncio.Task[None] | None = None

    async def last(self) -> Never:
        """Run until it is over. Raises SourceFailed."""
        next_one: Showing | None = None
        while True:
            began, had = self._loop.time(), self._picture.is_begun
            showing, next_one = next_one or await self._openings.next(is_begun=had), None
            if showing is not None:
                next_one = await self._shown(showing)
            is_shown = showing is not None and showing.is_shown
            self._empty = 0 if is_shown else self._empty + 1
            if self._empty >= TRIES if had else self._loop.time() - self._began > FIRST_S and not is_shown:
                raise SourceFailed("waking" if self._openings.dozes and not had else "media_down", again=True)
            if next_one is None and self._loop.time() - began < SHORT_S:
                await asyncio.sleep(PAUSE_S)

    def close(self) -> None:
        self._picture.close()
        if self._beside:
            self._beside.cancel()
        if self._witness:
            self._witness.cancel()
        self._openings.close()

    async def _shown(self, showing: Showing) -> Showing | None:
        """Show a session to its end. Returns the session that was opened beside it. Raises SourceFailed."""
        self._beside, self._foreseen = None, None
        is_taken_over = False
        try:
            while not self._is_given_up(showing):
                await self._picture.room.wait()
                await showing.wait()
                await self._picture.take(showing)
                if showing.is_shown:
                    self._openings.stream = showing.stream
                self._prepare_next(showing)
                if self._is_followed(showing):
                    is_taken_over = True
                    break
        except Unreached:
            self._foresight.ended(showing.lasted_s)
        except SaidNo as no:
            self._foresight.ended(showing.lasted_s)
            self._openings.said_no(no.result, is_begun=self._picture.is_begun, midway=True)
        finally:
            if is_taken_over and self._is_worth_watching(showing):
                self._witness = asyncio.create_task(self._watch_end(showing))
                self._witness.add_done_callback(lambda _: self._openings.end(showing))
            else:
                self._openings.end(showing)
        return await self._beside.awaited() if self._beside else None

    # the next session

    def _prepare_next(self, showing: Showing) -> None:
        """Open another session beside it where that may be needed, and close it again where it is not."""
        if self._beside and self._beside.is_over:
            self._may_stand_by &= not self._beside.is_too_late
            self._beside = None
        if self._beside and self._beside.there:
            return
        self._foresight.outlived(showing.lasted_s)
        stands_by = showing.is_shown and self._may_stand_by and self._foresight.is_unsure
        length = self._foresight.due(showing.lasted_s) if showing.is_shown and not stands_by else None
        if self._beside is None:
            if not self._openings.is_alone:
                self._open_ahead(showing, length, stands_by=stands_by)
        elif self._is_mute(showing) or self._foresight.is_overdue(showing.lasted_s):
            self._beside.call()
        elif showing.is_shown and length is None and not stands_by:
            self._beside.cancel()
            self._beside = None

    def _open_ahead(self, showing: Showing, length: float | None, *, stands_by: bool) -> None:
        since_s = self._loop.time() - self._opened_beside
        if length is not None and length != self._foreseen:
            self._open_beside(showing.stream, FOLLOWS_S)
            self._foreseen = length
        elif since_s > MUTE_S and self._needs_help(showing):
            self._help(showing)
        elif since_s > AGAIN_S and stands_by:
            self._open_beside(showing.stream, FOLLOWS_S, stands_by=True)

    def _is_mute(self, showing: Showing) -> bool:
        if self._openings.dozes and not self._picture.is_begun:
            return showing.mute_s > DOZES_S
        known_s = showing.pauses_s if showing.is_shown else None
        return showing.mute_s > (MUTE_S if known_s is None else min(MUTE_S, max(LEAST_MUTE_S, MUTER * known_s)))

    def _needs_help(self, showing: Showing) -> bool:
        if self._picture.is_begun or self._openings.dozes:
            return self._is_mute(showing)
        if showing.stream == SUB:
            return self._is_mute(showing) or showing.lasted_s > SUB_S
        # keyframes of the whole picture may be minutes apart, whatever is known of the smaller one
        return showing.lasted_s > SUB_S and self._openings.stream is None and not self._has_tried_sub

    def _help(self, showing: Showing) -> None:
        """Another session beside one that brings nothing: for the other picture, where nothing was shown yet.

        Of a camera that dozes the first session is what wakes it, and a later one brings the picture.
        """
        if self._picture.is_begun:
            self._open_beside(showing.stream, FOLLOWS_S)
        elif showing.stream == SUB or self._openings.dozes:
            self._open_beside(MAIN, FIRST_S)
        else:
            self._has_tried_sub = True
            self._open_beside(SUB, FIRST_S)

    def _open_beside(self, stream: Stream, patience_s: float, *, stands_by: bool = False) -> None:
        self._opened_beside = self._loop.time()
        if self._witness:
            self._witness.cancel()  # a third session would be one too many
        self._beside = Beside(self._openings, stream, patience_s, self._is_mute_beside, stands_by=stands_by)

    def _is_mute_beside(self, showing: Showing) -> bool:
        """Whether a camera that dozes has not heard this session either, so that another one is worth a try."""
        return self._openings.dozes and not self._picture.is_begun and showing.mute_s > 2 * MUTE_S

    def _is_followed(self, showing: Showing) -> bool:
        """Whether the session beside it goes on from here.

        Its first picture is there, and those before it are shown, or won't come.
        """
        following = self._beside.there if self._beside else None
        if following is None:
            return False
        is_waited_for = showing.is_shown and not self._is_mute(showing) and following.silent_s <= CLUMP_S
        return not is_waited_for or self._picture.reaches(following)

    # how long sessions last

    def _is_worth_watching(self, showing: Showing) -> bool:
        """Whether it is unsure that the node would have ended it now."""
        if self._foreseen is None or self._foresight.is_unsure or self._foresight.is_sure(self._foreseen):
            return False
        return self._witness is None or self._witness.done()

    async def _watch_end(self, showing: Showing) -> None:
        """Learn whether the node ends a session that was taken over, as was foreseen."""
        try:
            while self._foresight.due(showing.lasted_s) is not None:
                await showing.wait()
                showing.taken()
                self._foresight.outlived(showing.lasted_s)
        except (Unreached, SaidNo):
            self._foresight.ended(showing.lasted_s)
        except SourceFailed:
            pass  # it can't be read any longer, which the session that is shown will find too

    def _is_given_up(self, showing: Showing) -> bool:
        """Whether the session has been silent for too long."""
        if showing.held:
            return False
        if showing.is_shown:
            return showing.silent_s > SILENT_S
        left_s = self._began + FIRST_S - showing.opened
        if self._picture.is_begun or (showing.stream == SUB and self._openings.is_alone):
            left_s = KEYLESS_S
        may_be_mute = showing.stream == MAIN and not self._picture.is_begun
        if showing.lasted_s <= left_s and (may_be_mute or showing.mute_s <= SUB_S):
            return False
        if showing.stream == SUB and not self._picture.is_begun:
            self._openings.stream = MAIN
        return True
