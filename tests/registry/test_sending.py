"""The threads that tell an assistant: in order for each link, several links at once, and who hangs holds up nobody."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from showcam.accounts.links import TOUCH_S
from showcam.drivers.driver import Hint
from showcam.registry.reporting.delivery import Delivery
from showcam.registry.reporting.reporter import Tell, Told, Unreported
from showcam.registry.reporting.sender import SETTLES_S, Listed, Sender
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Link
from tests.doubles.clock import Clock
from tests.doubles.household import Household, household
from tests.doubles.no_threads import no_threads
from tests.doubles.ready_driver import camera
from tests.doubles.ready_reporter import ReadyReporter, Service
from tests.doubles.waiting import LONG_S, until

DOOR = camera("Front Door", "F00000002", kind="doorbell", motion="off")


class Holding(ReadyReporter):
    """Holds a link's calls until its event is set."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.held: dict[str, threading.Event] = {}
        self.at_once: dict[str, int] = {}
        self.most_of_a_link = 0

    def tell(self, tell: Tell) -> Told:
        self.at_once[tell.link.id] = self.at_once.get(tell.link.id, 0) + 1
        self.most_of_a_link = max(self.most_of_a_link, self.at_once[tell.link.id])
        try:
            if (held := self.held.get(tell.link.id)) is not None:
                held.wait(LONG_S)
            return super().tell(tell)
        finally:
            self.at_once[tell.link.id] -= 1


class World:
    def __init__(self, home: Household) -> None:
        self.home, self.service = home, Service()
        home.driver.set([DOOR])
        self.reporter = Holding(self.service)
        self.made: list[Sender] = []

    def sending(self, store: Store | None = None, senders: int = 4, poll_s: float = 0.02) -> Sender:
        sending = self.sender(store, senders, poll_s)
        self.made.append(sending)
        sending.start()
        return sending

    def sender(self, store: Store | None = None, senders: int = 4, poll_s: float = 0.02) -> Sender:
        """One that is not started."""
        telling = Delivery(store or self.home.store, self.reporter, self.home.adapter.present, lambda link: None)
        return Sender(store or self.home.store, telling, senders=senders, poll_s=poll_s)

    def ring(self) -> None:
        self.home.noticing.noticed(self.home.account.id, [Hint("F00000002", 1, "doorbell", time.time())])

    def taken(self, link: Link) -> list[str]:
        """The kinds of the messages of a link."""
        tells = [tell for tell in self.reporter.tells if tell.link.id == link.id]
        return [event.kind for tell in tells for event in tell.happened]


@pytest.fixture
def world(make_home: Callable[..., Household]) -> Iterator[World]:
    made = World(make_home(clock=time.time))
    yield made
    for sending in made.made:
        for held in made.reporter.held.values():
            held.set()
        sending.close()


@pytest.fixture
def make_home(tmp_path: object) -> Iterator[Callable[..., Household]]:
    homes: list[Household] = []

    def build(**given: object) -> Household:
        homes.append(household(tmp_path, **given))  # type: ignore[arg-type]
        return homes[-1]

    yield build
    for home in homes:
        home.store.close()


def test_a_change_of_another_process_is_found(world: World) -> None:
    world.sending()
    world.home.noticing.refresh(world.home.account.id)
    until(lambda: world.service.known)


def test_a_change_of_this_process_waits_for_no_poll(world: World) -> None:
    sending = world.sending(poll_s=60.0)
    world.home.adapter.changes.subscribe(lambda change: sending.wake())
    world.home.noticing.refresh(world.home.account.id)  # a first list is no change
    sending.wake()
    until(lambda: world.service.known)
    world.ring()
    until(lambda: "doorbell" in [message.kind for message in world.service.taken])


def test_a_link_that_no_thread_was_left_for_is_told_later(world: World) -> None:
    world.home.noticing.refresh(world.home.account.id)
    sender = world.sender()
    with no_threads(), pytest.raises(RuntimeError):
        sender._hand_out()
    sender._hand_out()
    until(lambda: world.service.known)


@pytest.mark.proves("A link that hangs delays no other link's reports", leans_on="double: the assistants")
def test_a_link_that_hangs_holds_up_no_other(world: World) -> None:
    other = world.home.another_link("alexa")
    hangs = world.reporter.held[world.home.link.id] = threading.Event()
    world.sending(senders=2)
    world.home.noticing.refresh(world.home.account.id)
    world.ring()
    until(lambda: world.taken(other) == ["doorbell"])
    assert world.taken(world.home.link) == []
    hangs.set()
    until(lambda: world.taken(world.home.link) == ["doorbell"])
    assert world.reporter.most_of_a_link == 1


def test_an_assistant_that_hangs_does_not_hold_up_the_end(world: World) -> None:
    hangs = world.reporter.held[world.home.link.id] = threading.Event()
    sending = world.sending()
    world.home.noticing.refresh(world.home.account.id)
    until(lambda: world.reporter.at_once.get(world.home.link.id))
    began = time.monotonic()
    sending.close()
    assert time.monotonic() - began < LONG_S / 2  # the call would take all of it
    hangs.set()
    until(lambda: not world.reporter.at_once[world.home.link.id])
    world.made.clear()


def test_more_links_than_senders(world: World) -> None:
    links = [world.home.another_link("alexa") for _ in range(9)]
    world.sending(senders=2)
    world.home.noticing.refresh(world.home.account.id)
    until(lambda: all(any(tell.link == link for tell in list(world.reporter.tells)) for link in links))
    until(lambda: not world.home.store.waiting(time.time()))


def test_it_goes_on_once_the_store_can_be_used_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    class Failing:
        left = 1

        def __getattr__(self, name: str) -> object:
            return getattr(world.home.store, name)

        def due(self, *given: object) -> object:
            if self.left:
                self.left -= 1
                raise StoreUnavailable("the disk is full")
            return world.home.store.due(*given)  # type: ignore[arg-type]

    sending = world.sending(Failing())  # type: ignore[arg-type]
    until(lambda: "the disk is full" in caplog.text)
    sending.wake()
    world.home.noticing.refresh(world.home.account.id)
    until(lambda: world.service.known)


def test_without_a_key_changes_are_forgotten_and_ends_too(world: World) -> None:
    world.home.noticing.refresh(world.home.account.id)
    telling = Delivery(world.home.store, Unreported("alexa"), world.home.adapter.present, lambda link: None)
    assert telling.tell(world.home.account.id, world.home.link.id)
    world.home.store.end_link(world.home.link.id, time.time())
    assert telling.tell(world.home.account.id, world.home.link.id)
    assert world.home.store.waiting(time.time() + 99) == []
    assert world.home.store.tellings(world.home.account.id) == {}


def test_that_a_list_was_fetched_is_noted_now_and_then(world: World, clock: Clock) -> None:
    listed, home = Listed(world.home.store, clock), world.home
    noted: list[float] = []
    note = home.store.note_listed

    def counted(account_id: str, link_id: str, at: float, due: float) -> None:
        noted.append(due - at)
        note(account_id, link_id, at, due)

    home.store.note_listed = counted  # type: ignore[method-assign]
    home.registry.when_listed(listed.note)
    for _ in range(3):
        home.registry.cameras(home.link)
    clock.now += TOUCH_S
    home.registry.cameras(home.link)
    assert noted == [SETTLES_S] * 2
