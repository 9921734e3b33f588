"""Runs the media process for the bench with the modules of `showcam media` loaded, and without the bench's own tools.

Its parent hands it what it needs on its standard input, and ends it by closing that.
"""

import asyncio
import pickle
import sys
import time
from dataclasses import dataclass, field

import showcam.app.cli
import showcam.app.compose.media
from showcam.engine.grants import Claims, Grants
from showcam.engine.messages import Knocked, Played
from showcam.engine.server import MediaServer
from showcam.engine.settings import PlaneSettings
from showcam.engine.source import Denied, Ending, Lease, SourceSpec
from tests.doubles.open_gate import OpenGate
from tests.doubles.rtsp_player import KEY, NAME, md5

LOADED = (showcam.app.cli, showcam.app.compose.media)  # as in the real one, which is started by a command


@dataclass
class Home(OpenGate):
    """Gives the media process its cameras, and the one player that may watch them by RTSP.

    `minted` are given out first, each once.
    """

    settings: PlaneSettings
    key: bytes = field(repr=False)
    cameras: dict[str, SourceSpec]
    minted: list[SourceSpec]

    async def open(self, claims: Claims) -> SourceSpec | Denied:
        return self.minted.pop(0) if self.minted else self.cameras[claims.camera]

    async def admits(self, claims: Claims, bearer: str) -> bool:
        return True

    async def closed(self, claims: Claims, lease: Lease, ending: Ending) -> None:
        pass

    async def knock(self, name: str) -> Knocked:
        return {"player": "player", "ha1": md5(f"{NAME}:showcam:{KEY}")}

    async def play(self, player: str, camera: str) -> Played:
        grant, _ = Grants([self.key]).issue(
            account="home", link=player, camera=camera, protocol="hls", surface="player", now=time.time(), life_s=60
        )
        return {"grant": grant, "reason": "", "words": ""}

    async def serve(self) -> None:
        server = MediaServer(self.settings, Grants([self.key]), self, players=self)
        await server.start()
        await asyncio.to_thread(sys.stdin.buffer.read)
        await server.stop()


if __name__ == "__main__":
    # what its own parent wrote
    fields = pickle.load(sys.stdin.buffer)
    asyncio.run(Home(*fields).serve())
