"""Whom the owner of the installation lets link: invitations that wait, and the households that came of them.

An invitation is a household to which nobody has signed in yet; its account's own password is the only way in.
"""

from typing import Literal

from msgspec import Struct

from accounts import households
from accounts.owner_users import OwnerUsers
from registry.vendor import Sessions
from store.ports import Store
from store.records import Account, Origin

MOST = 200  # are listed

type Invited = Literal["", "known", "full"]


class Guest(Struct, frozen=True):
    """`waits`: nobody has signed in with the account yet. `last_used`: of its links, epoch seconds; 0: none was."""

    household: str
    user: str
    at: float
    origin: Origin
    waits: bool
    links: int
    last_used: float


class Invitations:
    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store, self._sessions = store, sessions

    def invite(self, user: str) -> Invited:
        """Let the vendor's user of that name sign in from here on; "known" where that was so already."""
        user, kind = user.strip(), self._sessions.kind
        if households.find(self._store, kind, user) is not None or OwnerUsers(self._store).find(user) is not None:
            return "known"
        if sum(guest.waits for guest in self.guests()) >= MOST:
            return "full"
        try:
            households.add(self._store, kind, user, self._sessions.waiting(user), origin="invited")
        except households.AlreadyAdded:  # the same name, twice at once
            return "known"
        return ""

    def guests(self) -> list[Guest]:
        """Households that the installation's owner did not begin, and invitations; the newest first."""
        found = [guest for account in self._store.accounts() if (guest := self._guest(account))]
        return sorted(found, key=lambda guest: (-guest.at, guest.household))[: 2 * MOST]

    def take_back(self, household: str) -> bool:
        """False where no invitation waits there: somebody has signed in meanwhile, or it was taken back."""
        account = self._store.account(household)
        guest = self._guest(account) if account is not None else None
        return guest is not None and guest.waits and self._store.drop_household(household)

    def _guest(self, account: Account) -> Guest | None:
        sources = self._store.sources(account.id)
        users = [self._sessions.user(source) for source in sources if source.kind == self._sessions.kind]
        only = len(users) == len(sources) == 1
        waits = only and not users[0].has_signed_in and self._store.owner_user(account.id) is None
        if account.origin == "owner" and not waits:
            return None
        links = self._store.links(account.id)
        names = ", ".join(user.name for user in users if user.name)
        last_used = max((link.last_used for link in links), default=0.0)
        return Guest(account.id, names, account.created, account.origin, waits, len(links), last_used)


def is_of_owner(store: Store, account_id: str) -> bool:
    """Whether the household is of whoever runs the installation: neither invited nor begun by linking."""
    account = store.account(account_id)
    return account is not None and account.origin == "owner"
