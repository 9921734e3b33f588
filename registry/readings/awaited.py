"""Changes that a vendor took and whose camera does not show them yet: vendors' lists lag behind by some 20 seconds."""

import threading
import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from net.cache import Recent
from registry.camera import Camera
from registry.settings import FIELDS, Asked, Setting

AWAITED_S = 30.0  # after this the camera's own word counts, whatever was asked for
IN_MEMORY = 1024

type Changes = Mapping[tuple[str, str], tuple[str, float]]  # by camera id and field: the value, and until when
_NOTHING: Changes = {}


class Awaited:
    """Of this process. `clock`: epoch seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._changes: Recent[str, Changes] = Recent(IN_MEMORY)
        self._lock = threading.Lock()

    def put(self, account_id: str, camera: Camera, setting: Setting, value: str) -> Asked:
        """Until the camera shows it, or AWAITED_S are over, the setting is unknown. A camera's newest change counts."""
        if setting not in FIELDS:
            return Asked(camera)
        with self._lock:
            now = self._clock()
            known = {
                key: change for key, change in (self._changes.get(account_id) or _NOTHING).items() if change[1] > now
            }
            self._changes.put(account_id, known | {(camera.id, FIELDS[setting]): (value, now + AWAITED_S)})
        return Asked(replace(camera, **{FIELDS[setting]: value}))

    def of(self, account_id: str) -> Changes:
        """Those of the household that may still be awaited."""
        changes = self._changes.get(account_id)
        if not changes:
            return _NOTHING
        now = self._clock()
        return {key: change for key, change in changes.items() if change[1] > now}


def with_awaited(camera: Camera, changes: Changes) -> Camera:
    """The camera with what it does not show yet as unknown: neither what was nor what was asked for is so."""
    unknown = {
        field: "unknown"
        for (camera_id, field), (value, _) in changes.items()
        if camera_id == camera.id and getattr(camera, field) not in (value, "none")
    }
    return replace(camera, **unknown) if unknown else camera
