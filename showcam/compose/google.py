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
    """The key, examined beside Google's registered client; None where none is set. Raises BadKey, StoreUnavailable.

    On AWS only the key itself is examined, since the function of reports may not list the clients.
    """
    if not settings.google_service_account:
        return None
    key = read_key(settings.google_service_account)
    known = None if settings.all_on_aws else clients.registered(store, "google")
    check_key(key, projects_of(known.redirect_uris) if known else ())
    return key


def reported(settings: Settings, store: Store) -> Callable[[Link], bool]:
    """What `willReportState` says of a link, by its own client's project. Raises StoreUnavailable."""

    @cache  # an error is not kept
    def usable(client: str) -> bool:
        if not settings.google_service_account:
            return False
        known = store.client(client)
        try:
            check_key(read_key(settings.google_service_account), projects_of(known.redirect_uris) if known else ())
        except BadKey:
            return False
        return True

    return lambda link: usable(link.client)
