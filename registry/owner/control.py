"""Changing a camera: the vendor is asked once, and the camera is read until it has taken the change."""

import itertools
import logging
import time
from collections.abc import Callable, Mapping

from registry.camera import Camera, Refusal
from registry.driver import Driver
from registry.errors import DriverError, SetRefused
from registry.gate.gate import overruled
from registry.readings.breaker import Breaker
from registry.readings.judge import Deadline, VisibleCamera, unreached
from registry.readings.readings import Readings
from registry.settings import FIELDS, Setting, SettingView, Step, field_of
from store.records import Source

log = logging.getLogger(__name__)


class Control:
    """Whoever calls it has asked whether that may be. Answers with a Refusal where something is wrong."""

    def __init__(self, drivers: Mapping[str, Driver], readings: Readings, breaker: Breaker, read_back_s: float) -> None:
        self._drivers, self._readings, self._breaker = drivers, readings, breaker
        self._read_back_s = read_back_s
        self._looks = itertools.count()

    def serves(self, source: Source) -> tuple[str, ...]:
        """By which ways the source serves state and settings."""
        return self._drivers[source.kind].serves(source)

    def settings(self, seen: VisibleCamera, deadline: Deadline) -> dict[Setting, SettingView] | Refusal:
        driver = self._drivers[seen.source.kind]
        try:
            return self._breaker.call(
                f"set/{seen.source.id}",
                deadline.left,
                lambda: driver.settings(seen.source, seen.camera, deadline.left),
            )
        except DriverError as error:
            return unreached(error, seen.camera)

    def change(
        self, seen: VisibleCamera, setting: Setting, value: str, code: str, deadline: Deadline
    ) -> Camera | Refusal | Step:
        driver = self._drivers[seen.source.kind]

        def apply() -> None:
            driver.apply(seen.source, seen.camera, setting, value, deadline.left, code=code)

        refusal = self._ask(seen, deadline, apply)
        if refusal is not None:
            return refusal
        try:
            found = self._read_back(seen, setting, value, deadline)
        except DriverError as error:
            return unreached(error, seen.camera)
        return found or overruled("not_set", seen.camera)

    def restart(self, seen: VisibleCamera, deadline: Deadline) -> Camera | Refusal:
        if not seen.camera.can_restart:
            return overruled("not_this_way", seen.camera)
        driver = self._drivers[seen.source.kind]
        refusal = self._ask(seen, deadline, lambda: driver.restart(seen.source, seen.camera, deadline.left))
        if isinstance(refusal, Step):
            return overruled("not_set", seen.camera)
        return refusal or seen.camera

    def change_password(self, seen: VisibleCamera, old: str, new: str, deadline: Deadline) -> Camera | Refusal | Step:
        driver = self._drivers[seen.source.kind]
        refusal = self._ask(
            seen, deadline, lambda: driver.change_password(seen.source, seen.camera, old, new, deadline.left)
        )
        return refusal or seen.camera

    def delete(self, seen: VisibleCamera, deadline: Deadline) -> Camera | Refusal:
        driver = self._drivers[seen.source.kind]
        refusal = self._ask(seen, deadline, lambda: driver.delete(seen.source, seen.camera, deadline.left))
        if isinstance(refusal, Step):
            return overruled("not_set", seen.camera)
        return refusal or seen.camera

    def _ask(self, seen: VisibleCamera, deadline: Deadline, write: Callable[[], None]) -> Refusal | Step | None:
        """None when the vendor took it. Never asked twice: what was refused once, or half done, is not for us."""
        try:
            self._breaker.call(f"set/{seen.source.id}", deadline.left, write)
        except DriverError as error:
            log.warning("source %s took no setting: %s", seen.source.id, error.reason, extra={"reason": error.reason})
            return unreached(error, seen.camera)
        except SetRefused as refused:
            match refused.why:
                case "wrong_code":
                    return Step("code", wrong=True)
                case "wrong_mailed_code":
                    return Step("mailed_code", wrong=True)
                case "code_mailed":
                    return Step("mailed_code")
                case "unsupported":
                    return overruled("not_this_way", seen.camera)
                case "not_taken":
                    return overruled("not_set", seen.camera)
        return None

    def _read_back(self, seen: VisibleCamera, setting: Setting, value: str, deadline: Deadline) -> Camera | None:
        """The vendor says yes before the camera has done it, and sometimes instead of it."""
        while True:
            camera = self._look(seen, setting, value, deadline)
            if camera is not None or deadline.left <= self._read_back_s:
                return camera
            time.sleep(self._read_back_s)

    def _look(self, seen: VisibleCamera, setting: Setting, value: str, deadline: Deadline) -> Camera | None:
        """The camera if it has taken the value: by its list, and where that holds no such setting, by `settings`."""
        if _listed(seen.camera, setting):
            # by a name of its own, so that it is not answered by a read that began before the change
            purpose = f"changed/{next(self._looks)}"
            camera = self._readings.read(seen.account, seen.source, deadline.left, purpose=purpose).find(seen.camera.id)
            if camera is None or _listed(camera, setting):
                return camera if camera is not None and field_of(camera, setting) == value else None
        views = self._drivers[seen.source.kind].settings(seen.source, seen.camera, deadline.left)
        # what can't be read is taken on the vendor's word; formatting ends in another state than it was asked for
        taken = views[setting].value in (value, None) or setting == "storage"
        return seen.camera if taken else None


def _listed(camera: Camera, setting: Setting) -> bool:
    """Whether the camera list tells the setting: "none" there may be the vendor's way in, not the camera."""
    return setting in FIELDS and field_of(camera, setting) != "none"
