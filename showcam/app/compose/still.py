"""A still picture of a camera for a command, as the console's page has it: through the gate, from the media process."""

import requests

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.app.compose.command import Household
from showcam.app.settings import Settings
from showcam.console.tiles import at_own_media
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.errors import Unavailable
from showcam.registry.gate.gate import overruled

WITHIN_S = 20.0  # the session of the command lasts no longer


def capture(settings: Settings, home: Household, camera: Camera) -> bytes | Refusal:
    """A JPEG of the camera's picture now, or the reason why there is none."""
    sessions = ConsoleSessions(home.store)
    session = sessions.read(sessions.begin(account=home.account, kept_s=WITHIN_S))
    assert session is not None
    try:
        found = home.owner.still(home.account, session.id, camera.id)
        if isinstance(found, Refusal):
            return found
        url = at_own_media(found.url, settings.internal_media_url if settings.own_media else None)
        answer = requests.get(url, timeout=WITHIN_S)
        return answer.content if answer.status_code == 200 else _none(camera)
    except requests.RequestException:
        return _none(camera)
    except Unavailable as error:
        return overruled(error.reason, camera, error.vendor)
    finally:
        sessions.end(session)


def _none(camera: Camera) -> Refusal:
    return overruled("media_down", camera, camera.manufacturer)
