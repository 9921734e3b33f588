"""Composes what is sent to phones when somebody rings, walks or moves at a camera, once an owner has chosen it."""

from functools import cache, partial
from typing import TYPE_CHECKING

from showcam.app.compose.ground import Ground
from showcam.app.process.home_address import home_address
from showcam.app.settings import Settings
from showcam.i18n.catalogue import NAMING
from showcam.registry.preferences import NONE, of_account
from showcam.registry.readings.changes import SIGHTINGS, Change

if TYPE_CHECKING:
    from showcam.registry.notices.rings import Rings


def ring_phones(settings: Settings, base: Ground) -> None:
    """Sends chosen changes from now on. Until the first one nothing is loaded and no thread runs."""
    rings = cache(partial(_rings, settings, base))

    def take(change: Change) -> None:
        if change.announced is None:
            return
        # read now: whoever has just chosen it tries the bell
        chosen = of_account(base.store, change.account).get(change.camera, NONE).phone_when
        if change.kind in chosen or change.announced in chosen:  # motion may be announced as a ring
            rings().take(change)

    base.adapter.changes.subscribe(take, SIGHTINGS)


def _rings(settings: Settings, base: Ground) -> "Rings":
    from showcam.accounts.console_sessions import ConsoleSessions
    from showcam.net import notices
    from showcam.net.web_push import Sender, Services
    from showcam.registry.notices.browsers import Browsers, Pushing
    from showcam.registry.notices.rings import Rings
    from showcam.registry.owner.moments import Moments

    adapter = base.adapter
    moments = Moments(adapter.alarm_pictures, adapter.owner, ConsoleSessions(base.store), base.pictures.still)
    send, live = partial(notices.send, sender=NAMING.name), partial(_live, settings)
    contact = settings.web_url if settings.web_url.startswith("https://") else ""
    sender = partial(Sender, contact=contact, hosts=Services(loopback=settings.demo), ca_file=settings.ca_file)
    push = Pushing(Browsers(base.store), sender)
    return Rings(base.store, adapter.standing, moments, send, live, adapter.history.note_phone, push)


def _live(settings: Settings, camera: str) -> str:
    """The address of the camera's page: public if everybody's browser may open it, else the one in the house."""
    home = f"{settings.web_url}/home" if settings.console == "public" else home_address(settings)
    return f"{home}/cameras/{camera}"
