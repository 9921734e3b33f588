"""The code by which a browser is signed in at the console: printed where showcam runs, good once and for a while.

Its file is readable by the owner of the data folder alone, so the code proves that somebody may read that folder.
"""

import contextlib
import hmac
import json
import math
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from accounts.identity import new_secret, token_hash
from net.addresses import counted_as
from store.ports import Throttle

LIFE_S = 30 * 60
TRIES, WINDOW_S = 20, 900  # wrong codes of one IPv4 address or IPv6 /64

type Verdict = Literal["right", "wrong", "too_many"]


class OneTimeCode:
    """`file` is in the data folder. There is one code at a time."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file, self._clock = file, clock

    def renew(self) -> str:
        """A code in place of the one before."""
        text = new_secret()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"code": text, "until": math.floor(self._clock()) + LIFE_S}, file)
        fresh.replace(self._file)
        return text

    def redeem(self, text: str, address: str, throttle: Throttle) -> Verdict:
        """Uses the code up where it is right: of any number of callers one gets "right". Wrong tries are counted.

        Raises StoreUnavailable.
        """
        network = token_hash(f"console|{counted_as(address)}")[:32]
        taken, ends = throttle.take_place(f"console/{network}", TRIES, WINDOW_S, self._clock())
        if not taken:
            return "too_many"
        if not self._is(text, self._file) or not self._use(text):
            return "wrong"
        throttle.leave_place(f"console/{network}", ends)
        return "right"

    def _is(self, text: str, file: Path) -> bool:
        try:
            kept = json.loads(file.read_text())
            code, until = str(kept["code"]), float(kept["until"])
        except (OSError, ValueError, KeyError, TypeError):
            return False  # none was made, it was used, or somebody else wrote the file
        right = hmac.compare_digest(code.encode(), text.encode())
        return right and self._clock() < until

    def _use(self, text: str) -> bool:
        """True for one caller: of those who move the file away, one finds it. It may hold a newer code by then."""
        taken = self._file.with_name(f"{self._file.name}.{secrets.token_hex(8)}")
        try:
            self._file.rename(taken)
        except OSError:
            return False
        right = self._is(text, taken)
        if not right:
            with contextlib.suppress(OSError):  # a still newer one may stand there
                self._file.hardlink_to(taken)
        taken.unlink(missing_ok=True)
        return right
