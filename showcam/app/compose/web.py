"""The web process: linking, both assistants' endpoints and pages, behind one edge on granian."""

import asyncio
import atexit
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from wsgiref.types import WSGIApplication

from granian import _futures
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, TaskImpl
from granian.http import HTTP1Settings
from granian.server import embed

from showcam.accounts.clients import Refusals
from showcam.app import keys
from showcam.app.compose import directives, doors, fulfillment, ground, pages, phones, screens
from showcam.app.compose.own_pages import OwnMachine, address_keeper, exposer, own_pages, skill, tvs
from showcam.app.compose.players import OwnPlayers
from showcam.app.compose.trace import OwnTracer
from showcam.app.edge.edge import Edge, RequestLines
from showcam.app.edge.machines import Signatures, directives_route
from showcam.app.edge.metrics import Metrics
from showcam.app.edge.own_proxy import OwnProxy, Pictures
from showcam.app.edge.server import MOST, Connections, Loop, Server
from showcam.app.edge.spoken import spoken_route
from showcam.app.http_types import SENDER_S, Request, Response, Route, problem
from showcam.app.keys import Keys
from showcam.app.process import logs, supervisor
from showcam.app.process.limits import keep_to_one, raise_limit
from showcam.app.process.logs import to_stderr
from showcam.app.process.supervisor import answers
from showcam.app.process.worker import METRICS_FILE
from showcam.app.settings import Settings
from showcam.console.home.page import Home, Page
from showcam.registry.reporting.sender import Listed
from showcam.registry.watch.hints import Inbox
from showcam.store.ports import Store

WORKER_LATE_S = 30.0  # its file is touched each second
REFUSED_S = 10.0  # delay of a household's reading after somebody was refused a camera
OPEN_S = 2.0  # delay of the reading after a page with cameras reported itself open


def build(settings: Settings, keys: Keys, write: Callable[[bytes], None] = to_stderr) -> Edge:
    """Everything the web process serves, as one WSGI callable; `write` takes the lines of requests."""
    base = ground.build(settings, keys)
    atexit.register(base.store.close)  # the process that closes the database last folds the log into the database
    metrics = Metrics(settings.data / METRICS_FILE, settings.metrics_token, exposed=settings.is_exposed)
    lines = RequestLines("web", settings.log_level, write)
    inbox = Inbox(base.adapter.noticing)
    own_programs = OwnPlayers(settings, base) if settings.is_one_house else None
    routes = [
        *_alexa(settings, keys, base),
        fulfillment.route(settings, base),
        *doors.routes(settings, base, inbox, own_programs.door if own_programs else None),
        *([own_programs.route()] if own_programs else []),
        Route("healthz", "/healthz", ("GET",), _health(settings, base.store)),
        Route("metrics", "/metrics", ("GET",), metrics.answer),
        *([Pictures(settings.own_host, settings.media_port).route()] if settings.own_media else []),
    ]
    registry = base.adapter.registry
    registry.when_listed(Listed(base.store).note)
    # a person who was refused then fixes the cause in the vendor's app, which announces nothing
    registry.when_refused(lambda link: inbox.look(link.account, REFUSED_S))
    made = skill(settings, keys, base) if settings.has_console else None
    machine = OwnMachine(settings, base)

    def own(home: Home) -> list[Page]:
        home.when_open(lambda account: inbox.look(account, OPEN_S))
        of_players = [own_programs.page(home.area)] if own_programs else []
        return [*own_pages(settings, base, home), *of_players]

    keeper = address_keeper(settings)
    tracer, exposing = OwnTracer(settings, base), exposer(settings, keeper)
    app = pages.app(settings, keys, base, own, made, tvs(settings), machine, keeper, tracer, exposing)
    if settings.casts:  # this process notices the changes that a webhook brings
        screens.show_on_change(base, screens.client(settings))
    if settings.notifies:
        phones.ring_phones(settings, base)
    screens.fill(settings, base)
    threading.Thread(target=base.load, name="driver-load", daemon=True).start()
    return Edge(doors.limited(settings, routes), app, doors.rules(settings), (metrics.count, lines.write))


def _alexa(settings: Settings, keys: Keys, base: ground.Ground) -> list[Route]:
    alexa, signatures = directives.skill(settings, base), Signatures(keys.forwarder, base.store)
    refusals = Refusals(base.store)
    return [
        directives_route(alexa.answer, signatures, partial(refusals.note, "forwarder"), is_demo=settings.demo),
        spoken_route(
            settings.alexa_skill_id,
            directives.spoken(settings, base),
            cache(partial(directives.chains, settings)),
            # the template of an older showcam could hand on spoken requests too
            signatures.sent,
            partial(refusals.note, "skill"),
        ),
    ]


def _health(settings: Settings, store: Store) -> Callable[[Request], Response]:
    beat = settings.data / "run" / "worker"

    def whole(request: Request) -> Response:
        missing = _missing(settings, beat)
        if missing:
            return problem(503, "Not all of it serves yet", f"Missing: {', '.join(missing)}.")
        return doors.ready(store, request)

    return whole


def _missing(settings: Settings, beat: Path) -> list[str]:
    host = settings.own_host
    missing = ["media"] if settings.own_media and not answers(host, settings.media_port, "/healthz") else []
    if settings.demo and not answers(host, settings.simulator_port, "/healthz"):
        missing.append("simulator")
    try:
        late = time.time() - beat.stat().st_mtime > WORKER_LATE_S
    except OSError:
        late = True
    return [*missing, "worker"] if late else missing


def load_app(settings: Settings) -> WSGIApplication:
    write = logs.start("web", settings)
    keep_to_one()
    edge = build(settings, keys.of(settings), write)
    Connections(settings.port, edge.bodies.overdue, settings.sign_in_s + 1).watch()
    return OwnProxy(edge, *settings.console_proxy) if settings.console_proxy and settings.has_console else edge


class _Server(embed.Server):
    """Serves on the supervisor's socket, if there is one.

    Replaces a private name of granian 2.8, as granian's own server does on systems that can't share a port.
    """

    _ssp: None
    _held: socket.socket
    _shd: SocketHolder  # type: ignore[assignment]

    def _init_shared_socket(self) -> None:
        held = supervisor.handed_socket()
        if held is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]
            return
        # descriptor, False since the socket is in no file system, clients that may wait
        held_as = held.fileno(), False, self.backlog
        self._ssp, self._held, self._shd = None, held, SocketHolder(*held_as)  # type: ignore[call-arg]


async def _until_signal(server: _Server) -> None:
    """Serves until a signal. A request still open a second after the signal ends with the process."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(server.serve())
    signalled = asyncio.create_task(stopping.wait())
    await asyncio.wait((serving, signalled), return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait((serving,), timeout=supervisor.STOP_S / 2)  # before the supervisor kills this process
    if not serving.done():
        os._exit(0)
    serving.result()


def serve(settings: Settings, app: Callable[[Settings], WSGIApplication] = load_app) -> None:
    logs.configure("web", settings.log_level)
    descriptors = raise_limit()
    # for the number see Bodies of showcam.app.edge.edge
    in_threads = Server(app(settings), doors.THREADS * (1 + doors.BODIES_TO_A_THREAD))
    # replaces a private name too: granian would wake the asyncio loop for each request, which would wake our thread
    _futures._cbsched_aioschedule = lambda *_: in_threads.take
    server = _Server(
        in_threads,
        address=settings.bind,
        port=settings.port,
        interface=Interfaces.RSGI,  # the only one with the names of headers as they came
        task_impl=TaskImpl.asyncio,  # the one whose function is replaced above
        backpressure=min(MOST, descriptors // 2),  # counts connections, idle ones too
        http=HTTPModes.http1,  # in granian's other modes a silent connection is never ended
        http1_settings=HTTP1Settings(header_read_timeout=int(SENDER_S * 1000)),
        websockets=False,
        log_enabled=False,
        log_access=False,
    )
    asyncio.run(_until_signal(server), loop_factory=Loop)
