"""The time of EXECUTE over HTTP from many clients at once: GetCameraStream, as Google's vitals measure it."""

import threading
import time
from collections.abc import Callable

from bench.progress import say
from bench.questions import QUESTIONS
from bench.run import NoPeer, Results, Run
from bench.servers import Server, home_assistant, showcam
from bench.table import Bound, LeftOut, Row
from bench.timing import percentile
from bench.wire import Connections, Unanswered, until_right

CAMERAS = 100
CLIENTS = 32  # each sends its next request as soon as it has an answer, so that the server is never idle
LASTING_S = 6.0
BOUND = Bound(most=100)  # ms
_QUESTION = next(question for question in QUESTIONS if question[0] == "GetCameraStream")


def measure(run: Run) -> Results:
    cameras, lasting_s = (3, 0.5) if run.quick else (CAMERAS, LASTING_S)
    say(f"Under load: showcam, {CLIENTS} clients at once")
    with showcam(cameras) as server:
        ours = p90_ms(server, cameras, lasting_s)
    peer = None
    try:
        run.need_peer()
        say(f"Under load: Home Assistant, {CLIENTS} clients at once")
        with home_assistant(cameras) as server:
            peer = p90_ms(server, cameras, lasting_s)
    except (NoPeer, Unanswered) as error:
        yield LeftOut("Home Assistant, under load", str(error))
    yield Row(f"p90 of EXECUTE over HTTP, {CLIENTS} at once", "ms", ours, "HA", peer, BOUND)


def p90_ms(server: Server, cameras: int, lasting_s: float) -> float:
    """p90 of all requests, from the first byte sent to the last one read. Every answer is checked."""
    right = server.checked(_QUESTION, cameras)
    until_right(server.port, server.request(_QUESTION), right)
    taken: list[float] = []
    failed: list[Exception] = []
    until = time.monotonic() + lasting_s
    threads = [
        threading.Thread(target=_run_client, args=(server, right, until, taken, failed), daemon=True)
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return percentile(taken, 0.9) * 1000


def _run_client(
    server: Server,
    right: Callable[[int, bytes], None],
    until: float,
    taken: list[float],
    failed: list[Exception],
) -> None:
    try:
        with Connections(server.port, 1) as connection:
            while time.monotonic() < until:
                given = [server.request(_QUESTION)]
                began = time.perf_counter()
                [answer] = connection.send(given)
                taken.append(time.perf_counter() - began)
                right(*answer)
    except Exception as error:
        failed.append(error)
