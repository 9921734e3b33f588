"""How long EXECUTE takes over HTTP while many ask at once: GetCameraStream, as Google's vitals measure it."""

import threading
import time
from collections.abc import Callable

from bench.asking import QUESTIONS
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.served import Server, checked, home_assistant, showcam
from bench.table import Bound, LeftOut, Row
from bench.wire import Connections, Unanswered, until_right

CAMERAS = 100
CLIENTS = 32  # each asks again as soon as it is answered, so that the server is never idle
LASTING_S = 6.0
BOUND = Bound(most=100)  # ms
_ASKED = next(question for question in QUESTIONS if question[0] == "GetCameraStream")


def measure(run: Run) -> Results:
    cameras, lasting_s = (3, 0.5) if run.quick else (CAMERAS, LASTING_S)
    say(f"Under load: showcam asked by {CLIENTS} at once")
    with showcam(cameras) as server:
        ours = p90_ms(server, cameras, lasting_s)
    peer = None
    try:
        run.need_peer()
        say(f"Under load: Home Assistant asked by {CLIENTS} at once")
        with home_assistant(cameras) as server:
            peer = p90_ms(server, cameras, lasting_s)
    except (NoPeer, Unanswered) as error:
        yield LeftOut("Home Assistant, under load", str(error))
    yield Row(f"p90 of EXECUTE over HTTP, {CLIENTS} at once", "ms", ours, "HA", peer, BOUND)


def p90_ms(server: Server, cameras: int, lasting_s: float) -> float:
    """Of all requests of all clients, from the first byte sent to the last one read. Every answer is checked."""
    right = checked(_ASKED, cameras)
    until_right(server.port, server.request(_ASKED), right)
    taken: list[float] = []
    failed: list[Exception] = []
    until = time.monotonic() + lasting_s
    threads = [
        threading.Thread(target=_ask, args=(server, right, until, taken, failed), daemon=True) for _ in range(CLIENTS)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failed:
        raise failed[0]
    return percentile(taken, 0.9) * 1000


def _ask(
    server: Server,
    right: Callable[[int, bytes], None],
    until: float,
    taken: list[float],
    failed: list[Exception],
) -> None:
    try:
        with Connections(server.port, 1) as connection:
            while time.monotonic() < until:
                given = [server.request(_ASKED)]
                began = time.perf_counter()
                [answer] = connection.ask(given)
                taken.append(time.perf_counter() - began)
                right(*answer)
    except Exception as error:
        failed.append(error)


def percentile(values: list[float], share: float) -> float:
    """The smallest that so many of them are not above."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]
