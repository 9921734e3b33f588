"""Compares a household as it stands with its noted faults: sessions, cameras in the house, Image Encryption.

So a fault is noted that no change announced, and one ends that was mended while nothing ran.
"""

import time
from collections.abc import Callable, Collection, Iterator

from registry.camera import Camera
from registry.errors import Unavailable
from registry.notices.fault import Fault
from registry.notices.faults import Faults
from registry.readings.readings import Readings
from store.ports import Store
from store.records import Account, Source

AWAY_S = 600.0  # a camera in the house that is away so long was searched for in vain


class Standing:
    """`clock`: epoch seconds. Not safe to use from several threads."""

    def __init__(
        self, store: Store, readings: Readings, faults: Faults, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._readings, self._faults, self._clock = store, readings, faults, clock
        self._away: dict[tuple[str, str], float] = {}  # by account and camera, since when

    def examine(self, account_id: str) -> list[Fault]:
        """The household's faults as they are now. Raises what the store raises."""
        noted = self._faults.of(account_id)
        lasting = {fault.key for fault in noted if fault.lasts}
        before = set(lasting)
        for account, source in self._sources(account_id):
            self._session(account, source, lasting)
            for camera in self._cameras(account, source):
                if camera.encryption == "off" and f"encryption/{camera.id}" in lasting:
                    self._faults.ended(account_id, "encryption", camera.id)
                    lasting.discard(f"encryption/{camera.id}")
                if source.kind == "lan":
                    self._lost(account_id, camera, lasting)
        return noted if lasting == before else self._faults.of(account_id)

    def signed_out(self, account_id: str) -> bool:
        """Whether a vendor ended the session of one of its sources."""
        return any(
            session.state == "needs_login" and self._store.known(account.id, source.id) is not None
            for account, source in self._sources(account_id)
            if (session := self._store.read_session(account.id, source.id)) is not None
        )

    def camera_name(self, account_id: str, camera_id: str) -> str:
        """As last read; "" where it is not known any more."""
        for account, source in self._sources(account_id):
            for camera in self._cameras(account, source):
                if camera.id == camera_id:
                    return camera.name
        return ""

    def vendor(self, account_id: str, source_id: str) -> str:
        """The name of the source's vendor; "" where there is none."""
        for _, source in self._sources(account_id):
            if source.id == source_id:
                return self._readings.vendor(source)
        return ""

    def _sources(self, account_id: str) -> Iterator[tuple[Account, Source]]:
        try:
            household = self._readings.households.of(account_id)
        except Unavailable:
            return
        yield from ((household.account, source) for source in household.sources)

    def _cameras(self, account: Account, source: Source) -> Collection[Camera]:
        last = self._readings.last(account, source)
        return last.cameras if last else ()

    def _session(self, account: Account, source: Source, lasting: set[str]) -> None:
        """A source that nobody has signed in to yet is no fault: it has no list."""
        session = self._store.read_session(account.id, source.id)
        key = f"session/{source.id}"
        if session is None:
            return
        if session.state == "ok" and key in lasting:
            self._faults.ended(account.id, "session", source.id)
            lasting.discard(key)
        elif session.state == "needs_login" and key not in lasting and self._store.known(account.id, source.id):
            self._faults.began(account.id, "session", source.id)
            lasting.add(key)

    def _lost(self, account_id: str, camera: Camera, lasting: set[str]) -> None:
        key = f"lost/{camera.id}"
        if camera.online != "off":
            self._away.pop((account_id, camera.id), None)
            if camera.online == "on" and key in lasting:
                self._faults.ended(account_id, "lost", camera.id)
                lasting.discard(key)
            return
        since = self._away.setdefault((account_id, camera.id), self._clock())
        if key not in lasting and self._clock() - since >= AWAY_S:
            self._faults.began(account_id, "lost", camera.id)
            lasting.add(key)
