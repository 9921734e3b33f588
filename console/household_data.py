"""Everything that is kept of a household, for its owner, as JSON; secrets are only said to be there."""

import json
from collections.abc import Mapping

from msgspec import to_builtins
from msgspec.structs import asdict

from accounts.owner_users import OwnerUsers
from accounts.pins import Pins
from registry import quiet_times
from registry.camera import Camera
from registry.errors import Unavailable
from registry.notices.addresses import Addresses
from registry.owner.owner import Owner
from registry.streams.history import History
from store.ports import Store

_OF_LINK = ("id", "assistant", "client", "label", "cameras", "locale", "created", "last_used")
_OF_ADDRESS = ("service", "name", "added")
_OF_CAMERA = ("id", "name", "kind", "manufacturer", "model", "firmware", "owner")


def of(store: Store, owner: Owner, history: History, account_id: str, user: str) -> dict[str, object]:
    """Times are epoch seconds. `user`: the name with which its owner is signed in here."""
    account = store.account(account_id)
    assert account is not None
    try:
        cameras: tuple[Camera, ...] = owner.cameras(account_id).cameras
    except Unavailable:
        cameras = ()
    quiet = quiet_times.of_household(store, account_id)
    preferences = {camera: json.loads(data) for camera, data in store.preferences(account_id).items()}
    return {
        "household": {"id": account.id, "created": account.created, "language": account.locale},
        "signed_in_as": user,
        "user_at_showcam": OwnerUsers(store).name_of(account_id),
        "has_pin": Pins(store).is_set(account_id),
        "accounts": [
            {"kind": source.kind, "created": source.created, "state": _state(store, account_id, source.id)}
            for source in store.sources(account_id)
        ],
        "cameras": [_only(_OF_CAMERA, to_builtins(camera)) for camera in cameras],
        "decided": preferences,
        "quiet_times": {"times": str(quiet), "zone": quiet.zone},
        "notified": [_only(_OF_ADDRESS, asdict(address)) for address in Addresses(store).of(account_id).values()],
        "links": [_only(_OF_LINK, asdict(link)) for link in store.links(account_id)],
        "asked": [asdict(ask) for ask in history.of(account_id)],
    }


def _state(store: Store, account_id: str, source_id: str) -> str:
    session = store.read_session(account_id, source_id)
    return session.state if session else ""


def _only(names: tuple[str, ...], values: Mapping[str, object]) -> dict[str, object]:
    return {name: values[name] for name in names if name in values}
