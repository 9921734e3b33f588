"""Changing a camera: the vendor gets the change once, and the camera is read until it has taken it."""

import logging
import math
import time
from collections.abc import Callable

from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.driver import Direction, GivesKeys, KeepsPositions, Preset, Turns, cipher, setter
from showcam.drivers.errors import DriverError, SetRefused
from showcam.drivers.settings import FIELDS, Asked, Setting, SettingView, Step, field_of
from showcam.registry.gate.gate import overruled
from showcam.registry.readings.judge import Component, Deadline, VisibleCamera, unreached
from showcam.store.ports import StoreUnavailable
from showcam.store.records import Source

TURN_S = 0.5  # one step, as long as one of home-assistant/core (components/onvif/camera.py, ATTR_CONTINUOUS_DURATION)
HALT_S = 3.0  # for one try to stop: a person waits, and the camera turns on
HALTS = 3

log = logging.getLogger(__name__)


class Control(Component):
    """Callers have checked the permission. Answers with a Refusal if something is wrong."""

    def serves(self, source: Source) -> tuple[str, ...]:
        """The ways of the source to serve state and settings."""
        return setter(self._drivers[source.kind]).serves(source)

    def settings(self, visible: VisibleCamera, deadline: Deadline) -> dict[Setting, SettingView] | Refusal:
        driver = setter(self._drivers[visible.source.kind])
        try:
            return self._breaker.call(
                f"set/{visible.source.id}",
                deadline.left,
                lambda: driver.settings(visible.source, visible.camera, deadline.left),
            )
        except DriverError as error:
            return unreached(error, visible.camera)

    def change(
        self,
        visible: VisibleCamera,
        deadline: Deadline,
        setting: Setting,
        value: str,
        code: str = "",
        patience_s: float = math.inf,
    ) -> Camera | Asked | Refusal | Step:
        """Asked: the vendor took the change, but no reading showed it within `patience_s` and the deadline."""
        driver = setter(self._drivers[visible.source.kind])

        def apply() -> None:
            driver.apply(visible.source, visible.camera, setting, value, deadline.left, code=code)

        refusal = self._send(visible, deadline, apply)
        if refusal is not None:
            return refusal
        left = Deadline(min(deadline.left, patience_s))
        found = self._polled(lambda left: self._read_change(visible, setting, value, left), left)
        return found or self._happenings.ask(visible.account.id, visible.camera, setting, value)

    def restart(self, visible: VisibleCamera, deadline: Deadline) -> Camera | Refusal:
        if not visible.camera.can_restart:
            return overruled("not_this_way", visible.camera)
        driver = setter(self._drivers[visible.source.kind])
        refusal = self._send(visible, deadline, lambda: driver.restart(visible.source, visible.camera, deadline.left))
        return _without_step(refusal, visible.camera) or visible.camera

    def turn(self, visible: VisibleCamera, direction: Direction, deadline: Deadline) -> Camera | Refusal:
        """Turns the camera one step. A stop follows whatever happens, so no move needs a second request to end.

        If showcam is killed in between, the move ends after the duration in the vendor's call. A camera whose vendor
        names no duration turns to its end, or until the next step.
        """
        driver, camera = self._drivers[visible.source.kind], visible.camera
        if not isinstance(driver, Turns) or not camera.can_turn:
            return overruled("not_this_way", camera)
        is_asked = False

        def begin() -> None:
            nonlocal is_asked
            is_asked = True
            driver.turn(visible.source, camera, direction, deadline.left)

        try:
            refusal = self._send(visible, deadline, begin)
            if refusal is None:
                time.sleep(TURN_S)
        finally:
            if is_asked:
                self._halt(driver, visible, direction)
        return _without_step(refusal, camera) or camera

    def presets(self, visible: VisibleCamera, deadline: Deadline) -> tuple[Preset, ...]:
        """The positions that the camera keeps; () also while it does not answer."""
        driver, camera = self._drivers[visible.source.kind], visible.camera
        if not isinstance(driver, KeepsPositions) or not camera.can_turn or camera.online != "on":
            return ()
        try:
            return driver.presets(visible.source, camera, deadline.left)
        except (DriverError, SetRefused):
            return ()

    def go(self, visible: VisibleCamera, token: str, deadline: Deadline) -> Camera | Refusal:
        """Turns the camera to one of the positions that it keeps; no other token is sent to it."""
        driver, camera = self._drivers[visible.source.kind], visible.camera
        if not isinstance(driver, KeepsPositions) or not camera.can_turn:
            return overruled("not_this_way", camera)

        def move() -> None:
            kept = driver.presets(visible.source, camera, deadline.left)
            preset = next((preset for preset in kept if preset.token == token), None)
            if preset is None:
                raise SetRefused("unsupported")
            driver.go(visible.source, camera, preset, deadline.left)

        return _without_step(self._send(visible, deadline, move), camera) or camera

    def _halt(self, driver: Turns, visible: VisibleCamera, direction: Direction) -> None:
        """Stops the camera. Each of the tries has HALT_S, whatever is left of the request's deadline."""
        for left in reversed(range(HALTS)):
            try:
                driver.halt(visible.source, visible.camera, direction, HALT_S)
            except (DriverError, SetRefused, StoreUnavailable) as error:
                log.warning(
                    "source %s: a stop failed, %d tries left: %s", visible.source.id, left, type(error).__name__
                )
            else:
                return

    def change_password(
        self, visible: VisibleCamera, old: str, new: str, deadline: Deadline, patience_s: float
    ) -> Camera | Asked | Refusal | Step:
        """Asked: the vendor took the password, but still lists the old one after `patience_s`."""
        driver = cipher(self._drivers[visible.source.kind])
        refusal = self._send(
            visible, deadline, lambda: driver.change_password(visible.source, visible.camera, old, new, deadline.left)
        )
        if refusal is not None:
            return refusal

        def camera_with_new_code(left: Deadline) -> Camera | None:
            is_new = driver.is_code(visible.source, visible.camera, new, left.left)
            return None if is_new is False else visible.camera  # a password that can't be read counts as taken

        return self._polled(camera_with_new_code, Deadline(min(deadline.left, patience_s))) or Asked(visible.camera)

    def may_delete(self, visible: VisibleCamera) -> Refusal | None:
        """Why the camera can't be deleted; None if there is a way."""
        try:
            deletes = setter(self._drivers[visible.source.kind]).deletes(visible.source, visible.camera)
        except DriverError as error:
            return unreached(error, visible.camera)
        return None if deletes else overruled("not_this_way", visible.camera)

    def delete(self, visible: VisibleCamera, deadline: Deadline, patience_s: float) -> Camera | Asked | Refusal:
        """Asked: the vendor took the deletion, but still lists the camera after `patience_s`."""
        driver = setter(self._drivers[visible.source.kind])
        sent = self._send(visible, deadline, lambda: driver.delete(visible.source, visible.camera, deadline.left))
        if refusal := _without_step(sent, visible.camera):
            return refusal

        def gone(left: Deadline) -> Camera | None:
            listed = self._read(visible, left)
            return visible.camera if listed is None else None

        return self._polled(gone, Deadline(min(deadline.left, patience_s))) or Asked(visible.camera)

    def ask_key(
        self, visible: VisibleCamera, driver: GivesKeys, code: str, deadline: Deadline
    ) -> Refusal | Step | None:
        """None if the vendor handed out the camera's key, which is then stored."""
        return self._send(
            visible, deadline, lambda: driver.ask_key(visible.source, visible.camera, deadline.left, code=code)
        )

    def _send(self, visible: VisibleCamera, deadline: Deadline, write: Callable[[], None]) -> Refusal | Step | None:
        """Sends the change once, never again after a failure. None if the vendor accepted it."""
        try:
            self._breaker.call(f"set/{visible.source.id}", deadline.left, write)
        except DriverError as error:
            log.warning(
                "source %s: the vendor call to change a camera failed: %s",
                visible.source.id,
                error.reason,
                extra={"reason": error.reason},
            )
            return unreached(error, visible.camera)
        except SetRefused as refused:
            match refused.why:
                case "wrong_code":
                    return Step("code", wrong=True)
                case "wrong_mailed_code":
                    return Step("mailed_code", wrong=True)
                case "code_wanted":
                    return Step("code")
                case "code_mailed":
                    return Step("mailed_code")
                case "old" | "too_soon":
                    return Step("mailed_code", why=refused.why)
                case "too_often" | "guessed" | "silent":
                    return Step("pause", why=refused.why)
                case "not_given":
                    return Step("code", why="not_given")
                case "not_permitted":
                    return overruled("owners_alone", visible.camera)
                case "unsupported":
                    return overruled("not_this_way", visible.camera)
                case "not_taken":
                    return overruled("not_set", visible.camera)
        return None

    def _polled(self, read: Callable[[Deadline], Camera | None], deadline: Deadline) -> Camera | None:
        """Reads until the camera has changed: the vendor says yes before the change, and sometimes without one."""
        while True:
            try:
                camera = read(deadline)
            except DriverError:
                return None  # the change was taken all the same
            if camera is not None or deadline.left <= self._rules.read_back_s:
                return camera
            time.sleep(self._rules.read_back_s)

    def _read(self, visible: VisibleCamera, deadline: Deadline) -> Camera | None:
        """The camera as the vendor lists it now."""
        return self._readings.reread(visible.account, visible.source, deadline.left).find(visible.camera.id)

    def _read_change(self, visible: VisibleCamera, setting: Setting, value: str, deadline: Deadline) -> Camera | None:
        """The camera if it took the value, by the vendor's list, or by `settings` if the list lacks the setting."""
        if _listed(visible.camera, setting):
            camera = self._read(visible, deadline)
            if camera is None or _listed(camera, setting):
                return camera if camera is not None and field_of(camera, setting) == value else None
            if value == "off":
                return camera  # a model without Sleep Mode lists the setting only while its shutter is closed
        views = setter(self._drivers[visible.source.kind]).settings(visible.source, visible.camera, deadline.left)
        # a setting that can't be read counts as taken; formatted storage reads as another value than "format"
        taken = views[setting].value in (value, None) or setting == "storage"
        return visible.camera if taken else None


def _listed(camera: Camera, setting: Setting) -> bool:
    """Whether the camera list holds the setting: "none" there may come from the vendor's API, not the camera."""
    return setting in FIELDS and field_of(camera, setting) != "none"


def _without_step(refusal: Refusal | Step | None, camera: Camera) -> Refusal | None:
    """The refusal; a Step asks for a code, which these changes never take."""
    return overruled("not_set", camera) if isinstance(refusal, Step) else refusal
