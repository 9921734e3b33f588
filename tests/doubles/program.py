"""The program, started as a person starts it and used over HTTP."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from scripts.deploy_local.emulator import free_ports
from showcam.accounts.attempts import OneTimeCode
from showcam.registry.owner.sign_in_outcome import WRITTEN
from tests.doubles import made_once
from tests.doubles.command_process import commanded
from tests.doubles.forked_process import ForkedProcess
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.troubled.names import ANNOUNCED
from tests.doubles.waiting import LONG_S, until

ROOT = Path(__file__).parents[2]
SHOWCAM = Path(sys.executable).with_name("showcam")
SOON_S = 1.5  # what is answered sooner let no assistant's time pass: the shortest, Google's, is 1.7 s
WATCHES_S = 1.5  # a display plays video for so long, in which the slowest camera sends 15 pictures
# without what only the tests' tools bring: it is not there where people run showcam, and takes time at every start
AS_INSTALLED = {"PYTHONPATH": str(Path(__file__).with_name("as_installed"))}


def with_tests() -> dict[str, str]:
    """For a program that has a part of the tests in it, which finds what other processes have made."""
    made = {name: os.environ[name] for name in (made_once.FOLDER,) if name in os.environ}
    return made | {"PYTHONPATH": f"{AS_INSTALLED['PYTHONPATH']}{os.pathsep}{ROOT}"}


class Program:
    """A running showcam: `demo` or real, on free ports, with a data folder of its own.

    `showcam` is its executable, `stands` its working folder; `descriptors` are the soft and hard limits of open files.
    `troubled`: the demo's vendor shows all the trouble that `change` and `configure` set. `forked`: it is forked from a
    process that has imported it, if it is the code of this checkout.
    """

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool,
        showcam: Path = SHOWCAM,
        troubled: bool = False,
        stands: Path = ROOT,
        descriptors: tuple[int, int] | None = None,
        forked: bool = True,
        **environ: str,
    ) -> None:
        self.showcam, self.stands, self.troubled, self._forked = showcam, stands, troubled, forked
        self.words = [sys.executable, "-P", "-m", "tests.doubles.troubled.showcam"] if troubled else [str(showcam)]
        first = free_ports(8)
        self.port, self.media_port, self.simulator_port = first, first + 1, first + 2
        self.data = folder / "data"
        self.log = folder / "log"
        self.demo = demo
        self.descriptors = descriptors or resource.getrlimit(resource.RLIMIT_NOFILE)
        self.environ = {
            # without the program's folder, so that hints name its whole path
            "PATH": os.pathsep.join(
                folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != SHOWCAM.parent
            ),
            "HOME": os.environ.get("HOME", "/"),
            "NO_BROWSER": "1",
            **(with_tests() if troubled else AS_INSTALLED),
            # a busy machine is not what is tested: pages and commands wait for the demo's vendor; the default servers
            # are on the internet, and no test listens to the house
            **({"SHOWCAM_REQUEST_S": "30"} if demo else {"SHOWCAM_STUN": "", "SHOWCAM_BIND": "127.0.0.1"}),
            "SHOWCAM_DATA": str(self.data),
            "SHOWCAM_PORT": str(self.port),
            "SHOWCAM_MEDIA_PORT": str(self.media_port),
            "SHOWCAM_SIMULATOR_PORT": str(self.simulator_port),
        }
        self._path = self.environ["PYTHONPATH"]
        self.environ |= environ
        self.process: subprocess.Popen[bytes] | ForkedProcess | None = None

    @property
    def web(self) -> str:
        host = self.environ.get("SHOWCAM_BIND", "")
        return f"http://{f'[{host}]' if ':' in host and host != '::' else '127.0.0.1'}:{self.port}"

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    def start(self, within_s: float = 2 * LONG_S) -> "Program":
        self.process = self._started()
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            # a code that is printed later would replace the one that a test asks for
            if self.serves() and (not self.troubled or ANNOUNCED in self.log.read_text()):
                return self
            time.sleep(0.1)
        self.stop()
        raise AssertionError(f"not up within {within_s} s\n{self.log.read_text()}")

    def _started(self) -> subprocess.Popen[bytes] | ForkedProcess:
        words = ["run", *(["--demo"] if self.demo else [])]
        if self._forked and self._is_of_this_checkout():
            module = self.words[-1] if self.troubled else "showcam"
            return ForkedProcess([module, *words], self.environ, self.stands, self.log, self.descriptors)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self.words, *words],
                env=self.environ,
                cwd=self.stands,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, self.descriptors),
            )

    def _is_of_this_checkout(self) -> bool:
        return self.showcam == SHOWCAM and self.environ["PYTHONPATH"] == self._path

    def serves(self) -> bool:
        try:
            return requests.get(f"{self.web}/healthz", timeout=3).status_code == 200
        except requests.RequestException:
            return False

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        """Stops it and returns the seconds it took."""
        assert self.process is not None
        with Stopwatch() as watch:
            self.process.send_signal(number)
            try:
                self.process.wait(LONG_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return watch.took_s

    def command(self, *words: str, text: str = "", within_s: float = LONG_S) -> subprocess.CompletedProcess[str]:
        called = [str(self.showcam), *words]
        if self._is_of_this_checkout():
            return commanded(called, self.environ, self.stands, text, within_s)
        return subprocess.run(
            called,
            env=self.environ,
            cwd=self.stands,
            input=text,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    def issuer(self) -> str:
        """The address that it gives assistants as its own; "" while its web process starts again."""
        try:
            answer = requests.get(f"{self.web}/.well-known/oauth-authorization-server", timeout=LONG_S)
        except requests.ConnectionError:
            return ""
        return str(answer.json()["issuer"]) if answer.status_code == 200 else ""

    def entry(self) -> str:
        """A new sign-in code for the page of cameras, like the one of `showcam home`.

        It is made only after the program has printed a code at its start: the printed code would replace it.
        """
        until(lambda: "Your cameras: " in self.log.read_text())
        return OneTimeCode(self.data / "run" / "home-code").renew()

    def login(self, user: str = "demo@example.com", *more: str) -> None:
        """Signs in by the command, and again if a busy machine let the vendor's time for an answer pass."""
        words = ("login", *(("--demo",) if self.demo else ()), "--user", user, "--open", *more)
        end = time.monotonic() + 3 * LONG_S
        while (done := self.command(*words, text="showcam-demo\n")).returncode:
            assert WRITTEN["vendor_down"].format(vendor="EZVIZ") in done.stderr, done.stderr
            assert time.monotonic() < end, done.stderr

    def cameras(self) -> dict[str, dict[str, Any]]:
        """The simulator's cameras by name."""
        rows = requests.get(f"{self.simulator}/_control", timeout=LONG_S).json()
        return {row["name"]: row for row in (rows["cameras"] if isinstance(rows, dict) else rows)}

    def calls(self) -> Counter[str]:
        """What the simulated vendor was asked for: by path, and as "vtm" and "vtdu" its stream servers."""
        return Counter(requests.get(f"{self.simulator}/_control", timeout=LONG_S).json()["calls"])

    def change(self, name: str, /, **change: Any) -> None:
        serial = self.cameras()[name]["serial"]
        requests.post(f"{self.simulator}/_control/{serial}", json=change, timeout=LONG_S).raise_for_status()

    def configure(self, **settings: Any) -> None:
        """Changes how the simulated vendor works."""
        requests.post(f"{self.simulator}/_control", json=settings, timeout=LONG_S).raise_for_status()

    def assistant(self, name: str, what: str, **body: Any) -> dict[str, Any]:
        """The simulated assistant's answer; `what` is link, unlink, say or watch."""
        body = {"seconds": WATCHES_S} | body if what == "watch" else body
        answer = requests.post(f"{self.simulator}/assistants/{name}/{what}", json=body, timeout=LONG_S)
        return dict(json.loads(answer.text))

    def asked_until(
        self, holds: Callable[[dict[str, Any]], object], name: str, what: str, *, before: str = "", **body: Any
    ) -> dict[str, Any]:
        """Asks until `holds` accepts the answer, and returns it. `before`: a sentence said before each question."""
        end = time.monotonic() + 2 * LONG_S
        while True:
            if before:
                self.assistant(name, "say", text=before)
            answer = self.assistant(name, what, **body)
            if holds(answer):
                return answer
            assert time.monotonic() < end, answer["outcome"]
            time.sleep(1.0)

    def shown(self, name: str, text: str, **more: Any) -> dict[str, Any]:
        """The answer by which the assistant shows a moving picture."""
        return self._answered(is_shown, name, text, **more)

    def refused(self, name: str, text: str, why: str, **more: Any) -> dict[str, Any]:
        """The answer by which the assistant shows nothing, and which tells a person why."""

        def is_refused(answer: dict[str, Any]) -> bool:
            assert not answer["outcome"]["shown"], answer["outcome"]
            return why in (answer["outcome"]["person"] or "")

        return self._answered(is_refused, name, text, **more)

    def _answered(self, holds: Callable[[dict[str, Any]], bool], name: str, text: str, **more: Any) -> dict[str, Any]:
        """The first question's answer. It is asked again only if a busy machine let an assistant's seconds pass."""
        began = time.monotonic()
        answer = self.assistant(name, "watch", text=text, **more)
        if holds(answer):
            return answer
        assert time.monotonic() - began > SOON_S, answer["outcome"]
        return self.asked_until(holds, name, "watch", text=text, **more)

    def link(self, name: str, user: str = "demo@example.com", **more: str) -> dict[str, Any]:
        """Links; again if a busy machine let the time pass that the vendor, showcam or Amazon has for an answer."""
        end = time.monotonic() + 2 * LONG_S
        person = {"user": user, "password": "showcam-demo"} | more
        while not (linked := self.assistant(name, "link", **person)).get("linked"):
            assert "not answer" in linked.get("error", ""), linked
            assert time.monotonic() < end, linked
        return linked


def is_shown(answer: dict[str, Any]) -> bool:
    """Whether the assistant shows a picture that moves."""
    return bool(answer["outcome"]["shown"] and answer["shown"]["frames"] > 10)


@contextmanager
def running(
    folder: Path,
    *,
    demo: bool = True,
    troubled: bool = False,
    descriptors: tuple[int, int] | None = None,
    forked: bool = True,
    **environ: Any,
) -> Iterator[Program]:
    program = Program(folder, demo=demo, troubled=troubled, descriptors=descriptors, forked=forked, **environ).start()
    try:
        yield program
    finally:
        program.stop()
