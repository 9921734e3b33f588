"""Notifies owners of faults: one notice for a fault and one for its fix, despite restarts, and never a flood."""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import NotRequired, Protocol, TypedDict

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.i18n.catalogue import OURS, Language, chosen, mark
from showcam.net.child import ENDING_S
from showcam.registry.gate.reasons import named
from showcam.registry.notices.faults import CENSUS_S, OF_REPORTS, Fault, Faults, Kind, Standing
from showcam.store.outbox import Telling, Why
from showcam.store.ports import Store
from showcam.store.records import DAY_S, HOUR_S, Account, Link

# Why a report failed that is tried again.
WHYS: Mapping[Why, str] = {
    "busy": mark("{assistant} did not take it. showcam tries again."),
    "trouble": mark("{assistant} did not take it. showcam tries again."),
    "unreached": mark("{assistant} did not answer. showcam tries again."),
    "clock": mark("This machine's clock is wrong. Set it."),
    "fault": mark("Something went wrong here. The log says more."),
}
# {camera}, {vendor}, {assistant} and {link} are names, {why} is a sentence, {address} is an address of showcam's: for a
# fault of a link the page of links.
_OF_LINKS = frozenset[Kind]({*OF_REPORTS, "outbox"})
_LINK_AGAIN = mark("Press “Link it again” at that link on {address}.")
_TAKES_AGAIN = mark("{assistant} takes reports of the link “{link}” again.")


class _Sentences(TypedDict):
    title: str
    began: str
    mend: str
    ended: NotRequired[str]  # if showcam notices the fix of this fault


_TEXTS: dict[Kind, _Sentences] = {
    "encryption": {
        "title": mark("{camera}: Image Encryption is on again"),
        "began": mark(
            "Image Encryption of {camera} was switched on, so no assistant can show it. A firmware update can do that."
        ),
        "mend": mark("Switch encryption off at its picture on {address}, unless you switched it on."),
        "ended": mark("Image Encryption of {camera} is off: assistants can show its picture."),
    },
    "session": {
        "title": mark("{vendor}: showcam is signed out"),
        "began": mark(
            "{vendor} ended showcam's session, as after a new password. No camera of that account can be shown."
        ),
        "mend": mark("Sign in to {vendor} on {address}."),
        "ended": mark("showcam is signed in to {vendor} again."),
    },
    "lost": {
        "title": mark("{camera} can't be found"),
        "began": mark("For ten minutes {camera} has not answered in the house. It is off, or has another address."),
        "mend": mark(
            "Check its power and network. If its address is another one, give that on {address}, at "
            "its picture under “Name, password, address”."
        ),
        "ended": mark("{camera} answers again."),
    },
    "tamper": {
        "title": mark("{camera} was tampered with"),
        "began": mark("{camera} reports that it was turned away, covered or blinded."),
        "mend": mark("See what it shows now on {address}. Dirt or sudden light can be the cause."),
    },
    "grant": {
        "title": mark("{assistant} takes no more reports"),
        "began": mark("{assistant} refuses the reports of the link “{link}”, so it learns of no ring and no change."),
        "mend": _LINK_AGAIN,
        "ended": _TAKES_AGAIN,
    },
    "expired": {
        "title": mark("{assistant}: no permission for reports"),
        "began": mark(
            "The permission to report by the link “{link}” has ended or was never given, so "
            "{assistant} learns of no ring and no change."
        ),
        "mend": _LINK_AGAIN,
        "ended": _TAKES_AGAIN,
    },
    "silent": {
        "title": mark("{assistant} has learnt nothing for a day"),
        "began": mark("For a day no change could be reported to {assistant} by the link “{link}”. {why}"),
        "mend": mark("Press “See Health” at that link on {address}."),
        "ended": _TAKES_AGAIN,
    },
    "ending": {
        "title": mark("{assistant}: did you unlink showcam?"),
        "began": mark(
            "{assistant} says that the link “{link}” has ended, as of more than ten others within a "
            "minute. That looks like a fault there, so showcam keeps the link and asks every hour."
        ),
        "mend": mark("If you unlinked it in the {assistant} app, press “End this link” at that link on {address}."),
        "ended": _TAKES_AGAIN,
    },
    "key": {
        "title": mark("Nothing is reported to {assistant}"),
        "began": mark(
            "showcam's key for reports to {assistant} is damaged, or of another project than your "
            "links. So {assistant} does not learn when a camera changes."
        ),
        "mend": mark("Health on {address} says what is wrong with it. Then give showcam the right one."),
        "ended": mark("showcam reports to {assistant} again."),
    },
    "outbox": {
        "title": mark("Reports to {assistant} could not be sent"),
        "began": mark("{assistant} did not take reports of the link “{link}”. showcam has put them aside."),
        "mend": mark("See why, and press “Report it again” at that link on {address}."),
        "ended": mark("No report of the link “{link}” to {assistant} is put aside any more."),
    },
}
_ANY_CAMERA = mark("the camera")
_TEST_TITLE = mark("A test by showcam")
_TEST = mark("Here showcam notifies you of faults, and when they are fixed.")
_MENDED = mark("Fixed: {title}")


class Names(Struct, frozen=True):
    """The names in a notice; "" if a name is not known."""

    camera: str = ""
    vendor: str = ""
    assistant: str = ""
    link: str = ""
    why: Why | None = None  # why the link's last report failed


def notice(fault: Fault, names: Names, address: str, language: Language) -> tuple[str, str]:
    """The title and text for a fault that lasts or was fixed."""
    sentences = _TEXTS[fault.kind]
    gaps = _gaps(names, f"{address}/assistants" if fault.kind in _OF_LINKS else address, language)
    title = _begun(OURS.say(language, sentences["title"], **gaps))
    if not fault.lasts:
        ended = _begun(OURS.say(language, sentences["ended"], **gaps))
        return OURS.say(language, _MENDED, title=title), ended
    mend = OURS.say(language, sentences["mend"], **gaps)
    return title, f"{what_happened(fault.kind, names, language)}\n\n{mend}"


def what_happened(kind: Kind, names: Names, language: Language) -> str:
    return _begun(OURS.say(language, _TEXTS[kind]["began"], **_gaps(names, "", language)))


def _gaps(names: Names, address: str, language: Language) -> dict[str, str]:
    why = OURS.say(language, WHYS[names.why], assistant=names.assistant) if names.why and names.why in WHYS else ""
    return {
        "camera": names.camera or OURS.translate(language, _ANY_CAMERA),
        "vendor": named(names.vendor, language),
        "assistant": names.assistant,
        "link": names.link,
        "why": why,
        "address": address,
    }


def trial(language: Language) -> tuple[str, str]:
    return OURS.translate(language, _TEST_TITLE), OURS.translate(language, _TEST)


def _begun(text: str) -> str:
    """Capitalizes a text: it may begin with the stand-in for a name."""
    return text[:1].upper() + text[1:]


log = logging.getLogger(__name__)

MOST = 10  # addresses of a household
LONGEST_NAME = 60  # characters of an address's name
AN_HOUR = 20  # messages to a household; the others wait for the next hour
A_DAY = 4  # notices of one fault to one address: a fault that comes and goes is not announced each time
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 3600.0  # before an address that took nothing is tried again
TOGETHER = 8  # addresses that are sent to at once


class TooMany(ValueError):
    """The household has as many addresses as it may."""


class Address(Struct, frozen=True):
    """`service`: the kind of the address for a person, such as “ntfy”. `name`: the owner's name for the address."""

    url: str
    service: str
    name: str
    added: float

    def __repr__(self) -> str:
        return f"<Address {self.service}>"


_decoder = msgspec.json.Decoder(Address)


class Addresses:
    """The addresses for notices to an owner, in Apprise's form. They may hold passwords and are sealed at rest."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def of(self, account_id: str) -> Mapping[str, Address]:
        """The addresses by their ids, the oldest first."""
        found = {}
        for address_id, data in self._store.notice_addresses(account_id).items():
            try:
                found[address_id] = _decoder.decode(data)
            except msgspec.MsgspecError:
                continue  # written by another version
        return dict(sorted(found.items(), key=lambda item: (item[1].added, item[0])))

    def add(self, account_id: str, url: str, service: str, name: str) -> str:
        """Adds an address and returns its id. Raises TooMany, Inconsistent."""
        if len(self.of(account_id)) >= MOST:
            raise TooMany(f"a household has at most {MOST} addresses for notices")
        address_id = secrets.token_hex(4)
        address = Address(url, service, name, self._clock())
        self._store.put_notice_address(account_id, address_id, msgspec.json.encode(address))
        return address_id

    def remove(self, account_id: str, address_id: str) -> bool:
        """Removes the address. With the last address the notices of the household go too: nobody waits for them."""
        gone = self._store.drop_notice_address(account_id, address_id)
        if not self._store.notice_addresses(account_id):
            for notice in self._store.notices(account_id):
                self._store.swap_notice(account_id, notice.fault, version=notice.version, data=None)
        return gone


class Send(Protocol):
    def __call__(self, url: str, title: str, text: str) -> bool:
        """Whether the service took the notice. The call has its own deadline, and logs neither address nor text."""
        ...


class Notifying:
    """One thread calls `turn` about every second. `home`: the address of the page for fixing faults."""

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
        self._sent = []
        try:
            for account, addresses in self._households:
                self._hand_out(account, addresses)
        finally:
            # none goes on during the next turn, which would send the same again
            failed = [delivery for delivery in self._sent if delivery.exception() is not None]
        for delivery in failed:
            delivery.result()

    def close(self) -> None:
        """Waits a moment for notices on their way: otherwise they would be sent again after the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(self._sent, ENDING_S)

    def _hand_out(self, account: Account, addresses: Mapping[str, Address]) -> None:
        """Sends a household's due notices, each address in a thread: an address that hangs delays no other."""
        faults = self._standing.examine(account.id)
        for address_id, address in addresses.items():
            due = _due(address_id, faults)
            if due and not self._waits(address_id):
                self._sent.append(self._pool.submit(self._notify, account, address_id, address, due))
        for fault in faults:
            if not fault.lasts and not set(fault.told) & addresses.keys():
                self._faults.forget(account.id, fault.kind, fault.subject)  # all its addresses are gone

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
            self._faults.change(fault, partial(_notified, sent=fault, address_id=address_id))

    def _took(self, address: Address, title: str, text: str) -> bool:
        try:
            return self._send(address.url, title, text)
        except Exception as error:  # the other addresses must still be notified; the error's text may hold the address
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
        if self._store.hits(f"notices/{account_id}", HOUR_S, now) >= AN_HOUR:
            return False
        # an address that was notified of a fault is always notified of the fix
        return not fault.lasts or self._store.hits(_of_day(account_id, address_id, fault), DAY_S, now) < A_DAY

    def _count(self, account_id: str, address_id: str, fault: Fault) -> None:
        now = self._clock()
        self._store.hit(f"notices/{account_id}", HOUR_S, now)
        if fault.lasts:
            self._store.hit(_of_day(account_id, address_id, fault), DAY_S, now)

    def _names(self, fault: Fault) -> Names | None:
        """The names for a notice; None if the camera, source or link of the fault is gone."""
        match fault.kind:
            case "encryption" | "lost" | "tamper":
                return Names(camera=self._standing.camera_name(fault.account, fault.subject))
            case "session":
                vendor = self._standing.vendor(fault.account, fault.subject)
                return Names(vendor=vendor) if vendor else None
            case "key":
                return Names(assistant=fault.subject.capitalize())
            case "grant" | "expired" | "ending" | "silent" | "outbox":
                link = self._store.link(fault.subject)
                if link is None or link.ended is not None:
                    return None
                telling = self._store.tellings(fault.account).get(link.id) if fault.kind == "silent" else None
                return names_of_link(link, telling)


def names_of_link(link: Link, telling: Telling | None) -> Names:
    return Names(assistant=link.assistant.capitalize(), link=link.label, why=telling.why if telling else None)


def _due(address_id: str, faults: list[Fault]) -> list[Fault]:
    """The faults whose begin or fix the address has yet to be notified of."""
    return [fault for fault in faults if fault.lasts is not (address_id in fault.told)]


def _notified(kept: Fault | None, sent: Fault, address_id: str) -> Fault | None:
    """The fault to store, after the address was notified of `sent`."""
    if kept is None:
        # the fault ended while the address was notified: the address is then notified of the fix
        is_mended = sent.lasts and sent.kind != "tamper"
        return replace(sent, lasts=False, told=(address_id,), version=0) if is_mended else None
    told = tuple(known for known in kept.told if known != address_id)
    if sent.lasts:
        return replace(kept, told=(*told, address_id))
    return replace(kept, told=told) if told or kept.lasts else None


def _of_day(account_id: str, address_id: str, fault: Fault) -> str:
    return f"notices/{account_id}/{address_id}/{fault.key}"
