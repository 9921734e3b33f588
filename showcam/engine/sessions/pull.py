"""A pull: a camera's open source for an account, which all its viewers share."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from copy import replace
from typing import Literal

import structlog

from showcam.engine.gate import Background, Gate
from showcam.engine.grants import Claims
from showcam.engine.sessions.slim import Slim
from showcam.engine.sessions.transcodes import PlayableFanout, Transcodes, unplayed
from showcam.engine.source import (
    USED,
    WAKING_S,
    Card,
    Ending,
    Format,
    InVain,
    Lease,
    Rtsp,
    SourceFailed,
    Sources,
    SourceSpec,
    WayFailed,
)
from showcam.engine.sources.opener import Opener

_log = structlog.get_logger()

OF_FORM = frozenset({"not_playable", "beyond_displays", "no_common_protocol", "too_large"})  # another may do
BACKOFF_S = (0.1, 1, 2, 4, 8, 16, 30)
AT_HOME_S = (0.1, *[0.4] * 10, 1, 2, 4)  # a camera in the house may be tried often: no vendor counts the tries
WELL_S = 10.0  # a source that lasted for this time is opened again at once when it ends
REPORT_S = 1.0  # for the web process to take the report of a refusal
RESTS = "rests"  # the reason when a battery camera's time has expired; a viewer may ask for it again

# After this time without video, the camera's state is read again for the next viewer, who learns if it is offline.
# EZVIZ's nodes send in clumps, and a new session begins within some seconds of the last.
QUIET_S, QUIET_VENDOR_S = 1.0, 10.0

type Key = tuple[str, str]


def key_of(claims: Claims) -> Key:
    """The key of a pull. All viewers of a camera's picture share a pull, but each link has its own pull of a card.

    A card's text is in the link's language, and for its surface.
    """
    if claims.explains:
        return claims.account, f"{claims.camera}/{claims.link}"
    return claims.account, claims.camera if claims.picture == "main" else f"{claims.camera}/sub"


def other_key(claims: Claims) -> Key:
    """The key of a pull of the camera's other picture. For a card it is the same key."""
    return key_of(replace(claims, picture="sub" if claims.picture == "main" else "main"))


class Choice:
    """Chooses which of a camera's pictures a pull opens.

    First comes the whole picture. If displays don't play it, the smaller picture is tried. If that fails too, the whole
    picture is opened again and transcoded. `has_smaller`: the smaller picture may come in place of the requested one.
    """

    def __init__(self, *, has_smaller: bool, has_room: Callable[[], bool]) -> None:
        self._has_smaller, self._has_room = has_smaller, has_room
        self._first: SourceFailed | None = None  # why the whole picture could not be shown
        self.is_smaller = False
        self.is_alone = False  # the camera has no other picture that could be shown
        self._is_last = False  # the whole picture was opened again, to be transcoded

    @property
    def has_other(self) -> bool:
        """True if the camera's smaller picture may be opened while the whole picture is shown."""
        return not (self.is_smaller or self.is_alone)

    @property
    def may_be_smaller(self) -> bool:
        return self._has_smaller and not (self.is_smaller or self._is_last or self.is_alone)

    def moves_on(self, failed: SourceFailed) -> bool:
        """Changes to another picture after a picture failed that was never shown. Returns False if no other is left."""
        if self._first is None and failed.reason in OF_FORM and self.may_be_smaller:
            self._first, self.is_smaller = failed, True
            return True
        if self._first is not None and not self._is_last and self._has_room():
            self.is_smaller, self._is_last = False, True
            return True
        return False

    def failure(self, failed: SourceFailed) -> SourceFailed:
        """The reason why no picture is shown. If several were opened, the first reason counts."""
        return self._first or failed


class Pull(PlayableFanout):
    """Opens a source, and opens it again after faults. A pull that has ended never comes back; `failure` says why.

    `has_answered`: a WebRTC viewer already has its answer, which can't report a later failure. Then the first opening
    is repeated for `connect_s`.

    `viewer`: the claims of a viewer who has not left. `refused`: ends the viewer in whose name the gate refused a new
    source, and returns whether there is another.
    """

    def __init__(
        self,
        claims: Claims,
        spec: SourceSpec | None,
        sources: Sources,
        opener: Opener,
        transcodes: Transcodes,
        *,
        sub: Callable[[Claims], "Pull | None"],
        has_answered: Callable[["Pull"], bool],
        viewer: Callable[["Pull"], Claims | None],
        refused: Callable[["Pull", Claims, SourceFailed], bool],
        connect_s: float,
    ) -> None:
        super().__init__(transcodes)
        self._choice = Choice(has_smaller=claims.picture == "main", has_room=transcodes.has_room)
        self._slim: Slim | None = None
        self._sub = sub
        self._has_answered, self._connect_s = has_answered, connect_s
        self._viewer, self._refused = viewer, refused
        self.key, self.camera = key_of(claims), claims.camera
        self.claims = claims  # of the latest viewer, who may have left
        self._spec, self._opener = spec, opener
        self.sound: Literal["on", "off", "none"] | None = spec.sound if spec else None
        self._opened_for = claims
        self._dozes = False  # the camera runs on battery, and may have to be woken
        self._backoff_s: tuple[float, ...] = BACKOFF_S
        self.is_single = spec is not None and spec.is_single  # the camera gives a single session for all pictures
        self.needed = self._loop.time()
        self.held_until = 0.0
        self.is_only_kept = False  # begun only to be kept warm; no viewer has come yet
        self.reopened = 0
        self._background = Background()
        self.gate = Gate(sources, self._background)
        self._lasts_s = 0
        self._is_interrupted = False  # the camera ended an opening, and the next has brought no video yet
        self._rest: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run())

    def need(self) -> None:
        self.needed, self.is_only_kept = self._loop.time(), False

    async def smaller(self) -> Slim | None:
        """A picture for a connection that can't carry the whole picture. None for a card, or if there is none."""
        if self.claims.explains:
            return None
        if self._slim is None:
            self._slim = Slim(self, self._own_smaller, self._transcodes)
        return await self._slim.ready()

    def _own_smaller(self) -> "Pull | None":
        return self._sub(self.claims) if self._choice.has_other else None

    def hold(self, seconds: float) -> bool:
        """Keeps the pull open without viewers. Returns False if the pull has ended or leaves the home network."""
        spec = self._spec
        is_at_home = spec is None or (spec.is_at_home and not spec.lasts_s)  # None: the source is not known yet
        may = is_at_home and self.failure is None
        self.held_until = self._loop.time() + seconds if may else 0.0
        return may

    @property
    def flows(self) -> bool:
        """True if a further viewer costs nothing: the pull is opening for the first time, or the camera sends."""
        if self.failure is not None or self._is_interrupted:
            return False
        quiet_s = self._loop.time() - self.brought_at
        return self.format is None or quiet_s < (QUIET_VENDOR_S if self.is_single else QUIET_S)

    @property
    def makes_stills(self) -> bool:
        """True if the camera is known to make stills itself."""
        return isinstance(self._spec, Rtsp) and bool(self._spec.still)

    @property
    def not_yet(self) -> SourceFailed:
        """The failure for a viewer who can't wait any longer. The pull goes on opening."""
        return SourceFailed("waking" if self._dozes else "media_down", again=True)

    @property
    def patience_s(self) -> float:
        """The seconds that the pull goes on opening without a viewer: viewers ask again for a camera that is waking."""
        return WAKING_S if self._dozes and self.format is None else 0.0

    @property
    def is_idle_at_vendor(self) -> bool:
        """True for a live stream that the vendor's cloud or the camera counts, if no WebRTC viewer uses the stream."""
        return self._spec is not None and self._spec.is_single and self.is_live and not self._viewers

    def holds(self, lease: Lease | None) -> bool:
        return self._spec is not None and self._spec.lease == lease

    def says(self, spec: SourceSpec) -> bool:
        """True if the pull plays the same card as `spec`, or neither is a card."""
        return self._spec is None or _lines(self._spec) == _lines(spec)

    async def stop(self) -> None:
        if self._rest:
            self._rest.cancel()
        self._task.cancel()
        self.stop_transcoding()
        if self._slim is not None:
            self._slim.close()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._background.done()

    async def _run(self) -> None:
        failure = SourceFailed("media_down", again=True)
        try:
            failure = await self._live()
        except asyncio.CancelledError:
            failure = SourceFailed("", again=True)  # no viewer is left
            raise
        except Exception as error:
            # errors of libav may quote addresses: only the error's type is logged
            _log.error("pull broke", camera=_short(self.camera), error=type(error).__name__)
        finally:
            self._return_place()
            self.end(failure)
            _log.info("pull ended", camera=_short(self.camera), reason=failure.reason, reopened=self.reopened)

    async def _live(self) -> SourceFailed:
        """Opens the source again and again while its faults may pass. Returns the fault that does not.

        If displays don't play the first picture, the camera's other picture is tried. If the way to the camera fails,
        another way is tried.
        """
        tries, has_moved = 0, False
        while True:
            began = self._loop.time()
            try:
                await self._opening(self._spec or await self._mint())
            except SourceFailed as failed:
                if failed.reason == "code_wrong":
                    self._judge_key(fits=False)
                if isinstance(failed, WayFailed):
                    await self._report_in_vain(failed)
                    if self.format is None and not has_moved:
                        has_moved = True
                        continue
                if self.format is None and self._choice.moves_on(failed):
                    self._return_place()
                    continue
                if not (failed.again and self._is_waited_for):
                    # when a viewer asks again at once, the web process already knows of the refusal
                    await self._background.done_within(REPORT_S)
                    return self._choice.failure(failed) if self.format is None else failed
                self._is_interrupted = True
                self.renditions.end()
            if self._loop.time() - began > WELL_S:
                tries = 0
            self._return_place()
            wait_s = self._backoff_s[min(tries, len(self._backoff_s) - 1)]
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # noqa: S311
            tries += 1
            self.reopened += 1

    @property
    def _is_waited_for(self) -> bool:
        """True if another opening follows a failed opening.

        The first opening has a single try, since its viewer learns of the failure at once. A WebRTC viewer that already
        has its answer can't learn of it, so for such a viewer the opening is repeated.
        """
        if self.format is not None:
            return True
        return self._loop.time() - self._epoch < self._connect_s and self._has_answered(self)

    def _claims_asked(self) -> Claims:
        """The claims for a request to the gate: of a viewer who has not left, with the picture that was chosen."""
        claims = self._viewer(self) or self.claims
        return replace(claims, picture="sub") if self._choice.is_smaller else claims

    async def _mint(self) -> SourceSpec:
        """Gets a new address through the gate, in the name of a viewer that the gate admits. Raises SourceFailed."""
        spec = None
        while spec is None:
            claims = self._claims_asked()
            try:
                spec = await self.gate.source(claims)
            except SourceFailed as failed:
                if failed.again or not self._refused(self, claims, failed):
                    raise
        if not self.holds(spec.lease):
            self._return_place()
        self._spec, self.sound, self.is_single = spec, spec.sound, spec.is_single
        return spec

    def _rests(self) -> None:
        self.end(SourceFailed(RESTS, again=False))
        self._task.cancel()

    def _return_place(self) -> None:
        spec, self._spec = self._spec, None
        if spec is not None and spec.lease:
            self.give_back(spec.lease)

    async def _report_in_vain(self, failed: WayFailed) -> None:
        """Reports that the way failed, before the next request: the gate then answers with another way."""
        spec, self._spec = self._spec, None
        if spec is not None and spec.lease:
            await self.gate.given_back(self.claims, spec.lease, InVain(failed.reason))

    def give_back(self, lease: Lease, ending: Ending = USED) -> None:
        """Reports once how an address ended. A second report could arrive before the first and be taken for it."""
        if self._spec is not None and self.holds(lease):
            self._spec = replace(self._spec, lease=None)
        self.gate.give_back(self.claims, lease, ending)

    async def _opening(self, spec: SourceSpec) -> None:
        """Opens the source and runs it until the end. Raises SourceFailed."""
        if self.is_only_kept and not spec.is_at_home:
            raise SourceFailed("", again=False)  # without a viewer, no pull takes an account's last places
        self._choice.is_alone, self._is_paced, self._dozes = spec.alone, False, spec.dozes
        self.sound, self._lasts_s = spec.sound, spec.lasts_s
        self._backoff_s = AT_HOME_S if spec.may_be_retried_at_once else BACKOFF_S
        await self._opener.last(
            self, spec, self._mint, self.give_back, self._background.later, camera=f"{self.key[0]}/{self.camera}"
        )

    def _judge_key(self, *, fits: bool) -> None:
        """Reports if the key fits the video. RTSP refuses a wrong password, but that says nothing about the key."""
        if self._spec is not None and self._spec.key and self._spec.is_enciphered:
            self.gate.report_key(self._claims_asked(), self._spec.key, fits=fits)

    def begin(self, form: Format) -> None:
        """Begins to show an opening. Raises SourceFailed if the viewer of the first can't play the camera's format.

        In later openings, `shown` refuses each viewer who can't: that viewer may have left, and others may play it.
        """
        self._is_interrupted = False
        # programs of the household play all that RTSP carries, and the others of them are shown a transcode
        protocol = "rtsp" if self._opened_for.surface == "player" else self._opened_for.protocol
        reason = unplayed(form, self._opened_for.surface, protocol)
        fails = self.format is None and bool(reason) and (self._choice.may_be_smaller or not self.may_be_transcoded)
        took = self._loop.time() - self._epoch
        if not self.claims.explains and (self.format is None or _like(self.format) != _like(form)):
            first_s = took if self.format is None and not fails else None
            self.gate.report(self._claims_asked(), form, first_s)
        if fails:
            raise SourceFailed(reason, again=False)
        if self.sound == "off":
            form = replace(form, sound=None)
        if self.format is None:
            self._judge_key(fits=True)
            _log.info("pull opened", camera=_short(self.camera), seconds=round(took, 2), height=form.height)
            # such sources have keyframes seconds apart and in clumps: this is known without waiting for two of them
            self.is_slow |= self._spec is not None and self._spec.is_single
            if self._lasts_s:
                self._rest = self._loop.call_later(self._lasts_s, self._rests)
        super().begin(form)


def _lines(spec: SourceSpec) -> tuple[str, ...]:
    return spec.card if isinstance(spec, Card) else ()


def _like(form: Format) -> tuple[int, int, bool, str]:
    return form.width, form.height, form.b_frames, form.codec.partition(".")[0]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
