"""Links that their household has not acknowledged yet: somebody may have made one whom nobody in it knows."""

import msgspec

from store.ports import Store
from store.records import Link

_NAME = "acknowledged_links"
_decoder = msgspec.json.Decoder(list[str])


class NewLinks:
    """What was acknowledged is kept with the household; without it every link is new."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, account_id: str) -> list[Link]:
        """Oldest first."""
        known = self._acknowledged(account_id)
        return [link for link in self._store.links(account_id) if link.id not in known]

    def acknowledge(self, account_id: str, link_ids: list[str]) -> None:
        """Take these links off the list, as far as they are the household's; a link that came meanwhile stays new."""
        living = [link.id for link in self._store.links(account_id)]
        known = self._acknowledged(account_id) | set(link_ids)
        kept = msgspec.json.encode([link_id for link_id in living if link_id in known])
        self._store.put_account_secret(account_id, _NAME, kept)

    def _acknowledged(self, account_id: str) -> frozenset[str]:
        data = self._store.account_secret(account_id, _NAME)
        try:
            return frozenset(_decoder.decode(data)) if data else frozenset()
        except msgspec.MsgspecError:
            return frozenset()  # written by another version
