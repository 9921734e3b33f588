"""The refresh grant over HTTP: showcam on SQLite, beside npm oidc-provider with its store in memory."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.peer import environment
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.servers import Server, process
from bench.table import Bound, LeftOut, Row
from bench.wire import Target, Unanswered, request, rounds_us, until_right
from scripts.deploy_local.emulator import free_ports

NAME = "refresh grant over HTTP, on SQLite"
BOUND = Bound(share=3, beside="oidc-provider")
PROGRAM = Path(__file__).parent / "peer" / "oidc" / "server.mjs"
PACKAGE = environment.ROOT / "node_modules" / "oidc-provider"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def measure(run: Run, server: Server) -> Results:
    with ExitStack() as stack:
        targets = [Target(server.port, server.process, server.refresh, _right)]
        try:
            run.need_peer()
            ensure()
            targets.append(stack.enter_context(oidc_provider()))
        except (NoPeer, Unanswered) as error:
            yield LeftOut("npm oidc-provider", str(error))
        say("Refresh grant: measuring")
        ours, *other = rounds_us(targets, *((24, 2) if run.quick else (800, 5)))
        peer = min(other[0]) if other else None
        yield Row(NAME, "µs", min(ours), "oidc-provider", peer, BOUND, ours)


def ensure() -> None:
    """Raises NoPeer if it is not installed."""
    if shutil.which("node") is None or not PACKAGE.is_dir():
        raise NoPeer("npm oidc-provider is not installed (npm ci)")


@contextmanager
def oidc_provider() -> Iterator[Target]:
    """oidc-provider, serving, with one refresh token."""
    port = free_ports()
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        log = Path(folder) / "log"
        command = [shutil.which("node") or "node", str(PROGRAM)]
        with process(command, {"BENCH_PORT": str(port)}, log) as started:
            until_right(port, request("/.well-known/openid-configuration", b"", {}, "GET"), lambda *_: None)
            form = next(line for line in log.read_text().splitlines() if line.startswith("grant_type="))
            given = request("/token", form.encode(), FORM)
            yield Target(port, started.pid, lambda: given, _right)


def _right(status: int, body: bytes) -> None:
    assert status == 200, f"{status} {body[:200]!r}"
    assert json.loads(body)["access_token"]
