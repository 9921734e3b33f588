"""Lists of cameras: a household's, and those of them that a link may see."""

from net.cache import Recent
from registry.readings.households import IN_MEMORY
from registry.readings.listing import Listing, chosen, moving
from registry.readings.readings import Readings
from registry.readings.sightings import Sightings
from registry.rules import Rules
from store.records import Link


class Lists:
    """Read now, or else as last known, with the cameras' sightings. Raises Unavailable.

    `within_s`: what the surface has left to wait; None: as long as the rules say.
    """

    def __init__(self, readings: Readings, sightings: Sightings, rules: Rules) -> None:
        self._readings, self._sightings, self._rules = readings, sightings, rules
        self._chosen: Recent[str, tuple[str, Listing]] = Recent(IN_MEMORY)

    def of_account(self, account_id: str, within_s: float | None = None) -> Listing:
        listing = self._readings.listing(account_id, self._rules.vendor_within(within_s))
        return moving(listing, self._sightings.held(account_id))

    def of_link(self, link: Link, within_s: float | None = None) -> Listing:
        listing = self.of_account(link.account, within_s)
        if link.cameras is None:
            return listing
        key = f"{listing.fingerprint}/{','.join(link.cameras)}"
        known = self._chosen.get(link.id)
        if known is None or known[0] != key:
            known = (key, chosen(listing, link.cameras))
            self._chosen.put(link.id, known)
        return Listing(known[1].cameras, known[1].fingerprint, listing.as_of)
