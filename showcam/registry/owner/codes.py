"""The owner's codes for cameras on the LAN, and which of them are asked there by their own protocol."""

import re
from collections.abc import Callable

from showcam.drivers.camera import Camera, Refusal, is_on_battery
from showcam.drivers.driver import AsksCameras
from showcam.drivers.errors import DriverError
from showcam.drivers.settings import BadValue, Step
from showcam.registry.gate.gate import not_found, overruled
from showcam.registry.readings.judge import Component, Deadline, VisibleCamera, unreached
from showcam.store.records import HOUR_S

WRONG_CODES = 10  # in an hour: some cameras lock after more
CODE = re.compile(r"[!-~]{1,32}")


def says_wrong(done: object) -> bool:
    """Whether the camera or its vendor found the code wrong, by the result of a try."""
    return (isinstance(done, Step) and done.wrong) or (isinstance(done, Refusal) and done.reason == "code_wrong")


class LanCodes(Component):
    def counted[T](
        self, account_id: str, attempt: Callable[[], T], is_wrong: Callable[[T], bool] = says_wrong
    ) -> T | Step:
        """The result of a try of a code; a pause after WRONG_CODES wrong ones of the household: a code has six letters.

        The code counts as wrong before it is judged, so that tries at the same time are counted.
        """
        key = f"picture_codes/{account_id}"
        taken, ends = self._store.take_place(key, WRONG_CODES, HOUR_S, self._clock())
        if not taken:
            return Step("pause", why="guessed")
        done = attempt()
        if not is_wrong(done):
            self._store.leave_place(key, ends)
        return done

    def takes(self, account_id: str, camera: Camera) -> bool:
        """Whether a code could open the camera: a camera on battery has no port at home. Raises Unavailable."""
        return not is_on_battery(camera) and self._takes(account_id, camera, "lan")

    def may_ask(self, account_id: str, camera: Camera) -> bool:
        """Whether the camera may be asked in the house by its own protocol. Raises Unavailable."""
        return self._takes(account_id, camera, "local")

    def _takes(self, account_id: str, camera: Camera, way: str) -> bool:
        if way in self._rules.closed_ways:
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

        def set_code(visible: VisibleCamera, deadline: Deadline) -> Camera | Refusal | Step:
            def attempt() -> Camera | Refusal:
                return self._changed(
                    visible,
                    deadline,
                    lambda driver: driver.set_code(visible.source, visible.camera, code, deadline.left),
                )

            return self.counted(account_id, attempt) if code else attempt()

        return self._on(account_id, camera_id, set_code)

    def ask(self, account_id: str, camera_id: str, *, wanted: bool) -> Camera | Refusal:
        """Lets showcam ask the camera in the house by its own protocol, or no longer."""
        return self._on(
            account_id,
            camera_id,
            lambda visible, deadline: self._changed(
                visible,
                deadline,
                lambda driver: driver.set_local(visible.source, visible.camera, deadline.left, wanted=wanted),
            ),
        )

    def trust(self, account_id: str, camera_id: str) -> Camera | Refusal:
        """Trusts the certificate that the server of keys shows now, for all cameras of this installation."""

        def trust_server(visible: VisibleCamera, deadline: Deadline) -> Camera | Refusal:
            driver = self._drivers[visible.source.kind]
            if not isinstance(driver, AsksCameras) or not self.may_ask(account_id, visible.camera):
                return overruled("not_this_way", visible.camera)
            try:
                driver.trust_key_server(visible.source, visible.camera, deadline.left)
            except DriverError as error:
                return unreached(error, visible.camera)
            return visible.camera

        return self._on(account_id, camera_id, trust_server)

    def _changed(
        self, visible: VisibleCamera, deadline: Deadline, change: Callable[[AsksCameras], None]
    ) -> Camera | Refusal:
        """The camera as it is listed after the change."""
        driver = self._drivers[visible.source.kind]
        if not isinstance(driver, AsksCameras):
            return overruled("not_this_way", visible.camera)
        try:
            change(driver)
            reading = self._readings.reread(visible.account, visible.source, deadline.left)
        except DriverError as error:
            return unreached(error, visible.camera)
        return reading.find(visible.camera.id) or not_found()
