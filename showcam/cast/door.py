"""The worker's door for Cast devices: a socket of this machine, one line of JSON each way, for our own processes only.

The client of this door has the methods of `Screens` and passes each call to it.
"""

import contextlib
import os
import queue
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import structlog
from msgspec import Struct

from showcam.cast.device import CONNECT_S, Device, Showing
from showcam.cast.errors import CastFailed, Why
from showcam.drivers.camera import Refusal
from showcam.engine.grants import ProcessAuth
from showcam.registry.scenes import Begun

PATH = "/cast"  # the path, which the proof of a question covers together with the question's text
LONGEST = 64 * 1024


class Ask(Struct, frozen=True):
    """A question at the door. `on`: a device's name, "" for all; `camera`: an id, "" for any.

    The answer is `goes_on` if the work takes longer than `wait_s`, or at once if a camera has to wake. With a `wait_s`
    of 0 the answer comes when all is done. If a camera has to wake, an extra line comes before it.
    """

    what: Literal["devices", "now", "show", "stop"]
    account: str = ""
    camera: str = ""
    on: str = ""
    seconds: float = 0.0
    wait_s: float = 0.0


class Answer(Struct, frozen=True):
    """The answer of the door. `failed` and `refusal` say why nothing is shown."""

    devices: tuple[Device, ...] = ()
    showing: tuple[Showing, ...] = ()
    refusal: Refusal | None = None
    failed: Why | None = None
    device: str = ""  # the name that `failed` speaks of
    goes_on: bool = False  # neither done nor failed yet
    waking: str = ""  # with `goes_on`: the name of the camera on battery that is being woken


log = structlog.get_logger()

MOST_AT_WORK = 16  # questions that may go on after their answer
NAME = "cast"  # the name of the socket in the folder `run`

_ask = msgspec.json.Decoder(Ask)


class Shows(Protocol):
    """The methods of `Screens` that the door calls."""

    def devices(self) -> list[Device]: ...
    def now(self, account: str) -> list[Showing]: ...
    def show(
        self, account: str, camera: str, on: str, seconds: float = 0.0, waking: Callable[[str], object] = ...
    ) -> Showing | Refusal:
        """Shows a camera.

        `waking` is called with its name before the wait for a camera on battery. Raises CastFailed.
        """
        ...

    def stop(self, account: str, on: str = "", camera: str = "") -> list[Showing]: ...


class CastDoor(socketserver.ThreadingUnixStreamServer):
    """A server in `folder`, which only its owner can read. Raises OSError."""

    daemon_threads = True
    request_queue_size = 8

    def __init__(self, folder: Path, screens: Shows, proof: ProcessAuth) -> None:
        self.screens, self.proof = screens, proof
        self._working, self._at_work = 0, threading.Lock()
        (folder / NAME).unlink(missing_ok=True)  # the socket of an earlier worker
        with address(folder) as path:
            super().__init__(path, _Question)
        (folder / NAME).chmod(0o600)

    def answer(self, line: bytes, proof: str, meanwhile: Callable[[Answer], object]) -> Answer | None:
        """The answer, or None if the proof is not from a process of showcam.

        `meanwhile` gets each answer that comes before the last.
        """
        if not self.proof.covers(proof, PATH, line, time.time()):
            return None
        ask = _ask.decode(line)
        return self._within(ask) if ask.wait_s > 0 else self._done(ask, meanwhile)

    def _within(self, ask: Ask) -> Answer:
        """Answers within `wait_s`. Unfinished work goes on in its own thread, without anybody waiting for the end."""
        with self._at_work:
            if self._working >= MOST_AT_WORK:
                return Answer(failed="full")
            self._working += 1
        done: queue.Queue[Answer] = queue.Queue()  # the first is the answer

        def work() -> None:
            try:
                answer = self._done(ask, done.put)
            except Exception:
                log.exception("what was asked of a Cast device failed")
                answer = Answer(failed="no_pictures")
            finally:
                with self._at_work:
                    self._working -= 1
            if why := answer.failed or (answer.refusal and answer.refusal.reason):
                log.info("a picture is not shown on a Cast device", account=ask.account, reason=why)
            done.put(answer)

        threading.Thread(target=work, name="scene on a TV", daemon=True).start()
        try:
            return done.get(timeout=ask.wait_s)
        except queue.Empty:
            return Answer(goes_on=True)

    def _done(self, ask: Ask, meanwhile: Callable[[Answer], object]) -> Answer:
        try:
            return self._answer(ask, meanwhile)
        except CastFailed as error:
            return Answer(failed=error.why, device=error.device)

    def _answer(self, ask: Ask, meanwhile: Callable[[Answer], object]) -> Answer:
        match ask.what:
            case "devices":
                return Answer(devices=tuple(self.screens.devices()))
            case "now":
                return Answer(showing=tuple(self.screens.now(ask.account)))
            case "stop":
                return Answer(showing=tuple(self.screens.stop(ask.account, ask.on, ask.camera)))
            case "show":

                def waking(name: str) -> None:
                    meanwhile(Answer(goes_on=True, waking=name))

                found = self.screens.show(ask.account, ask.camera, ask.on, ask.seconds, waking)
                return Answer(refusal=found) if isinstance(found, Refusal) else Answer(showing=(found,))


class _Question(socketserver.StreamRequestHandler):
    """Reads a proof and a line of JSON, and writes a line of JSON back."""

    timeout = CONNECT_S
    server: CastDoor

    def handle(self) -> None:
        try:
            proof, line = self.rfile.readline(LONGEST).decode("ascii"), self.rfile.readline(LONGEST)
        except (OSError, UnicodeDecodeError):
            return
        try:
            answer = self.server.answer(line.strip(), proof.strip(), self._send)
        except msgspec.MsgspecError:
            return
        except Exception:
            log.exception("a question about Cast devices could not be answered")
            return
        if answer is not None:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        with contextlib.suppress(OSError):  # the process that asked has gone
            self.wfile.write(msgspec.json.encode(answer) + b"\n")


@contextlib.contextmanager
def address(folder: Path) -> Iterator[str]:
    """The path of the socket, through the folder's descriptor: a folder's own path may be too long for a socket
    address.
    """
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


LONGEST_S = 120.0  # seconds to find a device, to wake a camera, and to play the video

_answer = msgspec.json.Decoder(Answer)


class CastClient:
    """Sends questions to the door: a `showcam.registry.scenes.Screens`. Each method raises CastFailed."""

    def __init__(self, folder: Path, proof: ProcessAuth) -> None:
        self._folder, self._proof = folder, proof

    def devices(self) -> list[Device]:
        return list(self._request(Ask("devices")).devices)

    def now(self, account: str) -> list[Showing]:
        return list(self._request(Ask("now", account)).showing)

    def show(
        self,
        account: str,
        camera: str,
        on: str,
        seconds: float = 0.0,
        waking: Callable[[str], object] = lambda name: None,
    ) -> Showing | Refusal:
        """Shows a camera. `waking` is called with its name before the wait for a camera on battery."""
        answer = self._request(Ask("show", account, camera, on, seconds), waking=waking)
        return answer.refusal or answer.showing[0]

    def begin(self, account: str, camera: str, on: str, wait_s: float) -> Refusal | Begun:
        """Begins to show the camera, which may take longer than `wait_s`."""
        answer = self._request(Ask("show", account, camera, on, wait_s=wait_s), wait_s + CONNECT_S)
        return answer.refusal or Begun(waking=bool(answer.waking))

    def stop(self, account: str, on: str = "", camera: str = "") -> list[Showing]:
        return list(self._request(Ask("stop", account, camera, on)).showing)

    def begin_stop(self, account: str, camera: str, on: str, wait_s: float) -> None:
        self._request(Ask("stop", account, camera, on, wait_s=wait_s), wait_s + CONNECT_S)

    def _request(
        self, ask: Ask, longest_s: float = LONGEST_S, waking: Callable[[str], object] = lambda name: None
    ) -> Answer:
        line = msgspec.json.encode(ask)
        proof = self._proof.make(PATH, line, time.time()).encode()
        try:
            with socket.socket(socket.AF_UNIX) as connection, address(self._folder) as path:
                connection.settimeout(longest_s)
                connection.connect(path)
                connection.sendall(b"%b\n%b\n" % (proof, line))
                with connection.makefile("rb") as answered:
                    answer = _answer.decode(answered.readline())
                    while answer.waking and not ask.wait_s:
                        waking(answer.waking)
                        answer = _answer.decode(answered.readline())
        except (OSError, msgspec.MsgspecError):
            raise CastFailed("not_running") from None
        if answer.failed:
            raise CastFailed(answer.failed, answer.device)
        return answer
