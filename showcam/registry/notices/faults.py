"""The faults of a household, for notices to the owner. Any process notes a fault; the worker notifies the owner."""

import time
from collections.abc import Callable, Iterator
from typing import Literal, TypeIs, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable
from showcam.registry.readings.changes import Change, Happenings
from showcam.registry.readings.households import Reading
from showcam.registry.readings.judge import Component, Ground
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import DAY_S, HOUR_S, Account, Happening, Notice, Source

# "encryption": Image Encryption of a camera was switched on. "session": a vendor ended a source's session. "lost": a
# camera in the house is at no address. "tamper": a camera was turned away, covered or blinded; nothing says when this
# is fixed. "grant": an assistant refuses the reports of a link. "expired": there is no permission to report by a link.
# "ending": an assistant says that a link has ended, as it says of too many others at once. "silent": a change waits for
# a day to be reported to a link. "key": showcam's key for reports to an assistant can't be used. "outbox": reports of a
# link can't be sent.
type Kind = Literal["encryption", "session", "lost", "tamper", "grant", "expired", "ending", "silent", "key", "outbox"]

KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
OF_REPORTS: tuple[Kind, ...] = (
    "ending",
    "expired",
    "grant",
    "silent",
)  # of a link: one at a time, until a report is taken
OWN_S = 180.0  # Image Encryption that comes on this soon after the owner switched it on is no fault
TAMPERED_S = HOUR_S  # within this time an owner is notified only once of tampering with a camera
_OWN = "own/encryption"  # the kind of a happening
_RACES = 16
CENSUS_S = 5.0  # between two reads of the households with addresses, and of parked reports
AWAY_S = 600.0  # a camera in the house that is away this long was searched for in vain


class Fault(Struct, frozen=True):
    """`subject` is the id of a camera, a source or a link, or for a key the assistant.

    `told`: ids of the addresses that were notified.
    """

    account: str
    kind: Kind
    subject: str
    began: float
    lasts: bool = True  # False: it is fixed, and the addresses of `told` must still be notified of the fix
    told: tuple[str, ...] = ()
    version: int = 0

    @property
    def key(self) -> str:
        return key_of(self.kind, self.subject)


class _Kept(Struct):
    began: float
    lasts: bool
    told: tuple[str, ...]


_decoder = msgspec.json.Decoder(_Kept)


def key_of(kind: Kind, subject: str) -> str:
    return f"{kind}/{subject}"


def encoded(fault: Fault) -> bytes:
    return msgspec.json.encode(_Kept(fault.began, fault.lasts, fault.told))


def decoded(notice: Notice) -> Fault | None:
    """None for a row of another version."""
    kind, _, subject = notice.fault.partition("/")
    if not _is_kind(kind):
        return None
    try:
        kept = _decoder.decode(notice.data)
    except msgspec.MsgspecError:
        return None
    return Fault(notice.account, kind, subject, kept.began, kept.lasts, kept.told, notice.version)


def _is_kind(word: str) -> TypeIs[Kind]:
    return word in KINDS


class Faults:
    """`clock`: epoch seconds. `keeps`: whether there are owners to be notified; else nothing is noted.

    Raises what the store raises.
    """

    def __init__(
        self, store: Store, happenings: Happenings, clock: Callable[[], float] = time.time, *, keeps: bool = True
    ) -> None:
        self._store, self._happenings, self._clock, self._keeps = store, happenings, clock, keeps

    def of(self, account_id: str) -> list[Fault]:
        return [fault for notice in self._store.notices(account_id) if (fault := decoded(notice)) is not None]

    def began(self, account_id: str, kind: Kind, subject: str) -> None:
        """Notes a fault that lasts from now on. If the fault is noted already, its begin stays."""
        new = Fault(account_id, kind, subject, self._clock())
        self.change(new, lambda fault: replace(fault, lasts=True) if fault is not None else new)

    def ended(self, account_id: str, kind: Kind, subject: str) -> None:
        """Notes the fix of a fault, if the fault was noted. Addresses that know of the fault then get a notice."""

        def mended(fault: Fault | None) -> Fault | None:
            return replace(fault, lasts=False) if fault is not None and fault.told else None

        self.change(Fault(account_id, kind, subject, 0.0), mended)

    def hindered(self, account_id: str, kind: Kind, link_id: str) -> None:
        """Notes why a link is not reported to, in place of what was noted before: one notice a link is enough."""
        for fault in self._of_reports(account_id, link_id):
            if fault.kind != kind:
                self.forget(account_id, fault.kind, link_id)
        self.began(account_id, kind, link_id)

    def reported(self, account_id: str, link_id: str) -> None:
        """Notes that an assistant took a report of the link."""
        for fault in self._of_reports(account_id, link_id):
            self.ended(account_id, fault.kind, link_id)

    def _of_reports(self, account_id: str, link_id: str) -> list[Fault]:
        return [fault for fault in self.of(account_id) if fault.kind in OF_REPORTS and fault.subject == link_id]

    def forget(self, account_id: str, kind: Kind, subject: str) -> None:
        """Drops a fault without any notice, since the camera, source or link is gone."""
        self.change(Fault(account_id, kind, subject, 0.0), lambda _: None)

    def switching_on(self, account_id: str, camera_id: str) -> None:
        """The owner is about to switch the camera's Image Encryption on here."""
        self._happenings.put(account_id, Happening(camera_id, _OWN, self._clock()))

    def note(self, change: Change) -> None:
        """Notes the faults that begin or end with this change; subscribes to Changes."""
        match change.kind:
            case "encryption_on":
                if not self._is_own(change):
                    self.began(change.account, "encryption", change.camera)
            case "encryption_off":
                self.ended(change.account, "encryption", change.camera)
            case "tamper":
                new = Fault(change.account, "tamper", change.camera, change.at)
                self.change(new, lambda fault: new if fault is None or is_over(fault, self._clock()) else fault)
            case "removed":
                for kind in ("encryption", "lost", "tamper"):
                    self.forget(change.account, kind, change.camera)
            case _:
                pass

    def change(self, fault: Fault, change: Callable[[Fault | None], Fault | None]) -> None:
        """Writes the stored fault as `change` returns it, whatever other processes write meanwhile."""
        if not self._keeps:
            return
        for _ in range(_RACES):
            before = next((kept for kept in self.of(fault.account) if kept.key == fault.key), None)
            after = change(before)
            if after == before:
                return
            version, data = before.version if before else 0, encoded(after) if after else None
            if self._store.swap_notice(fault.account, fault.key, version=version, data=data):
                return
        raise StoreUnavailable("other callers changed the same notice in every try")

    def _is_own(self, change: Change) -> bool:
        lately = self._happenings.since(change.account, self._clock() - OWN_S)
        return any(happening.camera == change.camera and happening.kind == _OWN for happening in lately)


def is_over(fault: Fault, now: float) -> bool:
    """Whether the fault has ended only because of its age."""
    return fault.kind == "tamper" and now - fault.began >= TAMPERED_S


class Standing(Component):
    """Compares the present state of a household with its noted faults: sessions, reports, cameras at home, encryption.

    This notes faults that no change announced, and ends faults that were fixed while nothing ran. `clock`: epoch
    seconds. Not safe to use from several threads.
    """

    def __init__(self, ground: Ground, faults: Faults) -> None:
        super().__init__(ground)
        self._faults = faults
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
            self._reports_due[account_id] = self._clock() + CENSUS_S
            self._reports(account_id, lasting)
            self._silence(account_id, lasting)
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
        """Whether a vendor ended the session of any source of the household."""
        return any(
            session.state == "needs_login" and self._store.known(account.id, source.id) is not None
            for account, source in self._sources(account_id)
            if (session := self._store.read_session(account.id, source.id)) is not None
        )

    def camera_name(self, account_id: str, camera_id: str) -> str:
        """The camera's name as last read; "" if the camera is no longer known."""
        for account, source in self._sources(account_id):
            reading = self._readings.last(account, source)
            camera = reading.find(camera_id) if reading else None
            if camera is not None:
                return camera.name
        return ""

    def vendor(self, account_id: str, source_id: str) -> str:
        """The name of the source's vendor; "" if there is no such source."""
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
        """Ends a fault, but only by a younger reading: another process may have found it by a reading that we lack."""
        key = key_of(kind, camera_id)
        if key in lasting and reading is not None and reading.as_of > lasting[key]:
            self._end(account_id, kind, camera_id, lasting)

    def _begin(self, account_id: str, kind: Kind, subject: str, lasting: dict[str, float]) -> None:
        self._faults.began(account_id, kind, subject)
        lasting[key_of(kind, subject)] = self._clock()

    def _end(self, account_id: str, kind: Kind, subject: str, lasting: dict[str, float]) -> None:
        self._faults.ended(account_id, kind, subject)
        del lasting[key_of(kind, subject)]

    def _session(self, account: Account, source: Source, lasting: dict[str, float]) -> None:
        """Notes or ends the fault of a source's session. Before the first sign-in there is no fault and no list."""
        session = self._store.read_session(account.id, source.id)
        if session is None:
            return
        is_noted = f"session/{source.id}" in lasting
        if session.state == "ok" and is_noted:
            self._end(account.id, "session", source.id, lasting)
        elif session.state == "needs_login" and not is_noted and self._store.known(account.id, source.id):
            self._begin(account.id, "session", source.id, lasting)

    def _reports(self, account_id: str, lasting: dict[str, float]) -> None:
        """Notes a fault for each link with parked reports, until they are sent again or dropped."""
        links = {laid.row.link for laid in self._store.laid_down(account_id)}
        live = {link.id for link in self._store.links(account_id)} if links else set()
        laid, before = links & live, _subjects("outbox", lasting)
        for link in laid - before:
            self._begin(account_id, "outbox", link, lasting)
        for link in before - laid:
            self._end(account_id, "outbox", link, lasting)

    def _silence(self, account_id: str, lasting: dict[str, float]) -> None:
        """Notes a fault for each link whose changes wait for a day to be reported, after at least one failed try."""
        old = {row.link for row in self._store.waiting(self._clock(), account_id) if row.at <= self._clock() - DAY_S}
        tellings = self._store.tellings(account_id) if old else {}
        tried = {link for link in old if link in tellings and tellings[link].why is not None}
        known = set().union(*(_subjects(kind, lasting) for kind in (*OF_REPORTS, "outbox") if kind != "silent"))
        noted = _subjects("silent", lasting)
        for link in tried - known - noted:
            self._begin(account_id, "silent", link, lasting)
        for link in noted & known:
            self._faults.forget(account_id, "silent", link)
            del lasting[key_of("silent", link)]
        for link in noted - tried - known:
            self._end(account_id, "silent", link, lasting)

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


def _subjects(kind: Kind, lasting: dict[str, float]) -> set[str]:
    """The subjects of the noted faults of this kind."""
    return {key.removeprefix(f"{kind}/") for key in lasting if key.startswith(f"{kind}/")}
