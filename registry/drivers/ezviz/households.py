"""EZVIZ households as the installation's owner manages them: who may sign in, and the keys for pictures."""

from accounts import households
from accounts.households import AlreadyAdded
from registry.drivers.ezviz.open.tokens import Key
from registry.drivers.ezviz.sessions import Sessions
from registry.errors import SignedOut
from store.ports import Store
from store.records import Account, Source, SourceState
from store.sealing import SealedUnreadable

__all__ = ["AlreadyAdded", "add_owner", "add_to", "find", "set_open_air", "set_open_key", "set_sub_account", "users"]


def add_owner(
    store: Store, user: str, *, open_key: str | None = None, open_secret: str | None = None, locale: str = "en"
) -> Account:
    """A household whose EZVIZ source waits for its first sign-in. Raises AlreadyAdded; ValueError for half a key."""
    return households.add(
        store, Sessions.kind, user, Sessions.waiting(user.strip(), _key(open_key, open_secret)), locale=locale
    )


def add_to(
    store: Store, account_id: str, user: str, *, open_key: str | None = None, open_secret: str | None = None
) -> Source:
    """An EZVIZ source of a household that is here already. Raises AlreadyAdded; ValueError for half a key."""
    sealed = Sessions.waiting(user.strip(), _key(open_key, open_secret))
    return households.add_to(store, account_id, Sessions.kind, user, sealed)


def find(store: Store, user: str) -> Source | None:
    return households.find(store, Sessions.kind, user)


def users(store: Store, account_id: str) -> list[tuple[str, SourceState]]:
    """The EZVIZ users of the household and whether each is signed in; "" for one whose secrets can't be opened."""
    found: list[tuple[str, SourceState]] = []
    for source in store.sources(account_id):
        if source.kind != Sessions.kind:
            continue
        try:
            held = Sessions(store).read(source)
        except (SignedOut, SealedUnreadable):
            found.append(("", "needs_login"))
        else:
            found.append((held.secrets.user, held.state))
    return found


def set_open_key(store: Store, user: str, key: str, secret: str) -> bool:
    """Give the user's source another Open Platform key; False when the user is unknown here."""
    source, given = find(store, user), _key(key, secret)
    if source is not None:
        Sessions(store).keep_key(source, given)
    return source is not None


def set_sub_account(store: Store, user: str, account_id: str) -> bool:
    """Say which sub-account of the installation's developer key is this household's, or "" for none.

    False when the user is unknown here.
    """
    source = find(store, user)
    if source is not None:
        Sessions(store).keep_sub_account(source, account_id)
    return source is not None


def set_open_air(store: Store, user: str, allowed: bool) -> bool:
    """Say whether pictures may come by the account's own cloud stream; False when the user is unknown here."""
    source = find(store, user)
    if source is not None:
        Sessions(store).allow_open_way(source, allowed=allowed)
    return source is not None


def _key(key: str | None, secret: str | None) -> Key | None:
    if bool(key) != bool(secret):
        raise ValueError("an Open Platform key is an appKey and its appSecret, or none of both")
    return Key(key, secret) if key and secret else None
