"""Where an owner is notified: addresses in Apprise's form, which may hold passwords and are sealed at rest."""

import secrets
import time
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from store.ports import Store

MOST = 10  # of a household
LONGEST_NAME = 60  # characters


class TooMany(ValueError):
    """The household has as many addresses as it may."""


class Address(Struct, frozen=True):
    """`service` is its kind for a person, such as “ntfy”; `name` what its owner calls it."""

    url: str
    service: str
    name: str
    added: float

    def __repr__(self) -> str:
        return f"<Address {self.service}>"


_decoder = msgspec.json.Decoder(Address)


class Addresses:
    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def of(self, account_id: str) -> Mapping[str, Address]:
        """By their ids, the oldest first."""
        found = {}
        for address_id, data in self._store.notice_addresses(account_id).items():
            try:
                found[address_id] = _decoder.decode(data)
            except msgspec.MsgspecError:
                continue  # written by another version
        return dict(sorted(found.items(), key=lambda item: (item[1].added, item[0])))

    def add(self, account_id: str, url: str, service: str, name: str) -> str:
        """The id of the new one. Raises TooMany, Inconsistent."""
        if len(self.of(account_id)) >= MOST:
            raise TooMany(f"a household has at most {MOST} addresses for notices")
        address_id = secrets.token_hex(4)
        address = Address(url, service, name, self._clock())
        self._store.put_notice_address(account_id, address_id, msgspec.json.encode(address))
        return address_id

    def remove(self, account_id: str, address_id: str) -> bool:
        """Remove the address; with the last one go the notices of the household: nobody waits for them."""
        gone = self._store.drop_notice_address(account_id, address_id)
        if not self._store.notice_addresses(account_id):
            for notice in self._store.notices(account_id):
                self._store.swap_notice(account_id, notice.fault, version=notice.version, data=None)
        return gone
