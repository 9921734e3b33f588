"""Invitations: the owner of the installation lets other users link. Also which households are the owner's."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from showcam.accounts import households
from showcam.accounts.owner_users import OwnerUsers
from showcam.drivers.vendor import Sessions
from showcam.store.ports import Store
from showcam.store.records import Account, Origin, SourceKind

MOST = 200  # invitations that wait

type Invited = Literal["", "known", "full"]


class Guest(Struct, frozen=True):
    """`waits`: nobody has signed in with the account yet. `last_used`: of the links, epoch seconds; 0: never."""

    household: str
    user: str
    at: float
    origin: Origin
    waits: bool
    links: int
    last_used: float


class Invitations:
    """The users whom the owner of the installation lets link. An invitation is a household before its first sign-in.

    The account's own password is the only way in. `sessions`: of each vendor, the usual vendor's first.
    """

    def __init__(self, store: Store, sessions: Iterable[Sessions]) -> None:
        self._store, self._sessions = store, {each.kind: each for each in sessions}

    def invite(self, user: str, kind: SourceKind = "") -> Invited:
        """Lets the vendor's user of that name sign in from now on; "known" if the user could do so before."""
        user, kind = user.strip(), kind or next(iter(self._sessions))
        if households.find(self._store, kind, user) is not None or OwnerUsers(self._store).find(user) is not None:
            return "known"
        if sum(guest.waits for guest in self.guests()) >= MOST:
            return "full"
        try:
            households.add(self._store, kind, user, self._sessions[kind].waiting(user), origin="invited")
        except households.AlreadyAdded:  # the same name, twice at once
            return "known"
        return ""

    def guests(self) -> list[Guest]:
        """Households that the installation's owner did not begin, and invitations; the newest first."""
        found = [guest for account in self._store.accounts() if (guest := self._guest(account))]
        return sorted(found, key=lambda guest: (-guest.at, guest.household))[: 2 * MOST]

    def take_back(self, household: str) -> bool:
        """Removes an invitation. False if it no longer waits: somebody has signed in, or it was taken back."""
        account = self._store.account(household)
        guest = self._guest(account) if account is not None else None
        return guest is not None and guest.waits and self._store.drop_household(household)

    def _guest(self, account: Account) -> Guest | None:
        sources = self._store.sources(account.id)
        users = [self._sessions[source.kind].user(source) for source in sources if source.kind in self._sessions]
        only = len(users) == len(sources) == 1
        waits = only and not users[0].has_signed_in and self._store.owner_user(account.id) is None
        if account.origin == "owner" and not waits:
            return None
        links = self._store.links(account.id)
        names = ", ".join(user.name for user in users if user.name)
        last_used = max((link.last_used for link in links), default=0.0)
        return Guest(account.id, names, account.created, account.origin, waits, len(links), last_used)


def is_of_owner(store: Store, account_id: str) -> bool:
    """Whether the household belongs to the installation's owner: it was neither invited nor begun by linking."""
    account = store.account(account_id)
    return account is not None and account.origin == "owner"
