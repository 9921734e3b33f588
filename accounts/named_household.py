"""The household that a command names."""

from accounts import households
from accounts.owner_users import OwnerUsers
from store.ports import Store
from store.records import Account


def find(store: Store, name: str) -> Account | None:
    """The household by a user name at its vendor, by its owner's user name at showcam, or by its own id."""
    source, user = households.find_at_any_vendor(store, name), OwnerUsers(store).find(name)
    return store.account(source.account if source else user.account if user else name)
