"""EZVIZ's dispatcher and stream node as the simulator has them, in a thread, with one camera that plays a recording."""

import asyncio
import itertools
import threading
import time
from typing import Any

from showcam.engine.ezviz.address import live
from showcam.engine.source import EzvizCloud
from showcam.simulator.camera import Camera
from showcam.simulator.state import Account
from tests.doubles.loop_end import let_go
from tests.doubles.rtsp_recording import Recording, recorded
from tests.doubles.troubled.stream import TroubledCloud
from tests.doubles.troubled.trouble import TroubledWorld
from tests.doubles.waiting import LONG_S

USER, SERIAL = "demo@example.com", "F00497201"
# sooner than in life, so that a test that says nothing of it need not wait
GOP_S = 1
SOON: dict[str, Any] = {"clump_s": 0.2, "node_s": 0.05}


class Studio:
    """In place of the simulator's, whose cameras encode as they go: that takes more than a busy machine has."""

    def __init__(self) -> None:
        self._players: dict[str, _Player] = {}
        self._gop_s = GOP_S
        self.recording: Recording | None = None  # in place of those that are made

    @property
    def gop_s(self) -> int:
        return self._gop_s

    @gop_s.setter
    def gop_s(self, gop_s: int) -> None:
        recorded(gop_s=gop_s)  # made now, since a camera that says nothing at first is taken for a silent one
        self._gop_s = gop_s

    def running(self, camera: Camera, quality: int, *, key_s: int) -> "_Player":
        picture = camera.picture(quality)
        assert picture is not None
        return self._players.setdefault(picture[0], _Player(picture[0], self.gop_s, self.recording))

    def close(self) -> None:
        for player in self._players.values():
            player.stop()


class _Player:
    """The recording, over and over."""

    def __init__(self, codec: str, gop_s: int, recording: Recording | None) -> None:
        self._codec, self._gop_s, self._recording = codec, gop_s, recording
        self._listeners: set[Any] = set()
        self._task: asyncio.Task[None] | None = None

    def listen(self, listener: Any, *, key: bool) -> None:
        self._listeners.add(listener)
        self._task = self._task or asyncio.create_task(self._play())

    def unlisten(self, listener: Any) -> None:
        self._listeners.discard(listener)

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def _play(self) -> None:
        codec = "libx265" if self._codec == "h265" else "libx264"
        recording = self._recording
        if recording is None:
            recording = await asyncio.to_thread(recorded, codec=codec, gop_s=self._gop_s)
        began = time.time()
        for turn in itertools.count():
            for sample in recording.samples:
                due = began + turn * recording.length_s + sample.at
                await asyncio.sleep(max(0.0, due - time.time()))
                for listener in list(self._listeners):
                    listener(sample.kind, sample.data, due)


class StreamCloud:
    """`settings` changes how the vendor behaves, `camera` what it shows."""

    def __init__(self) -> None:
        recorded(gop_s=GOP_S)  # made now, since a camera that says nothing at first is taken for a silent one
        self.camera = Camera(SERIAL, "Garden", USER, "ABCDEF", "garden")
        self.world = TroubledWorld({USER: Account(USER, "")}, {SERIAL: self.camera})
        self.studio = Studio()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vendor", daemon=True)
        self._thread.start()
        self._cloud = TroubledCloud(self.world, self.studio)  # type: ignore[arg-type]
        self.minted: list[str] = []
        self.token = ""  # handed out in place of a good one
        self.set(**SOON)
        self._run(self._cloud.open("127.0.0.1"))

    def set(self, **settings: Any) -> None:
        for name, value in settings.items():
            assert hasattr(self.world.settings, name)
            setattr(self.world.settings, name, value)

    def tokens_of(self, user: str) -> list[str]:
        """Of one fetch, so that none of them is void because of another."""
        self.world.accounts.setdefault(user, Account(user, ""))
        return self._cloud.tokens.made(user)

    def token_of(self, user: str) -> str:
        return self.tokens_of(user)[0]

    def spec(self, **changes: Any) -> EzvizCloud:
        token = changes.pop("token", "") or self.token or self.token_of(USER)
        self.minted.append(token)
        place = f"127.0.0.1:{self.world.ports.at('vtm')}"
        given: dict[str, Any] = {
            "url": live(place, SERIAL, 1, changes.pop("stream", 2), token, "biz=1", int(time.time() * 1000)),
            "hosts": (place,),
            "sound": "on" if self.camera.audio else "off",
            "alone": True,
        }
        return EzvizCloud(**(given | changes))

    @property
    def sessions(self) -> int:
        """Open just now."""
        return self._cloud.node.sessions(self.camera)

    @property
    def opened(self) -> int:
        """At the node, since it began."""
        return self.world.calls["vtdu"]

    def close(self) -> None:
        self._run(self._cloud.close())
        self._run(self._let_go())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONG_S)
        self._loop.close()

    async def _let_go(self) -> None:
        self.studio.close()
        await let_go()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONG_S)
