"""An EZVIZ camera in the house that speaks its own protocol, in a thread, beside the vendor's cloud that has it too."""

from typing import Any, Literal

from showcam.engine.ezviz.local_messages import url
from showcam.engine.source import EzvizLocal, Lease
from tests.doubles.stream_cloud import SERIAL, StreamCloud
from tests.doubles.troubled.cas import code_of, key_of
from tests.doubles.troubled.own_protocol import Device

WRONG_KEY = "0123456789abcdef"


def spec_at(ports: tuple[int, int], **changes: Any) -> EzvizLocal:
    """The camera at these ports, for commands and for pictures."""
    control, media = ports
    given: dict[str, Any] = {
        "url": url(1, SERIAL),
        "hosts": (f"127.0.0.1:{control}", f"127.0.0.1:{media}"),
        "sound": "off",
        "lease": Lease("s", f"local {SERIAL}"),
        "user": code_of(SERIAL),
        "password": key_of(SERIAL),
    }
    return EzvizLocal(**(given | changes))


class LocalCamera(StreamCloud):
    """`turn` opens and closes its ports."""

    def __init__(self, how: Literal["plain", "wrapped"] = "plain") -> None:
        super().__init__()
        self.device = Device(self.world, self.studio, SERIAL)  # type: ignore[arg-type]
        self.world.trouble_of(self.camera).local = how
        self._run(self.device.open("127.0.0.1"))
        self.at = self.device.ports

    def local(self, **changes: Any) -> EzvizLocal:
        return spec_at(self.at, **{"sound": "on" if self.camera.audio else "off"} | changes)

    @property
    def playing(self) -> int:
        return self.device.sessions

    def asked(self, command: str) -> int:
        """How often it was asked so: 2013, 2011 or 3105."""
        return self.world.calls[f"local/{command}"]

    def shut(self) -> None:
        self._run(self.device.close())

    def close(self) -> None:
        self.shut()
        super().close()
