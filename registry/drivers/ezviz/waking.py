"""Battery cameras: they doze, and the vendor can't reach them until they have been woken, which takes a while."""

import logging
import threading
import time
from collections.abc import Callable

from registry.camera import Camera
from registry.errors import CameraSilent, DriverError, Refused
from store.ports import StoreUnavailable, Throttle
from store.records import Source

log = logging.getLogger(__name__)

EVERY_S = 60  # waking costs battery: at most once in this, by whichever process
AGAIN_S = 0.8
WAKE_S = 10.0
AWAKE_S = 300  # so long a battery camera is watched at once; the vendor's own app asks after minutes too

type Wake = Callable[[Source, Camera, float], None]


def lasts_s(camera: Camera) -> int:
    """Seconds after which a viewer has to ask again; 0: no end."""
    return 0 if camera.battery is None else AWAKE_S


class Waking:
    """`wake` asks the vendor to wake a camera; it may take longer than whoever wants a picture can wait."""

    def __init__(self, store: Throttle, wake: Wake) -> None:
        self._store, self._wake = store, wake

    def reached[T](self, source: Source, camera: Camera, call: Callable[[float], T], deadline_s: float) -> T:
        """What `call` brings within the time it is handed; of a camera that dozes it is asked again while that lasts.

        Raises Refused("waking") where it was not awake in time.
        """
        end = time.monotonic() + deadline_s
        while True:
            try:
                return call(end - time.monotonic())
            except CameraSilent:
                if camera.battery is None:
                    raise
            self._rouse(source, camera)
            if end - time.monotonic() <= 2 * AGAIN_S:
                raise Refused("waking", "the camera dozes")
            time.sleep(AGAIN_S)

    def _rouse(self, source: Source, camera: Camera) -> None:
        key = f"wake/{source.id}/{camera.ref.serial}/{camera.ref.channel}"
        is_due, _ = self._store.take_place(key, 1, EVERY_S, time.time())
        if not is_due:
            return

        def work() -> None:
            try:
                self._wake(source, camera, WAKE_S)
            except DriverError as error:
                log.info("a camera of source %s could not be woken: %s", source.id, error.reason)
            except StoreUnavailable:
                log.warning("a camera of source %s could not be woken: the database can't be read", source.id)

        threading.Thread(target=work, name="wake", daemon=True).start()
