"""Whether changes are reported to a link: what `willReportState` promises. It needs no key, only its id."""

import time
from collections.abc import Callable

import msgspec
from msgspec import Struct

from store.ports import LinkSecrets
from store.records import Link

BARRED = "homegraph_barred"  # among a link's secrets: which key Google refused, and until when it is not tried again
BARRED_S = 24 * 3600.0


class _Barred(Struct, frozen=True):
    key: str
    until: float


class Reported:
    """`key_id`: of the service account's key. A key that Google refused is tried again a day later, another at once."""

    def __init__(self, store: LinkSecrets, key_id: str, clock: Callable[[], float] = time.time) -> None:
        self._store, self._key_id, self._clock = store, key_id, clock

    def __call__(self, link: Link) -> bool:
        """Calls nobody. Raises StoreUnavailable."""
        data = self._store.link_secret(link.id, BARRED)
        if data is None:
            return True
        barred = msgspec.json.decode(data, type=_Barred)
        return barred.key != self._key_id or barred.until <= self._clock()

    def bar(self, link: Link) -> None:
        """Google refused the key."""
        barred = _Barred(self._key_id, self._clock() + BARRED_S)
        self._store.put_link_secret(link.id, BARRED, msgspec.json.encode(barred))
