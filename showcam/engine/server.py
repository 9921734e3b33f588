"""Starts and stops the media process, which does all work on video in one event loop."""

import asyncio
import contextlib
import ctypes
import signal
import socket
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from showcam.engine.doors import AcceptFailures, Door, LentDoors, Serving
from showcam.engine.grants import Grants
from showcam.engine.member import Member, Web
from showcam.engine.outputs import peer
from showcam.engine.routes import InternalRoutes, Routes, application
from showcam.engine.sessions.sessions import Sessions
from showcam.engine.settings import PlaneSettings, tls_context
from showcam.engine.source import Sources

if TYPE_CHECKING:
    from showcam.engine.players.connection import Programs
    from showcam.engine.players.door import RtspDoor

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # glibc's malloc.h
_LARGE = 64 * 1024
DRAINED_S = 0.2  # between two looks whether anything is live
_log = structlog.get_logger()


class MediaServer:
    """The media process's server. `sources` opens cameras; a key is enough to verify a grant, also of an earlier
    process.

    `listener`: the socket that is served; without it a socket is opened at the address of the settings.
    `players`: knows the programs of the house, for RTSP.
    `web`: the web process that takes this process's reports, if it is one of several behind one address.
    """

    def __init__(
        self,
        settings: PlaneSettings,
        grants: Grants,
        sources: Sources,
        listener: socket.socket | None = None,
        web: Web | None = None,
        players: "Programs | None" = None,
    ) -> None:
        self._settings, self._grants, self._sources, self._listener = settings, grants, sources, listener
        self._web, self._players = web, players
        self.rtsp: RtspDoor | None = None
        self._member: Member | None = None
        self._serving = Serving()
        self._sessions: Sessions | None = None
        self._lent: LentDoors | None = None
        self._watching: asyncio.Task[None] | None = None
        self.port = settings.port

    async def serve(self) -> None:
        """Serves until cancelled, or drained after SIGTERM. Raises OSError when the port can't be had."""
        await self.start()
        ending = asyncio.Event()
        if self._settings.drain_s:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
        try:
            await ending.wait()
            await self.drain()
        finally:
            await self.stop()

    async def start(self) -> None:
        loop, settings = asyncio.get_running_loop(), self._settings
        loop.set_exception_handler(AcceptFailures())
        _settle_memory()
        peer.amend(settings.ice_addresses)
        context = await asyncio.to_thread(tls_context, settings.ca_file)
        self._sessions = Sessions(settings, self._grants, self._sources, context)
        app = application()
        routes = Routes(self._sessions, settings.picture_wait_s)
        routes.add_to(app)
        self._lent = LentDoors(
            self._grants, self._sessions.watched_by, routes.of_pictures, practice=settings.allow_loopback_sources
        )
        loopback = settings.allow_loopback_sources
        internal = InternalRoutes(self._grants, self._sessions, self._lent, loopback=loopback).routes()
        app.add_routes(internal)
        if self._web is not None:
            self._member = Member(self._web, settings, self._grants, self._sessions)
            app.add_routes(self._member.behind_one_address([*routes.of_pictures(), *internal]))

        def door(server: web.Server) -> Door:
            most, most_of_one = settings.connections, settings.connections_of_one
            return Door(server, most=most, most_of_one=most_of_one, shared=settings.trusted_proxies)

        at = {"sock": self._listener} if self._listener else {"host": settings.bind, "port": settings.port}
        try:
            self.port = await self._serving.open(app, door, **at)
            await self._open_rtsp()
        except OSError:
            await self.stop()
            raise
        self._watching = asyncio.create_task(self._lent.watch())
        if self._member:
            self._member.start(self.port)
        _log.info("pictures are served", bind=settings.bind, port=self.port)

    async def _open_rtsp(self) -> None:
        """Opens the port of RTSP if there is one. Raises OSError."""
        settings = self._settings
        if settings.rtsp_port is None or self._players is None:
            return
        from showcam.engine.players.door import RtspDoor

        assert self._sessions is not None
        self.rtsp = RtspDoor(
            self._sessions,
            self._players,
            wait_s=settings.picture_wait_s,
            shared=settings.trusted_proxies,
            exposed=settings.exposed,
        )
        await self.rtsp.open(settings.bind, settings.rtsp_port)

    async def drain(self) -> None:
        """Takes no further camera, and waits until nothing is live, `drain_s` at the most."""
        assert self._sessions is not None
        _log.info("no camera is opened any more", live=self._sessions.live())
        self._sessions.pulls.is_draining = True
        if self._member:
            await self._member.report()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_s):
                while self._sessions.live():
                    await asyncio.sleep(DRAINED_S)

    async def stop(self) -> None:
        if self._member:
            await self._member.leave()
        if self._watching:
            self._watching.cancel()
        self._serving.close_door()
        if self.rtsp:
            await self.rtsp.close()
        if self._lent:
            await self._lent.close()
        if self._sessions:
            await self._sessions.close()
        await self._serving.close()


def _settle_memory() -> None:
    """Limits the memory that glibc keeps: sixteen cameras in full HD take a third less. Does nothing with another libc.

    There are two arenas, instead of one for each reader. Every large piece has its own mapping, which is given back as
    soon as it is free.
    """
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, 2)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
