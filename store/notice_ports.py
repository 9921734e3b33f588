"""What a store can do for the notices to an owner: their addresses, and the state of each fault's notice."""

from typing import Protocol

from store.records import Notice


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
    """One row for each fault of a household, encoded by registry.notices; it holds no secret and no name."""

    def swap_notice(self, account_id: str, fault: str, *, version: int, data: bytes | None) -> bool:
        """Write data if `version` is current (it grows by one; 0: there is no row), or with None remove the row.

        False: another write was first. Raises Inconsistent when a first row has no account.
        """
        ...

    def notices(self, account_id: str) -> list[Notice]:
        """In the order of their faults."""
        ...
