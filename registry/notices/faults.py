"""Notes which faults a household has. Any process notes them; the worker notifies the owner."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from registry.notices.fault import Fault, Kind, decoded, encoded
from registry.readings.changes import Change, Happenings
from store.ports import Store, StoreUnavailable
from store.records import Happening

OWN_S = 180.0  # Image Encryption that comes on so soon after the owner switched it on is no fault
TAMPERED_S = 3600.0  # an owner is notified once of all tampering with a camera within so long
_OWN = "own/encryption"  # the kind of a happening
_RACES = 16


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
        """Note a fault that lasts from now on; one that is noted already stays as it is."""
        new = Fault(account_id, kind, subject, self._clock())
        self.change(new, lambda fault: replace(fault, lasts=True) if fault is not None else new)

    def ended(self, account_id: str, kind: Kind, subject: str) -> None:
        """Note that a fault is mended, if it is noted; those who were notified of it are notified of that."""

        def mended(fault: Fault | None) -> Fault | None:
            return replace(fault, lasts=False) if fault is not None and fault.told else None

        self.change(Fault(account_id, kind, subject, 0.0), mended)

    def forget(self, account_id: str, kind: Kind, subject: str) -> None:
        """Nobody is notified of it any more: what it is about is gone."""
        self.change(Fault(account_id, kind, subject, 0.0), lambda _: None)

    def switching_on(self, account_id: str, camera_id: str) -> None:
        """The owner is about to switch the camera's Image Encryption on here."""
        self._happenings.put(account_id, Happening(camera_id, _OWN, self._clock()))

    def note(self, change: Change) -> None:
        """For Changes."""
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
        """Writes what `change` makes of the fault as it is kept, whatever other processes write meanwhile."""
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
    """Whether it ends by its time alone."""
    return fault.kind == "tamper" and now - fault.began >= TAMPERED_S
