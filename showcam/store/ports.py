"""The operations of a store. Each method is atomic; none takes a query or hands out a transaction.

Engines: showcam.store.sqlite.SqliteStore, showcam.store.dynamodb.DynamoStore. tests/store holds both to one contract.
"""

from collections.abc import Iterator
from typing import Protocol

from showcam.store.outbox import Outbox
from showcam.store.records import (
    Account,
    Ask,
    Client,
    Code,
    Happening,
    Hold,
    Known,
    Link,
    Notice,
    OwnerUser,
    Session,
    Source,
    SourceState,
    Token,
)


class StoreUnavailable(Exception):
    """The engine can't be reached or written; nothing was changed."""


class NoRoom(StoreUnavailable):
    """The disk takes nothing more; nothing was changed."""


class Inconsistent(Exception):
    """The row's id is taken, or what it belongs to is missing; nothing was changed."""


class Replayed(Exception):
    """The code was redeemed before. `link_id` names its link, for the caller to end it (RFC 6749 section 4.1.2)."""

    def __init__(self, link_id: str) -> None:
        super().__init__("code was taken before")
        self.link_id = link_id


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


class Holds(Protocol):
    """Holds in groups. A hold that has ended is as free as one that was never taken; nobody has to remove it."""

    def take_hold(self, group: str, hold: Hold, now: float, instead_of: str = "") -> bool:
        """Writes the hold if it is free, the same owner's or `instead_of`'s; True for one of many callers."""
        ...

    def holds(self, group: str, now: float) -> list[Hold]:
        """The group's holds that have not ended."""
        ...


class LinkSecrets(Protocol):
    """Small secrets of a link by name, sealed at rest. They are removed when the link ends."""

    def put_link_secret(self, link_id: str, name: str, data: bytes) -> bool:
        """False, and nothing is written, if the link has ended."""
        ...

    def link_secret(self, link_id: str, name: str) -> bytes | None: ...


class Meta(Protocol):
    def meta_once(self, key: str, value: str) -> str:
        """The value under `key`; writes `value` first if there is none. All callers get the same value."""
        ...

    def meta(self, key: str) -> str | None: ...


class Store(Meta, LinkSecrets, Holds, Outbox, Throttle, Protocol):
    # households

    def add_account(self, account: Account) -> None:
        """Raises Inconsistent when the id is taken; so do add_source, add_link and add_code."""
        ...

    def add_household(self, account: Account, source: Source, secrets: bytes, state: SourceState) -> bool:
        """Adds an account and its first source together. False, and nothing is written, if the vendor key is taken."""
        ...

    def account(self, account_id: str) -> Account | None: ...
    def accounts(self, after: str = "", until: str = "") -> Iterator[Account]:
        """The accounts in the order of their ids: those after `after`, up to and including `until`, or to the end."""
        ...

    def drop_household(self, account_id: str) -> bool:
        """Removes the account and all its rows: sources, owner's user, links, tokens, lists, preferences, secrets.

        False if there is no such account. A call that was cut off can be repeated. In DynamoDB, codes, and links that
        had ended before, stay until they expire.
        """
        ...

    # sources of cameras

    def add_source(self, source: Source, secrets: bytes, state: SourceState) -> bool:
        """False, and nothing is written, if the vendor key is taken (by any account)."""
        ...

    def source_by_vendor_key(self, vendor_key: str) -> Source | None: ...
    def sources(self, account_id: str) -> list[Source]: ...
    def read_session(self, account_id: str, source_id: str) -> Session | None: ...

    def swap_session(
        self,
        account_id: str,
        source_id: str,
        *,
        version: int,
        secrets: bytes,
        state: SourceState,
        look_at: float | None = None,
    ) -> bool:
        """Writes secrets and state if `version` is current, and counts it up by 1. False: another write came first.

        `look_at`: now, given with a new state. The same write then adds a LOOK for each live link
        (showcam.store.outbox).
        """
        ...

    # the user of a household's owner, at most one for each household

    def put_owner_user(self, account_id: str, key: str, data: bytes) -> bool:
        """Adds or replaces the household's user. False, and nothing is written, if another household has the key.

        Raises Inconsistent if there is no such account.
        """
        ...

    def swap_owner_user(self, account_id: str, *, version: int, data: bytes) -> bool:
        """Writes `data` if `version` is current, and counts it up by 1. False: another write came first."""
        ...

    def owner_user(self, account_id: str) -> OwnerUser | None: ...
    def owner_user_by_key(self, key: str) -> OwnerUser | None: ...
    def has_owner_users(self) -> bool:
        """Whether any household has an owner's user; may lag a little."""
        ...

    # lists of cameras

    def put_known(self, account_id: str, source_id: str, known: Known) -> bool:
        """Stores a camera list. False, and nothing is written, if the stored list is newer or the account is removed.

        Reads may end in another order than they began.
        A list that is newer by more than OVERTAKEN_S was written by a clock that ran ahead: it is replaced.
        """
        ...

    def known(self, account_id: str, source_id: str) -> Known | None:
        """None also if the list can't be unsealed: the vendor is then read again."""
        ...

    # an owner's preferences per camera, encoded by showcam.registry.preferences

    def put_preference(self, account_id: str, camera_id: str, data: bytes, at: float) -> None:
        """Stores a preference and a LOOK for each live link (showcam.store.outbox) in one write; `at`: now.

        Raises Inconsistent if there is no such account; so does put_account_secret.
        """
        ...

    def preferences(self, account_id: str) -> dict[str, bytes]:
        """The preferences by camera id."""
        ...

    # small secrets of a household by name, sealed at rest

    def put_account_secret(self, account_id: str, name: str, data: bytes) -> None: ...
    def account_secret(self, account_id: str, name: str) -> bytes | None: ...
    def account_secrets(self, account_id: str, prefix: str) -> dict[str, bytes]:
        """The secrets whose names begin with `prefix`, by name; without the ones that can't be unsealed."""
        ...

    def drop_account_secret(self, account_id: str, name: str) -> None: ...

    # the addresses for notices to a household's owner, sealed at rest

    def put_notice_address(self, account_id: str, address_id: str, data: bytes) -> None:
        """Raises Inconsistent if there is no such account."""
        ...

    def notice_addresses(self, account_id: str) -> dict[str, bytes]:
        """The addresses by their ids."""
        ...

    def drop_notice_address(self, account_id: str, address_id: str) -> bool: ...

    # one row for each fault of a household, encoded by showcam.registry.notices; it holds no secret and no name

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        """Writes `data` if `version` is current, and counts it up by 1; None as `data` removes the row.

        `version` 0: there is no row yet. False: another write came first. Raises Inconsistent if a first row has no
        account.
        """
        ...

    def notices(self, account_id: str) -> list[Notice]:
        """The household's notices, sorted by fault."""
        ...

    # happenings at cameras

    def happenings(self, account_id: str, since: float) -> list[Happening]:
        """The account's happenings after `since`, oldest first; a store may drop them after HAPPENING_KEPT_S."""
        ...

    def put_devices(self, account_id: str, keys: frozenset[str]) -> None:
        """Replaces the list of devices, unless the household is removed; `keys` are keyed hashes of serials."""
        ...

    def accounts_with(self, key: str) -> list[str]:
        """The ids of the accounts that list a device; may lag a little."""
        ...

    # the history of cameras: asks of assistants, and sightings

    def put_asks(self, account_id: str, asks: list[Ask]) -> None:
        """Adds the asks; a power cut may undo it. Raises Inconsistent if the account is missing or an id is taken."""
        ...

    def put_live(self, account_id: str, ask_id: str, live_s: float) -> None:
        """Notes how long the camera was watched. A shorter time than before, or an unknown ask, changes nothing."""
        ...

    def asks(
        self,
        account_id: str,
        since: float,
        *,
        camera: str = "",
        kind: str = "",
        before: Ask | None = None,
        most: int | None = None,
    ) -> list[Ask]:
        """The household's asks after `since`, newest first; a store may drop them after ASK_KEPT_S.

        `camera`, `kind`: only these; "": all. `before`: only asks below this one in the list. `most`: no more
        than this number.
        """
        ...

    def ask(self, account_id: str, ask_id: str) -> Ask | None: ...
    def drop_asks(self, account_id: str, camera: str = "") -> None:
        """Removes the household's asks, or only the asks for one camera."""
        ...

    # assistants' registrations

    def put_client(self, client: Client) -> None: ...
    def client(self, client_id: str) -> Client | None: ...
    def clients(self) -> list[Client]: ...
    def drop_client(self, client_id: str) -> bool: ...

    # links

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

    # codes and tokens

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

    # Sign-in sessions of the pages, sealed. A visit names the signed-in person, or is a sign-in that waits for a code.
    # A visit that can't be unsealed counts as missing: the person signs in again.

    def put_visit(self, visit_hash: str, data: bytes, expires: float) -> None: ...
    def visit(self, visit_hash: str, now: float) -> bytes | None: ...

    def change_visit(self, visit_hash: str, data: bytes, expires: float, now: float) -> bool:
        """Replaces a visit's data and end. False, and nothing is written, if the visit was dropped or has expired."""
        ...

    def take_visit(self, visit_hash: str, now: float) -> bytes | None:
        """The data of a visit that is dropped by this call: however many call at the same time, one gets the data."""
        ...

    def drop_visit(self, visit_hash: str) -> None: ...

    # keys that are taken once

    def take_once(self, key: str, until: float) -> bool:
        """True for the first caller, however many ask at the same time; a power cut may undo it.

        The key stays taken at least until `until`, which is part of it: another `until` makes another key.
        """
        ...

    # the store itself

    def sweep(self, now: float) -> int:
        """Removes expired codes, access tokens, ended links, visits, windows and taken keys; returns how many rows.

        showcam.store.records says how long each outlives its use. DynamoDB removes rows automatically and returns 0.
        """
        ...

    def ping(self) -> None:
        """Raises StoreUnavailable if the store can't be read; SQLite also if it can't be written."""
        ...

    def close(self) -> None: ...
