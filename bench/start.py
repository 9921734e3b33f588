"""The time from the command to the first right answer, and the memory of all processes without a viewer."""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.household import cameras
from bench.progress import say
from bench.questions import QUESTIONS, sync, synced
from bench.run import NoPeer, Results, Run
from bench.servers import home_assistant, process
from bench.table import Bound, LeftOut, Row
from bench.wire import Unanswered, memory_mb, request, until_right
from scripts.deploy_local.emulator import free_ports
from showcam.app import keys as key_files
from showcam.app.compose.ground import open_store
from showcam.app.process.settings_sources import load
from tests.doubles.household import household
from tests.doubles.program import AS_INSTALLED, running

STARTS = "start of showcam serve to the first right answer"
MEMORY = "memory of all processes, no viewer"
SETTLE_S = 5.0  # by then the imports ahead of the first request are done
TIMES = 3


def measure(run: Run) -> Results:
    times = 1 if run.quick else TIMES
    say("Starting showcam serve")
    start = statistics.median(_showcam_starts() for _ in range(times))
    say("Starting all of showcam")
    memory = _showcam_memory(run)
    peer_start = peer_memory = None
    try:
        run.need_peer()
        say("Starting Home Assistant")
        first_s, peer_memory = _home_assistant(run, settles=True)
        peer_start = statistics.median([first_s, *(_home_assistant(run)[0] for _ in range(1, times))])
    except (NoPeer, Unanswered) as error:
        yield LeftOut("Home Assistant, start and memory", str(error))
    yield Row(STARTS, "s", start, "HA", peer_start, Bound(share=1 / 2))
    yield Row(MEMORY, "MB", memory, "HA", peer_memory, Bound(share=1))


def _showcam_starts() -> float:
    """Seconds to a SYNC of a household whose list is stored and whose vendor session has ended."""
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        port = free_ports()
        environ = {"SHOWCAM_PORT": str(port), "SHOWCAM_DATA": folder, "SHOWCAM_PUBLIC_URL": "https://home.example"}
        loaded = load(environ=environ)
        store = open_store(loaded, key_files.of(loaded))
        home = household(Path(folder), store=store, assistant="google", cameras=cameras(1))
        token = home.token()
        home.owner.cameras(home.account.id)  # which stores the list
        store.close()
        given = request("/google/fulfillment", json.dumps(sync()).encode(), {"Authorization": f"Bearer {token}"})
        command = [str(Path(sys.executable).with_name("showcam")), "serve"]
        return _until(command, environ | AS_INSTALLED, Path(folder) / "log", port, given)


def _until(command: list[str], environ: dict[str, str], log: Path, port: int, given: bytes) -> float:
    check = synced(1)

    def right(status: int, body: bytes) -> None:
        assert status == 200, f"{status} {body[:200]!r}"
        check(json.loads(body))

    began = time.monotonic()
    with process(command, environ, log):
        until_right(port, given, right)
        return time.monotonic() - began


def _showcam_memory(run: Run) -> float:
    """MB of a real start: supervisor, web, media and worker."""
    with (
        tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder,
        running(Path(folder), demo=False, forked=False) as program,
    ):
        assert program.process is not None
        time.sleep(0 if run.quick else SETTLE_S)
        return memory_mb(program.process.pid)


def _home_assistant(run: Run, *, settles: bool = False) -> tuple[float, float]:
    """Seconds to a Discover of one camera, and MB."""
    began = time.monotonic()
    with home_assistant(1) as server:
        until_right(server.port, server.request(QUESTIONS[0]), server.checked(QUESTIONS[0], 1))
        took = time.monotonic() - began
        time.sleep(SETTLE_S if settles and not run.quick else 0)
        return took, memory_mb(server.process)
