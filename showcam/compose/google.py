"""Builds what is known of the key for Google's HomeGraph: who sends reports and who promises them judge it alike."""

from collections.abc import Callable
from functools import cache

from accounts import clients
from actions.google_key import BadKey, KeyFile, check_key, read_key
from showcam.settings import Settings
from showcam.setup.google_console import projects_of
from store.ports import Store
from store.records import Link


def google_key(settings: Settings, store: Store) -> KeyFile | None:
    """The key, examined; None where none is set. Raises BadKey, StoreUnavailable."""
    if not settings.google_service_account:
        return None
    key, known = read_key(settings.google_service_account), clients.registered(store, "google")
    check_key(key, projects_of(known.redirect_uris) if known else ())
    return key


def reported(settings: Settings, store: Store) -> Callable[[Link], bool]:
    """What `willReportState` says, by the check of the process that sends reports. Raises StoreUnavailable."""

    @cache  # an error is not kept
    def usable() -> bool:
        try:
            return google_key(settings, store) is not None
        except BadKey:
            return False

    return lambda link: usable()
