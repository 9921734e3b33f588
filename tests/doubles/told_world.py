"""A household whose cameras are told to an assistant, and the sender that tells."""

from showcam.drivers.driver import EventKind, Hint
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.reporting.delivery import Delivery
from showcam.store.records import Link
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import camera
from tests.doubles.ready_reporter import ReadyReporter, Service

GARDEN = camera("Garden", "F00000001", motion="off", person="off")


DOOR = camera("Front Door", "F00000002", kind="doorbell", motion="off")


class World:
    """A household whose list was told, and the worker's sender; time passes only when a test says so."""

    def __init__(self, home: Household, clock: Clock) -> None:
        self.home, self.clock, self.service = home, clock, Service()
        home.driver.set([GARDEN, DOOR])
        self.reporter = ReadyReporter(self.service)
        self.outcomes: list[str] = []
        self.lags: list[float] = []
        self.telling = self.another_sender(home.adapter)
        home.noticing.refresh(home.account.id)
        self.turn()
        self.service.drain()
        self.outcomes.clear()

    def another_sender(self, adapter: Adapter) -> Delivery:
        def end(link: Link) -> None:
            self.home.store.end_link(link.id, self.clock())

        def follow(_claim: object, outcome: str, lag_s: float) -> None:
            self.outcomes.append(outcome)
            self.lags.append(lag_s)

        return Delivery(self.home.store, self.reporter, adapter.present, end, follow, self.clock)

    def turn(self, telling: Delivery | None = None) -> list[str]:
        """Tells what is due; the messages that were taken."""
        for _ in range(50):
            due = self.home.store.due("alexa", self.clock(), 10)
            if not [pair for pair in due if (telling or self.telling).tell(*pair)]:
                return self.service.drain()
        raise AssertionError("it never ends")

    def change(self, name: str = "Garden", /, **changes: object) -> None:
        self.home.driver.change(name, **changes)
        self.home.noticing.refresh(self.home.account.id)

    def hint(self, kind: EventKind, serial: str = "F00000001", ago_s: float = 0.0) -> None:
        self.home.noticing.noticed(self.home.account.id, [Hint(serial, 1, kind, self.clock() - ago_s)])

    @property
    def link_id(self) -> str:
        return self.home.link.id

    @property
    def wanted(self) -> float | None:
        return self.home.store.tellings(self.home.account.id)[self.link_id].wanted

    def wait(self) -> None:
        """Moves the clock on until the link is due again."""
        assert self.wanted is not None
        self.clock.now = max(self.clock.now, self.wanted)


def another_process(home: Household) -> Adapter:
    return adapt(home.store, {"ezviz": home.driver}, home.pictures, home.grants, home.rules, home.clock)
