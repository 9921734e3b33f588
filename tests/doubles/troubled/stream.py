"""The app's cloud stream with trouble: nodes that refuse, crowd, fall silent, cut, or send what no camera should."""

import asyncio
import contextlib
import random
from typing import Any, Literal

from showcam.simulator.camera import Camera
from showcam.simulator.cloud.dispatcher import BAD_TOKEN, Dispatcher, Tokens
from showcam.simulator.cloud.feed import Feed, sets
from showcam.simulator.cloud.node import Cloud, Node, Session
from showcam.simulator.cloud.wire import ANSWER, HEADER, MESSAGE, NOTICE, STREAM, Line, message
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import HANG_S
from tests.doubles.odd_streams import Habits, ProgramStream
from tests.doubles.troubled.replay import Shape, TracedCamera
from tests.doubles.troubled.replayed import ShapedFeed
from tests.doubles.troubled.trouble import TroubledWorld

CIPHERED = 0x0B
ELSEWHERE = {"private": "10.0.0.1", "foreign": "vtdu.example.com", "link_local": "169.254.169.254"}


class TroubledLine(Line):
    drips, channel = False, STREAM  # whether answers come a byte at a time; where pictures are sent

    async def tell(self, code: int, body: bytes) -> None:
        if not self.drips or code != ANSWER:
            await super().tell(code, body)
            return
        for byte in HEADER.pack(0x24, MESSAGE, len(body), 0, code) + body:
            self.writer.write(bytes((byte,)))
            await asyncio.sleep(0.002)  # each byte travels in a packet

    def _write(self, channel: int, code: int, body: bytes) -> None:
        super()._write(self.channel if channel == STREAM else channel, code, body)


class TroubledDispatcher(Dispatcher):
    _world: TroubledWorld

    async def serve(self, line: Line) -> None:
        fault = self._world.settings.stream_fault
        if fault == "hangs":
            await asyncio.sleep(HANG_S)
        line.drips = fault == "drips"  # type: ignore[attr-defined]
        await super().serve(line)

    def _answer(self, url: str) -> dict[int, int | str]:
        self._world.calls["vtm"] += 1
        answer, fault = super()._answer(url), self._world.settings.stream_fault
        if fault == "tokens":
            return {1: BAD_TOKEN}
        if 7 in answer and fault in ELSEWHERE:
            answer[7] = str(answer[7]).replace("127.0.0.1", ELSEWHERE[fault], 1)
        return answer


class OddFeed(Feed):
    """`lacks_sets`: everything but parameter sets."""

    def __init__(
        self, world: TroubledWorld, camera: Camera, studio: Studio, quality: int, *, lacks_sets: bool, **more: Any
    ) -> None:
        super().__init__(world, camera, studio, quality, **more)
        self._lacks_sets = lacks_sets
        habits = Habits(world.settings.stream_map or "true", private=True)
        self._program = ProgramStream(self._codec, "aac" if camera.audio else "", habits)

    def _take(self, kind: Literal["video", "audio"], data: bytes, at: float) -> None:
        if self._lacks_sets and kind == "video":
            data = sets(data, self._codec, others=True)
        super()._take(kind, data, at)


class TroubledSession(Session):
    _world: TroubledWorld

    is_first = True  # of this camera

    def _feed(self, sets_alone: bool) -> Feed:
        lacks_sets = self._world.settings.stream_sets == "first" and not self.is_first
        return OddFeed(
            self._world, self.camera, self._studio, self._quality, sets_alone=sets_alone, lacks_sets=lacks_sets
        )

    async def _send(self) -> None:
        camera = self.camera
        if not isinstance(camera, TracedCamera) or (shape := camera.replay.begins(self._quality, self._began)) is None:
            await super()._send()
            return
        by_itself = False
        try:
            by_itself = await self._replay(shape)
        finally:
            camera.replay.over(self._quality, shape, self._lasted_s * 1000, by_itself=by_itself)

    async def _replay(self, shape: Shape) -> bool:
        """Sends as the trace of a real camera does. Returns whether the session came to the trace's end."""
        feed = ShapedFeed(self._world, self.camera, self._studio, self._quality, shape=shape)

        def is_over() -> bool:
            self._ask()
            return self._over()

        try:
            async for ms in shape.due(self._began, is_over):
                if ms >= shape.first_key_ms:
                    feed.release()
                for body in feed.take_bodies() if self.camera.streaming else ():
                    self._pass_on(body)
                await self._line.writer.drain()
        finally:
            feed.close()
        if shape.ends and shape.ends[1]:
            await self._announce_end(shape.ends[1])
        return asyncio.get_running_loop().time() >= shape.end(self._began)

    async def _watch(self, feed: Feed | None) -> None:
        fault = self._world.settings.stream_fault
        if fault == "silent" or (fault == "silent_sub" and self._quality == 2):
            feed = None
        await super()._watch(feed)
        if cut_with := self._world.settings.cut_with:
            await self._announce_end(int(cut_with))

    async def _announce_end(self, result: int) -> None:
        with contextlib.suppress(OSError):
            await self._line.tell(NOTICE, message({1: result}))

    def _pass_on(self, body: bytes) -> None:
        fault = self._world.settings.stream_fault
        if fault == "junk" and self._line.sent % 9 == 2:
            self._line.writer.write(b"\x24\x99" + random.randbytes(random.randrange(9)))
        self._line.channel = CIPHERED if fault == "ciphered" else STREAM  # type: ignore[attr-defined]
        super()._pass_on(random.randbytes(len(body)) if fault == "noise" else body)

    @property
    def _is_mute(self) -> bool:
        mute_s = self._world.settings.mute_after_s
        return super()._is_mute or (bool(mute_s) and self._lasted_s > mute_s)

    def _over(self) -> bool:
        cut_s = self._world.settings.session_cut_s
        return super()._over() or (bool(cut_s) and self._lasted_s > cut_s)

    @property
    def _lasted_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began


class TroubledNode(Node):
    SESSION = TroubledSession
    _world: TroubledWorld

    def __init__(self, world: TroubledWorld, tokens: Tokens, studio: Studio) -> None:
        super().__init__(world, tokens, studio)
        self._seen: set[str] = set()  # serials of cameras that had a session

    async def serve(self, line: Line) -> None:
        line.drips = self._world.settings.stream_fault == "drips"  # type: ignore[attr-defined]
        await super().serve(line)

    def _accepted(self, ssn: str) -> bytes:
        self._world.calls["vtdu"] += 1
        session = self._sessions[ssn]
        assert isinstance(session, TroubledSession)
        session.is_first = session.camera.serial not in self._seen
        self._seen.add(session.camera.serial)
        nameless = message({1: 0, 2: 7, 3: "SU1LSA==", 6: "ys7-vtdu"})
        return nameless if self._world.settings.stream_fault == "nameless" else super()._accepted(ssn)

    def _make_room(self, camera: Camera) -> None:
        if not self._world.settings.stream_crowd:
            self._world.calls["vtdu_ended"] += self.sessions(camera)
            super()._make_room(camera)

    def _judge(self, url: str, key: str) -> tuple[int, str, Camera | None, int]:
        if code := self._world.settings.stream_code:
            return code, "", None, 0
        return super()._judge(url, key)

    def _state(self, camera: Camera, quality: int, user: str) -> int:
        if isinstance(camera, TracedCamera) and (refused := camera.replay.refuses(quality)):
            return refused
        if camera.streaming and not camera.privacy and self._world.trouble_of(camera).ciphers_link:
            return 5457  # nobody has published how the keys for such a link are made
        crowd = self._world.settings.stream_crowd
        result = super()._state(camera, quality, user)
        return int(crowd) if result in (0, 5405) and crowd.isdigit() and self._of(camera) else result


class TroubledCloud(Cloud):
    NODE, DISPATCHER, LINE = TroubledNode, TroubledDispatcher, TroubledLine  # type: ignore[assignment]
