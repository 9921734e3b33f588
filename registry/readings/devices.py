"""In which households a vendor's device is listed, kept so that the store does not tell its serial."""

import secrets
from collections.abc import Iterable

from accounts.identity import vendor_key
from store.ports import Store


class Devices:
    """`kinds`: of the sources there may be. Raises StoreUnavailable."""

    def __init__(self, store: Store, kinds: Iterable[str]) -> None:
        self._store, self._kinds = store, tuple(kinds)
        self._salt = ""  # never changes; a row that all households' messages would read

    def place(self, account_id: str, devices: Iterable[tuple[str, str]]) -> None:
        """These and no others are the household's, each by the kind of its source and its serial."""
        self._store.put_devices(account_id, frozenset(self._key(kind, serial) for kind, serial in devices))

    def accounts(self, serial: str) -> list[str]:
        """Of whichever kind."""
        every = [self._store.accounts_with(self._key(kind, serial)) for kind in self._kinds]
        return list(dict.fromkeys(account for accounts in every for account in accounts))

    def _key(self, kind: str, serial: str) -> str:
        self._salt = self._salt or self._store.meta_once("vendor_salt", secrets.token_hex(32))
        return vendor_key(self._salt, f"{kind} device", serial)
