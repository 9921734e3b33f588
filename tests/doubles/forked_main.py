"""Runs showcam in a process that was forked from one with all modules imported, so that a start takes 0.3 s of CPU.

Each part of showcam is still a child of the supervisor, with its own session, environment and open files. Only the exec
is left out, after which Python would import the same modules again.
"""

import atexit
import ctypes
import gc
import multiprocessing
import os
import resource
import runpy
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

PARTS = ("showcam", "showcam.simulator", "tests.doubles.troubled.vendor")
_UNFORKED = subprocess.Popen
_ARGUMENTS_AT = 47  # in /proc/PID/stat, from 0: where the kernel finds the words of a process


def run(
    words: Sequence[str], environ: Mapping[str, str], stands: str, log: Path, descriptors: tuple[int, int] | None
) -> NoReturn:
    """Runs `python -P -m WORDS` and appends its output to `log`. A `log` that is a terminal is its input, too."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOCTTY, 0o600)
    for number in (1, 2):
        os.dup2(written, number)
    read = os.open(log if os.isatty(written) else os.devnull, os.O_RDONLY | os.O_NOCTTY)
    os.dup2(read, 0)
    sys.stdin, sys.stdout = (open(number, mode, closefd=False) for number, mode in ((0, "r"), (1, "w")))  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(stands)
    if descriptors is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, descriptors)
    subprocess.Popen = _forking  # type: ignore[misc, assignment]
    del sys.modules["showcam.app.cli.run"]  # it notes when it was imported as the time of the start
    _become(words, environ, ())


def _forking(command: Sequence[str], **given: Any) -> subprocess.Popen[bytes]:
    """Starts a part of showcam without exec; any other program as Popen does."""
    if command[:3] != [sys.executable, "-P", "-m"] or command[3] not in PARTS:
        return _UNFORKED(command, **given)
    prepare: Callable[[], None] = given.pop("preexec_fn")

    def part() -> NoReturn:
        prepare()
        _become(command[3:], given["env"], given["pass_fds"])

    return _UNFORKED(command, preexec_fn=part, **given)


def _become(words: Sequence[str], environ: Mapping[str, str], handed: Collection[int]) -> NoReturn:
    """Runs the module `words[0]` with the other words as its arguments, and ends the process.

    `handed`: file descriptors that stay open.
    """
    gc.enable()  # subprocess has it off while it forks
    below = 3
    for number in sorted(handed):
        os.closerange(below, number)
        below = number + 1
    os.closerange(below, 65536)
    for signals, handler in (
        ((signal.SIGINT,), signal.default_int_handler),
        ((signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD), signal.SIG_DFL),
        ((signal.SIGPIPE, signal.SIGXFSZ), signal.SIG_IGN),
    ):
        for each in signals:
            signal.signal(each, handler)
    multiprocessing.set_start_method(None, force=True)  # the forks' own way is no program's
    os.environ.clear()
    os.environ.update(environ)
    _name([sys.executable, "-P", "-m", *words])
    sys.argv = [*words]
    os._exit(_code_of(words[0]))


def _code_of(module: str) -> int:
    code: object = 0
    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # it has been imported, by intent
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    return code if isinstance(code, int) else int(code is not None)


def _name(words: Sequence[str]) -> None:
    """Makes /proc/PID/cmdline hold the words, as after an exec."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = (int(field) for field in fields[_ARGUMENTS_AT - 2 : _ARGUMENTS_AT])
    text = "\0".join(words).encode()[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, text, len(text))
