"""Owners' users at showcam itself: a name and a password of the owner's choice, by which a household is signed in.

The name is found by its keyed hash and sealed together with the password's hash. A vendor is never given this password.
"""

import contextlib
import secrets
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from accounts.identity import vendor_key
from accounts.passwords import Busy, Passwords
from store import household_ports
from store.ports import Meta
from store.records import OwnerUser

SHORTEST_NAME, LONGEST_NAME = 2, 100
SHORTEST, LONGEST = 10, 200  # characters of a password


class BadUser(ValueError):
    """Not a name or password that can be set; the text says what can, `why` in a word."""

    def __init__(self, why: Literal["name", "taken", "length", "guessed"], text: str) -> None:
        super().__init__(text)
        self.why = why


class Store(household_ports.OwnerUsers, Meta, Protocol):
    """What keeping an owner's user takes."""


class _Kept(Struct, frozen=True):
    name: str
    hash: str

    def __repr__(self) -> str:
        return "<Kept>"


class OwnerUsers:
    """Each method may raise StoreUnavailable and SealedUnreadable."""

    def __init__(self, store: Store, passwords: Passwords | None = None) -> None:
        self._store, self._passwords = store, passwords or Passwords()

    def exist(self) -> bool:
        """Whether any household has one; may lag a little."""
        return self._store.has_owner_users()

    def set(self, account_id: str, name: str, password: str) -> None:
        """Adds the household's user or replaces it. Raises BadUser, passwords.Busy, store.ports.Inconsistent."""
        name = checked_name(name)
        check_password(password, name)
        kept = msgspec.json.encode(_Kept(name, self._passwords.hash(password)))
        if not self._store.put_owner_user(account_id, self._key(name), kept):
            raise BadUser("taken", f"another household has the user name {name}: choose another")

    def name_of(self, account_id: str) -> str:
        """The household's user name as it was typed; "" where the household has none."""
        user = self._store.owner_user(account_id)
        return _kept(user).name if user else ""

    def find(self, name: str) -> OwnerUser | None:
        return self._store.owner_user_by_key(self._key(name))

    def fits(self, user: OwnerUser | None, password: str) -> bool:
        """Whether it is the user's password. For nobody (None) it takes as long. Raises accounts.passwords.Busy."""
        if user is None:
            return self._passwords.fits(password, None)
        kept = _kept(user)
        if not self._passwords.fits(password, kept.hash):
            return False
        if self._passwords.is_of_another_cost(kept.hash):
            self._hash_again(user, kept, password)
        return True

    def _hash_again(self, user: OwnerUser, kept: _Kept, password: str) -> None:
        """Hash the password again at the cost of today, unless the owner has set another one meanwhile."""
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
    """Raises BadUser."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadUser("length", f"a password is {SHORTEST} to {LONGEST} characters")
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise BadUser(
            "guessed", "that password is guessed at once: a few words that don't belong together make a good one"
        )


def _kept(user: OwnerUser) -> _Kept:
    return msgspec.json.decode(user.data, type=_Kept)
