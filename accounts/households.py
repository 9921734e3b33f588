"""Households: who may sign in here, and what they gave showcam to work with."""

import json
import logging
import secrets
import time
from typing import Any, Literal, Protocol

from accounts.identity import new_id, vendor_key
from media.client import MediaUnavailable
from store.ports import Store
from store.records import Account, Link, Session, Source
from store.sealing import SealedUnreadable

KIND: Literal["ezviz"] = "ezviz"
_SWAPS = 5

log = logging.getLogger(__name__)


class AlreadyThere(Exception):
    """The vendor user has a household here."""


class Pictures(Protocol):
    def end_link(self, link: str) -> None:
        """End the link's live pictures. Raises MediaUnavailable."""
        ...


def add_owner(
    store: Store, user: str, *, open_key: str | None = None, open_secret: str | None = None, locale: str = "en"
) -> Account:
    """A household whose EZVIZ source waits for its first sign-in. Raises AlreadyThere."""
    now = time.time()
    account = Account(id=new_id(), created=now, salt=secrets.token_bytes(16), locale=locale)
    source = Source(id=new_id(), account=account.id, kind=KIND, vendor_key=_vendor_key(store, user), created=now)
    blob = {"user": user.strip(), "session": None, "open": _open(open_key, open_secret), "sub_account": ""}
    if not store.add_household(account, source, json.dumps(blob).encode(), "needs_login"):
        raise AlreadyThere("that user has a household here already")
    return account


def find(store: Store, user: str) -> Source | None:
    return store.source_by_vendor_key(_vendor_key(store, user))


def set_open_key(store: Store, user: str, key: str, secret: str) -> bool:
    """Give the user's source another Open Platform key; False when the user is unknown here."""
    return _set(store, user, {"open": _open(key, secret)})


def set_sub_account(store: Store, user: str, account_id: str) -> bool:
    """Say which sub-account of the installation's developer key is this household's, or "" for none; likewise."""
    return _set(store, user, {"sub_account": account_id})


def _set(store: Store, user: str, changes: dict[str, Any]) -> bool:
    source = find(store, user)
    if source is None:
        return False
    for _ in range(_SWAPS):
        session = store.read_session(source.account, source.id)
        if session is None:
            return False
        if _swap(store, source, session, json.loads(session.secrets) | changes):
            return True
    raise RuntimeError("the source was changed by somebody else each time")


def end(store: Store, pictures: Pictures, link: Link) -> bool:
    """Revoke first, then end live pictures; if those can't be reached now, revocation stands.

    False when the link had ended before; its pictures are ended again all the same.
    """
    ended = store.end_link(link.id, time.time())
    try:
        pictures.end_link(link.id)
    except MediaUnavailable as error:
        log.warning("pictures of an ended link could not be ended: %s", error, extra={"link": link.id})
    return ended


def unreadable(store: Store) -> list[str]:
    """Which keys are missing for which sources, one sentence each; reads every source."""
    found = []
    for account in store.accounts():
        for source in store.sources(account.id):
            try:
                store.read_session(account.id, source.id)
            except SealedUnreadable as error:
                found.append(f"source {source.id} of household {account.id}: {error}")
    return found


def _swap(store: Store, source: Source, session: Session, blob: dict[str, Any]) -> bool:
    return store.swap_session(
        source.account, source.id, version=session.version, secrets=json.dumps(blob).encode(), state=session.state
    )


def _open(key: str | None, secret: str | None) -> dict[str, str] | None:
    if bool(key) != bool(secret):
        raise ValueError("an Open Platform key is an appKey and its appSecret, or none of both")
    return {"key": key, "secret": secret} if key and secret else None


def _vendor_key(store: Store, user: str) -> str:
    return vendor_key(store.meta_once("vendor_salt", secrets.token_hex(32)), KIND, user)
