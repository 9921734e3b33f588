"""What both assistants and Amazon remember of their links beyond a restart of the demo, in one file.

A link is only shown as kept if showcam still knows it: the first message after the restart finds out, as in life.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

EVERY_S = 0.5

type Facts = dict[str, Any]


class Keeping:
    """`read` gives what is to be kept, as JSON."""

    def __init__(self, file: Path, read: Callable[[], Facts]) -> None:
        self._file, self._read = file, read
        self._last = ""

    def kept(self) -> Facts:
        """What an earlier demo has left, {} where there is nothing or nothing of use."""
        try:
            facts = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    async def run(self) -> None:
        """Until it is cancelled, and once more then."""
        try:
            while True:
                self.write()
                await asyncio.sleep(EVERY_S)
        finally:
            self.write()

    def write(self) -> None:
        text = json.dumps(self._read())
        if text == self._last:
            return
        new = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):  # the folder was removed: nothing is kept then
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)
            new.replace(self._file)
            self._last = text
