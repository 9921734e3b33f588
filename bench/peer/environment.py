"""Home Assistant's own environment: made by one command, used as a process. NoPeer says why it is missing."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.progress import say
from bench.timing import Effort

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "bench" / "env"
PYTHON = FOLDER / "bin" / "python"
REQUIREMENTS = ROOT / "bench" / "peers.txt"
CONFIG = Path(__file__).with_name("config")
UV = Path(sys.executable).with_name("uv")
INSTALL_S = 900
START_S = 120
NAME = "Home Assistant 2026.2.3"


class NoPeer(Exception):
    """Home Assistant can't be installed or started, or did not answer as it should; the text says why."""


def lock() -> None:
    """Renew bench/peers.txt from bench/peers.in."""
    command = [
        *(str(UV), "pip", "compile", "-q", str(REQUIREMENTS.with_suffix(".in").relative_to(ROOT))),
        *("--universal", "--python-version", "3.13.5", "--generate-hashes", "--no-emit-index-url"),
        *("-o", str(REQUIREMENTS.relative_to(ROOT))),
    ]
    environ = {**os.environ, "UV_CUSTOM_COMPILE_COMMAND": "python -P -m bench --lock"}
    subprocess.run(command, cwd=ROOT, env=environ, check=True)


def ensure() -> None:
    """The environment as bench/peers.txt has it; made now if it isn't. Raises NoPeer."""
    stamp, wanted = FOLDER / "made-of", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say(f"Installing {NAME} into bench/env (about 1.1 GB, once)")
    _turbojpeg()
    _uv("venv", "--clear", "--python", sys.executable, str(FOLDER))
    _uv("pip", "sync", "--require-hashes", "--compile-bytecode", "--python", str(PYTHON), str(REQUIREMENTS))
    stamp.write_text(wanted)


def _uv(*words: str) -> None:
    if not UV.is_file():
        raise NoPeer("uv is not in this environment; make bench brings it")
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    try:
        done = subprocess.run(
            [str(UV), *words, "-q"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=INSTALL_S
        )
    except subprocess.TimeoutExpired:
        raise NoPeer(f"installing it took more than {INSTALL_S // 60} minutes") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise NoPeer(f"installing it failed: {lines[0] if lines else 'uv wrote no message'}")


def _turbojpeg() -> None:
    """Installs a library of Home Assistant's cameras, which starts without it and logs that it is missing."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or (as_root and shutil.which("sudo") is None):
        return
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "libturbojpeg0"]):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run([*as_root, *command], env=environ, capture_output=True).returncode:
            return


@contextmanager
def _configured(cameras: int, port: int) -> Iterator[tuple[Path, dict[str, str]]]:
    """A new configuration folder, and the environment of a process."""
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as folder:
        config = Path(folder) / "config"
        shutil.copytree(CONFIG, config, ignore=shutil.ignore_patterns("__pycache__"))
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BENCH_CAMERAS": str(cameras),
            "BENCH_PORT": str(port),
            "BENCH_TOKEN": str(config / "token"),
        }
        yield config, environ


def in_process(cameras: int, effort: Effort, port: int) -> dict[str, dict[str, float]]:
    """µs of CPU for each of bench.questions.QUESTIONS: `alone` and `whole`. Raises NoPeer."""
    with _configured(cameras, port) as (config, environ):
        command = [str(PYTHON), "-P", "-m", "bench.peer.in_process", str(config)]
        command += ["--rounds", str(effort.rounds), "--round-s", str(effort.round_s)]
        try:
            done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            raise NoPeer("it did not answer within 5 minutes") from None
        if done.returncode:
            raise NoPeer(f"it failed: {(done.stderr.strip().splitlines() or ['it wrote no message'])[-1]}")
        figures: dict[str, dict[str, float]] = json.loads(done.stdout)
        return figures


def reports(host: str, ca_file: Path, count: int, rate: float) -> None:
    """Its sender of doorbell events sends `count` of them to the event gateway at `host`. Raises NoPeer."""
    command = [str(PYTHON), "-P", "-m", "bench.peer.reports", host, str(ca_file), str(count), str(rate)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        raise NoPeer("its sender did not end within ten minutes") from None
    if done.returncode:
        raise NoPeer(f"its sender failed: {(done.stderr.strip().splitlines() or ['it wrote no message'])[-1]}")


@dataclass(frozen=True)
class Streams:
    """Its `stream` component; `open` begins a camera's stream and returns the address of its master playlist."""

    pid: int
    open: Callable[[str], str]


@contextmanager
def streaming(port: int, host: str = "127.0.0.1") -> Iterator[Streams]:
    """Raises NoPeer."""
    with _configured(0, port) as (config, environ), (config / "log").open("wb") as log:
        command = [str(PYTHON), "-P", "-m", "bench.peer.streams", str(config)]
        environ["BENCH_HOST"] = host
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdin is not None
        assert process.stdout is not None
        sent, said = process.stdin, process.stdout

        def begin(url: str) -> str:
            sent.write(f"{url}\n")
            sent.flush()
            return f"http://{host}:{port}{said.readline().strip()}"

        try:
            if said.readline() != "ready\n":
                raise NoPeer("its stream component did not start")
            yield Streams(process.pid, begin)
        finally:
            with contextlib.suppress(OSError):
                sent.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def mqtt_entry(port: int, user: str, password: str) -> dict[str, object]:
    """Home Assistant's MQTT integration with a broker of this machine, in the form that Home Assistant stores."""
    data = {"broker": "127.0.0.1", "port": port, "username": user, "password": password, "discovery": True}
    return {
        "entry_id": "mqtt",
        "domain": "mqtt",
        "title": "broker",
        "data": data,
        "options": {},
        "version": 2,
        "minor_version": 1,
        "source": "user",
        "unique_id": None,
        "disabled_by": None,
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "discovery_keys": {},
        "subentries": [],
        "created_at": "2026-01-01T00:00:00+00:00",
        "modified_at": "2026-01-01T00:00:00+00:00",
    }


@contextmanager
def serving(
    cameras: int, port: int, entries: Sequence[dict[str, object]] = ()
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Home Assistant, just started, and the file for its token. `entries`: the stored rows of its integrations."""
    with _configured(cameras, port) as (config, environ):
        if entries:
            stored = {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [*entries]}}
            with (config / "configuration.yaml").open("a") as configuration:
                configuration.write("\nwebsocket_api:\ndevice_automation:\n")  # by which its triggers are listed
            (config / ".storage").mkdir()
            (config / ".storage" / "core.config_entries").write_text(json.dumps(stored))
        command = [str(FOLDER / "bin" / "hass"), "-c", str(config), "--skip-pip"]
        process = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            yield process, config / "token"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def token(file: Path, process: subprocess.Popen[bytes]) -> str:
    """The token that a Home Assistant just started writes. Raises NoPeer."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if file.is_file() and (text := file.read_text()):
            return text
        time.sleep(0.005)
    raise NoPeer("it did not start")
