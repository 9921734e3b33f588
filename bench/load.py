"""The time of EXECUTE over HTTP from many clients at once: GetCameraStream, as Google's vitals measure it."""

import threading
import time
from collections.abc import Callable, Mapping

from bench.progress import say
from bench.questions import QUESTIONS
from bench.run import Results, Run
from bench.servers import Server
from bench.table import Bound, Row
from bench.timing import percentile
from bench.wire import Connections, until_right

CLIENTS = 32  # each sends its next request as soon as it has an answer, so that the server is never idle
LASTING_S = 4.0
BOUND = Bound(most=100)  # ms
_QUESTION = next(question for question in QUESTIONS if question[0] == "GetCameraStream")


def measure(run: Run, servers: Mapping[str, Server], cameras: int) -> Results:
    """`servers`: showcam's, and Home Assistant's if it is measured too. `cameras`: how many each server has."""
    lasting_s = 0.5 if run.quick else LASTING_S
    say(f"Under load: {CLIENTS} clients at once")
    ours = p90_ms(servers["showcam"], cameras, lasting_s)
    peer = p90_ms(servers["HA"], cameras, lasting_s) if "HA" in servers else None
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
