"""Reports to systemd when showcam begins to serve, then sends signs of life: sd_notify(3), Type=notify."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping


class ServiceManager:
    """Says nothing unless NOTIFY_SOCKET names the socket of a service manager."""

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        environ = os.environ if environ is None else environ
        self._address, self._clock = environ.get("NOTIFY_SOCKET", ""), clock
        # systemd ends a service that is silent for WATCHDOG_USEC; half of it is the pace in sd_watchdog_enabled(3)
        self._pace_s = float(environ.get("WATCHDOG_USEC", "0") or 0) / 2_000_000
        self._due = 0.0

    def ready(self) -> None:
        self._send(b"READY=1")

    def stopping(self) -> None:
        self._send(b"STOPPING=1")

    def alive(self, all_answer: Callable[[], bool]) -> None:
        """Sends a sign of life at its pace, if `all_answer` says that every process answers."""
        if not self._pace_s or self._clock() < self._due:
            return
        self._due = self._clock() + self._pace_s
        if all_answer():
            self._send(b"WATCHDOG=1")

    def _send(self, text: bytes) -> None:
        if not self._address:
            return
        # a name that begins with @ is in Linux's abstract namespace, which the kernel spells with a zero byte
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.sendto(text, name)
