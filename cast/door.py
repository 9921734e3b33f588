"""The worker's door for Cast devices: a socket of this machine, for who can prove to be one of our own processes."""

import contextlib
import os
import queue
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from cast.device import Device
from cast.failed import CastFailed
from cast.messages import LONGEST, PATH, Answer, Ask
from cast.showing import Showing
from media.grants import ProcessAuth
from registry.camera import Refusal

log = structlog.get_logger()

MOST_AT_WORK = 16  # that go on after their answer
SAY_S = 5.0  # for a question to arrive
NAME = "cast"  # of the socket, in the folder `run`

_ask = msgspec.json.Decoder(Ask)


class Shows(Protocol):
    """What `Screens` answers."""

    def devices(self) -> list[Device]: ...
    def now(self, account: str) -> list[Showing]: ...
    def show(
        self, account: str, camera: str, on: str, seconds: float = 0.0, waking: Callable[[str], object] = ...
    ) -> Showing | Refusal:
        """`waking` is called with the camera's name before the wait for a camera on battery. Raises CastFailed."""
        ...

    def stop(self, account: str, on: str = "", camera: str = "") -> list[Showing]: ...


class CastDoor(socketserver.ThreadingUnixStreamServer):
    """`folder` is for its owner alone. Raises OSError."""

    daemon_threads = True
    request_queue_size = 8

    def __init__(self, folder: Path, screens: Shows, proof: ProcessAuth) -> None:
        self.screens, self.proof = screens, proof
        self._working, self._at_work = 0, threading.Lock()
        (folder / NAME).unlink(missing_ok=True)  # of a worker before
        with address(folder) as path:
            super().__init__(path, _Question)
        (folder / NAME).chmod(0o600)

    def answer(self, line: bytes, proof: str, meanwhile: Callable[[Answer], object]) -> Answer | None:
        """None if none of our own processes made the proof. `meanwhile` gets an answer that is not the last."""
        if not self.proof.covers(proof, PATH, line, time.time()):
            return None
        ask = _ask.decode(line)
        return self._within(ask) if ask.wait_s > 0 else self._done(ask, meanwhile)

    def _within(self, ask: Ask) -> Answer:
        """What is not done in time goes on in a thread of its own, whose end nobody waits for."""
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
    """A proof, a line of JSON; a line of JSON back."""

    timeout = SAY_S
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
        with contextlib.suppress(OSError):  # who asked is gone
            self.wfile.write(msgspec.json.encode(answer) + b"\n")


@contextlib.contextmanager
def address(folder: Path) -> Iterator[str]:
    """The socket's path by the folder's descriptor: a path as long as a folder's may be fits no socket address."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
