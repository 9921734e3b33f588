"""The last still of each camera, shown until its live video comes: sealed, and bounded in count and size."""

import time
from collections.abc import Callable, Iterable

from showcam.drivers.camera import Camera
from showcam.registry.preferences import NONE, Preferences, of_account
from showcam.store.ports import Store
from showcam.store.records import MONTH_S

MOST = 64  # stills of a household
LARGEST = 48 * 1024  # bytes of a still: 640 x 360 fits, and so does a row of DynamoDB, which takes 400 KB
KEPT_S = MONTH_S  # an older still says nothing about the place any more
_OFF = "stills-off"
_AT, _STILL = "still-at/", "still/"  # each with a camera's id: when it was taken, and the JPEG


class LastStills:
    """Keeps stills as secrets of the account, which the store seals and removes with the account."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def is_on(self, account_id: str) -> bool:
        return self._store.account_secret(account_id, _OFF) is None

    def switch(self, account_id: str, *, on: bool) -> None:
        """Sets whether stills are kept. If not, all stills of the household are removed."""
        if on:
            self._store.drop_account_secret(account_id, _OFF)
            return
        self._store.put_account_secret(account_id, _OFF, b"1")
        for camera_id in self._moments(account_id):
            drop(self._store, account_id, camera_id)

    def put(self, account_id: str, camera: Camera, jpeg: bytes) -> bool:
        """Keeps the still instead of the camera's last one.

        False, and nothing is kept: it may not be kept, is no JPEG, is too large, or is of one camera too many.
        """
        if not _is_jpeg(jpeg) or not self._may_keep(account_id, camera):
            return False
        kept = self._moments(account_id)
        if camera.id not in kept and len(kept) >= MOST:
            return False
        # the moment first: a still without one would be found by nobody who removes stills
        self._store.put_account_secret(account_id, _AT + camera.id, b"%d" % self._clock())
        self._store.put_account_secret(account_id, _STILL + camera.id, jpeg)
        if self._may_keep(account_id, camera):
            return True
        drop(self._store, account_id, camera.id)  # the decision was taken back while this was written
        return False

    def of(self, account_id: str, camera: Camera) -> bytes | None:
        may = self._may_keep(account_id, camera)
        return self._store.account_secret(account_id, _STILL + camera.id) if may else None

    def times(self, account_id: str, cameras: Iterable[Camera], *, is_whole: bool) -> dict[str, float]:
        """Returns when the last still of each camera was taken, and removes the stills that may not be kept any longer.

        `is_whole`: `cameras` are all of the household's, so that a still of another camera is removed.
        """
        known, oldest = {camera.id: camera for camera in cameras}, self._clock() - KEPT_S
        preferences = of_account(self._store, account_id)
        found = {}
        for camera_id, at in self._moments(account_id).items():
            camera = known.get(camera_id)
            may = camera is not None and may_be_kept(camera, preferences.get(camera_id, NONE))
            if at < oldest or (is_whole if camera is None else camera.encryption == "on" and not may):
                drop(self._store, account_id, camera_id)
            elif may:
                found[camera_id] = at
        return found

    def _may_keep(self, account_id: str, camera: Camera) -> bool:
        decided = of_account(self._store, account_id).get(camera.id, NONE)
        return self.is_on(account_id) and may_be_kept(camera, decided)

    def _moments(self, account_id: str) -> dict[str, float]:
        rows = self._store.account_secrets(account_id, _AT)
        return {name.removeprefix(_AT): float(at) for name, at in rows.items()}


def may_be_kept(camera: Camera, preferences: Preferences) -> bool:
    """An encrypted camera's still is kept only while its owner has decided that showcam deciphers its video.

    If it is not known whether the camera is encrypted, its still is neither kept nor shown.
    """
    return camera.encryption in ("off", "none") or preferences.while_encrypted == "code"


def drop(store: Store, account_id: str, camera_id: str) -> None:
    """Removes the camera's last still: with the camera, or with the decision that it is deciphered."""
    store.drop_account_secret(account_id, _STILL + camera_id)
    store.drop_account_secret(account_id, _AT + camera_id)


def _is_jpeg(data: bytes) -> bool:
    return len(data) <= LARGEST and data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")
