"""Builds what fulfillment promises about reports, without what sends them."""

from collections.abc import Callable

from actions.google_key import BadKey, read_key
from actions.reported import Reported
from showcam.settings import Settings
from store.ports import Store
from store.records import Link


def reported(settings: Settings, store: Store) -> Callable[[Link], bool]:
    """Whether a link is reported to. Whether the key signs is examined where it is used, and named there."""
    try:
        key = read_key(settings.google_service_account) if settings.google_service_account else None
    except BadKey:
        key = None
    return Reported(store, key.private_key_id) if key else lambda link: False
