"""What a store can do. Each method is atomic by itself; none takes a query or hands out a transaction.

Engines: showcam.store.sqlite.SqliteStore, showcam.store.dynamodb.DynamoStore. tests/store holds both to one contract.
"""

from typing import Protocol

from showcam.store.household_ports import (
    Accounts,
    AccountSecrets,
    Cameras,
    NoticeAddresses,
    Notices,
    OwnerUsers,
    Preferences,
    Sources,
)
from showcam.store.outbox import Outbox
from showcam.store.records import Ask, Client, Code, Happening, Link, Token


class StoreUnavailable(Exception):
    """The engine can't be reached or written; nothing was changed."""


class Inconsistent(Exception):
    """The row's id is taken, or what it belongs to is missing; nothing was changed."""


class Clients(Protocol):
    def put_client(self, client: Client) -> None: ...
    def client(self, client_id: str) -> Client | None: ...
    def clients(self) -> list[Client]: ...
    def drop_client(self, client_id: str) -> bool: ...


class Links(Protocol):
    def add_link(self, link: Link) -> None: ...
    def link(self, link_id: str) -> Link | None: ...
    def links(self, account_id: str) -> list[Link]:
        """The account's links that have not ended, oldest first."""
        ...

    def end_link(self, link_id: str, now: float) -> bool:
        """From here on no code and no token of the link is found. False when it had ended or never was."""
        ...

    def choose_cameras(self, link_id: str, cameras: tuple[str, ...] | None, at: float) -> bool:
        """From here on the link sees these cameras; None: all. False, and nothing changed, when it has ended.

        With a LOOK for it (showcam.store.outbox), in one write; `at`: now.
        """
        ...

    def touch_link(self, link_id: str, now: float) -> None:
        """Note its last use, by a cheap write that may be lost."""
        ...


class Replayed(Exception):
    """The code was taken before: its link is named so that it can be ended (RFC 6749 section 4.1.2)."""

    def __init__(self, link_id: str) -> None:
        super().__init__("code was taken before")
        self.link_id = link_id


class Tokens(Protocol):
    def add_code(self, code: Code) -> None: ...

    def code(self, code_hash: str, client_id: str, now: float) -> tuple[Code, Link] | None:
        """None: unknown, expired, another client's or its link ended. Raises Replayed when it was taken."""
        ...

    def redeem_code(self, code: Code, now: float, tokens: list[Token]) -> bool:
        """Take the code once and store the tokens issued for it, all or none; without tokens it is only used up.

        False: it has expired or its link has ended. Raises Replayed when it was taken before. Of any number of callers
        at the same time exactly one takes it.
        """
        ...

    def add_tokens(self, tokens: list[Token]) -> bool:
        """All or none, all of one link; False, and none written, when the link has ended."""
        ...

    def find_token(self, link_id: str, token_hash: str) -> tuple[Link, Token] | None:
        """Link and token in one request; None when one is unknown or the link ended. The caller checks the expiry."""
        ...


class Visits(Protocol):
    """Sign-in sessions of the pages, sealed: who signed in, or a sign-in that waits for its code.

    A visit that can't be unsealed counts as none: the person signs in again.
    """

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None: ...
    def visit(self, visit_hash: str, now: float) -> bytes | None: ...
    def drop_visit(self, visit_hash: str) -> None: ...


class Throttle(Protocol):
    def hit(self, key: str, window_s: int, now: float) -> int:
        """Count one more in the fixed window of `window_s` seconds that holds `now`; the count with this one."""
        ...

    def hits(self, key: str, window_s: int, now: float) -> int: ...

    def take_place(self, key: str, most: int, window_s: int, now: float) -> tuple[bool, int]:
        """Take one of the key's `most` places for `window_s` seconds, beginning now: there are no fixed windows.

        True and the epoch second in which the place falls free by itself; False and that of the next one to fall free.
        Of any number of callers at the same time at most `most` get one.
        """
        ...

    def leave_place(self, key: str, ends: int) -> None:
        """Give back a place; `ends` is what `take_place` answered. A place that is free stays free."""
        ...


class Taken(Protocol):
    def take_once(self, key: str, until: float) -> bool:
        """True for the first of any number of callers; a power cut may undo it.

        It stays taken until `until` at least. `until` is part of the key: with another one it is another key.
        """
        ...


class LinkSecrets(Protocol):
    """Small secrets of a link by name, sealed at rest; gone when the link ends."""

    def put_link_secret(self, link_id: str, name: str, data: bytes) -> bool:
        """False, and nothing written, when the link has ended."""
        ...

    def link_secret(self, link_id: str, name: str) -> bytes | None: ...
    def drop_link_secret(self, link_id: str, name: str) -> None: ...


class Events(Protocol):
    def put_happening(self, account_id: str, happening: Happening) -> None:
        """Stores it unless a later one of its camera and kind is stored."""
        ...

    def happenings(self, account_id: str, since: float) -> list[Happening]:
        """The account's after `since`, oldest first; a store may drop them after HAPPENING_KEPT_S."""
        ...

    def put_devices(self, account_id: str, keys: frozenset[str]) -> None:
        """Replaces the household's devices; `keys` are keyed hashes of serials."""
        ...

    def accounts_with(self, key: str) -> list[str]:
        """The ids of the accounts that list a device; may lag a little."""
        ...


class Asks(Protocol):
    """What assistants were asked to show."""

    def put_asks(self, account_id: str, asks: list[Ask]) -> None:
        """A power cut may undo it. Raises Inconsistent when there is no such account, or an id is taken."""
        ...

    def put_live(self, account_id: str, ask_id: str, live_s: float) -> None:
        """Notes how long it was watched; a shorter time changes nothing, nor does one of an ask that is not there."""
        ...

    def asks(self, account_id: str, since: float) -> list[Ask]:
        """The household's after `since`, newest first; a store may drop them after ASK_KEPT_S."""
        ...

    def drop_asks(self, account_id: str) -> None: ...


class Meta(Protocol):
    def meta_once(self, key: str, value: str) -> str:
        """The value under `key`; writes `value` first when there is none. All callers get the same one."""
        ...

    def meta(self, key: str) -> str | None: ...


class Store(
    Accounts,
    Sources,
    OwnerUsers,
    Clients,
    Links,
    Tokens,
    Visits,
    Throttle,
    Taken,
    Cameras,
    Preferences,
    AccountSecrets,
    LinkSecrets,
    NoticeAddresses,
    Notices,
    Events,
    Outbox,
    Asks,
    Meta,
    Protocol,
):
    def sweep(self, now: float) -> int:
        """Remove expired codes, access tokens, ended links, visits, windows and taken keys; the number of rows removed.

        showcam.store.records has how long each outlives its use. DynamoDB does this by itself: 0.
        """
        ...

    def ping(self) -> None:
        """Raises StoreUnavailable when it can't be read; SQLite also when it can't be written."""
        ...

    def close(self) -> None: ...
