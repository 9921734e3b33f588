"""showcam's web process, Home Assistant and the floor as servers on loopback."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.household import ADDRESS, cameras
from bench.peer import environment
from bench.questions import Question, WrongAnswer
from bench.wire import request, until_right
from scripts.deploy_local.emulator import free_ports
from showcam.accounts import clients
from showcam.accounts.links import mint
from showcam.app import keys as key_files
from showcam.app.compose.ground import open_store
from showcam.app.edge.machines import HEADER, sign
from showcam.app.process.settings_sources import load
from tests.doubles.household import household

NO_LIMIT = "1000000"  # of opens a minute


@dataclass(frozen=True)
class Server:
    """`request(question)` makes a new HTTP request of the question."""

    name: str
    port: int
    process: int
    request: Callable[[Question], bytes]
    refresh: Callable[[], bytes] = bytes  # a refresh grant

    def checked(self, question: Question, count: int) -> Callable[[int, bytes], None]:
        """A check of its answer, which raises WrongAnswer, or AssertionError for another status than 200."""
        check = question[3](count)

        def right(status: int, body: bytes) -> None:
            assert status == 200, f"{self.name} answered {status} {body[:200]!r}"
            try:
                check(json.loads(body))
            except WrongAnswer as wrong:
                raise WrongAnswer(f"{self.name} answered {wrong}") from None

        return right


@contextmanager
def showcam(count: int, more: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Its web process as in production, with directives signed by the forwarder, over ready doubles.

    `more`: for its environment.
    """
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        port = free_ports()
        settings = {"PORT": str(port), "DATA": folder, "PUBLIC_URL": ADDRESS, "OPENS_PER_MINUTE": NO_LIMIT}
        environ = {
            "BENCH_CAMERAS": str(count),
            **{f"SHOWCAM_{name}": value for name, value in settings.items()},
            **(more or {}),
        }
        loaded = load(environ=environ)
        keys = key_files.of(loaded)
        store = open_store(loaded, keys)
        home = household(Path(folder), store=store, cameras=cameras(count))
        tokens = {"alexa": home.token(), "google": home.token(home.another_link("google"))}
        camera = home.id("Camera 0")
        secret = clients.register(store, "alexa", "alexa", ("https://assistant.example/callback",))
        refresh, row = mint(home.link.id, "refresh", "cameras", time.time())
        store.add_tokens([row])
        store.close()

        def make(question: Question) -> bytes:
            _, assistant, build, _ = question
            body = json.dumps(build(tokens[assistant], camera)).encode()
            if assistant == "google":
                return request("/google/fulfillment", body, {"Authorization": f"Bearer {tokens[assistant]}"})
            path, (key_id, key) = "/alexa/smart-home", keys.forwarder[0]
            nonce = secrets.token_hex(16)
            return request(
                path, body, {HEADER: sign(key_id, key, "POST", path, body, now=int(time.time()), nonce=nonce)}
            )

        def refreshed() -> bytes:
            form = f"grant_type=refresh_token&refresh_token={refresh}&client_id=alexa&client_secret={secret}"
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return request("/oauth/token", form.encode(), kind)

        command = [sys.executable, "-P", "-m", "bench.ready_web"]
        with process(command, environ, Path(folder) / "log") as started:
            until_right(port, request("/readyz", b"", {}, "GET"), ok)
            yield Server("showcam", port, started.pid, make, refreshed)


@contextmanager
def floor() -> Iterator[Server]:
    """Bare WSGI on granian."""
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        port = free_ports()
        environ = {"SHOWCAM_PORT": str(port), "SHOWCAM_DATA": folder}
        given = request("/", b'{"requestId":"bench-request-1","inputs":[]}', {})
        with process([sys.executable, "-P", "-m", "bench.floor_web"], environ, Path(folder) / "log") as started:
            until_right(port, given, ok)
            yield Server("floor", port, started.pid, lambda question: given)


@contextmanager
def home_assistant(count: int) -> Iterator[Server]:
    """Raises NoPeer when it does not serve."""
    port = free_ports()
    with environment.serving(count, port) as (started, token_file):
        token = environment.token(token_file, started)

        def make(question: Question) -> bytes:
            _, assistant, build, _ = question
            alexa = assistant == "alexa"
            body = json.dumps(build(token, "camera#bench_0" if alexa else "camera.bench_0")).encode()
            path = "/api/alexa/smart_home" if alexa else "/api/google_assistant"
            return request(path, body, {"Authorization": f"Bearer {token}"})

        yield Server("Home Assistant", port, started.pid, make)


def ok(status: int, body: bytes) -> None:
    assert status == 200, f"{status} {body[:200]!r}"


@contextmanager
def process(command: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        started = subprocess.Popen(
            command, cwd=environment.ROOT, env={**os.environ, **environ}, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()
