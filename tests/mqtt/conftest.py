"""A household whose cameras are published at a mosquitto of the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.driver import EventKind, Hint
from showcam.mqtt import status
from showcam.mqtt.broker import parsed
from showcam.mqtt.commands import Commands
from showcam.mqtt.publisher import Publisher, start
from showcam.mqtt.status import Outcome
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.mosquitto import Mosquitto, Viewer
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.waiting import until

NODE = "abcdefgh23456722"


class House:
    """`publish` begins; the household's changes then come to the broker by themselves."""

    def __init__(self, home: Household, clock: Clock, file: Path) -> None:
        self.home, self.clock, self.file = home, clock, file
        self.commands = Commands(home.owner, home.store, clock)
        self._ending: list[Callable[[], None]] = []
        self.refresh()

    def publish(self, address: str, ca_file: Path | None = None, node: str = NODE) -> Publisher:
        publisher = Publisher(
            parsed(address),
            self.home.adapter.present,
            self.home.store,
            self.commands,
            node=node,
            version="1",
            file=self.file,
            ca_file=ca_file,
            clock=self.clock,
            first_pause_s=0.05,
        )
        self._ending.append(start(publisher, self.commands, self.home.adapter.changes.subscribe))
        return publisher

    def end(self) -> None:
        for end in self._ending:
            end()
        self._ending.clear()

    def refresh(self) -> None:
        self.home.noticing.refresh(self.home.account.id)

    def change(self, name: str, /, **changes: object) -> None:
        self.home.driver.change(name, **changes)
        self.clock.now += 10
        self.refresh()

    def allow(self, name: str, *settings: str) -> None:
        owner, camera_id = self.home.owner, self.home.id(name)
        chosen = replace(owner.preferences(self.home.account.id, camera_id), mqtt_may=settings)
        owner.prefer(self.home.account.id, camera_id, chosen)

    def hint(self, kind: EventKind, serial: str = "F00000002") -> None:
        self.home.noticing.noticed(self.home.account.id, [Hint(serial, 1, kind, self.clock())])

    def becomes(self, outcome: Outcome) -> None:
        until(lambda: (found := status.read(self.file)) is not None and found.outcome == outcome)

    @property
    def ignored(self) -> int:
        found = status.read(self.file)
        return found.ignored if found else 0


def cameras() -> list[Camera]:
    return [
        camera("Garden", "F00000001", motion="off", person="off"),
        camera("Front Door", "F00000002", kind="doorbell", motion="off", battery=61),
        camera("Garage", "F00000003", encryption="on"),
    ]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = Clock()
    at_home = ReadyDriver([camera("Gate", "LAN1", kind="doorbell", motion="off", ways=("lan",))])
    home = household(tmp_path, clock=clock, cameras=cameras(), lan=at_home)
    made = House(home, clock, tmp_path / "mqtt")
    yield made
    made.end()
    home.store.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def viewer(broker: Mosquitto) -> Iterator[Viewer]:
    with ExitStack() as stack:
        yield stack.enter_context(broker.viewer())
