"""Each question over HTTP on loopback: CPU of all the server's processes per request, eight connections kept alive.

showcam's is the whole of its web process, directives with the forwarder's signature, each request logged to a file.
"""

from bench.asking import QUESTIONS
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.served import Server, checked, floor, home_assistant, ok, showcam
from bench.table import Bound, LeftOut, Row
from bench.wire import Unanswered, cpu_us, until_right

BOUNDS = {
    "Discover": Bound(share=1 / 20),
    "InitializeCameraStreams": Bound(share=1 / 2),
    "ReportState": Bound(share=1 / 2),
    "SYNC": Bound(share=1 / 6),
    "QUERY of one": Bound(share=1 / 1.3),
    "GetCameraStream": Bound(share=1 / 1.5),
}
LISTS = ("Discover", "SYNC")
CAMERAS = 100


def measure(run: Run) -> Results:
    cameras = 3 if run.quick else CAMERAS
    say(f"Over HTTP: showcam with {cameras} cameras")
    with showcam(cameras) as server:
        ours = _asked(server, cameras, run)
    with floor() as server:
        least = cpu_us(server.port, server.process, lambda: server.request(QUESTIONS[0]), ok, _count("", run))
    try:
        run.need_peer()
        say(f"Over HTTP: Home Assistant with {cameras} cameras")
        with home_assistant(cameras) as server:
            peer = _asked(server, cameras, run)
    except (NoPeer, Unanswered) as error:
        yield LeftOut("Home Assistant, over HTTP", str(error))
        peer = {}
    for name, *_ in QUESTIONS:
        yield Row(f"{name} over HTTP, {cameras} cameras", "µs", ours[name], "HA", peer.get(name), BOUNDS[name])
    yield Row("QUERY of one over HTTP, beside bare WSGI", "µs", ours["QUERY of one"], "floor", least)


def _asked(server: Server, cameras: int, run: Run) -> dict[str, float]:
    figures = {}
    for question in QUESTIONS:
        name, right = question[0], checked(question, cameras)
        until_right(server.port, server.request(question), right)
        make = lambda question=question: server.request(question)  # noqa: E731
        figures[name] = cpu_us(server.port, server.process, make, right, _count(name, run))
    return figures


def _count(name: str, run: Run) -> int:
    """Requests in a round."""
    if run.quick:
        return 24
    return 240 if name in LISTS else 1600
