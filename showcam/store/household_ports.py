"""What a store can do for a household: its account, sources, users, preferences, secrets and notices."""

from collections.abc import Iterator
from typing import Protocol

from showcam.store.records import Account, Known, Notice, OwnerUser, Session, Source, SourceState


class Accounts(Protocol):
    def add_account(self, account: Account) -> None:
        """Raises Inconsistent when the id is taken; so do add_source, add_link and add_code."""
        ...

    def add_household(self, account: Account, source: Source, secrets: bytes, state: SourceState) -> bool:
        """An account and its first source in one write; False, and nothing written, when the vendor key is taken."""
        ...

    def account(self, account_id: str) -> Account | None: ...
    def accounts(self, after: str = "", until: str = "") -> Iterator[Account]:
        """By their ids: those that sort after `after`, up to and with `until`, or to the end."""
        ...

    def drop_household(self, account_id: str) -> bool:
        """Remove the account and all its rows: sources, owner's user, links, tokens, lists, preferences, secrets.

        False when there is no such account. A call that was cut off can be repeated. In DynamoDB links that had
        ended before, and codes, expire by their own time.
        """
        ...


class Sources(Protocol):
    def add_source(self, source: Source, secrets: bytes, state: SourceState) -> bool:
        """False, and nothing written, when the vendor key is taken (by any account)."""
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
        """Write secrets and state if `version` is current (it grows by one); False: another write was first.

        `look_at`: now, with a new state; a LOOK for each live link (showcam.store.outbox) is in the same write.
        """
        ...


class OwnerUsers(Protocol):
    """A household has at most one."""

    def put_owner_user(self, account_id: str, key: str, data: bytes) -> bool:
        """Add it, or replace the household's. False, and nothing written, when the key is another household's.

        Raises Inconsistent when there is no such account.
        """
        ...

    def swap_owner_user(self, account_id: str, *, version: int, data: bytes) -> bool:
        """Write data if `version` is current (it grows by one); False: another write was first."""
        ...

    def owner_user(self, account_id: str) -> OwnerUser | None: ...
    def owner_user_by_key(self, key: str) -> OwnerUser | None: ...
    def has_owner_users(self) -> bool:
        """Whether any household has one; may lag a little."""
        ...


class Cameras(Protocol):
    def put_known(self, account_id: str, source_id: str, known: Known) -> bool:
        """False, and nothing is written, where the stored list is newer: reads end in another order than they begin.

        A list that is newer by more than OVERTAKEN_S was written by a clock that ran ahead: it is replaced.
        """
        ...

    def known(self, account_id: str, source_id: str) -> Known | None:
        """None also when it can't be unsealed: the vendor is read again."""
        ...


class Preferences(Protocol):
    """An owner's preferences per camera, encoded by showcam.registry.preferences."""

    def put_preference(self, account_id: str, camera_id: str, data: bytes, at: float) -> None:
        """Keep a preference, with a LOOK for each live link (showcam.store.outbox), in one write; `at`: now.

        Raises Inconsistent when there is no such account; so does put_account_secret.
        """
        ...

    def preferences(self, account_id: str) -> dict[str, bytes]:
        """By camera id."""
        ...


class AccountSecrets(Protocol):
    """Small secrets of a household by name, sealed at rest."""

    def put_account_secret(self, account_id: str, name: str, data: bytes) -> None: ...
    def account_secret(self, account_id: str, name: str) -> bytes | None: ...
    def account_secrets(self, account_id: str, prefix: str) -> dict[str, bytes]:
        """By name: those whose name begins so, without what can't be unsealed."""
        ...

    def drop_account_secret(self, account_id: str, name: str) -> None: ...


class NoticeAddresses(Protocol):
    """Where a household's owner is notified, sealed at rest."""

    def put_notice_address(self, account_id: str, address_id: str, data: bytes) -> None:
        """Raises Inconsistent when there is no such account."""
        ...

    def notice_addresses(self, account_id: str) -> dict[str, bytes]:
        """By their ids."""
        ...

    def drop_notice_address(self, account_id: str, address_id: str) -> bool: ...


class Notices(Protocol):
    """One row for each fault of a household, encoded by showcam.registry.notices; it holds no secret and no name."""

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        """Write data if `version` is current (it grows by one; 0: there is no row), or with None remove the row.

        False: another write was first. Raises Inconsistent when a first row has no account.
        """
        ...

    def notices(self, account_id: str) -> list[Notice]:
        """In the order of their faults."""
        ...
