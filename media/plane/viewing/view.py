"""What one viewer sees of a pull: the picture as it comes or, where it can't be shown so, as it is transcoded."""

import asyncio

from media.plane.event_loop import Signal
from media.plane.outputs.hls import HlsOutput
from media.plane.units import Listen, SourceFailed, Unit, Watch
from media.plane.viewing.fanout import Fanout, NotYet
from media.plane.viewing.pull import Pull
from media.plane.viewing.slim import Slim


class View:
    """The picture of a media.plane.outputs.peer.Peer, or the segments of a viewer by HLS."""

    def __init__(self, pull: Pull, surface: str) -> None:
        self._pull, self._surface = pull, surface
        self._at: Fanout = pull
        self._viewers: set[Watch] = set()  # of the one who watches by WebRTC
        self._failure: SourceFailed | None = None
        self._start_id = ""  # of the rendition that a viewer by HLS is shown
        self.entry = 0  # the segment that it began with, where not all that were listed began with a keyframe

    @property
    def failure(self) -> SourceFailed | None:
        return self._failure or self._at.failure

    @property
    def signal(self) -> Signal:
        return self._at.signal

    @property
    def target_s(self) -> int:
        """How long a segment may last."""
        return self._at.target_s

    def check(self) -> None:
        """Begins to transcode where a viewer by WebRTC needs it. Raises SourceFailed."""
        self._pull.shown(self._surface, "webrtc")

    # by HLS

    @property
    def _is_settled(self) -> bool:
        """A viewer is moved from no rendition that goes on to another."""
        return self._pull.shows(self._start_id)

    async def output(self, *, silent_track: bool, timeout_s: float) -> HlsOutput:
        """The rendition, with its first segment. Raises SourceFailed, NotYet."""
        pull, tv = self._pull, self._surface == "tv"
        self._at = self._for_hls(silent_track=silent_track)
        ends = asyncio.get_running_loop().time() + timeout_s
        if self._at is pull and not self._is_settled:

            def may_begin() -> bool:
                made = pull.ready(silent_track=silent_track, tv=tv)
                return made is not None and (made.failure is not None or made.entry is not None)

            # keyframes that are far apart are found out while the first segment is waited for
            await pull.signal.until(lambda: pull.failure or pull.is_slow or may_begin(), timeout_s)
            self._at = self._for_hls(silent_track=silent_track)
        output = await self._at.first_segment(silent_track=silent_track, timeout_s=timeout_s, tv=tv)
        if output.start_id != self._start_id:
            left_s = ends - asyncio.get_running_loop().time()
            await self.signal.until(lambda: self.failure or output.entry is not None, left_s)
            if output.entry is None:
                raise self.failure or NotYet
            self.entry = output.entry
        self._start_id = output.start_id
        return output

    def _for_hls(self, *, silent_track: bool) -> Fanout:
        at = self._chosen()
        if self._surface == "tv":
            at.need_tv()
        else:
            at.need_hls(silent_track=silent_track)
        return at

    def _chosen(self) -> Fanout:
        pull, at = self._pull, self._pull.shown(self._surface, "hls")
        if at is not pull:
            return at
        if self._at is pull and (self._is_settled or not pull.is_slow):
            return pull
        return pull.quickened()

    # media.plane.outputs.tracks.Whole and media.plane.outputs.tracks.Sounding

    def watch(self, viewer: Watch) -> list[Unit]:
        self._viewers.add(viewer)
        self._pull.follow(self._settle)
        try:
            self._at = self._pull.shown(self._surface, "webrtc")
        except SourceFailed as failed:
            self._failure = failed
            return []
        return self._at.watch(viewer)

    def unwatch(self, viewer: Watch) -> None:
        self._viewers.discard(viewer)
        self._at.unwatch(viewer)
        if not self._viewers:
            self._pull.unfollow(self._settle)

    def sync(self) -> bool:
        return self._at.sync()

    async def smaller(self) -> Slim | None:
        return await self._pull.smaller()

    def now(self) -> int:
        return self._pull.now()

    def listen(self, listener: Listen) -> None:
        self._pull.listen(listener)

    def unlisten(self, listener: Listen) -> None:
        self._pull.unlisten(listener)

    def _settle(self) -> None:
        """The source was opened, and may be of another kind than before."""
        before = self._at
        for viewer in list(self._viewers):
            units = self.watch(viewer)
            if self._at is before:
                return
            before.unwatch(viewer)
            for unit in units:
                viewer(unit)
