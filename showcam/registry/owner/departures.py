"""Signs out households whose last link has ended, and deletes them after a time; or at once, if their owner says so.

Only a household that began by linking departs. Somebody added the other ones to this installation, and removes them. A
household with a user at showcam itself has an owner who comes back, and stays too; so does one that a signed-in browser
shows at the console.
"""

import logging
import time
from collections.abc import Callable, Iterable

from showcam.accounts import households
from showcam.accounts.console_sessions import ConsoleSessions
from showcam.accounts.households import Pictures
from showcam.drivers.errors import DriverError, SignedOut
from showcam.drivers.vendor import Vendor
from showcam.store.ports import Store
from showcam.store.records import Account, Link
from showcam.store.sealing import SealedUnreadable

log = logging.getLogger(__name__)


class Departures:
    """`kept_s`: how long a household without a link is kept. `vendor_s`: how long a vendor is waited for.

    Each method may raise StoreUnavailable. A vendor that does not answer holds up nothing.
    """

    def __init__(
        self,
        store: Store,
        vendors: Iterable[Vendor],
        pictures: Pictures,
        *,
        kept_s: float,
        vendor_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._pictures, self._clock = store, pictures, clock
        self._vendors = {vendor.sessions.kind: vendor for vendor in vendors}
        self._kept_s, self._vendor_s = kept_s, vendor_s

    def unlinked(self, account_id: str, at: float) -> None:
        """Signs the household out at its vendors if the link that ended at `at` was its last.

        A person who has signed in since then is about to link again, and stays signed in.
        """
        account = self._store.account(account_id)
        if account is None or households.presence(self._store, account_id).came >= at or not self._departs(account):
            return
        households.note_left(self._store, account_id, at)
        log.info("the household has no link any more", extra={"account": account_id})
        self._sign_out(account_id)

    def turn(self, account: Account) -> bool:
        """Deletes a household that has had no link for `kept_s`. True: it was deleted. To be called once a day."""
        try:
            if not self._departs(account):
                return False
            now, presence = self._clock(), households.presence(self._store, account.id)
            if presence.left > presence.came:
                if now - presence.left >= self._kept_s:
                    self.delete(account.id)
                    return True
                self._sign_out(account.id)  # the vendor may not have answered before
            elif now - max(presence.came, account.created) >= self._kept_s:
                self.unlinked(account.id, now)  # somebody signed in and never linked, or the end was not noticed
        except SealedUnreadable as error:
            log.warning("household %s stays: %s", account.id, error)
        return False

    def delete(self, account_id: str) -> list[Link]:
        """Signs out at the vendors and removes the household's data. Answers the links that ended by this."""
        self._sign_out(account_id)
        ended = households.remove(self._store, self._pictures, account_id)
        log.info("the household is deleted", extra={"account": account_id})
        return ended

    def _departs(self, account: Account) -> bool:
        return (
            account.origin == "linking"
            and not self._store.links(account.id)
            and self._store.owner_user(account.id) is None
            and not ConsoleSessions(self._store, self._clock).browsers(account.id)
        )

    def _sign_out(self, account_id: str) -> None:
        for source in self._store.sources(account_id):
            if source.kind in self._vendors:
                try:
                    self._vendors[source.kind].sign_out(source, self._vendor_s)
                except SignedOut:
                    continue  # it was before
                except (DriverError, SealedUnreadable) as error:
                    log.warning("household %s could not be signed out at its vendor: %s", account_id, error)
