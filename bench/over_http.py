"""Each question over HTTP on loopback: CPU of all the server's processes per request, eight connections kept alive.

showcam's figure covers its whole web process: directives have the forwarder's signature, and each request is logged to
a file.
"""

from contextlib import ExitStack
from functools import partial

from bench import load, refresh
from bench.progress import say
from bench.questions import QUESTIONS, Question
from bench.run import NoPeer, Results, Run
from bench.servers import Server, floor, home_assistant, ok, showcam
from bench.table import Bound, LeftOut, Row
from bench.wire import Target, rounds_us, until_right

BOUNDS = {
    "Discover": Bound(share=1 / 8),
    "InitializeCameraStreams": Bound(share=1),
    "ReportState": Bound(share=1),
    "SYNC": Bound(share=1 / 4),
    "QUERY of one": Bound(share=1),
    "GetCameraStream": Bound(share=1),
}
FLOORED = "QUERY of one"  # its answer is as small as the floor's
ROUNDS = 5
LISTS = ("Discover", "SYNC")
CAMERAS = 100


def measure(run: Run) -> Results:
    cameras = 3 if run.quick else CAMERAS
    with ExitStack() as stack:
        say(f"Over HTTP: starting servers for {cameras} cameras")
        servers = {"showcam": stack.enter_context(showcam(cameras)), "floor": stack.enter_context(floor())}
        try:
            run.need_peer()
            servers["HA"] = stack.enter_context(home_assistant(cameras))
        except NoPeer as error:
            yield LeftOut("Home Assistant, over HTTP", str(error))
        for question in QUESTIONS:
            say(f"Over HTTP: {question[0]}")
            taken = cpu_of(servers, question, cameras, run)
            named = f"{question[0]} over HTTP, {cameras} cameras"
            ours, peer = taken["showcam"], min(taken["HA"]) if "HA" in taken else None
            yield Row(named, "µs", min(ours), "HA", peer, BOUNDS[question[0]], ours)
            if question[0] == FLOORED:
                floored = taken
        ours, bare = floored["showcam"], min(floored["floor"])
        yield Row(f"{FLOORED} over HTTP, against bare WSGI", "µs", min(ours), "floor", bare, runs=ours)
        yield from load.measure(run, servers, cameras)
        yield from refresh.measure(run, servers["showcam"])


def cpu_of(servers: dict[str, Server], question: Question, cameras: int, run: Run) -> dict[str, list[float]]:
    """µs of each round, by server; the floor gives every question the same answer."""
    targets = []
    for name, server in servers.items():
        right = ok if name == "floor" else server.checked(question, cameras)
        until_right(server.port, server.request(question), right)
        targets.append(Target(server.port, server.process, partial(server.request, question), right))
    count = 24 if run.quick else 160 if question[0] in LISTS else 800
    return dict(zip(servers, rounds_us(targets, count, 2 if run.quick else ROUNDS), strict=True))
