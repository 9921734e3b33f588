"""Battery cameras: they doze until they are woken, which takes 8 to 70 s, and doze off again while they are watched.

A camera sleeps about 58 s after it woke, unless it is asked to stay awake each 30 s (github.com/Dead96/
ezviz-stream-ha-integration, releases 0.3.1 and 0.3.2, on a CS-DP2C).
"""

import logging
import threading
import time
from collections.abc import Callable

from net.cache import Recent
from registry.camera import Camera, Ref
from registry.errors import CameraSilent, DriverError, Refused
from store.ports import StoreUnavailable, Throttle
from store.records import Source

log = logging.getLogger(__name__)

EVERY_S = 60  # waking costs battery: at most once in this, by whichever process
KEPT_S = 30.0  # a camera that is watched is asked to stay awake after each
OTHERS_S = 25  # another process has seen to it within this, a little less than KEPT_S
AGAIN_S = 0.8
WAKE_S = 10.0
AWAKE_S = 300  # so long a battery camera is watched at once; the vendor's own app asks after minutes too
MANY = 4096

type Wake = Callable[[Source, Camera, float], None]


def lasts_s(camera: Camera) -> int:
    """Seconds after which a viewer has to ask again; 0: no end."""
    return 0 if camera.battery is None else AWAKE_S


class Waking:
    """`wake` asks the vendor to wake a camera; it may take longer than whoever wants a picture can wait."""

    def __init__(self, store: Throttle, wake: Wake, clock: Callable[[], float] = time.time) -> None:
        self._store, self._wake, self._clock = store, wake, clock
        self._kept: Recent[Ref, float] = Recent(MANY)  # by camera: when this process last saw to it

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
            self.rouse(source, camera)
            if end - time.monotonic() <= 2 * AGAIN_S:
                raise Refused("waking", "the camera dozes")
            time.sleep(AGAIN_S)

    def rouse(self, source: Source, camera: Camera) -> None:
        """Wakes a camera on battery, in a thread of its own. Raises StoreUnavailable."""
        if camera.battery is None or not self._is_due("wake", camera, EVERY_S):
            return
        self._kept.put(camera.ref, self._clock())
        self._in_thread(lambda: self._ask(source, camera), source)

    def watched(self, source: Source, camera: Camera) -> None:
        """Keeps a camera on battery awake; to be called again and again while somebody watches it."""
        now = self._clock()
        if camera.battery is None or 0 <= now - (self._kept.get(camera.ref) or 0.0) < KEPT_S:
            return
        self._kept.put(camera.ref, now)

        def work() -> None:
            if self._is_due("awake", camera, OTHERS_S):
                self._ask(source, camera)

        self._in_thread(work, source)

    def _ask(self, source: Source, camera: Camera) -> None:
        try:
            self._wake(source, camera, WAKE_S)
        except DriverError as error:
            log.info("a camera of source %s could not be woken: %s", source.id, error.reason)

    def _in_thread(self, work: Callable[[], None], source: Source) -> None:
        def run() -> None:
            try:
                work()
            except StoreUnavailable:
                log.warning("a camera of source %s could not be woken: the database can't be read", source.id)

        threading.Thread(target=run, name="wake", daemon=True).start()

    def _is_due(self, what: str, camera: Camera, every_s: int) -> bool:
        ref = camera.ref
        is_due, _ = self._store.take_place(f"{what}/{ref.source}/{ref.serial}/{ref.channel}", 1, every_s, self._clock())
        return is_due
