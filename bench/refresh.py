"""The refresh grant over HTTP: showcam on SQLite, beside npm oidc-provider with its store in memory."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.peer import environment
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.servers import process, showcam
from bench.table import Bound, LeftOut, Row
from bench.wire import Target, Unanswered, request, rounds_us, until_right
from scripts.deploy_local.emulator import free_ports

NAME = "refresh grant over HTTP, on SQLite"
BOUND = Bound(share=3, beside="oidc-provider")
FILES = Path(__file__).parent / "peer" / "oidc"
FOLDER = environment.FOLDER / "oidc"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
INSTALL_S = 180


def measure(run: Run) -> Results:
    with ExitStack() as stack:
        say("Refresh grant: starting servers")
        server = stack.enter_context(showcam(1))
        targets = [Target(server.port, server.process, server.refresh, _right)]
        try:
            run.need_peer()
            ensure()
            targets.append(stack.enter_context(oidc_provider()))
        except (NoPeer, Unanswered) as error:
            yield LeftOut("npm oidc-provider", str(error))
        say("Refresh grant: measuring")
        ours, *other = rounds_us(targets, *((24, 2) if run.quick else (800, 6)))
        peer = min(other[0]) if other else None
        yield Row(NAME, "µs", min(ours), "oidc-provider", peer, BOUND, ours)


def ensure() -> None:
    """node_modules as package.json has them; made now if they aren't. Raises NoPeer."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoPeer("node and npm are not on this machine")
    same = [
        (FOLDER / file.name).is_file() and (FOLDER / file.name).read_text() == file.read_text() for file in _files()
    ]
    if all(same) and (FOLDER / "node_modules").is_dir():
        return
    say("Installing npm oidc-provider into bench/env")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    command = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    for file in _files():
        shutil.copy(file, FOLDER)
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_S)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        shutil.rmtree(FOLDER, ignore_errors=True)
        raise NoPeer("npm could not install it")


@contextmanager
def oidc_provider() -> Iterator[Target]:
    """oidc-provider, serving, with one refresh token."""
    port = free_ports()
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        log = Path(folder) / "log"
        command = [shutil.which("node") or "node", str(FOLDER / "server.js")]
        with process(command, {"BENCH_PORT": str(port)}, log) as started:
            until_right(port, request("/.well-known/openid-configuration", b"", {}, "GET"), lambda *_: None)
            form = next(line for line in log.read_text().splitlines() if line.startswith("grant_type="))
            given = request("/token", form.encode(), FORM)
            yield Target(port, started.pid, lambda: given, _right)


def _files() -> list[Path]:
    return [FILES / "package.json", FILES / "server.js"]


def _right(status: int, body: bytes) -> None:
    assert status == 200, f"{status} {body[:200]!r}"
    assert json.loads(body)["access_token"]
