"""The operations of a store on a household: its account, sources, users, preferences, secrets and notices."""

from collections.abc import Iterator
from typing import Protocol

from showcam.store.records import Account, Known, Notice, OwnerUser, Session, Source, SourceState


class Accounts(Protocol):
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


class Sources(Protocol):
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


class OwnerUsers(Protocol):
    """The user of a household's owner, at most one for each household."""

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


class Cameras(Protocol):
    def put_known(self, account_id: str, source_id: str, known: Known) -> bool:
        """Stores a camera list. False, and nothing is written, if the stored list is newer.

        Reads may end in another order than they began.
        A list that is newer by more than OVERTAKEN_S was written by a clock that ran ahead: it is replaced.
        """
        ...

    def known(self, account_id: str, source_id: str) -> Known | None:
        """None also if the list can't be unsealed: the vendor is then read again."""
        ...


class Preferences(Protocol):
    """An owner's preferences per camera, encoded by showcam.registry.preferences."""

    def put_preference(self, account_id: str, camera_id: str, data: bytes, at: float) -> None:
        """Stores a preference and a LOOK for each live link (showcam.store.outbox) in one write; `at`: now.

        Raises Inconsistent if there is no such account; so does put_account_secret.
        """
        ...

    def preferences(self, account_id: str) -> dict[str, bytes]:
        """The preferences by camera id."""
        ...


class AccountSecrets(Protocol):
    """Small secrets of a household by name, sealed at rest."""

    def put_account_secret(self, account_id: str, name: str, data: bytes) -> None: ...
    def account_secret(self, account_id: str, name: str) -> bytes | None: ...
    def account_secrets(self, account_id: str, prefix: str) -> dict[str, bytes]:
        """The secrets whose names begin with `prefix`, by name; without the ones that can't be unsealed."""
        ...

    def drop_account_secret(self, account_id: str, name: str) -> None: ...


class NoticeAddresses(Protocol):
    """The addresses for notices to a household's owner, sealed at rest."""

    def put_notice_address(self, account_id: str, address_id: str, data: bytes) -> None:
        """Raises Inconsistent if there is no such account."""
        ...

    def notice_addresses(self, account_id: str) -> dict[str, bytes]:
        """The addresses by their ids."""
        ...

    def drop_notice_address(self, account_id: str, address_id: str) -> bool: ...


class Notices(Protocol):
    """One row for each fault of a household, encoded by showcam.registry.notices. A row holds no secret and no name."""

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        """Writes `data` if `version` is current, and counts it up by 1; None as `data` removes the row.

        `version` 0: there is no row yet. False: another write came first. Raises Inconsistent if a first row has no
        account.
        """
        ...

    def notices(self, account_id: str) -> list[Notice]:
        """The household's notices, sorted by fault."""
        ...
