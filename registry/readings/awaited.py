"""Changes that a vendor took and whose camera does not show them yet: vendors' lists lag behind by some 20 seconds.

Each is a row of the store, since the next question about the camera may reach another process.
"""

import logging
import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from registry.camera import Camera
from registry.readings.happenings import LAST_S, Happenings
from registry.settings import FIELDS, Asked, Setting
from store.ports import StoreUnavailable
from store.records import Happening

log = logging.getLogger(__name__)

AWAITED_S = LAST_S  # after this the camera's own word counts, whatever was asked for
_ASKED = "asked"  # begins the kind of such a row: asked/{field}/{value}
_KNOWN = frozenset(FIELDS.values())  # another version may write others

type Changes = Mapping[tuple[str, str], str]  # by camera id and field of Camera: the value that was asked for
_NOTHING: Changes = {}


class Awaited:
    """`clock`: epoch seconds."""

    def __init__(self, happenings: Happenings, clock: Callable[[], float] = time.time) -> None:
        self._happenings, self._clock = happenings, clock

    def put(self, account_id: str, camera: Camera, setting: Setting, value: str) -> Asked:
        """Until the camera shows it, or AWAITED_S are over, the setting is unknown. A camera's newest change counts."""
        if setting not in FIELDS:
            return Asked(camera)
        field = FIELDS[setting]
        try:
            self._happenings.put(account_id, Happening(camera.id, f"{_ASKED}/{field}/{value}", self._clock()))
        except StoreUnavailable:
            # the vendor took the change all the same; until the next reading the camera is listed as it was
            log.warning("a change of account %s could not be noted as asked for", account_id, extra={"reason": "store"})
        return Asked(replace(camera, **{field: value}))

    def of(self, account_id: str) -> Changes:
        """The changes of the household that may still be awaited."""
        last = self._happenings.last(account_id)
        if not last:
            return _NOTHING
        changes: dict[tuple[str, str], str] = {}
        for happening in last:  # the newest comes last
            word, _, change = happening.kind.partition("/")
            field, _, value = change.partition("/")
            if word == _ASKED and field in _KNOWN:
                changes[happening.camera, field] = value
        return changes


def with_awaited(camera: Camera, changes: Changes) -> Camera:
    """The camera with what it does not show yet as unknown: neither what was nor what was asked for is so."""
    unknown = {
        field: "unknown"
        for (camera_id, field), value in changes.items()
        if camera_id == camera.id and getattr(camera, field) not in (value, "none")
    }
    return replace(camera, **unknown) if unknown else camera
