"""Compares a household as it stands with its noted faults: sessions, reports, cameras in the house, Image Encryption.

So a fault is noted that no change announced, and one ends that was mended while nothing ran.
"""

import time
from collections.abc import Callable, Iterator

from registry.camera import Camera
from registry.errors import Unavailable
from registry.notices.fault import Fault, Kind, key_of
from registry.notices.faults import Faults, is_over
from registry.readings.households import Reading
from registry.readings.readings import Readings
from store.ports import Store
from store.records import Account, Source

REPORTS_S = 5.0  # between two reads of the reports that were put aside, which may be many
AWAY_S = 600.0  # a camera in the house that is away so long was searched for in vain


class Standing:
    """`clock`: epoch seconds. Not safe to use from several threads."""

    def __init__(
        self, store: Store, readings: Readings, faults: Faults, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._readings, self._faults, self._clock = store, readings, faults, clock
        self._reports_due: dict[str, float] = {}  # by account
        self._away: dict[tuple[str, str], float] = {}  # by account and camera, since when

    def examine(self, account_id: str) -> list[Fault]:
        """The household's faults as they are now. Raises what the store raises."""
        noted = self._faults.of(account_id)
        lasting = {fault.key: fault.began for fault in noted if fault.lasts}
        before = set(lasting)
        for fault in noted:
            if is_over(fault, self._clock()):
                self._faults.forget(account_id, fault.kind, fault.subject)
                del lasting[fault.key]
        if self._clock() >= self._reports_due.get(account_id, 0.0):
            self._reports_due[account_id] = self._clock() + REPORTS_S
            self._reports(account_id, lasting)
        for account, source in self._sources(account_id):
            self._session(account, source, lasting)
            reading = self._readings.last(account, source)
            for camera in reading.cameras if reading else ():
                if camera.encryption == "off":
                    self._mended(account_id, "encryption", camera.id, lasting, reading)
                if source.kind == "lan":
                    self._lost(account_id, camera, lasting, reading)
        return noted if lasting.keys() == before else self._faults.of(account_id)

    def signed_out(self, account_id: str) -> bool:
        """Whether a vendor ended the session of one of its sources."""
        return any(
            session.state == "needs_login" and self._store.known(account.id, source.id) is not None
            for account, source in self._sources(account_id)
            if (session := self._store.read_session(account.id, source.id)) is not None
        )

    def camera_name(self, account_id: str, camera_id: str) -> str:
        """The camera's name as last read; "" where it is not known any more."""
        for account, source in self._sources(account_id):
            reading = self._readings.last(account, source)
            camera = reading.find(camera_id) if reading else None
            if camera is not None:
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

    def _mended(
        self, account_id: str, kind: Kind, camera_id: str, lasting: dict[str, float], reading: Reading | None
    ) -> None:
        """By a reading that is younger than the fault: another process may have found it by one that we lack."""
        key = key_of(kind, camera_id)
        if key in lasting and reading is not None and reading.as_of > lasting[key]:
            self._faults.ended(account_id, kind, camera_id)
            del lasting[key]

    def _session(self, account: Account, source: Source, lasting: dict[str, float]) -> None:
        """A source that nobody has signed in to yet is no fault: it has no list."""
        session = self._store.read_session(account.id, source.id)
        key = f"session/{source.id}"
        if session is None:
            return
        if session.state == "ok" and key in lasting:
            self._faults.ended(account.id, "session", source.id)
            del lasting[key]
        elif session.state == "needs_login" and key not in lasting and self._store.known(account.id, source.id):
            self._faults.began(account.id, "session", source.id)
            lasting[key] = self._clock()

    def _reports(self, account_id: str, lasting: dict[str, float]) -> None:
        """Reports that were put aside, until they are sent again or dropped."""
        links = {laid.row.link for laid in self._store.laid_down(account_id)}
        live = {link.id for link in self._store.links(account_id)} if links else set()
        laid = {f"outbox/{link}" for link in links & live}
        before = {key for key in lasting if key.startswith("outbox/")}
        for key in laid - before:
            self._faults.began(account_id, "outbox", key.removeprefix("outbox/"))
            lasting[key] = self._clock()
        for key in before - laid:
            self._faults.ended(account_id, "outbox", key.removeprefix("outbox/"))
            del lasting[key]

    def _lost(self, account_id: str, camera: Camera, lasting: dict[str, float], reading: Reading | None) -> None:
        key = key_of("lost", camera.id)
        if camera.online != "off":
            self._away.pop((account_id, camera.id), None)
            if camera.online == "on":
                self._mended(account_id, "lost", camera.id, lasting, reading)
            return
        since = self._away.setdefault((account_id, camera.id), self._clock())
        if key not in lasting and self._clock() - since >= AWAY_S:
            self._faults.began(account_id, "lost", camera.id)
            lasting[key] = self._clock()
