"""What takes a while to make: one worker of a run makes it, and the others read it."""

import fcntl
import functools
import hashlib
import inspect
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = "SHOWCAM_TEST_MADE_ONCE"  # a folder of this run alone; without it each process makes its own


def made_once[Made](make: Callable[..., Made]) -> Callable[..., Made]:
    """Of a function whose result depends on nothing but its arguments; the result can be pickled."""

    signature = inspect.signature(make)

    @functools.wraps(make)
    def made(*args: Any, **named: Any) -> Made:
        """Takes an argument's default for the same as the argument left out, so that nothing is made twice."""
        given = signature.bind(*args, **named)
        given.apply_defaults()
        return once(*given.args, **given.kwargs)

    @functools.cache
    def once(*args: Any, **named: Any) -> Made:
        folder = os.environ.get(FOLDER)
        if folder is None:
            return make(*args, **named)
        what = f"{make.__module__}.{make.__qualname__} {args} {sorted(named.items())}"
        file = Path(folder) / hashlib.sha256(what.encode()).hexdigest()
        with file.with_suffix(".lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if file.exists():
                read: Made = pickle.loads(file.read_bytes())  # noqa: S301  (this run wrote it)
                return read
            result = make(*args, **named)
            unfinished = file.with_suffix(".new")
            unfinished.write_bytes(pickle.dumps(result))
            unfinished.rename(file)
            return result

    return made
