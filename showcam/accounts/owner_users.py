"""Owners' users at showcam itself: an owner chooses a name and a password, and signs in to the household with them.

The name is found by its keyed hash and sealed together with the password's hash. A vendor is never given this password.
Passwords are hashed by argon2id (RFC 9106): slow to guess, and a few at a time, since each hash takes memory.
"""

import contextlib
import secrets
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from showcam.accounts import households
from showcam.store.ports import Store
from showcam.store.records import WAIT_S, Account, OwnerUser, SourceKind, vendor_key

AT_ONCE = 2  # hashes of one process: 72 MiB with the cost below
SHORTEST_NAME, LONGEST_NAME = 2, 100
SHORTEST, LONGEST = 10, 200  # characters of a password


class Cost(Struct, frozen=True):
    """A hash of a password costs 36 MiB and about 50 ms of a core. OWASP asks for at least 19 MiB and two passes.

    glibc keeps what it frees of blocks up to 32 MiB, for each thread: sign-ins of 64 threads left 195 MiB behind. A
    larger block goes back to the system at once.
    """

    memory_kib: int = 36 * 1024
    passes: int = 2
    lanes: int = 1


class Busy(Exception):
    """The memory for hashing passwords was in use for as long as a request may wait."""


class Passwords:
    def __init__(self, cost: Cost = Cost(), *, at_once: int = AT_ONCE, wait_s: float = WAIT_S) -> None:  # noqa: B008
        self._hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes, type=Type.ID)
        self._memory, self._wait_s = threading.BoundedSemaphore(at_once), wait_s
        self._nobodys = ""  # a hash to compare the password with if the user does not exist

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


class BadUser(ValueError):
    """The name or password can't be set; the text says what can, and `why` gives the reason in a word."""

    def __init__(self, why: Literal["name", "taken", "length", "guessed"], text: str) -> None:
        super().__init__(text)
        self.why = why


class _Kept(Struct, frozen=True):
    name: str
    hash: str

    def __repr__(self) -> str:
        return "<Kept>"


class OwnerUsers:
    """The users of households. Each method may raise StoreUnavailable and SealedUnreadable."""

    def __init__(self, store: Store, passwords: Passwords | None = None) -> None:
        self._store, self._passwords = store, passwords or Passwords()

    def exist(self) -> bool:
        """Whether any household has an owner's user; the answer may lag a little."""
        return self._store.has_owner_users()

    def set(self, account_id: str, name: str, password: str) -> None:
        """Adds the household's user or replaces it. Raises BadUser, Busy, Inconsistent."""
        name = checked_name(name)
        check_password(password, name)
        kept = msgspec.json.encode(_Kept(name, self._passwords.hash(password)))
        if not self._store.put_owner_user(account_id, self._key(name), kept):
            raise BadUser("taken", f"another household has the user name {name}: choose another")

    def name_of(self, account_id: str) -> str:
        """The household's user name as it was typed; "" if the household has none."""
        user = self._store.owner_user(account_id)
        return _stored(user).name if user else ""

    def find(self, name: str) -> OwnerUser | None:
        return self._store.owner_user_by_key(self._key(name))

    def fits(self, user: OwnerUser | None, password: str) -> bool:
        """Whether the user has this password. Without a user (None) the answer takes as long. Raises Busy."""
        if user is None:
            return self._passwords.fits(password, None)
        kept = _stored(user)
        if not self._passwords.fits(password, kept.hash):
            return False
        if self._passwords.is_of_another_cost(kept.hash):
            self._hash_again(user, kept, password)
        return True

    def _hash_again(self, user: OwnerUser, kept: _Kept, password: str) -> None:
        """Hashes the password again at the cost of today, unless the owner has set another one meanwhile."""
        with contextlib.suppress(Busy):
            data = msgspec.json.encode(_Kept(kept.name, self._passwords.hash(password)))
            self._store.swap_owner_user(user.account, version=user.version, data=data)

    def _key(self, name: str) -> str:
        return vendor_key(self._store.meta_once("vendor_salt", secrets.token_hex(32)), "showcam", name)


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises BadUser."""
    name = name.strip()
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadUser("name", f"a user name is {SHORTEST_NAME} to {LONGEST_NAME} characters on one line")
    return name


def check_password(password: str, name: str) -> None:
    """Raises BadUser if the password is too short, too long or easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadUser("length", f"a password is {SHORTEST} to {LONGEST} characters")
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise BadUser(
            "guessed", "that password is guessed at once: a few words that don't belong together make a good one"
        )


def _stored(user: OwnerUser) -> _Kept:
    return msgspec.json.decode(user.data, type=_Kept)


def named_household(store: Store, kinds: Iterable[SourceKind], name: str) -> Account | None:
    """The household that a command names, by a user name at a vendor or at showcam, or by its own id."""
    source, user = households.find_at_any(store, kinds, name), OwnerUsers(store).find(name)
    return store.account(source.account if source else user.account if user else name)
