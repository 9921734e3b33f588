"""Adds, finds and removes households with their sources, ends their links, and keeps when each was last there."""

import logging
import secrets
import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.engine.messages import MediaUnavailable
from showcam.store.ports import Store
from showcam.store.records import Account, Link, Origin, Source, SourceKind, new_id, vendor_key
from showcam.store.sealing import SealedUnreadable

log = logging.getLogger(__name__)

_PRESENCE = "presence/"  # begins the names of two secrets of a household; each holds a time as text
NO_LAN_CAMERAS = b"{}"  # the sealed content of a LAN source before showcam.drivers.lan has written any


class AlreadyAdded(Exception):
    """The vendor user already has a household here."""


class Unreadable(NamedTuple):
    sentence: str
    key_id: str  # the id of the missing key; "": the row is damaged


class Presence(NamedTuple):
    """Times in epoch seconds; 0: never, or before showcam noted it."""

    came: float  # when somebody last signed in
    left: float  # when the household's last link ended


class Pictures(Protocol):
    def end_link(self, link: str, account: str = "") -> None:
        """Ends the live videos of the account's link. Raises MediaUnavailable."""
        ...


def add(
    store: Store, kind: SourceKind, user: str, sealed: bytes, *, locale: str = "en", origin: Origin = "owner"
) -> Account:
    """Adds a household whose only source waits for its first sign-in. Raises AlreadyAdded."""
    now = time.time()
    account = Account(new_id(), now, secrets.token_bytes(16), locale, origin)
    source = Source(id=new_id(), account=account.id, kind=kind, vendor_key=_vendor_key(store, kind, user), created=now)
    if not store.add_household(account, source, sealed, "needs_login"):
        raise AlreadyAdded("that user has a household here already")
    return account


def add_of_lan(store: Store, *, locale: str = "en") -> Account:
    """Adds a household that has only a LAN source, without cameras yet."""
    account = Account(id=new_id(), created=time.time(), salt=secrets.token_bytes(16), locale=locale)
    store.add_household(account, _lan_source(store, account.id), NO_LAN_CAMERAS, "ok")
    return account


def with_lan(store: Store, account_id: str) -> Source:
    """Returns the source of the household's LAN cameras. Adds this source if the household has none."""
    source = _lan_source(store, account_id)
    if store.add_source(source, NO_LAN_CAMERAS, "ok"):
        return source
    existing = store.source_by_vendor_key(source.vendor_key)
    assert existing is not None  # nothing else has this key
    return existing


def add_to(store: Store, account_id: str, kind: SourceKind, user: str, sealed: bytes) -> Source:
    """Adds a further source to the household. The source waits for its first sign-in. Raises AlreadyAdded."""
    source = Source(new_id(), account_id, kind, _vendor_key(store, kind, user), time.time())
    if not store.add_source(source, sealed, "needs_login"):
        raise AlreadyAdded("that user has a household here already")
    return source


def find(store: Store, kind: SourceKind, user: str) -> Source | None:
    return store.source_by_vendor_key(_vendor_key(store, kind, user))


def find_at_any(store: Store, kinds: Iterable[SourceKind], user: str) -> Source | None:
    return next(filter(None, (find(store, kind, user) for kind in kinds)), None)


def end(store: Store, pictures: Pictures, link: Link) -> bool:
    """Revokes the link, then ends its live videos; if the media process can't be reached, the revocation stands.

    False when the link had ended before; its videos are ended in either case.
    """
    ended = store.end_link(link.id, time.time())
    end_pictures(pictures, link.id, link.account)
    return ended


def end_pictures(pictures: Pictures, viewer: str, account: str = "") -> None:
    """Ends the videos of a link or of a console session, by its id, as far as the media process answers."""
    try:
        pictures.end_link(viewer, account)
    except MediaUnavailable as error:
        log.warning("pictures of an ended link could not be ended: %s", error, extra={"link": viewer})


def remove(store: Store, pictures: Pictures, account_id: str) -> list[Link]:
    """Removes the household's rows and its browsers' sessions, then ends the live videos. Answers the ended links."""
    links = store.links(account_id)
    for link in links:
        store.end_link(link.id, time.time())  # so the assistant is notified
    sessions = ConsoleSessions(store).end_all(account_id)  # found by the household's rows, and each names its person
    store.drop_household(account_id)
    for viewer in (*(link.id for link in links), *sessions):
        end_pictures(pictures, viewer, account_id)
    return links


def presence(store: Store, account_id: str) -> Presence:
    times = store.account_secrets(account_id, _PRESENCE)
    came, left = (times.get(f"{_PRESENCE}{name}", b"0") for name in Presence._fields)
    return Presence(float(came), float(left))


def note_came(store: Store, account_id: str, at: float) -> None:
    store.put_account_secret(account_id, f"{_PRESENCE}came", str(at).encode())


def note_left(store: Store, account_id: str, at: float) -> None:
    store.put_account_secret(account_id, f"{_PRESENCE}left", str(at).encode())


def unreadable(store: Store) -> list[Unreadable]:
    """The sources whose secrets can't be opened; reads every source."""
    found = []
    for account in store.accounts():
        for source in store.sources(account.id):
            try:
                store.read_session(account.id, source.id)
            except SealedUnreadable as error:
                found.append(Unreadable(f"source {source.id} of household {account.id}: {error}", error.key_id))
    return found


def _lan_source(store: Store, account_id: str) -> Source:
    """The household's LAN source. The key is made from the account's id: a household has at most one LAN source."""
    return Source(new_id(), account_id, "lan", _vendor_key(store, "lan", account_id), time.time())


def _vendor_key(store: Store, kind: SourceKind, user: str) -> str:
    return vendor_key(store.meta_once("vendor_salt", secrets.token_hex(32)), kind, user)
