"""A camera at home on a busy machine, where it may take longer to answer than the second that a driver waits for it."""

import time
from collections.abc import Callable
from typing import Any

from showcam.drivers.camera import Camera
from showcam.drivers.errors import Refused
from showcam.drivers.ezviz.driver import EzvizDriver
from showcam.engine.source import CameraSpec
from showcam.store.records import Source
from tests.doubles.waiting import LONG_S


def minted_at_home(
    driver: EzvizDriver, another: Callable[[], EzvizDriver], source: Source, camera: Camera, **given: Any
) -> CameraSpec:
    """The spec by the first driver that the camera answered; one that it did not answer leaves it alone for a while."""
    end = time.monotonic() + LONG_S
    while True:
        try:
            return driver.mint(source, camera, "lan", LONG_S, **given)
        except Refused as refused:
            if refused.reason != "lan_unreachable" or time.monotonic() > end:
                raise
            driver = another()
