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
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from showcam.simulator import authority, replay
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
from showcam.simulator.local.cas import Keys
from showcam.simulator.local.device import LocalHouse
from showcam.simulator.open_platform.face import OpenFace
from showcam.simulator.pictures.door import Addresses, PictureDoor
from showcam.simulator.pictures.studio import Studio
from showcam.simulator.state import CAST, GIVEN, OPTIONS, Given
from showcam.simulator.television.door import add_routes as add_television
from showcam.simulator.television.receiver import Television
from showcam.simulator.webhook import WebhookSender

HOST = "127.0.0.1"
log = structlog.get_logger()


class StartFailed(Exception):
    """The simulator can't start; the text is one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class Options:
    ports: dict[Given, int]
    app_url: str
    data: Path
    replays: tuple[Path, ...] = ()  # traces of real cameras


async def serve(options: Options) -> None:
    """Runs until SIGTERM or SIGINT. Raises StartFailed."""
    tls = _certificates(options.data)
    world, studio = demo_world(), Studio()
    try:
        replay.add(world, options.replays)
    except replay.NotTrace as error:
        raise StartFailed(str(error)) from None
    world.ports.given = at = options.ports
    addresses = Addresses(world)
    cloud = Cloud(world, studio)
    sessions, local = Sessions(world, options.data / "sessions.json"), LocalHouse(world, studio)
    good, expired = authority.server_context(options.data), authority.expired_context(options.data)
    keys = Keys(world, sessions, good, expired, authority.expired_context(options.data, "replaced"))
    app = AppFace(world, sessions, cloud.tokens, keys)
    app_face, broker = app.app(), app.push.broker
    WebhookSender(world)
    open_face = OpenFace(world, addresses).app()
    PictureDoor(world, addresses, studio).add_routes(open_face)
    clouds = f"https://{HOST}:{at['app_api']}"
    amazon = Amazon(clouds, options.data, world.settings)
    homegraph = HomeGraph(clouds, options.data, world.settings)
    amazon.add_routes(app_face)
    homegraph.add_routes(app_face)
    house, television = House(world, studio), Television()
    own = Barn(barn(), studio, rtsp=at["barn_rtsp"], onvif=at["barn_onvif"])
    servers: list[asyncio.Server] = []
    control = web.Application(client_max_size=256 * 1024)
    serving = partial(_serving, servers)
    Control(world, serving, studio.watched, cloud.node.sessions, local.sessions, own).add_routes(control)
    add_television(control, television)
    add_routes(control, options.app_url, options.data, amazon, homegraph)

    doors = [(control, at["control"], None), (app_face, at["app_api"], tls), (open_face, at["open_platform"], tls)]
    doors.append((own.app(), at["barn_onvif"], None))
    sockets = [_listen(port) for _app, port, _tls in doors]
    pushing = _listen(at["push"])
    runners = [web.AppRunner(app, access_log=None, shutdown_timeout=0.2) for app, _port, _tls in doors]
    try:
        for runner, (_app, _port, context), listening in zip(runners, doors, sockets, strict=True):
            await runner.setup()
            assert runner.server is not None
            loop = asyncio.get_running_loop()
            servers.append(await loop.create_server(runner.server, sock=listening, ssl=context))
        await house.open()
        servers.append(await own.open(_listen(at["barn_rtsp"])))
        await cloud.open(HOST)
        await keys.open(HOST)
        await television.open(HOST, tls)
        world.ports.chosen[CAST] = television.port
        servers.append(await asyncio.start_server(broker.serve, sock=pushing))
        log.info("simulator serves", **at)
        await _stop_signal()
    finally:
        for server in servers:
            server.close()
        broker.close()
        await television.close()
        await house.close()
        await own.close()
        await cloud.close()
        await keys.close()
        await local.close()
        studio.close()
        await asyncio.gather(*(runner.cleanup() for runner in runners))


def _serving(servers: list[asyncio.Server]) -> bool:
    return len(servers) == len(GIVEN) and all(server.is_serving() for server in servers)


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
