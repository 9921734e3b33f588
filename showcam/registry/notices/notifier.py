"""Notifies owners of faults: one notice for a fault and one for its mend, whatever is restarted, and never a flood."""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.i18n.catalogue import chosen
from showcam.registry.notices.faults import CENSUS_S, Fault, Faults, Standing
from showcam.registry.notices.texts import Names, notice
from showcam.registry.rules import CLOSE_S
from showcam.store.ports import Store
from showcam.store.records import Account

log = logging.getLogger(__name__)

MOST = 10  # addresses of a household
LONGEST_NAME = 60  # characters of an address's name
AN_HOUR = 20  # messages to a household; what is left waits for the next hour
A_DAY = 4  # notices of one fault to one address: one that comes and goes is not told each time
_HOUR_S, _DAY_S = 3600, 86400
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 3600.0  # before an address is tried again that took nothing
TOGETHER = 8  # addresses that are sent to at once


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
    """Where an owner is notified: addresses in Apprise's form, which may hold passwords and are sealed at rest."""

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


class Send(Protocol):
    def __call__(self, url: str, title: str, text: str) -> bool:
        """Whether it was taken. It has a deadline of its own, and logs neither address nor text."""
        ...


class Notifying:
    """`turn` is called every second or so, by one thread. `home`: the address where an owner mends."""

    def __init__(
        self,
        store: Store,
        faults: Faults,
        standing: Standing,
        send: Send,
        home: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._faults, self._standing = store, faults, standing
        self._send, self._home, self._clock = send, home, clock
        self._addresses = Addresses(store, clock)
        self._households: list[tuple[Account, Mapping[str, Address]]] = []
        self._census_due = 0.0
        self._failures: dict[str, tuple[int, float]] = {}  # by address: how many in a row, and when it is tried again
        self._sent: list[Future[None]] = []
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="notices")

    def turn(self) -> None:
        """Sends what is due. Raises what the store raises."""
        if self._clock() >= self._census_due:
            self._census_due = self._clock() + CENSUS_S
            known = [(account, self._addresses.of(account.id)) for account in self._store.accounts()]
            self._households = [(account, addresses) for account, addresses in known if addresses]
        for account, addresses in self._households:
            faults = self._standing.examine(account.id)
            due = {address_id: _due(address_id, faults) for address_id in addresses if not self._waits(address_id)}
            # each address in a thread of its own, so that one that hangs holds up no other
            self._sent = [
                self._pool.submit(self._notify, account, address_id, addresses[address_id], due_faults)
                for address_id, due_faults in due.items()
                if due_faults
            ]
            for delivery in self._sent:
                delivery.result()
            for fault in faults:
                if not fault.lasts and not set(fault.told) & addresses.keys():
                    self._faults.forget(account.id, fault.kind, fault.subject)  # who knew of it is gone

    def close(self) -> None:
        """What is on its way is waited for a moment, so that it is not sent again after the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(self._sent, CLOSE_S)

    def _waits(self, address_id: str) -> bool:
        return self._clock() < self._failures.get(address_id, (0, 0.0))[1]

    def _notify(self, account: Account, address_id: str, address: Address, faults: list[Fault]) -> None:
        for fault in faults:
            names = self._names(fault)
            if names is None:
                self._faults.forget(account.id, fault.kind, fault.subject)
                continue
            if not self._may_send(account.id, address_id, fault):
                continue
            title, text = notice(fault, names, self._home, chosen([account.locale]))
            if not self._took(address, title, text):
                self._failed(address_id, address)
                return
            self._failures.pop(address_id, None)
            self._count(account.id, address_id, fault)
            self._faults.change(fault, partial(_told, sent=fault, address_id=address_id))

    def _took(self, address: Address, title: str, text: str) -> bool:
        try:
            return self._send(address.url, title, text)
        except Exception as error:  # whatever one address does, the others are notified; its text may hold the address
            log.warning("a notice by %s failed: %s", address.service, type(error).__name__)
            return False

    def _failed(self, address_id: str, address: Address) -> None:
        failures = self._failures.get(address_id, (0, 0.0))[0] + 1
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures - 1, 10))
        self._failures[address_id] = failures, self._clock() + pause_s
        log.warning(
            "a notice was not taken at address %s (%s); it is sent again in %d s", address_id, address.service, pause_s
        )

    def _may_send(self, account_id: str, address_id: str, fault: Fault) -> bool:
        now = self._clock()
        if self._store.hits(f"notices/{account_id}", _HOUR_S, now) >= AN_HOUR:
            return False
        # whoever was notified of a fault is always notified of its mend
        return not fault.lasts or self._store.hits(_of_day(account_id, address_id, fault), _DAY_S, now) < A_DAY

    def _count(self, account_id: str, address_id: str, fault: Fault) -> None:
        now = self._clock()
        self._store.hit(f"notices/{account_id}", _HOUR_S, now)
        if fault.lasts:
            self._store.hit(_of_day(account_id, address_id, fault), _DAY_S, now)

    def _names(self, fault: Fault) -> Names | None:
        """None where what the fault is about is gone."""
        match fault.kind:
            case "encryption" | "lost" | "tamper":
                return Names(camera=self._standing.camera_name(fault.account, fault.subject))
            case "session":
                vendor = self._standing.vendor(fault.account, fault.subject)
                return Names(vendor=vendor) if vendor else None
            case "key":
                return Names(assistant=fault.subject.capitalize())
            case "grant" | "ending" | "outbox":
                link = self._store.link(fault.subject)
                if link is None or link.ended is not None:
                    return None
                return Names(assistant=link.assistant.capitalize(), link=link.label)


def _due(address_id: str, faults: list[Fault]) -> list[Fault]:
    """The faults that the address has yet to be notified of, or of whose mend."""
    return [fault for fault in faults if fault.lasts is not (address_id in fault.told)]


def _told(kept: Fault | None, sent: Fault, address_id: str) -> Fault | None:
    """The fault as it is kept, after the address was sent what `sent` says."""
    if kept is None:
        # it ended while the address was notified of it: the address is then notified of that
        is_mended = sent.lasts and sent.kind != "tamper"
        return replace(sent, lasts=False, told=(address_id,), version=0) if is_mended else None
    told = tuple(known for known in kept.told if known != address_id)
    if sent.lasts:
        return replace(kept, told=(*told, address_id))
    return replace(kept, told=told) if told or kept.lasts else None


def _of_day(account_id: str, address_id: str, fault: Fault) -> str:
    return f"notices/{account_id}/{address_id}/{fault.key}"
