"""Everything that showcam stores about a household, for its owner, as JSON. Secrets are only said to exist."""

import json

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.accounts.owner_users import OwnerUsers
from showcam.accounts.pins import Pins
from showcam.console.look import pages
from showcam.registry import quiet_times
from showcam.registry.notices.notifier import Addresses
from showcam.registry.owner.owner import Owner
from showcam.registry.streams.history import History
from showcam.store.ports import Store


def of(
    store: Store, sessions: ConsoleSessions, owner: Owner, history: History, account_id: str, user: str
) -> dict[str, object]:
    """`user` is the name that the owner signed in with. Times are epoch seconds."""
    account = store.account(account_id)
    assert account is not None  # its owner is signed in
    quiet = quiet_times.of_household(store, account_id)
    return {
        "household": {**_fields(account, "id", "created", "origin"), "language": account.locale},
        "signed_in_as": user,
        "user_at_showcam": OwnerUsers(store).name_of(account_id),
        "has_pin": Pins(store).is_set(account_id),
        "accounts": [_fields(source, "kind", "created") for source in store.sources(account_id)],
        "cameras": [
            _fields(camera, "id", "name", "kind", "manufacturer", "model", "firmware", "owner")
            for camera in pages.cameras(owner, account_id)
        ],
        "decided": {camera: json.loads(data) for camera, data in store.preferences(account_id).items()},
        "links": [
            {
                **_fields(link, "id", "assistant", "client", "label", "cameras", "created", "last_used"),
                "language": link.locale,
            }
            for link in store.links(account_id)
        ],
        "quiet_times": {"times": str(quiet), "zone": quiet.zone},
        # the address itself is a secret
        "notified": [
            _fields(address, "service", "name", "added") for address in Addresses(store).of(account_id).values()
        ],
        "asked": history.of(account_id),
        "browsers": [
            {**_fields(browser, "browser", "since"), "user": browser.session.user}
            for browser in sessions.browsers(account_id)
        ],
    }


def _fields(record: object, *names: str) -> dict[str, object]:
    """The named fields only: a record may hold secrets, too."""
    return {name: getattr(record, name) for name in names}
