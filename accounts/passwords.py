"""Hashes of passwords by argon2id (RFC 9106): slow to guess, and a few at a time, since each takes memory."""

import contextlib
import threading
import unicodedata
from collections.abc import Iterator

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

AT_ONCE = 2  # hashes of one process: 72 MiB with the cost below
WAIT_S = 2.0  # for the memory


class Cost(Struct, frozen=True):
    """What one hash costs: 36 MiB, and about 50 ms of a core. OWASP's least is 19 MiB and two passes.

    glibc keeps what it frees of blocks up to 32 MiB, for each thread: sign-ins of 64 threads left 195 MiB behind. A
    larger block goes back to the system at once.
    """

    memory_kib: int = 36 * 1024
    passes: int = 2
    lanes: int = 1


class Busy(Exception):
    """Others used the memory for hashes all the time that one may wait."""


class Passwords:
    def __init__(self, cost: Cost = Cost(), *, at_once: int = AT_ONCE, wait_s: float = WAIT_S) -> None:  # noqa: B008
        self._hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes, type=Type.ID)
        self._memory, self._wait_s = threading.BoundedSemaphore(at_once), wait_s
        self._nobodys = ""  # the hash that a password is compared with where there is none

    def hash(self, password: str) -> str:
        """The password's hash, with its salt and cost. Raises Busy."""
        with self._room():
            return self._hasher.hash(_bytes(password))

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether the password has this hash. Without a hash (None) it takes as long and is False. Raises Busy."""
        with self._room():
            if not self._nobodys:
                self._nobodys = self._hasher.hash(b"")
            return self._verify(kept or self._nobodys, password) and kept is not None

    def is_of_another_cost(self, kept: str) -> bool:
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    @contextlib.contextmanager
    def _room(self) -> Iterator[None]:
        if not self._memory.acquire(timeout=self._wait_s):
            raise Busy
        try:
            yield
        finally:
            self._memory.release()


def _bytes(password: str) -> bytes:
    """The password's bytes: the same for the same letters, however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
