"""In which households a vendor's device is listed, stored without its serial in readable form."""

import secrets
from collections.abc import Iterable

from accounts.identity import vendor_key
from store.ports import Store


class Devices:
    """`kinds`: of the sources there may be. Raises StoreUnavailable."""

    def __init__(self, store: Store, kinds: Iterable[str]) -> None:
        self._store, self._kinds = store, tuple(kinds)
        self._salt = ""  # never changes, so it is read from the store once

    def place(self, account_id: str, devices: Iterable[tuple[str, str]]) -> None:
        """Replaces the household's devices. A device is the kind of its source and its serial."""
        self._store.put_devices(account_id, frozenset(self._key(kind, serial) for kind, serial in devices))

    def accounts(self, serial: str) -> list[str]:
        """The accounts that list the device, by a source of any kind."""
        by_kind = [self._store.accounts_with(self._key(kind, serial)) for kind in self._kinds]
        return list(dict.fromkeys(account for accounts in by_kind for account in accounts))

    def _key(self, kind: str, serial: str) -> str:
        self._salt = self._salt or self._store.meta_once("vendor_salt", secrets.token_hex(32))
        return vendor_key(self._salt, f"{kind} device", serial)
