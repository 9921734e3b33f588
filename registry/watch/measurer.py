"""Learns the sizes of listed pictures ahead of requests, by opening one picture at a time.

It works after the answer, so it is of no use in a function that is frozen then.
"""

import logging
import threading
from collections import OrderedDict

from net.cache import Recent
from registry.errors import Unavailable
from registry.readings.households import IN_MEMORY
from registry.readings.listing import Listing
from registry.registry import Registry
from registry.streams.measuring import unseen
from store.ports import StoreUnavailable
from store.records import Link

log = logging.getLogger(__name__)

MOST = 1000  # links that wait; another one gets its turn when it lists again


class Measurer:
    """`Registry.when_listed(measurer.offer)` starts it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: Recent[str, tuple[str, bool]] = Recent(
            IN_MEMORY
        )  # by link: a fingerprint, and whether a size is unknown in it
        self._waiting: OrderedDict[str, tuple[Link, Listing]] = OrderedDict()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def offer(self, link: Link, listing: Listing) -> None:
        known = self._known.get(link.id)
        if known is None or known[0] != listing.fingerprint:
            known = (listing.fingerprint, any(unseen(camera) for camera in listing.cameras))
            self._known.put(link.id, known)
        if known[1]:
            self._put(link, listing)

    def _put(self, link: Link, listing: Listing) -> None:
        with self._changed:
            if link.id not in self._waiting and len(self._waiting) >= MOST:
                return
            self._waiting[link.id] = (link, listing)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="measurer", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                _, (link, listing) = self._waiting.popitem(last=False)
            for camera in listing.cameras:
                for picture in unseen(camera):
                    try:
                        self._registry.learn_size(link, camera.id, picture)
                    except (StoreUnavailable, Unavailable):
                        log.warning("a picture could not be measured: its household can't be read just now")
                    except Exception:
                        log.exception("a picture could not be measured")
