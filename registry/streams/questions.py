"""Answers the media process: a source through the gate, and whether live sessions may go on."""

import time
from collections.abc import Callable

from media.grants import Claims
from media.source import Denied, SourceSpec
from registry.camera import Refusal, VideoCodec
from registry.errors import Unavailable
from registry.gate.sizes import Measurement
from registry.readings.households import Reading
from registry.readings.judge import Deadline, Judge
from registry.readings.readings import Readings
from registry.rules import Rules
from registry.streams.explaining import Explaining
from registry.streams.history import History
from registry.streams.reopening import Reopening, surface_of
from registry.streams.sources import StreamSources
from registry.surface import OF_ASSISTANTS
from store.ports import StoreUnavailable
from store.records import Account, Source

MOST_PIXELS = 16_384  # on a side
SOURCE_S = 5.0  # less than the six seconds that a media process waits for a source
TRANSIENT = frozenset(
    {
        "no_internet",
        "vendor_down",
        "vendor_busy",
        "media_down",
        "busy",
        "too_often",
        "household_full",
        "machine_full",
        "waking",
    }
)


class Questions:
    """Each method takes the claims of a grant, which the media process has verified."""

    def __init__(
        self,
        reopening: Reopening,
        readings: Readings,
        judge: Judge,
        sources: StreamSources,
        explaining: Explaining,
        rules: Rules,
        clock: Callable[[], float] = time.time,
        history: History | None = None,
        judge_key: Callable[..., None] | None = None,
    ) -> None:
        self._history, self._judge_key = history, judge_key
        self._reopening, self._readings, self._judge = reopening, readings, judge
        self._sources, self._explaining, self._rules, self._clock = sources, explaining, rules, clock

    def source_for(self, claims: Claims) -> SourceSpec | Denied:
        """For the media process, when it opens or opens again."""
        if self._reopening.ended(claims):
            return Denied("link_ended")
        deadline = Deadline(SOURCE_S)
        opened = self._reopening.judged(claims, self._judge.fresh(deadline), deadline)
        if claims.explains:
            spec = self._explaining.card(claims.link, claims.surface, opened) if isinstance(opened, Refusal) else None
            return spec or Denied("mended")
        if isinstance(opened, Refusal):
            return _denied(opened)
        source = self._sources.mint(opened, surface_of(claims), claims.picture, deadline)
        return _denied(source) if isinstance(source, Refusal) else source

    def still_for(self, claims: Claims) -> bytes | Denied | None:
        """For the media process, which has no picture of the camera open: a JPEG, or None where it has to open one."""
        if claims.explains or self._reopening.ended(claims):
            return None  # what it opens then answers why
        deadline = Deadline(SOURCE_S)
        if not self._reopening.on_battery(claims, deadline):
            return None
        opened = self._reopening.judged(claims, self._judge.fresh(deadline), deadline)
        still = opened if isinstance(opened, Refusal) else self._sources.still(opened, deadline)
        return _denied(still) if isinstance(still, Refusal) else still

    def check(self, claims: Claims, requested_at: float | None = None) -> Denied | None:
        """For the media process, while a session lives: a reading made since `asked`, epoch seconds, will do.

        An older one would let a picture outlast its gate by its age.
        """
        if self._reopening.ended(claims):
            return Denied("link_ended")
        if claims.explains:
            return None  # a card shows why the gate is closed, and ends soon
        deadline = Deadline(self._rules.vendor_s)
        # what is unknown is read once more
        ages = iter((0.0 if requested_at is None else self._clock() - requested_at, 0.0))

        def shared(account: Account, source: Source) -> Reading:
            return self._readings.recent(account, source, next(ages), deadline.left)

        opened = self._reopening.judged(claims, shared, deadline)
        if isinstance(opened, Refusal):
            return _denied(opened)
        self._sources.watched(opened)
        if self._history is not None and claims.surface in OF_ASSISTANTS:
            self._history.is_live(claims)
        return None

    def learn(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        b_frames: bool = False,
        codec: VideoCodec = "unknown",
        lacks_sub: bool = False,
    ) -> None:
        """Takes the measurement of a picture that was opened."""
        if claims.explains or not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
            return
        measurement = Measurement(width, height, b_frames, self._clock(), codec, lacks_sub)
        try:
            self._readings.learn(claims.account, claims.camera, claims.picture, measurement)
        except (Unavailable, StoreUnavailable):
            return  # the next opening measures it again

    def judge_key(self, claims: Claims, mark: str, *, fits: bool) -> None:
        """Takes what the video showed of the key that was handed out with its source."""
        if self._judge_key is None or claims.explains:
            return
        try:
            self._judge_key(claims.account, claims.camera, mark, fits=fits)
        except (Unavailable, StoreUnavailable):
            return  # the next video judges it again

    def release(self, claims: Claims, release: str) -> None:
        """A pull ended: what the driver took for it goes back. Never raises for the vendor's sake."""
        source_id, _, token = release.partition("/")
        try:
            sources = self._readings.households.of(claims.account).sources
        except Unavailable:
            return
        for source in sources:
            if source.id == source_id and token:
                self._sources.give_back(source, release, Deadline(self._rules.vendor_s))


def _denied(refusal: Refusal) -> Denied:
    return Denied(refusal.reason, again=refusal.reason in TRANSIENT)
