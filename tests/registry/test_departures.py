"""A household whose last link has ended: signed out at EZVIZ at once, deleted in time unless somebody comes back."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.accounts.console_sessions import ConsoleSessions
from showcam.accounts.owner_users import OwnerUsers
from showcam.drivers.camera import Camera
from showcam.drivers.errors import DriverError, SignedOut
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.sessions import Sessions
from showcam.registry.owner.departures import Departures
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import SignedIn
from showcam.registry.reporting.delivery import Delivery
from showcam.registry.reporting.reporter import Unreported
from showcam.registry.reporting.sender import Reconciliation
from showcam.store.records import ASSISTANTS, DAY_S, HOUR_S, Account, Assistant, Link, Origin, Session, Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.household import household, new_link
from tests.doubles.ready_pictures import ReadyPictures
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A household whose last link has ended is signed out at EZVIZ and deleted after its time",
    leans_on="double: EZVIZ's cloud",
)

USER, PASSWORD = "demo@example.com", "showcam-demo"
KEPT_S = 30 * DAY_S
TOO_SOON_S = 0.0  # no answer comes within it


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"), terminals=100)
    yield running
    running.stop()


class World:
    """Anybody may link. Time passes only when a test says so."""

    def __init__(self, store: SqliteStore, simulator: SimulatorProcess, folder: Path) -> None:
        self.store, self.simulator, self.clock = store, simulator, Clock()
        self.clock.now = time.time()  # by which links end
        hosts = EzvizHosts.of("eu", api=simulator.app_host, open_platform=simulator.open_host)
        self.driver = EzvizDriver(store, hosts, ca_file=simulator.ca, demo=True)
        self.pictures = ReadyPictures("https://home.example")
        self._present = household(folder, store=store, clock=self.clock, user="other@example.com").adapter.present
        self.departures = self.departures_within(LONG_S)
        self.come("linking")

    def departures_within(self, vendor_s: float) -> Departures:
        return Departures(self.store, [self.driver], self.pictures, kept_s=KEPT_S, vendor_s=vendor_s, clock=self.clock)

    def come(self, origin: Origin) -> None:
        """Somebody signs in to link."""
        sign_in = SignIn(self.store, [self.driver], "anyone", origin=origin, vendor_s=LONG_S, clock=self.clock)
        outcome = sign_in.begin(USER, PASSWORD, "192.0.2.1")
        assert isinstance(outcome, SignedIn)
        self.account = outcome.account

    def later(self) -> None:
        """A moment later: nobody unlinks in the moment of a sign-in."""
        self.clock.now += 1

    def link(self, assistant: Assistant = "alexa") -> Link:
        link = new_link(self.account, assistant, None, "en")
        self.store.add_link(link)
        return link

    def end(self, link: Link) -> None:
        """Ends the link, and reports the end as the worker does."""
        self.store.end_link(link.id, self.clock())
        self.report()

    def report(self) -> None:
        for assistant in ASSISTANTS:
            delivery = Delivery(
                self.store,
                Unreported(assistant),
                self._present,
                lambda link: None,
                clock=self.clock,
                ended=self.departures.unlinked,
            )
            for pair in self.store.due(assistant, self.clock(), 10):
                delivery.tell(*pair)

    def day(self) -> None:
        """The turn of the day of all households."""
        Reconciliation(self.store, self.clock, self.departures.turn).turn()

    @property
    def source(self) -> Source:
        (source,) = self.store.sources(self.account.id)
        return source

    @property
    def session(self) -> Session:
        session = self.store.read_session(self.account.id, self.source.id)
        assert session is not None
        return session

    def state(self) -> str:
        return self.session.state

    @property
    def is_there(self) -> bool:
        return self.store.account(self.account.id) is not None

    def read(self) -> tuple[Camera, ...]:
        return tuple(map(Camera.of, self.driver.read(self.source, LONG_S)))

    def is_signed_in_at_ezviz(self, before: Session) -> bool:
        """Whether EZVIZ still takes the session `before`, asked by another process."""
        now = self.session
        self.store.swap_session(
            self.account.id, self.source.id, version=now.version, secrets=before.secrets, state="ok"
        )
        hosts = EzvizHosts.of("eu", api=self.simulator.app_host, open_platform=self.simulator.open_host)
        another = EzvizDriver(self.store, hosts, ca_file=self.simulator.ca, demo=True)
        try:
            return bool(another.read(self.source, LONG_S))
        except SignedOut:
            return False


@pytest.fixture
def world(store: SqliteStore, simulator: SimulatorProcess, tmp_path: Path) -> World:
    return World(store, simulator, tmp_path)


def test_the_end_of_the_last_link_signs_out_at_ezviz_and_the_household_stays(world: World) -> None:
    world.later()
    links = [world.link("alexa"), world.link("google")]
    before = world.session
    world.end(links[0])
    assert (world.state(), len(world.read()) > 0) == ("ok", True)
    world.end(links[1])
    assert (world.state(), world.is_there) == ("needs_login", True)
    assert not world.is_signed_in_at_ezviz(before)


def test_it_is_deleted_when_its_time_is_over_and_not_before(world: World) -> None:
    world.later()
    world.end(world.link())
    world.clock.now += KEPT_S - 1
    world.day()
    assert world.is_there
    world.clock.now += 1
    world.day()
    assert not world.is_there
    assert households.find(world.store, "ezviz", USER) is None
    assert len(list(world.store.accounts())) == 1, "the other household, which is the owner's, stays"


def test_who_links_again_stays(world: World) -> None:
    world.later()
    world.end(world.link())
    assert world.state() == "needs_login"
    world.clock.now += KEPT_S / 2
    world.come("linking")
    world.link()
    world.clock.now += 2 * KEPT_S
    world.day()
    assert (world.is_there, world.state(), len(world.read()) > 0) == (True, "ok", True)


def test_a_late_report_does_not_sign_out_somebody_who_is_about_to_link_again(world: World) -> None:
    world.store.end_link(world.link().id, world.clock())
    world.later()
    world.come("linking")
    world.report()
    assert (world.state(), len(world.read()) > 0) == ("ok", True)
    world.end(world.link())
    assert world.state() == "ok", "that link ended in the second of the sign-in"
    world.later()
    world.end(world.link())
    assert world.state() == "needs_login"


@pytest.mark.parametrize("origin", ["owner", "invited"])
def test_a_household_that_somebody_added_stays_signed_in(world: World, origin: Origin) -> None:
    world.departures.delete(world.account.id)
    world.come(origin)
    world.later()
    world.end(world.link())
    world.clock.now += 2 * KEPT_S
    world.day()
    assert (world.is_there, world.state()) == (True, "ok")


def test_a_household_with_a_user_at_showcam_itself_stays(world: World) -> None:
    OwnerUsers(world.store).set(world.account.id, "kari", "correct horse battery")
    world.later()
    world.end(world.link())
    world.clock.now += 2 * KEPT_S
    world.day()
    assert (world.is_there, world.state()) == (True, "ok")


def test_a_household_that_a_signed_in_browser_shows_stays_until_that_browser_is_gone(world: World) -> None:
    sessions = ConsoleSessions(world.store, world.clock)
    world.later()
    cookie = sessions.begin(account=world.account.id, user=USER, browser="Firefox", kept_s=3 * KEPT_S)
    world.end(world.link())
    world.clock.now += 2 * KEPT_S
    world.day()
    assert (world.is_there, world.state()) == (True, "ok")
    shown = sessions.read(cookie)
    assert shown is not None
    sessions.end(shown)
    world.day()
    assert (world.is_there, world.state()) == (True, "needs_login")
    world.clock.now += KEPT_S
    world.day()
    assert not world.is_there


def test_where_ezviz_does_not_answer_the_next_day_signs_out(world: World) -> None:
    link, before = world.link(), world.session
    world.later()
    world.departures = world.departures_within(TOO_SOON_S)
    world.end(link)
    assert world.state() == "ok"
    world.departures = world.departures_within(LONG_S)
    world.clock.now += DAY_S
    world.day()
    assert (world.state(), world.is_there) == ("needs_login", True)
    assert not world.is_signed_in_at_ezviz(before)


def test_who_signed_in_and_never_linked_is_signed_out_and_then_deleted(world: World) -> None:
    world.clock.now += KEPT_S - HOUR_S
    world.day()
    assert world.state() == "ok"
    world.clock.now += 2 * HOUR_S
    world.day()
    assert (world.state(), world.is_there) == ("needs_login", True)
    world.clock.now += KEPT_S
    world.day()
    assert not world.is_there


def test_deleting_at_once_signs_out_ends_the_links_and_their_video(world: World) -> None:
    link, source, before = world.link(), world.source, world.session
    assert world.departures.delete(world.account.id) == [link]
    assert not world.is_there
    assert world.pictures.ended == [(link.id, "")]
    assert world.store.sources(world.account.id) == []
    again = Account(world.account.id, world.clock(), b"s" * 16)
    world.store.add_account(again)
    world.store.add_source(source, before.secrets, "ok")
    with pytest.raises(DriverError):
        world.driver.read(source, LONG_S)


def test_where_ezviz_does_not_answer_the_data_go_all_the_same(world: World) -> None:
    world.departures_within(TOO_SOON_S).delete(world.account.id)
    assert not world.is_there


def test_sessions_are_of_the_vendor_that_signed_in(world: World) -> None:
    """A source of cameras in the house has no vendor to sign out at."""
    households.with_lan(world.store, world.account.id)
    world.later()
    world.end(world.link())
    states = {
        source.kind: world.store.read_session(world.account.id, source.id)
        for source in world.store.sources(world.account.id)
    }
    assert {kind: session and session.state for kind, session in states.items()} == {
        Sessions.kind: "needs_login",
        "lan": "ok",
    }
