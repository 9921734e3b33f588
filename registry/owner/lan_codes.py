"""The owner's codes for cameras on the LAN."""

import re
from collections.abc import Mapping

from registry.camera import Camera, Refusal
from registry.driver import Driver
from registry.errors import DriverError
from registry.gate.gate import not_found
from registry.readings.judge import Deadline, Judge, unreached
from registry.readings.readings import Readings
from registry.settings import BadValue

CODE = re.compile(r"[!-~]{1,32}")


class LanCodes:
    def __init__(self, drivers: Mapping[str, Driver], readings: Readings, judge: Judge, within_s: float) -> None:
        self._drivers, self._readings, self._judge, self._within_s = drivers, readings, judge, within_s

    def set(self, account_id: str, camera_id: str, code: str) -> Camera | Refusal:
        """Tries the code at the camera, once; "" removes it. Answers the camera with the ways it has then.

        Raises BadValue.
        """
        if code and not CODE.fullmatch(code):
            raise BadValue("a code has up to 32 letters and digits, and no blank")
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        try:
            self._drivers[visible.source.kind].set_code(visible.source, visible.camera, code, deadline.left)
            # a purpose of its own, so that no read that began before the change answers it
            reading = self._readings.read(visible.account, visible.source, deadline.left, purpose=f"code/{camera_id}")
        except DriverError as error:
            return unreached(error, visible.camera)
        return reading.find(camera_id) or not_found()
