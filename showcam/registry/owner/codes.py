"""The owner's codes for cameras on the LAN, and which of them are asked there by their own protocol."""

import re
import time
from collections.abc import Callable, Mapping

from showcam.drivers.camera import Camera, Refusal, is_on_battery
from showcam.drivers.driver import AsksCameras, Driver
from showcam.drivers.errors import DriverError
from showcam.drivers.settings import BadValue, Step
from showcam.registry.gate.gate import not_found, overruled
from showcam.registry.readings.judge import Deadline, Judge, VisibleCamera, unreached
from showcam.registry.readings.readings import Readings
from showcam.registry.rules import Rules
from showcam.store.ports import Throttle
from showcam.store.records import HOUR_S

WRONG_CODES = 10  # in an hour: some cameras lock after more
CODE = re.compile(r"[!-~]{1,32}")


class CodeTries:
    """Counts the wrong codes of cameras for each household: a code has six letters."""

    def __init__(self, store: Throttle, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def take(self, account_id: str) -> Callable[[], None] | None:
        """Counts a code as wrong before it is judged, so that tries at the same time are counted.

        Returns a function to take the count back for a right code; None after too many wrong codes.
        """
        key = f"picture_codes/{account_id}"
        taken, ends = self._store.take_place(key, WRONG_CODES, HOUR_S, self._clock())
        return (lambda: self._store.leave_place(key, ends)) if taken else None


class LanCodes:
    def __init__(
        self, drivers: Mapping[str, Driver], readings: Readings, judge: Judge, tries: CodeTries, rules: Rules
    ) -> None:
        self._drivers, self._readings, self._judge = drivers, readings, judge
        self._tries, self._rules = tries, rules

    def takes(self, account_id: str, camera: Camera) -> bool:
        """Whether a code could open the camera: a camera on battery has no port at home. Raises Unavailable."""
        if is_on_battery(camera) or "lan" in self._rules.closed_ways:
            return False
        sources = self._readings.households.of(account_id).sources
        drivers = [self._drivers[source.kind] for source in sources if source.id == camera.ref.source]
        return any(isinstance(driver, AsksCameras) and driver.takes_codes for driver in drivers)

    def set(self, account_id: str, camera_id: str, code: str) -> Camera | Refusal | Step:
        """Tries the code at the camera, once; "" removes it. Returns the camera with its ways after the change.

        After too many wrong codes the answer is a pause. Raises BadValue.
        """
        if code and not CODE.fullmatch(code):
            raise BadValue("a code has up to 32 letters and digits, and no blank")
        deadline = Deadline(self._rules.owner_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        right = self._tries.take(account_id) if code else None
        if code and right is None:
            return Step("pause", why="guessed")
        done = self._tried(visible, code, deadline)
        if right is not None and not (isinstance(done, Refusal) and done.reason == "code_wrong"):
            right()
        return done

    def may_ask(self, account_id: str, camera: Camera) -> bool:
        """Whether the camera may be asked in the house by its own protocol. Raises Unavailable."""
        if "local" in self._rules.closed_ways:
            return False
        sources = self._readings.households.of(account_id).sources
        drivers = [self._drivers[source.kind] for source in sources if source.id == camera.ref.source]
        return any(isinstance(driver, AsksCameras) and driver.takes_codes for driver in drivers)

    def ask(self, account_id: str, camera_id: str, *, wanted: bool) -> Camera | Refusal:
        """Lets showcam ask the camera in the house by its own protocol, or no longer."""
        deadline = Deadline(self._rules.owner_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        driver = self._drivers[visible.source.kind]
        if not isinstance(driver, AsksCameras):
            return overruled("not_this_way", visible.camera)
        try:
            driver.set_local(visible.source, visible.camera, deadline.left, wanted=wanted)
            purpose = f"local/{camera_id}"
            reading = self._readings.read(visible.account, visible.source, deadline.left, purpose=purpose)
        except DriverError as error:
            return unreached(error, visible.camera)
        return reading.find(camera_id) or not_found()

    def trust(self, account_id: str, camera_id: str) -> Camera | Refusal:
        """Trusts the certificate that the server of keys shows now, for all cameras of this installation."""
        deadline = Deadline(self._rules.owner_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        driver = self._drivers[visible.source.kind]
        if not isinstance(driver, AsksCameras) or not self.may_ask(account_id, visible.camera):
            return overruled("not_this_way", visible.camera)
        try:
            driver.trust_key_server(visible.source, visible.camera, deadline.left)
        except DriverError as error:
            return unreached(error, visible.camera)
        return visible.camera

    def _tried(self, visible: VisibleCamera, code: str, deadline: Deadline) -> Camera | Refusal:
        camera, source = visible.camera, visible.source
        driver = self._drivers[source.kind]
        if not isinstance(driver, AsksCameras):
            return overruled("not_this_way", camera)
        try:
            driver.set_code(source, camera, code, deadline.left)
            # a separate purpose: a read from before the change must not give the answer
            reading = self._readings.read(visible.account, source, deadline.left, purpose=f"code/{camera.id}")
        except DriverError as error:
            return unreached(error, camera)
        return reading.find(camera.id) or not_found()
