"""In which households a vendor's device is listed, kept so that the store does not tell its serial."""

import secrets
from collections.abc import Iterable

from accounts.identity import vendor_key
from store.ports import Store


class Devices:
    """Of one kind of source. Raises StoreUnavailable."""

    def __init__(self, store: Store, kind: str = "ezviz") -> None:
        self._store, self._kind = store, kind
        self._salt = ""  # never changes; a row that all households' messages would read

    def place(self, account_id: str, serials: Iterable[str]) -> None:
        """These and no others are the household's."""
        self._store.put_devices(account_id, frozenset(self._key(serial) for serial in serials))

    def accounts(self, serial: str) -> list[str]:
        return self._store.accounts_with(self._key(serial))

    def _key(self, serial: str) -> str:
        self._salt = self._salt or self._store.meta_once("vendor_salt", secrets.token_hex(32))
        return vendor_key(self._salt, f"{self._kind} device", serial)
