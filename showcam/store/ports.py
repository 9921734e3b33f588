"""The operations of a store. Each method is atomic; none takes a query or hands out a transaction.

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
        """Ends the link: its codes and tokens are no longer found. False if it had ended before or does not exist."""
        ...

    def choose_cameras(self, link_id: str, cameras: tuple[str, ...] | None, at: float) -> bool:
        """Limits the link to these cameras; None: all of them. False, and nothing is changed, if the link has ended.

        The same write adds a LOOK for the link (showcam.store.outbox); `at`: now.
        """
        ...

    def touch_link(self, link_id: str, now: float) -> None:
        """Notes the time of the link's last use, by a cheap write that may be lost."""
        ...


class Replayed(Exception):
    """The code was redeemed before. `link_id` names its link, for the caller to end it (RFC 6749 section 4.1.2)."""

    def __init__(self, link_id: str) -> None:
        super().__init__("code was taken before")
        self.link_id = link_id


class Tokens(Protocol):
    def add_code(self, code: Code) -> None: ...

    def code(self, code_hash: str, client_id: str, now: float) -> tuple[Code, Link] | None:
        """The code and its link. None if the code is unknown, expired or another client's, or if its link has ended.

        Raises Replayed if the code was redeemed before.
        """
        ...

    def redeem_code(self, code: Code, now: float, tokens: list[Token]) -> bool:
        """Redeems the code and stores the tokens issued for it, all or none; without tokens the code is only used up.

        False if the code has expired or its link has ended. Raises Replayed if the code was redeemed before. If many
        callers try at the same time, exactly one of them redeems the code.
        """
        ...

    def add_tokens(self, tokens: list[Token]) -> bool:
        """Stores tokens of one link, all or none. False, and nothing is written, if the link has ended."""
        ...

    def find_token(self, link_id: str, token_hash: str) -> tuple[Link, Token] | None:
        """Link and token in one request; None if one is unknown or the link has ended. The caller checks the expiry."""
        ...


class Visits(Protocol):
    """Sign-in sessions of the pages, sealed. A visit names the signed-in person, or is a sign-in that waits for a code.

    A visit that can't be unsealed counts as missing: the person signs in again.
    """

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None: ...
    def visit(self, visit_hash: str, now: float) -> bytes | None: ...
    def drop_visit(self, visit_hash: str) -> None: ...


class Throttle(Protocol):
    def hit(self, key: str, window_s: int, now: float) -> int:
        """Counts a hit in the fixed window of `window_s` seconds that holds `now`. Returns the window's new count."""
        ...

    def hits(self, key: str, window_s: int, now: float) -> int: ...

    def take_place(self, key: str, most: int, window_s: int, now: float) -> tuple[bool, int]:
        """Takes one of the key's `most` places for `window_s` seconds, beginning now: there are no fixed windows.

        Returns True and the epoch second at the end of the place's time. If all places are taken, returns False and
        the second when the next place becomes free. However many callers ask at the same time, at most `most` get one.
        """
        ...

    def leave_place(self, key: str, ends: int) -> None:
        """Gives back a place; `ends` is the second that `take_place` returned. A place that is free stays free."""
        ...


class Taken(Protocol):
    def take_once(self, key: str, until: float) -> bool:
        """True for the first caller, however many ask at the same time; a power cut may undo it.

        The key stays taken at least until `until`, which is part of it: another `until` makes another key.
        """
        ...


class LinkSecrets(Protocol):
    """Small secrets of a link by name, sealed at rest. They are removed when the link ends."""

    def put_link_secret(self, link_id: str, name: str, data: bytes) -> bool:
        """False, and nothing is written, if the link has ended."""
        ...

    def link_secret(self, link_id: str, name: str) -> bytes | None: ...
    def drop_link_secret(self, link_id: str, name: str) -> None: ...


class Events(Protocol):
    def put_happening(self, account_id: str, happening: Happening) -> None:
        """Stores the happening, unless a later one of the same camera and kind is stored."""
        ...

    def happenings(self, account_id: str, since: float) -> list[Happening]:
        """The account's happenings after `since`, oldest first; a store may drop them after HAPPENING_KEPT_S."""
        ...

    def put_devices(self, account_id: str, keys: frozenset[str]) -> None:
        """Replaces the household's list of devices; `keys` are keyed hashes of serials."""
        ...

    def accounts_with(self, key: str) -> list[str]:
        """The ids of the accounts that list a device; may lag a little."""
        ...


class Asks(Protocol):
    """The cameras that people asked assistants to show."""

    def put_asks(self, account_id: str, asks: list[Ask]) -> None:
        """Adds the asks; a power cut may undo it. Raises Inconsistent if the account is missing or an id is taken."""
        ...

    def put_live(self, account_id: str, ask_id: str, live_s: float) -> None:
        """Notes how long the camera was watched. A shorter time than before, or an unknown ask, changes nothing."""
        ...

    def asks(self, account_id: str, since: float) -> list[Ask]:
        """The household's asks after `since`, newest first; a store may drop them after ASK_KEPT_S."""
        ...

    def drop_asks(self, account_id: str) -> None: ...


class Meta(Protocol):
    def meta_once(self, key: str, value: str) -> str:
        """The value under `key`; writes `value` first if there is none. All callers get the same value."""
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
        """Removes expired codes, access tokens, ended links, visits, windows and taken keys; returns how many rows.

        showcam.store.records says how long each outlives its use. DynamoDB removes rows automatically and returns 0.
        """
        ...

    def ping(self) -> None:
        """Raises StoreUnavailable if the store can't be read; SQLite also if it can't be written."""
        ...

    def close(self) -> None: ...
