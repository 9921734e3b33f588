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


class Codes:
    def __init__(self, drivers: Mapping[str, Driver], readings: Readings, judge: Judge, within_s: float) -> None:
        self._drivers, self._readings, self._judge, self._within_s = drivers, readings, judge, within_s

    def set(self, account_id: str, camera_id: str, code: str) -> Camera | Refusal:
        """Asked of the camera itself, once; "" takes it back. The camera with the ways it has then.

        Raises BadValue.
        """
        if code and not CODE.fullmatch(code):
            raise BadValue("a code has up to 32 letters and digits, and no blank")
        deadline = Deadline(self._within_s)
        seen = self._judge.find(account_id, camera_id, deadline)
        if isinstance(seen, Refusal):
            return seen
        try:
            self._drivers[seen.source.kind].set_code(seen.source, seen.camera, code, deadline.left)
            # by a name of its own, so that it is not answered by a read that began before the change
            reading = self._readings.read(seen.account, seen.source, deadline.left, purpose=f"code/{camera_id}")
        except DriverError as error:
            return unreached(error, seen.camera)
        return reading.find(camera_id) or not_found()
