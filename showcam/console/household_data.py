"""Everything that showcam stores about a household, for its owner, as JSON. Secrets are only said to exist."""

import json
from typing import TypedDict

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.accounts.owner_users import OwnerUsers
from showcam.accounts.pins import Pins
from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable
from showcam.registry import quiet_times
from showcam.registry.notices.notifier import Addresses
from showcam.registry.owner.owner import Owner
from showcam.registry.streams.history import History
from showcam.store.ports import Store
from showcam.store.records import Ask


class OfHousehold(TypedDict):
    id: str
    created: float
    language: str
    origin: str  # a word of showcam.store.records.Origin


class OfAccount(TypedDict):
    kind: str
    created: float


class OfCamera(TypedDict):
    id: str
    name: str
    kind: str
    manufacturer: str
    model: str
    firmware: str
    owner: str


class OfLink(TypedDict):
    id: str
    assistant: str
    client: str
    label: str
    cameras: tuple[str, ...] | None
    language: str
    created: float
    last_used: float


class OfQuietTimes(TypedDict):
    times: str
    zone: str


class OfAddress(TypedDict):
    """An address for notices, by its service and name; the address itself is a secret."""

    service: str
    name: str
    added: float


class OfBrowser(TypedDict):
    """A browser that is signed in at the console."""

    browser: str
    since: float
    user: str


class Everything(TypedDict):
    """Times are epoch seconds."""

    household: OfHousehold
    signed_in_as: str
    user_at_showcam: str
    has_pin: bool
    accounts: list[OfAccount]
    cameras: list[OfCamera]
    decided: dict[str, object]  # by camera id
    links: list[OfLink]
    quiet_times: OfQuietTimes
    notified: list[OfAddress]
    asked: list[Ask]
    browsers: list[OfBrowser]


def of(
    store: Store, sessions: ConsoleSessions, owner: Owner, history: History, account_id: str, user: str
) -> Everything:
    """`user` is the name that the owner signed in with."""
    account = store.account(account_id)
    assert account is not None  # its owner is signed in
    quiet = quiet_times.of_household(store, account_id)
    return {
        "household": {
            "id": account.id,
            "created": account.created,
            "language": account.locale,
            "origin": account.origin,
        },
        "signed_in_as": user,
        "user_at_showcam": OwnerUsers(store).name_of(account_id),
        "has_pin": Pins(store).is_set(account_id),
        "accounts": [{"kind": source.kind, "created": source.created} for source in store.sources(account_id)],
        "cameras": [_camera(camera) for camera in _cameras(owner, account_id)],
        "decided": {camera: json.loads(data) for camera, data in store.preferences(account_id).items()},
        "links": [
            {
                "id": link.id,
                "assistant": link.assistant,
                "client": link.client,
                "label": link.label,
                "cameras": link.cameras,
                "language": link.locale,
                "created": link.created,
                "last_used": link.last_used,
            }
            for link in store.links(account_id)
        ],
        "quiet_times": {"times": str(quiet), "zone": quiet.zone},
        "notified": [
            {"service": address.service, "name": address.name, "added": address.added}
            for address in Addresses(store).of(account_id).values()
        ],
        "asked": history.of(account_id),
        "browsers": [
            {"browser": browser.browser, "since": browser.since, "user": browser.session.user}
            for browser in sessions.browsers(account_id)
        ],
    }


def _cameras(owner: Owner, account_id: str) -> tuple[Camera, ...]:
    """Returns an empty tuple if the cameras can't be listed now."""
    try:
        return owner.cameras(account_id).cameras
    except Unavailable:
        return ()


def _camera(camera: Camera) -> OfCamera:
    return {
        "id": camera.id,
        "name": camera.name,
        "kind": camera.kind,
        "manufacturer": camera.manufacturer,
        "model": camera.model,
        "firmware": camera.firmware,
        "owner": camera.owner,
    }
