"""Messages to phones: each change once to each address, with one still of it, however many and whatever hangs."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.net.jpeg import is_whole
from showcam.net.web_push import Ended, Sender, Subscription, new_key, public_of
from showcam.registry.notices.browsers import MOST, Browsers, Pushing, TooMany
from showcam.registry.notices.rings import AN_HOUR, MOST_WAITING, Rings
from showcam.registry.quiet_times import QuietTimes, keep, parsed
from showcam.registry.readings.changes import RUNG_S, Change
from tests.doubles.clock import Clock
from tests.doubles.notice_services import MAIL, PHONE, Owner
from tests.doubles.waiting import LONG_S, until
from tests.net.test_jpeg import drawn

pytestmark = pytest.mark.proves(
    "A ring is sent to every address of the household once, with a still, and one that hangs holds up no other",
    also=("tests/registry/test_moments.py", "tests/whole/test_rings.py"),
)

JPEG = drawn()
LIVE = "http://192.168.1.4:8080/home/cameras/"


class Phones:
    """The household's addresses, and what reached them: address, title, text and still of each message."""

    def __init__(self, owner: Owner) -> None:
        self.owner, self.home = owner, owner.home
        self.got: list[tuple[str, str, str, bytes]] = []
        self.tried: list[str] = []
        self.moments: list[tuple[str, float]] = []  # kind of change and time of each still
        self.noted: list[tuple[str, float | None]] = []
        self.still: bytes | Exception | None = JPEG
        self.during: Callable[[str], object] = lambda url: None
        self.refuses: set[str] = set()
        standing = self.home.adapter.standing
        self.browsers, self.pushed, self.has_ended = Browsers(self.home.store, owner.clock), list[Any](), False
        self.push = Pushing(self.browsers, lambda _: Pushed(self))
        live = LIVE.__add__
        self.rings = Rings(self.home.store, standing, self, self.send, live, self.note, self.push, owner.clock)

    def of(self, change: Change, within_s: float) -> bytes | None:
        self.moments.append((change.kind, within_s))
        if isinstance(self.still, Exception):
            raise self.still
        return self.still

    def send(self, url: str, title: str, text: str, *, still: Callable[[], bytes]) -> bool:
        picture = still()
        self.tried.append(url)
        self.during(url)
        if url not in self.refuses:
            self.got.append((url, title, text, picture))
        return url not in self.refuses

    def note(self, change: Change, took_s: float | None) -> None:
        self.noted.append((change.kind, took_s))

    def change(self, kind: Any = "doorbell", name: str = "Front Door", ago_s: float = 0.0) -> Change:
        at = self.owner.clock.now - ago_s
        return Change(self.home.account.id, self.home.id(name), kind, at, announced=kind)

    def take(self, *changes: Change) -> None:
        noted = len(self.noted)
        for change in changes:
            self.rings.take(change)
        until(lambda: len(self.noted) == noted + len(changes))


@pytest.fixture
def phones(owner: Owner) -> Phones:
    return Phones(owner)


def test_a_ring_reaches_each_address_once_with_the_same_still_and_a_link(phones: Phones) -> None:
    phones.take(phones.change())
    until(lambda: len(phones.got) == 2)
    assert sorted(url for url, *_ in phones.got) == [MAIL, PHONE]
    for _, title, text, still in phones.got:
        assert title == "Front Door: Somebody rang"
        assert text.endswith(f"\n{LIVE}{phones.home.id('Front Door')}")
        assert still == JPEG
    assert [kind for kind, _ in phones.moments] == ["doorbell"]  # fetched once for both
    assert phones.noted == [("doorbell", 0.0)]


@pytest.mark.parametrize(("kind", "title"), [("person", "Garden: A person"), ("motion", "Garden: Motion")])
def test_so_do_persons_and_motion(phones: Phones, kind: str, title: str) -> None:
    phones.take(phones.change(kind, "Garden"))
    until(lambda: len(phones.got) == 2)
    assert {got[1] for got in phones.got} == {title}


@pytest.mark.parametrize("still", [None, RuntimeError("the camera is gone")])
def test_without_a_still_it_is_sent_all_the_same(phones: Phones, still: Exception | None) -> None:
    phones.still = still
    phones.take(phones.change())
    until(lambda: len(phones.got) == 2)
    assert [got[3] for got in phones.got] == [b"", b""]


def test_an_address_that_hangs_holds_up_neither_the_others_nor_the_next_ring(phones: Phones) -> None:
    over = threading.Event()
    phones.during = lambda url: over.wait(LONG_S) if url == PHONE else None
    phones.take(phones.change(ago_s=10.0), phones.change())
    until(lambda: len(phones.got) == 2)
    assert [got[0] for got in phones.got] == [MAIL, MAIL]
    over.set()
    until(lambda: len(phones.got) == 4)


def test_what_no_address_takes_is_noted_once_as_sent_to_none(phones: Phones) -> None:
    phones.refuses = {PHONE}
    phones.take(phones.change())
    assert phones.noted == [("doorbell", 0.0)]
    phones.refuses = {PHONE, MAIL}
    phones.take(phones.change())
    assert phones.noted[1:] == [("doorbell", None)]


def test_one_that_fails_with_an_error_holds_up_no_other(phones: Phones, caplog: pytest.LogCaptureFixture) -> None:
    def fails(url: str) -> None:
        if url == PHONE:
            raise RuntimeError(url)

    phones.during = fails
    phones.take(phones.change())
    until(lambda: len(phones.got) == 1)
    assert phones.got[0][0] == MAIL
    assert "phone" not in caplog.text.replace("rings", "")  # the error's text may hold the address


def test_an_old_ring_is_not_sent(phones: Phones) -> None:
    phones.take(phones.change(ago_s=RUNG_S + 1))
    assert (phones.tried, phones.noted) == ([], [("doorbell", None)])


SUMMER, WINTER = 1_785_524_400.0, 1_796_324_400.0  # 2026-07-31 and 2026-12-03, both at 19:00 UTC


@pytest.mark.parametrize(
    ("at", "machine", "kept", "expected"),
    [
        (SUMMER, "UTC", parsed("22:00-07:00", "Europe/Oslo"), "21:00:00"),
        (WINTER, "UTC", parsed("22:00-07:00", "Europe/Oslo"), "20:00:00"),
        (SUMMER, "UTC", parsed("", "Europe/Oslo"), "21:00:00"),
        (SUMMER, "Europe/Oslo", None, "21:00:00"),
        (WINTER, "Europe/Oslo", None, "20:00:00"),
        (SUMMER, "Europe/Oslo", parsed("", "America/New_York"), "15:00:00"),
        (SUMMER, "Europe/Oslo", QuietTimes("Mars/Olympus"), "21:00:00"),
    ],
    ids=["summer", "winter", "no quiet times", "no zone", "no zone, in winter", "another zone", "an unknown zone"],
)
def test_a_ring_is_told_by_the_clocks_of_the_household(
    phones: Phones, machine_in: Callable[[str], None], at: float, machine: str, kept: QuietTimes | None, expected: str
) -> None:
    machine_in(machine)
    if kept:
        keep(phones.home.store, phones.home.account.id, kept)
    phones.owner.clock.now = at
    phones.take(phones.change())
    until(lambda: len(phones.got) == 2)
    assert {text.partition("\n")[0] for _, _, text, _ in phones.got} == {expected}


def test_nobody_is_sent_anything_who_has_no_address(phones: Phones, clock: Clock) -> None:
    for address_id in phones.owner.ids.values():
        phones.owner.addresses.remove(phones.home.account.id, address_id)
    phones.rings.take(phones.change())
    assert (phones.rings._threads, phones.moments) == ([], [])


def test_more_than_so_many_an_hour_are_not_sent_and_motion_takes_none_of_the_bells(phones: Phones) -> None:
    phones.owner.addresses.remove(phones.home.account.id, phones.owner.ids[MAIL])
    for _ in range(AN_HOUR):
        phones.take(phones.change("motion"))
    phones.rings.take(phones.change("motion"))
    phones.take(phones.change())
    until(lambda: len(phones.got) == AN_HOUR + 1)
    assert [got[1] for got in phones.got].count("Front Door: Somebody rang") == 1
    phones.owner.clock.now += 3600
    phones.take(phones.change("motion"))
    until(lambda: len(phones.got) == AN_HOUR + 2)


@pytest.fixture
def hanging(phones: Phones) -> Iterator[threading.Event]:
    over = threading.Event()
    phones.during = lambda url: over.wait(LONG_S)
    yield over
    over.set()


def test_no_more_than_so_many_wait_while_all_services_hang(phones: Phones, hanging: threading.Event) -> None:
    for number in range(MOST_WAITING):
        phones.rings.take(phones.change("doorbell" if number % 2 else "motion"))
    assert phones.rings._waiting.qsize() <= MOST_WAITING
    until(lambda: phones.noted)  # those beyond
    assert {took_s for _, took_s in phones.noted} == {None}


def test_the_picture_here_is_one() -> None:
    assert is_whole(JPEG)


def test_a_removed_household_is_sent_nothing(phones: Phones) -> None:
    change = phones.change()
    phones.home.store.drop_household(phones.home.account.id)
    phones.rings.take(change)
    assert phones.rings._threads == []


class Pushed(Sender):
    """Takes what is sent to browsers at once."""

    def __init__(self, phones: Phones) -> None:
        self.phones = phones

    def send(self, to: Subscription, message: bytes, life_s: int, within_s: float) -> bool:
        if self.phones.has_ended:
            raise Ended
        self.phones.pushed.append((to.address, json.loads(message), life_s))
        return True


def subscribed(phones: Phones, number: int = 0, kept_s: float = 3600.0) -> ConsoleSession:
    """A browser that is signed in, and its subscription."""
    sessions = ConsoleSessions(phones.home.store, phones.owner.clock)
    session = sessions.read(sessions.begin(account=phones.home.account.id, user="kari", kept_s=kept_s))
    assert session is not None
    key, secret = public_of(new_key()), bytes(16)
    phones.browsers.add(phones.home.account.id, session.id, Subscription(f"https://push.example/{number}", key, secret))
    return session


def test_a_browser_gets_the_words_and_the_link(phones: Phones) -> None:
    subscribed(phones)
    phones.take(phones.change())
    until(lambda: len(phones.got) == 2 and phones.pushed)
    [(address, message, life_s)] = phones.pushed
    assert (address, life_s) == ("https://push.example/0", int(RUNG_S))
    assert message["title"] == "Front Door: Somebody rang"
    assert message["live"] == f"{LIVE}{phones.home.id('Front Door')}"
    assert message["at"] == phones.owner.clock.now * 1000


def test_a_browser_is_sent_it_though_there_is_no_address(phones: Phones) -> None:
    for address_id in phones.owner.ids.values():
        phones.owner.addresses.remove(phones.home.account.id, address_id)
    subscribed(phones)
    phones.take(phones.change())
    assert (len(phones.pushed), phones.got, phones.noted) == (1, [], [("doorbell", 0.0)])


def test_a_subscription_ends_with_its_service_or_the_browsers_sign_in(phones: Phones) -> None:
    account = phones.home.account.id
    subscribed(phones)
    phones.has_ended = True
    phones.take(phones.change())
    until(lambda: phones.browsers.of(account) == {})
    phones.has_ended = False
    session = subscribed(phones)
    assert list(phones.browsers.of(account)) == [session.id]
    ConsoleSessions(phones.home.store, phones.owner.clock).end(session)
    assert phones.browsers.of(account) == {}
    assert phones.home.store.account_secrets(account, "push/") == {}
    subscribed(phones, kept_s=60.0)
    phones.owner.clock.now += 61
    assert phones.browsers.of(account) == {}


def test_a_household_has_so_many_at_most_and_one_key(phones: Phones) -> None:
    for number in range(MOST):
        last = subscribed(phones, number)
    with pytest.raises(TooMany):
        subscribed(phones, MOST)
    again = Subscription("https://push.example/again", public_of(new_key()), bytes(16))
    phones.browsers.add(phones.home.account.id, last.id, again)  # in place of the one before
    assert len(phones.browsers.of(phones.home.account.id)) == MOST
    assert phones.browsers.key(phones.home.account.id) == phones.browsers.key(phones.home.account.id)
