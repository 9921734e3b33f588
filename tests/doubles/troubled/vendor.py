"""`python -m tests.doubles.troubled.vendor`: the simulator with all its trouble, started by the same words.

`--replay FILE`, as often as you like: a trace, from which it makes a camera of replay@example.com.
The Open Platform is at the port after the simulator's.
"""

import argparse
import json
import shutil
import ssl
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from showcam.simulator import __main__ as program
from showcam.simulator import authority
from showcam.simulator.app_api.face import AppFace
from showcam.simulator.app_api.wire import answer, form
from showcam.simulator.service import HOST, Options, Simulator, StartFailed
from showcam.simulator.state import GIVEN, Account, Given
from tests.doubles.troubled.cas import CAS, Keys
from tests.doubles.troubled.cloud_faults import spoiling
from tests.doubles.troubled.control import WholeControl
from tests.doubles.troubled.faults import Faults
from tests.doubles.troubled.open_platform.door import Addresses, PictureDoor
from tests.doubles.troubled.open_platform.sub_accounts import WholeOpenFace
from tests.doubles.troubled.own_protocol import LOCAL_CONTROL, LOCAL_MEDIA, LocalHouse
from tests.doubles.troubled.push import TroubledPush
from tests.doubles.troubled.replay import NotTrace, add
from tests.doubles.troubled.replayed import TracedHouse
from tests.doubles.troubled.stock import StockSegmentingStudio, StockStudio
from tests.doubles.troubled.stream import TroubledCloud
from tests.doubles.troubled.trouble import TroubledWorld
from tests.doubles.troubled.webhook import WebhookSender


class WholeAppFace(AppFace):
    """The app's API with the server of cameras' keys, and cameras that speak their own protocol in the house."""

    PUSH = TroubledPush  # type: ignore[assignment]
    keys: Keys

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_post("/v3/p2pbusiness/configurations/p2p", self._signed_in(self.register))
        return app

    async def system_info(self, request: web.Request, account: Account) -> web.Response:
        body = _body(await super().system_info(request, account))
        servers = body["systemConfigInfo"]["sysConf"].split("|")
        servers[15:17] = [HOST, str(self._world.ports.at(CAS))]
        body["systemConfigInfo"]["sysConf"] = "|".join(servers)
        return web.json_response(body)

    async def register(self, request: web.Request, _account: Account) -> web.Response:
        """Has only a side effect: the server of keys learns the session's terminal."""
        session = (await form(request)).get("sessionId", "")
        if request.headers.get("appId") == "ys7" and request.headers.get("clientType") == "1":
            self.keys.register(session)
        return answer(ticket="0" * 32, secret="0" * 32, expireTime=86400, serverInfos=[])

    async def pagelist(self, request: web.Request, account: Account) -> web.Response:
        """Names the ports of cameras that speak their own protocol: in life they are the same everywhere."""
        listed, ports = await super().pagelist(request, account), self._world.ports
        body = _body(listed)
        for serial, row in body.get("CONNECTION", {}).items():
            if control := ports.at(LOCAL_CONTROL + serial):
                row |= {"localIp": HOST, "localCmdPort": control, "localStreamPort": ports.at(LOCAL_MEDIA + serial)}
        return web.json_response(body)


class Vendor(Simulator):
    CLOUD, APP = TroubledCloud, WholeAppFace
    CONTROL, HOUSE = WholeControl, TracedHouse
    STUDIO, SEGMENTS = StockStudio, StockSegmentingStudio
    world: TroubledWorld
    app: WholeAppFace
    control: WholeControl

    def __init__(self, options: Options, replays: Sequence[Path] = ()) -> None:
        """`replays`: traces of real cameras. Raises StartFailed."""
        self._replays, self._open_port = replays, options.ports["control"] + len(GIVEN)
        super().__init__(options)
        addresses, self.segments = Addresses(self.world), self.SEGMENTS()
        self.open = WholeOpenFace(self.world, addresses)
        self._door = PictureDoor(addresses, self.segments)
        self._open_runner: web.AppRunner | None = None
        data = options.data
        expired, replaced = expired_context(data), expired_context(data, "replaced")
        self.keys = Keys(self.world, self.sessions, authority.server_context(data), expired, replaced)
        self.app.keys, self.local = self.keys, LocalHouse(self.world, self.studio)
        self.faults = Faults(self.world, self.sessions, self.open.tokens)
        self.control.barn, self.control.local, self.control.expire = self.own, self.local.turned, self.faults.expire
        self.control.counts = {
            "watched": lambda camera: self.studio.watched(camera) or self.segments.watched(camera),
            "cloud_streams": self.cloud.node.sessions,
            "local_streams": self.local.sessions,
        }
        WebhookSender(self.world)

    def make_world(self) -> TroubledWorld:
        world = TroubledWorld.of(super().make_world())
        try:
            add(world, self._replays)
        except NotTrace as error:
            raise StartFailed(str(error)) from None
        return world

    def apps(self) -> list[tuple[web.Application, Given]]:
        apps = super().apps()
        by_name = {name: app for app, name in apps}
        by_name["app_api"].middlewares.extend([self.faults.of_app(), spoiling(self._fault)])
        return apps

    def _fault(self, server: str) -> str:
        return self.world.settings.gateway_fault if server == "gateway_fault" else ""

    async def open_more(self) -> None:
        await super().open_more()
        await self.keys.open(HOST)
        open_platform = self.open.app()
        self._door.add_routes(open_platform)
        open_platform.middlewares.append(self.faults.of_open_platform())
        runner = self._open_runner = web.AppRunner(open_platform, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, HOST, self._open_port, ssl_context=self.tls).start()
        self.world.ports.chosen["open_platform"] = self._open_port

    async def close_more(self) -> None:
        await super().close_more()
        await self.keys.close()
        if self._open_runner is not None:
            await self._open_runner.cleanup()
        self.segments.close()
        await self.local.close()


def expired_context(folder: Path, name: str = "expired") -> ssl.SSLContext:
    """TLS with a certificate that is out of date, by the authority that `server_context` made in the folder.

    Another `name` has another certificate. It stays the same, since clients recognise it.
    """
    own = folder / name
    if not (own / "server.pem").exists():
        own.mkdir()
        for file in ("ca.pem", "ca.key"):
            shutil.copy(folder / file, own)
        authority.server_context(own, server_life=timedelta(days=-7))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own / "server.pem", own / "server.key")
    return context


def _body(answered: web.Response) -> dict[str, Any]:
    return dict(json.loads(answered.text or ""))


def main(words: Sequence[str] | None = None, kind: type[Vendor] = Vendor) -> int:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--replay", type=Path, action="append", default=[])
    own, others = parser.parse_known_args(words)
    return program.main(others, partial(kind, replays=own.replay))


if __name__ == "__main__":
    sys.exit(main())
