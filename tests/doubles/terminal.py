"""A terminal of its own, at which a test starts showcam or another program and types."""

import codecs
import contextlib
import os
import pty
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.doubles.forked_process import ForkedProcess
from tests.doubles.waiting import LONG_S


class Terminal:
    """`printed` is the terminal's content.

    `forked`: the words are showcam's, which is forked from a process that has imported it.
    """

    def __init__(self, words: Sequence[str], environ: Mapping[str, str], folder: Path, *, forked: bool = False) -> None:
        self._ours, theirs = pty.openpty()
        self.process: subprocess.Popen[bytes] | ForkedProcess
        if forked:
            self.process = ForkedProcess(["showcam", *words], environ, folder, Path(os.ttyname(theirs)))
        else:
            self.process = subprocess.Popen(
                words,
                env=environ,
                cwd=folder,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        self._theirs = [theirs]
        self.printed = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """However the test ended, nothing goes on after it."""
        self.process.kill()
        self.process.wait()
        self._let_go()
        self._reader.join(LONG_S)
        os.close(self._ours)

    def until(self, text: str, within_s: float = LONG_S) -> None:
        deadline = time.monotonic() + within_s
        while not re.search(text, self.printed):
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.05)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> list[str]:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LONG_S)
        self._reader.join(LONG_S)
        return self.printed.replace("\r\n", "\n").splitlines()

    def _read(self) -> None:
        decode = codecs.getincrementaldecoder("utf-8")().decode  # a character may come in two pieces
        while True:
            try:
                self.printed += decode(os.read(self._ours, 4096))
            except OSError:  # nobody holds the other side any more
                return
            self._let_go()

    def _let_go(self) -> None:
        """Closes the test's copy of the program's side. A program that has printed something holds its own copy."""
        with contextlib.suppress(IndexError):
            os.close(self._theirs.pop())
