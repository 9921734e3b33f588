"""Asks the worker for Cast devices, as `Screens` would answer."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from cast.device import Device
from cast.door import address
from cast.failed import CastFailed
from cast.messages import PATH, Answer, Ask
from cast.showing import Showing
from media.grants import ProcessAuth
from registry.camera import Refusal
from registry.scenes import Begun

LONGEST_S = 120.0  # for a device to be found, a camera to wake, and the picture to play
ANSWER_S = 0.2  # more than is waited for, for the answer itself

_answer = msgspec.json.Decoder(Answer)


class CastClient:
    """Each method raises CastFailed."""

    def __init__(self, folder: Path, proof: ProcessAuth) -> None:
        self._folder, self._proof = folder, proof

    def devices(self) -> list[Device]:
        return list(self._asked(Ask("devices")).devices)

    def now(self, account: str) -> list[Showing]:
        return list(self._asked(Ask("now", account)).showing)

    def show(
        self,
        account: str,
        camera: str,
        on: str,
        seconds: float = 0.0,
        waking: Callable[[str], object] = lambda name: None,
    ) -> Showing | Refusal:
        """`waking` is called with the camera's name before the wait for a camera on battery."""
        answer = self._asked(Ask("show", account, camera, on, seconds), waking=waking)
        return answer.refusal or answer.showing[0]

    def begin(self, account: str, camera: str, on: str, wait_s: float) -> Refusal | Begun:
        """Shows it, which may take longer than `wait_s`."""
        answer = self._asked(Ask("show", account, camera, on, wait_s=wait_s), wait_s + ANSWER_S)
        return answer.refusal or Begun(waking=bool(answer.waking))

    def stop(self, account: str, on: str = "", camera: str = "") -> list[Showing]:
        return list(self._asked(Ask("stop", account, camera, on)).showing)

    def begin_stop(self, account: str, camera: str, on: str, wait_s: float) -> None:
        self._asked(Ask("stop", account, camera, on, wait_s=wait_s), wait_s + ANSWER_S)

    def _asked(
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
