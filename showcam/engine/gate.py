"""Asks the web process whether a viewer may see a camera, and reports to it: only the web process knows the cameras.

`WebSources` sends the requests, over loopback or https; showcam.app.edge.machines answers them.
"""

import asyncio
import base64
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

import aiohttp
import msgspec
import structlog

from showcam.engine.grants import HEADER, Claims, ProcessAuth
from showcam.engine.messages import (
    Admits,
    Admitted,
    Beat,
    Beaten,
    Check,
    Checked,
    Closed,
    Find,
    Found,
    Judged,
    Knock,
    Knocked,
    Learnt,
    NotOpened,
    Open,
    Opened,
    Play,
    Played,
    Still,
    Talk,
)
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import (
    UNASKED,
    Codec,
    Denied,
    Ending,
    Format,
    Lease,
    Rtsp,
    SourceFailed,
    Sources,
    SourceSpec,
    TalkPhase,
    as_text,
    mark_of,
    read_source,
)

_log = structlog.get_logger()

ASK_S = 10.0  # longer than the web process waits for a vendor, also while it is being started again
VERDICT_S = 3.0  # the web process has this long for the verdict on live videos
LONGEST_BEARER = 512
OPEN_S = 6.0  # two calls of a slow vendor, and the round trip to the web process


class Background:
    """Holds tasks until they are done: a task that only the loop knows may be collected."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """Waits until all tasks begun so far have ended, also by an error."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def done_within(self, seconds: float) -> None:
        """Waits at most `seconds` for the tasks begun so far; a task that is not done goes on."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)


class Watching(Protocol):
    """A session, as far as the gate is concerned."""

    claims: Claims


class Gate:
    """Asks the web process, and reports to it in the background. `opened` counts the sources that were handed out."""

    def __init__(self, sources: Sources, background: Background) -> None:
        self._sources, self._background = sources, background
        self.opened = 0

    # before a viewer sees video

    async def source(self, claims: Claims) -> SourceSpec:
        """Asks for a new address of a camera. Raises SourceFailed."""
        answer = await self._answer_of(self._sources.open(claims), ASK_S, "a source could not be asked for")
        if answer is None:
            raise SourceFailed("media_down", again=True)
        if isinstance(answer, Denied):
            raise SourceFailed(answer.reason, again=answer.again)
        self.opened += 1
        return answer

    async def still(self, claims: Claims) -> bytes | None:
        """The JPEG of a camera whose vendor makes stills, else None. Raises SourceFailed if the gate is shut."""
        answer = await self._answer_of(self._sources.still(claims), ASK_S, "a still could not be asked for")
        if isinstance(answer, Denied):
            raise SourceFailed(answer.reason, again=answer.again)
        return answer

    async def admits(self, claims: Claims, bearer: str) -> bool:
        """Whether a still may be given to the holder of this access token. False too if nobody can be asked."""
        if not 0 < len(bearer) <= LONGEST_BEARER:
            return False
        admits = self._sources.admits(claims, bearer)
        return await self._answer_of(admits, VERDICT_S, "an access token could not be asked about") or False

    async def talk(self, claims: Claims, phase: TalkPhase) -> Rtsp:
        """The way to the camera's speaker. Raises SourceFailed, also if nobody can be asked."""
        talk = self._sources.talk(claims, phase)
        answer = await self._answer_of(talk, VERDICT_S, "whether somebody may talk could not be asked")
        if isinstance(answer, Denied):
            raise SourceFailed(answer.reason, again=answer.again)
        if not isinstance(answer, Rtsp):
            raise SourceFailed("media_down", again=True)
        return answer

    def talk_ended(self, claims: Claims, reason: str) -> None:
        """Reports that somebody talks no more; `reason`: why not, "" if they stopped themselves."""
        ended = self._sources.talk(claims, "ended", reason)
        self._background.later(self._answer_of(ended, ASK_S, "the end of a talk could not be reported"))

    async def check(self, claims: Claims) -> None:
        """Checks a video that is shown without a new source. Raises SourceFailed if the gate is shut or silent."""
        verdict = (await self._verdicts([claims]))[0]
        if verdict is not None and verdict.reason == UNASKED:
            raise SourceFailed("media_down", again=True)
        if verdict is not None and not verdict.again:
            raise SourceFailed(verdict.reason, again=False)

    # while a viewer watches

    async def watch[S: Watching](
        self,
        settings: PlaneSettings,
        sessions: Callable[[], list[S]],
        renew: Callable[[S], None],
        shut: Callable[[S, Denied], None],
    ) -> None:
        """Checks all sessions, until cancelled. `renew` gets the sessions that may go on, `shut` the others.

        The question is put each `gate_check_s`, however long the answer takes. A session without a verdict goes on for
        `unasked_s`: long enough for the web process to be started again.
        """
        loop = asyncio.get_running_loop()
        unasked: dict[S, float] = {}  # when the session was first without a verdict
        began = loop.time()
        while True:
            await asyncio.sleep(max(0.0, began + settings.gate_check_s - loop.time()))
            watching = sessions()
            began, before, unasked = loop.time(), unasked, {}
            verdicts = await self._verdicts([session.claims for session in watching])
            for session, verdict in zip(watching, verdicts, strict=False):
                if verdict is not None and verdict.reason == UNASKED:
                    unasked[session] = since = before.get(session, began)
                    verdict = Denied("media_down", again=loop.time() - since <= settings.unasked_s)
                try:
                    if verdict is None:
                        renew(session)
                    elif not verdict.again:
                        shut(session, verdict)
                except Exception as error:
                    # it is judged again at the next turn; an end of this task would leave every gate open
                    _log.error("a live video could not be judged", error=type(error).__name__)

    async def _verdicts(self, claims: list[Claims]) -> list[Denied | None]:
        if not claims:
            return []
        answer = await self._answer_of(self._sources.check(claims), VERDICT_S, "the gate could not be asked")
        return answer if answer is not None else [Denied(UNASKED, again=True)] * len(claims)

    # reports on a source that was opened

    def give_back(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        self._background.later(self.given_back(claims, lease, ending))

    async def given_back(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        closed = self._sources.closed(claims, lease, ending)
        await self._answer_of(closed, ASK_S, "a vendor's place could not be given back")

    def report(self, claims: Claims, form: Format, first_s: float | None) -> None:
        """Reports the size, codec and other properties of the camera's video, and how long its first picture took."""
        learnt = self._sources.learnt(
            claims,
            form.width,
            form.height,
            codec=form.kind,
            b_frames=form.b_frames,
            lacks_sub=form.lacks_sub,
            first_s=first_s,
        )
        self._background.later(self._answer_of(learnt, ASK_S, "what a picture is like could not be reported"))

    def report_key(self, claims: Claims, key: bytes, *, fits: bool) -> None:
        """Reports whether the video could be deciphered with the key that came with its source."""
        judged = self._sources.judged(claims, mark_of(key), fits=fits)
        self._background.later(self._answer_of(judged, ASK_S, "what the video showed of a key could not be reported"))

    async def _answer_of[T](self, answer: Awaitable[T], within_s: float, otherwise: str) -> T | None:
        """The answer, or None if none comes in time; then `otherwise` goes into the log."""
        try:
            return await asyncio.wait_for(answer, within_s)
        except Exception as error:
            _log.warning(otherwise, error=type(error).__name__)
            return None


class WebSources:
    """Implements showcam.engine.source.Sources by requests to the web process."""

    def __init__(
        self, web_url: str, proof: ProcessAuth, context: ssl.SSLContext | None = None, timeout_s: float = 4.0
    ) -> None:
        """`context` verifies an https address. `timeout_s`: for reports of what the media process has seen."""
        self.url, self._proof = web_url, proof
        self._context, self._timeout_s = context, timeout_s
        self._session: aiohttp.ClientSession | None = None
        self.process = ""  # the id that this process reports itself by

    async def beat(self, body: Beat) -> Beaten | None:
        """Reports this process; None if the web process did not take the report."""
        return _read(await self._post("beat", body), Beaten)

    async def find(self, body: Find) -> Found | None:
        return _read(await self._post("find", body), Found)

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        body: Open = {"claims": claims.as_json()}
        text = await self._post("open", body, OPEN_S)
        if opened := _read(text, Opened):
            return read_source(opened["source"])
        if refused := _read(text, NotOpened):
            return refused["denied"]
        return Denied("vendor_down", again=True)

    async def still(self, claims: Claims) -> bytes | Denied | None:
        body: Open = {"claims": claims.as_json()}
        text = await self._post("still", body, OPEN_S)
        if refused := _read(text, NotOpened):
            return refused["denied"]
        made = _read(text, Still)
        return base64.b64decode(made["still"]) if made and made["still"] else None

    async def talk(self, claims: Claims, phase: TalkPhase, reason: str = "") -> SourceSpec | Denied:
        body: Talk = {"claims": claims.as_json(), "phase": phase, "reason": reason}
        text = await self._post("talk", body)
        if opened := _read(text, Opened):
            return read_source(opened["source"])
        refused = _read(text, NotOpened)
        return refused["denied"] if refused else Denied("media_down", again=True)

    async def check(self, claims: list[Claims]) -> list[Denied | None]:
        body: Check = {"claims": [claim.as_json() for claim in claims]}
        if self.process:
            body["process"] = self.process
        checked = _read(await self._post("check", body), Checked)
        if checked is None or len(checked["denied"]) != len(claims):
            return [Denied(UNASKED, again=True) for _ in claims]
        return list(checked["denied"])

    async def admits(self, claims: Claims, bearer: str) -> bool:
        body: Admits = {"claims": claims.as_json(), "bearer": bearer}
        admitted = _read(await self._post("admits", body), Admitted)
        return admitted is not None and admitted["admitted"]

    async def knock(self, name: str) -> Knocked | None:
        """The player of a user name of RTSP; None if the web process can't be asked."""
        return _read(await self._post("knock", Knock(name=name)), Knocked)

    async def play(self, player: str, camera: str) -> Played | None:
        """A grant for a player whose key was right, or the refusal; None if the web process can't be asked."""
        return _read(await self._post("play", Play(player=player, camera=camera), OPEN_S), Played)

    async def learnt(
        self,
        claims: Claims,
        width: int,
        height: int,
        *,
        codec: Codec,
        b_frames: bool,
        lacks_sub: bool,
        first_s: float | None,
    ) -> None:
        body: Learnt = {"claims": claims.as_json(), "width": width, "height": height, "codec": codec}
        body["b_frames"], body["lacks_sub"] = b_frames, lacks_sub
        if first_s is not None:
            body["first_s"] = first_s
        await self._post("learnt", body)

    async def judged(self, claims: Claims, mark: str, *, fits: bool) -> None:
        body: Judged = {"claims": claims.as_json(), "mark": mark, "fits": fits}
        await self._post("judged", body)

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        text = as_text(lease, ending)
        body: Closed = {"claims": claims.as_json(), "release": text, "lease": lease, "ending": ending}
        await self._post("closed", body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, what: str, body: Mapping[str, object], timeout_s: float | None = None) -> bytes:
        """The answer of the web process; b"" if the web process can't be asked just now."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._context or True, limit=16), cookie_jar=aiohttp.DummyCookieJar()
            )
        timeout = aiohttp.ClientTimeout(total=self._timeout_s if timeout_s is None else timeout_s)
        path, payload = f"/internal/sources/{what}", msgspec.json.encode(body)
        headers = {"Content-Type": "application/json", HEADER: self._proof.make(path, payload, time.time())}
        try:
            url = f"{self.url}{path}"
            async with self._session.post(
                url, data=payload, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return await response.read() if response.status == 200 else b""
        except (aiohttp.ClientError, TimeoutError):
            return b""


def _read[T](text: bytes, shape: type[T]) -> T | None:
    """The decoded answer; None if it has another shape."""
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
