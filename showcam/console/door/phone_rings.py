"""The form on the page of phones for what is sent to them: per camera, when somebody rings, walks or moves there."""

from flask import request
from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable
from showcam.i18n.catalogue import mark
from showcam.registry.notices.notifier import Addresses
from showcam.registry.owner.invitations import is_of_owner
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import TV_WHEN
from showcam.store.ports import Store

WHEN = {"doorbell": mark("Rings"), "person": mark("Persons"), "motion": mark("Motion")}


class Ticks(Struct, frozen=True):
    """A camera with the events that it may have: each with its name for a person, and whether it is chosen."""

    camera: str
    name: str
    events: list[tuple[str, str, bool]]


class PhoneRings:
    def __init__(self, owner: Owner, store: Store) -> None:
        self._owner, self._store = owner, store

    def may(self, account: str) -> bool:
        return is_of_owner(self._store, account)

    def has_address(self, account: str) -> bool:
        return bool(Addresses(self._store).of(account))

    def ticks(self, account: str) -> list[Ticks]:
        """Returns the cameras with the events that each may report, as last read, and the events that are chosen."""
        try:
            cameras = self._owner.known(account)
        except Unavailable:
            return []
        rows = []
        for camera in cameras:
            chosen = self._owner.preferences(account, camera.id).phone_when
            events = [
                (when, name, when in chosen)
                for when, name in WHEN.items()
                if when in chosen or _may_happen(camera, when)
            ]
            if events:
                rows.append(Ticks(camera.id, camera.name, events))
        return rows

    def take(self, account: str) -> bool:
        """Keeps the ticks of the cameras that the form names. False, and nothing is kept, if one of them is gone."""
        form = request.form
        cameras, given = set(form.getlist("camera")), set(form.getlist("when"))
        if not cameras <= {row.camera for row in self.ticks(account)}:
            return False
        for camera in cameras:
            kept = self._owner.preferences(account, camera)
            chosen = tuple(when for when in TV_WHEN if f"{camera}/{when}" in given)
            if chosen != kept.phone_when:
                self._owner.prefer(account, camera, replace(kept, phone_when=chosen))
        return True


def _may_happen(camera: Camera, when: str) -> bool:
    return camera.can_ring if when == "doorbell" else getattr(camera, when) != "none"
