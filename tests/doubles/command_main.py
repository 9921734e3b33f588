"""What a command in the tests' hands runs, that is forked from a process which has imported what commands import."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

IN, OUT, ERR = "in", "out", "err"


def run(words: Sequence[str], environ: Mapping[str, str], stands: str, folder: Path) -> None:
    """As the command does, with the files of a folder as its input and its output; `words` begin with its path."""
    from showcam.app.cli import main  # not where the test runs

    for number, (name, flags) in enumerate(((IN, os.O_RDONLY), (OUT, os.O_WRONLY), (ERR, os.O_WRONLY))):
        descriptor = os.open(folder / name, flags)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout = (open(number, mode, closefd=False) for number, mode in ((0, "r"), (1, "w")))  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(stands)
    sys.argv = [*words]
    main()
