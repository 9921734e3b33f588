"""The one table of the ports that the simulator listens on, all on loopback.

The first six are given when it is started. All others the system chooses, and `/_control` lists each by its name.
"""

from dataclasses import dataclass, field
from typing import Literal

type Given = Literal["control", "app_api", "open_platform", "push", "barn_rtsp", "barn_onvif"]

# name: its option of the command, what listens there; each one's default is the port after the one before it
GIVEN: dict[Given, tuple[str, str]] = {
    "control": ("--port", "practice page and control door, http"),
    "app_api": ("--app-port", "EZVIZ app API, https"),
    "open_platform": ("--open-port", "Open Platform and live video, https"),
    "push": ("--push-port", "the app's messages, MQTT"),
    "barn_rtsp": ("--barn-port", "the owner's own camera Barn, RTSP"),
    "barn_onvif": ("--barn-onvif-port", "Barn's ONVIF, http"),
}
OPTIONS = ", ".join(option for option, _ in GIVEN.values())

VTM = "vtm"  # dispatcher of the app's cloud stream
VTDU = "vtdu"  # node of the app's cloud stream
CAST = "cast"  # the television
CAS = "cas"  # server of cameras' keys
LOCAL_CONTROL, LOCAL_MEDIA = "9010/", "9020/"  # and a serial: a camera's own protocol in the house
_RTSP = "rtsp/"  # and a serial: a camera's own server in the house


@dataclass(slots=True)
class Ports:
    """`given` is empty where no command started it; `chosen` is filled as servers begin to listen."""

    given: dict[Given, int] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)

    def table(self) -> dict[str, int]:
        return {str(name): port for name, port in self.given.items()} | self.chosen

    def at(self, name: str) -> int:
        """The port of that name; 0 while nothing listens there."""
        return self.chosen.get(name, 0)

    def rtsp(self, serial: str) -> int:
        return self.at(_RTSP + serial)

    def open_rtsp(self, serial: str, port: int) -> None:
        self.chosen[_RTSP + serial] = port

    def close_rtsp(self, serial: str) -> None:
        self.chosen.pop(_RTSP + serial, None)
