"""The simulator as a program: several servers on loopback with a common state."""

import asyncio
import errno
import logging
import signal
import socket
import ssl
import sys
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from showcam.simulator import authority
from showcam.simulator.app_api.face import AppFace
from showcam.simulator.app_api.sessions import Sessions
from showcam.simulator.assistants.amazon import Amazon
from showcam.simulator.assistants.door import add_routes
from showcam.simulator.assistants.homegraph import HomeGraph
from showcam.simulator.cloud.node import Cloud
from showcam.simulator.control import Control
from showcam.simulator.households import demo_world
from showcam.simulator.lan.barn import Barn, barn
from showcam.simulator.lan.house import House
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import CAST, GIVEN, OPTIONS, Given, World
from showcam.simulator.television.door import add_routes as add_television
from showcam.simulator.television.receiver import Television

HOST = "127.0.0.1"
log = structlog.get_logger()


class StartFailed(Exception):
    """The simulator can't start; the text is one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class Options:
    ports: dict[Given, int]
    app_url: str
    data: Path


class Simulator:
    """All servers and their common state. `CLOUD` and the others name the classes of its parts."""

    CLOUD, APP, CONTROL, HOUSE, STUDIO = Cloud, AppFace, Control, House, Studio

    def __init__(self, options: Options) -> None:
        """Writes the certificates. Raises StartFailed."""
        self.tls = _certificates(options.data)
        self.options, self.at = options, options.ports
        self.world, self.studio = self.make_world(), self.STUDIO()
        self.world.ports.given = self.at
        self.cloud = self.CLOUD(self.world, self.studio)
        self.sessions = Sessions(self.world, options.data / "sessions.json")
        self.app = self.APP(self.world, self.sessions, self.cloud.tokens)
        clouds = f"https://{HOST}:{self.at['app_api']}"
        self.amazon, self.homegraph = Amazon(clouds, options.data), HomeGraph(clouds, options.data)
        self.house, self.television = self.HOUSE(self.world, self.studio), Television()
        self.own = Barn(barn(), self.studio, rtsp=self.at["barn_rtsp"], onvif=self.at["barn_onvif"])
        self.control = self.CONTROL(self.world, self.is_serving)
        self.servers: list[asyncio.Server] = []

    def make_world(self) -> World:
        return demo_world()

    def is_serving(self) -> bool:
        return len(self.servers) == len(GIVEN) and all(server.is_serving() for server in self.servers)

    def apps(self) -> list[tuple[web.Application, Given]]:
        """Returns the applications by http, each with the name of its port."""
        control, app = web.Application(client_max_size=256 * 1024), self.app.app()
        self.control.add_routes(control)
        add_television(control, self.television)
        add_routes(control, self.options.app_url, self.options.data, self.amazon, self.homegraph)
        self.amazon.add_routes(app)
        self.homegraph.add_routes(app)
        return [(control, "control"), (app, "app_api"), (self.own.app(), "barn_onvif")]

    async def open_more(self) -> None:
        """Opens the servers whose ports the system chooses."""
        await self.house.open()
        await self.cloud.open(HOST)
        await self.television.open(HOST, self.tls)
        self.world.ports.chosen[CAST] = self.television.port

    async def close_more(self) -> None:
        await self.television.close()
        await self.house.close()
        await self.cloud.close()

    async def serve(self) -> None:
        """Runs until SIGTERM or SIGINT. Raises StartFailed."""
        apps = self.apps()
        sockets = [_listen(self.at[name]) for _app, name in apps]
        pushing = _listen(self.at["push"])
        runners = [web.AppRunner(app, access_log=None, shutdown_timeout=0.2) for app, _name in apps]
        try:
            for runner, (_app, name), listening in zip(runners, apps, sockets, strict=True):
                await runner.setup()
                assert runner.server is not None
                tls = self.tls if name == "app_api" else None
                loop = asyncio.get_running_loop()
                self.servers.append(await loop.create_server(runner.server, sock=listening, ssl=tls))
            self.servers.append(await self.own.open(_listen(self.at["barn_rtsp"])))
            await self.open_more()
            self.servers.append(await asyncio.start_server(self.app.push.broker.serve, sock=pushing))
            log.info("simulator serves", **self.at)
            await _stop_signal()
        finally:
            for server in self.servers:
                server.close()
            self.app.push.broker.close()
            await self.own.close()
            await self.close_more()
            self.studio.close()
            await asyncio.gather(*(runner.cleanup() for runner in runners))


async def _stop_signal() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _certificates(folder: Path) -> ssl.SSLContext:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return authority.server_context(folder)
    except OSError as error:
        raise StartFailed(f"can't write into the data folder {folder}: {error.strerror}") from error


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"can't open: {error.strerror}"
        raise StartFailed(f"port {port} {why}; choose others with {OPTIONS}") from error
    listening.setblocking(False)
    return listening


def configure() -> None:
    person = sys.stderr.isatty()
    shared: list[Any] = [
        _placed,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last: Any = _of_person if person else structlog.processors.JSONRenderer()
    level = logging.WARNING if person else logging.INFO
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    left_out = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[left_out, last]))
    logging.getLogger().handlers = [handler]
    logging.getLogger().setLevel(logging.WARNING)  # of libraries


def _placed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["part"] = "simulator"
    return event


def _of_person(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    why = str(event.get("exception") or "").strip().splitlines()[-1:]
    more = [f"{name}={value}" for name, value in event.items() if name not in ("part", "level", "timestamp", "event")]
    details = ", ".join([detail for detail in more if not detail.startswith("exception=")] + why)
    return f"{time.strftime('%H:%M:%S')} simulator: {event['event']}{f' ({details})' if details else ''}"
