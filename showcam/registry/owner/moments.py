"""A still of what happened at a camera: the vendor's picture of it, else the first picture that comes through the gate.

Kept nowhere: whoever asks has it sent on at once.
"""

import time
from collections.abc import Callable

from showcam.accounts.console_sessions import ConsoleSessions
from showcam.drivers.camera import Refusal
from showcam.engine.messages import MediaUnavailable
from showcam.net.jpeg import is_whole
from showcam.registry.owner.alarm_pictures import AlarmPictures
from showcam.registry.owner.owner import Owner
from showcam.registry.readings.changes import Change
from showcam.store.records import Ask

ALARM_S = 2.0  # of the vendor's picture: half of a still's time, so that the other half is left for the camera's own
SEEN_S = 60.0  # the end of the session that a still is fetched in, if its process dies before it ends it
_USER = "phones"

type Fetch = Callable[[str, str, str, float], bytes]


class Moments:
    """`fetch` gets a still, by its address, account, camera and the seconds left. It raises MediaUnavailable."""

    def __init__(self, alarms: AlarmPictures, owner: Owner, sessions: ConsoleSessions, fetch: Fetch) -> None:
        self._alarms, self._owner, self._sessions, self._fetch = alarms, owner, sessions, fetch

    def of(self, change: Change, within_s: float) -> bytes | None:
        """A JPEG of at most 1 MiB; None if there is none in this time. Raises StoreUnavailable."""
        end = time.monotonic() + within_s
        sighting = Ask("", change.camera, "", surface="", at=change.at, took_s=0.0, reason=change.kind)
        alarm = self._alarms.of(change.account, sighting, min(ALARM_S, within_s))
        if isinstance(alarm, bytes) and is_whole(alarm):
            return alarm
        return self._seen(change.account, change.camera, end)

    def _seen(self, account: str, camera: str, end: float) -> bytes | None:
        """A picture of now, in a session that ends with the fetch."""
        session = self._sessions.read(self._sessions.begin(account=account, user=_USER, role="member", kept_s=SEEN_S))
        assert session is not None
        try:
            still = self._owner.still(account, session.id, camera, once=True)
            left_s = end - time.monotonic()
            if isinstance(still, Refusal) or left_s <= 0:
                return None
            jpeg = self._fetch(still.url, account, camera, left_s)
        except MediaUnavailable:
            return None
        finally:
            self._sessions.end(session)
        return jpeg if is_whole(jpeg) else None
