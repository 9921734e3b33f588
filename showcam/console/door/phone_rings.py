"""The form on the page of phones for what is sent to them: per camera, when somebody rings, walks or moves there."""

from typing import TYPE_CHECKING

from flask import request
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSession
from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable
from showcam.i18n.catalogue import mark
from showcam.registry.notices.notifier import Addresses
from showcam.registry.owner.invitations import is_of_owner
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import TV_WHEN
from showcam.store.ports import Store

if TYPE_CHECKING:
    from showcam.registry.notices.browsers import Browsers

WHEN = {"doorbell": mark("Rings"), "person": mark("Persons"), "motion": mark("Motion")}


class Ticks(Struct, frozen=True):
    """A camera with the events that it may have: each with its name for a person, and whether it is chosen."""

    camera: str
    name: str
    events: list[tuple[str, str, bool]]


class PhoneRings:
    """`loopback`: a browser's push service may be on this machine, as in the demo."""

    def __init__(self, owner: Owner, store: Store, *, loopback: bool = False) -> None:
        self._owner, self._store, self._loopback = owner, store, loopback

    def may(self, account: str) -> bool:
        return is_of_owner(self._store, account)

    def has_address(self, account: str) -> bool:
        return bool(Addresses(self._store).of(account) or self._browsers().of(account))

    def push_key(self, account: str) -> str:
        """Returns what a browser of the household subscribes for, in Base64."""
        from showcam.net.web_push import armoured, public_of

        return armoured(public_of(self._browsers().key(account)))

    def is_pushed(self, current: ConsoleSession) -> bool:
        return self._browsers().has(current.account, current.id)

    def subscribe(self, current: ConsoleSession) -> bool:
        """Keeps the subscription that the browser sent. False if it is none, or there are too many."""
        from showcam.net.web_push import BadSubscription, Services, subscription
        from showcam.registry.notices.browsers import TooMany

        address, key, secret = (request.form.get(name, "") for name in ("address", "key", "secret"))
        try:
            made = subscription(address, key, secret, Services(loopback=self._loopback))
            self._browsers().add(current.account, current.id, made)
        except (BadSubscription, TooMany):
            return False
        return True

    def unsubscribe(self, current: ConsoleSession) -> None:
        self._browsers().remove(current.account, current.id)

    def _browsers(self) -> "Browsers":
        from showcam.registry.notices.browsers import Browsers

        return Browsers(self._store)

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
