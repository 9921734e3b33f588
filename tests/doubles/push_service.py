"""A browser's push service and the browser behind it, in Node: opens what came, and names each broken rule."""

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from showcam.net.web_push import Services, Subscription, subscription
from tests.doubles.waiting import LONG_S


class PushService:
    """`certificate` and `key` are PEM files of the service's own TLS."""

    def __init__(self, certificate: Path, key: Path) -> None:
        at = Path(__file__).with_suffix(".mjs")
        self._process = subprocess.Popen(
            ["node", str(at), str(certificate), str(key)],
            cwd=at.parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        began = self.next()
        self.port, self.key, self.secret = began["port"], began["key"], began["secret"]

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}/push/browser-1"

    def subscription(self) -> Subscription:
        return subscription(self.address, self.key, self.secret, Services(loopback=True))

    def next(self, within_s: float = LONG_S) -> dict[str, Any]:
        """The next message that came, opened, or the rule that it broke."""
        return self._said.get(timeout=within_s)

    @property
    def is_empty(self) -> bool:
        return self._said.empty()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(LONG_S)
        self._reader.join()
        self._process.stdout.close()
