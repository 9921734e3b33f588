"""Sees to it that sizes are known before they are asked for: what was listed is looked at, one picture at a time.

It works on after the answer, so that it is no help in a function that is frozen then.
"""

import logging
import threading
from collections import OrderedDict

from net.cache import Recent
from registry.errors import Unavailable
from registry.readings.households import IN_MEMORY
from registry.readings.listing import Listing
from registry.registry import Registry
from registry.streams.look import unseen
from store.ports import StoreUnavailable
from store.records import Link

log = logging.getLogger(__name__)

MOST = 1000  # links that wait; another is looked at when it lists again


class Looker:
    """`Registry.when_listed(looker.offer)` sets it to work."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: Recent[str, tuple[str, bool]] = Recent(IN_MEMORY)  # by link: a listing, whether it holds a guess
        self._waiting: OrderedDict[str, tuple[Link, Listing]] = OrderedDict()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def offer(self, link: Link, listing: Listing) -> None:
        known = self._known.get(link.id)
        if known is None or known[0] != listing.fingerprint:
            known = (listing.fingerprint, any(unseen(each) for each in listing.cameras))
            self._known.put(link.id, known)
        if known[1]:
            self._put(link, listing)

    def _put(self, link: Link, listing: Listing) -> None:
        with self._changed:
            if link.id not in self._waiting and len(self._waiting) >= MOST:
                return
            self._waiting[link.id] = (link, listing)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_on, name="looker", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _look_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                _, (link, listing) = self._waiting.popitem(last=False)
            for camera in listing.cameras:
                for picture in unseen(camera):
                    try:
                        self._registry.look(link, camera.id, picture)
                    except (StoreUnavailable, Unavailable):
                        log.warning("a camera could not be looked at: its household can't be read just now")
                    except Exception:
                        log.exception("a camera could not be looked at")
