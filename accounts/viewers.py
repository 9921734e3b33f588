"""Who is shown a picture: an assistant, by its link, or an owner's browser at the console."""

from typing import Protocol

from msgspec import Struct

from accounts import console_sessions
from accounts.console_sessions import ConsoleSessions
from store.household_ports import Accounts, AccountSecrets
from store.ports import Links, Visits


class Viewer(Protocol):
    """A link of an assistant's, or a session of the console."""

    @property
    def id(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def cameras(self) -> tuple[str, ...] | None:
        """The ids of those it may see; None: all of the account's."""
        ...


class OwnersPage(Struct, frozen=True):
    """A browser of an owner's, to which all cameras of the household are visible."""

    id: str
    account: str
    cameras: None = None


class Store(Accounts, AccountSecrets, Links, Visits, Protocol):
    """What finding a viewer takes."""


def find(store: Store, viewer_id: str) -> Viewer | None:
    """None where it never was or is over. Raises StoreUnavailable."""
    if viewer_id.startswith(console_sessions.PREFIX):
        session = ConsoleSessions(store).find(viewer_id)
        if session is None or store.account(session.account) is None:
            return None  # signed out, or its household was removed
        return OwnersPage(session.id, session.account)
    link = store.link(viewer_id)
    return link if link is not None and link.ended is None else None
