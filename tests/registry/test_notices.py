"""Notices to an owner: each fault once, its mend once, whatever is restarted, fails or comes and goes."""

import threading
from collections.abc import Callable
from typing import Literal

import pytest
from msgspec.structs import replace

from registry.camera import Camera
from registry.driver import Hint
from registry.errors import SignedOut
from registry.notices.addresses import LONGEST_NAME, MOST, Address, Addresses, TooMany
from registry.notices.fault import Fault, Kind
from registry.notices.faults import TAMPERED_S, Faults
from registry.notices.notifying import A_DAY, AN_HOUR, CENSUS_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, Notifying
from registry.notices.standing import AWAY_S
from registry.notices.texts import Names, notice, trial
from registry.readings.happenings import Happenings
from store.records import Known, Notice
from store.telling_ports import Settled
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.ready_driver import ReadyDriver, camera
from words.languages import LANGUAGES, Language

HOME = "http://192.168.1.4:8080/home"
PHONE, MAIL = "ntfy://phone", "mailto://mail"


class Owner:
    """An owner with two addresses, and the worker that notifies them; `got`: address and title of each notice."""

    def __init__(self, home: Household, clock: Clock) -> None:
        self.home, self.clock = home, clock
        self.got: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.refuses: set[str] = set()
        self.tried: list[str] = []
        self.during: Callable[[], None] = lambda: None
        home.noticing.refresh(home.account.id)
        home.adapter.changes.subscribe(home.adapter.faults.note)
        self.addresses = Addresses(home.store, clock)
        self.ids = {url: self.addresses.add(home.account.id, url, "service", "") for url in (PHONE, MAIL)}
        self.start()

    def start(self) -> None:
        """The worker, as it stands after a restart."""
        adapter = self.home.adapter
        self.worker = Notifying(self.home.store, adapter.faults, adapter.standing, self.send, HOME, self.clock)

    def send(self, url: str, title: str, text: str) -> bool:
        self.tried.append(url)
        self.during()
        if url in self.refuses:
            return False
        self.got.append((url, title))
        self.texts.append(text)
        return True

    def turns(self, seconds: float = 1.0) -> list[tuple[str, str]]:
        """What is sent in that time, sorted."""
        self.got.clear()
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.worker.turn()
            self.clock.now += min(10.0, max(1.0, seconds / 100))
        return sorted(self.got)

    def change(self, name: str, **changes: object) -> None:
        """At the vendor; showcam reads it then."""
        self.home.driver.change(name, **changes)
        self.clock.now += 3
        self.home.noticing.refresh(self.home.account.id)


@pytest.fixture
def owner(make_home: Callable[..., Household], clock: Clock) -> Owner:
    return Owner(make_home(), clock)


ON = "Garden: Image Encryption is on again"
OFF = f"Mended: {ON}"


def test_a_fault_is_told_once_to_each_address_and_its_mend_once(owner: Owner) -> None:
    assert owner.turns(30) == []
    owner.change("Garden", encryption="on")
    assert owner.turns() == [(MAIL, ON), (PHONE, ON)]
    assert HOME in owner.texts[0]
    assert owner.turns(7200) == []
    owner.change("Garden", encryption="off")
    assert owner.turns() == [(MAIL, OFF), (PHONE, OFF)]
    assert owner.turns(7200) == []
    assert owner.home.store.notices(owner.home.account.id) == []


def test_a_restart_tells_nothing_again_and_loses_nothing(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.start()
    assert len(owner.turns()) == 2
    owner.start()
    assert owner.turns(60) == []
    owner.change("Garden", encryption="off")
    owner.start()
    assert owner.turns() == [(MAIL, OFF), (PHONE, OFF)]
    owner.start()
    assert owner.turns(60) == []


def test_a_mend_that_nothing_announced_is_found(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    assert len(owner.turns()) == 2
    owner.home.adapter.changes._callbacks.clear()  # as by a process that is killed before it notes the change
    owner.change("Garden", encryption="off")
    assert owner.turns() == [(MAIL, OFF), (PHONE, OFF)]


def test_what_another_process_found_is_not_taken_back_by_an_older_reading(owner: Owner) -> None:
    owner.clock.now += 60  # our last reading of the camera says that its Image Encryption is off
    owner.home.adapter.faults.began(owner.home.account.id, "encryption", owner.home.id("Garden"))
    assert owner.turns(10) == [(MAIL, ON), (PHONE, ON)]
    owner.home.noticing.refresh(owner.home.account.id)
    assert owner.turns(10) == [(MAIL, OFF), (PHONE, OFF)]


def test_what_was_mended_before_it_was_told_is_not_told(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.change("Garden", encryption="off")
    assert owner.turns(60) == []


def test_what_is_mended_while_it_is_told_is_told_to_be_mended(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.addresses.remove(owner.home.account.id, owner.ids[MAIL])
    owner.during = lambda: owner.change("Garden", encryption="off") if len(owner.tried) == 1 else None
    assert owner.turns(10) == [(PHONE, ON), (PHONE, OFF)]
    assert owner.home.store.notices(owner.home.account.id) == []


def test_image_encryption_that_the_owner_switched_on_here_is_no_fault(owner: Owner) -> None:
    done = owner.home.owner.change(owner.home.account.id, owner.home.id("Garden"), "encryption", "on")
    assert isinstance(done, Camera)
    assert owner.turns(60) == []
    owner.change("Garden", encryption="off")
    owner.clock.now += 600
    owner.change("Garden", encryption="on")
    assert owner.turns() == [(MAIL, ON), (PHONE, ON)]


def test_a_camera_that_is_removed_is_not_spoken_of_any_more(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    assert len(owner.turns()) == 2
    owner.home.driver.set([camera("Pond", "F00000007")])
    owner.clock.now += 3
    owner.home.noticing.refresh(owner.home.account.id)
    assert owner.turns(60) == []
    assert owner.home.store.notices(owner.home.account.id) == []


def session(owner: Owner, state: Literal["ok", "needs_login"]) -> None:
    store, source = owner.home.store, owner.home.source
    stands = store.read_session(source.account, source.id)
    assert stands is not None
    assert store.swap_session(source.account, source.id, version=stands.version, secrets=stands.secrets, state=state)


def test_a_session_that_died_and_a_new_sign_in(owner: Owner) -> None:
    title = "EZVIZ: showcam is signed out"
    session(owner, "needs_login")
    assert owner.turns(60) == [(MAIL, title), (PHONE, title)]
    assert "Sign in to EZVIZ on http://192.168.1.4:8080/home" in owner.texts[0]
    session(owner, "ok")
    assert owner.turns(60) == [(MAIL, f"Mended: {title}"), (PHONE, f"Mended: {title}")]


def test_a_source_that_nobody_has_signed_in_to_yet_is_no_fault(
    make_home: Callable[..., Household], clock: Clock
) -> None:
    home = make_home()
    home.driver.error = SignedOut()
    owner = Owner(home, clock)
    session(owner, "needs_login")
    assert owner.turns(60) == []


def test_a_camera_in_the_house_that_is_at_no_address(make_home: Callable[..., Household], clock: Clock) -> None:
    barn = camera("Barn", "barn", manufacturer="", encryption="none")
    lan = ReadyDriver([barn])
    home = make_home(lan=lan)
    from accounts import households

    households.with_lan(home.store, home.account.id)
    home.adapter.owner._readings.households.forget(home.account.id)
    owner = Owner(home, clock)

    def look() -> None:
        owner.clock.now += 3
        home.noticing.refresh(home.account.id)

    lan.change("Barn", online="off")
    look()
    assert owner.turns(AWAY_S - 60) == []
    lan.change("Barn", online="on")  # it was only restarted
    look()
    owner.turns(60)
    lan.change("Barn", online="off")
    look()
    assert owner.turns(AWAY_S - 60) == []
    title = "Barn can't be found"
    assert owner.turns(120) == [(MAIL, title), (PHONE, title)]
    assert 'showcam cameras move "Barn" ADDRESS' in owner.texts[0]
    lan.change("Barn", online="on")
    look()
    assert owner.turns(10) == [(MAIL, f"Mended: {title}"), (PHONE, f"Mended: {title}")]


def test_a_grant_that_died_and_one_that_works_again(owner: Owner) -> None:
    kind: Kind = "grant"
    title = "Alexa takes no more reports"
    faults, account, link = owner.home.adapter.faults, owner.home.account.id, owner.home.link
    for _ in range(3):
        faults.began(account, kind, link.id)
    assert owner.turns(60) == [(MAIL, title), (PHONE, title)]
    assert f"“{link.label}”" in owner.texts[0]
    for _ in range(3):
        faults.ended(account, kind, link.id)
    assert owner.turns(60) == [(MAIL, f"Mended: {title}"), (PHONE, f"Mended: {title}")]
    faults.began(account, kind, link.id)
    owner.home.store.end_link(link.id, owner.clock.now)
    assert owner.turns(60) == []
    assert owner.home.store.notices(account) == []


def lay_down(owner: Owner) -> str:
    """A row that can't be sent is put aside, as the sender does it; its id."""
    store, account, link = owner.home.store, owner.home.account.id, owner.home.link.id
    store.look(account, owner.clock.now, link)
    claim = store.claim(account, link, owner.clock.now, owner.clock.now + 60, 100)
    assert claim is not None
    first, *others = claim.rows
    assert store.settle(claim, Settled(owner.clock.now, tuple(others), laid=((first, "refused"),)))
    return first.id


def test_reports_that_are_put_aside_until_somebody_sends_them_again_or_drops_them(owner: Owner) -> None:
    title = "Reports to Alexa could not be sent"
    store, account, link = owner.home.store, owner.home.account.id, owner.home.link
    for dropped in (True, False):
        row = lay_down(owner)
        assert owner.turns(60) == [(MAIL, title), (PHONE, title)]
        assert f"“{link.label}”" in owner.texts[0]
        assert store.drop(account, row) if dropped else store.retry(account, row, owner.clock.now)
        assert owner.turns(60) == [(MAIL, f"Mended: {title}"), (PHONE, f"Mended: {title}")]


def test_a_camera_that_was_tampered_with_is_told_once_an_hour_and_never_as_mended(owner: Owner) -> None:
    title = "Garden was tampered with"

    def covered() -> None:
        hint = Hint("F00000001", 1, "tamper", owner.clock.now)
        owner.home.noticing.noticed(owner.home.account.id, [hint])

    covered()
    assert owner.turns(60) == [(MAIL, title), (PHONE, title)]
    assert "Garden reports that it was turned away, covered or blinded." in owner.texts[0]
    owner.clock.now += 600
    covered()
    assert owner.turns(60) == []
    owner.clock.now += TAMPERED_S
    assert owner.turns(60) == []
    assert owner.home.store.notices(owner.home.account.id) == []
    covered()
    assert owner.turns(60) == [(MAIL, title), (PHONE, title)]


def test_a_camera_that_is_removed_while_its_tampering_is_told_is_not_told_to_be_mended(owner: Owner) -> None:
    faults, account, garden = owner.home.adapter.faults, owner.home.account.id, owner.home.id("Garden")
    owner.home.noticing.noticed(account, [Hint("F00000001", 1, "tamper", owner.clock.now)])
    owner.during = lambda: faults.forget(account, "tamper", garden)
    assert len(owner.turns(60)) == 2
    assert owner.home.store.notices(account) == []


def test_where_nobody_is_notified_nothing_is_noted(make_home: Callable[..., Household], clock: Clock) -> None:
    home = make_home()
    faults = Faults(home.store, Happenings(home.store, clock), clock, keeps=False)
    faults.began(home.account.id, "grant", home.link.id)
    assert faults.of(home.account.id) == []


def test_an_address_that_takes_nothing_is_tried_ever_more_seldom_and_loses_nothing(owner: Owner) -> None:
    owner.refuses = {PHONE}
    owner.change("Garden", encryption="on")
    assert owner.turns(3600) == [(MAIL, ON)]
    tries = owner.tried.count(PHONE)
    assert 5 <= tries <= 8  # 30 s, 1, 2, 4, 8, 16, 32 minutes
    owner.refuses = set()
    assert owner.turns(LONGEST_PAUSE_S + 60) == [(PHONE, ON)]
    assert owner.turns(3600) == []
    owner.change("Garden", encryption="off")
    assert owner.turns(FIRST_PAUSE_S) == [(MAIL, OFF), (PHONE, OFF)]


def test_an_address_that_never_took_the_fault_is_not_told_of_its_mend(owner: Owner) -> None:
    owner.refuses = {PHONE}
    owner.change("Garden", encryption="on")
    assert owner.turns(60) == [(MAIL, ON)]
    owner.refuses = set()
    owner.change("Garden", encryption="off")
    assert owner.turns(LONGEST_PAUSE_S) == [(MAIL, OFF)]


def test_an_address_that_fails_with_an_error_holds_up_no_other(owner: Owner) -> None:
    def fails() -> None:
        if owner.tried[-1] == PHONE:
            raise RuntimeError

    owner.change("Garden", encryption="on")
    owner.during = fails
    for _ in range(3):
        owner.worker.turn()
    assert owner.got == [(MAIL, ON)]


def test_a_new_address_is_told_what_is_wrong_now(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.turns()
    owner.addresses.add(owner.home.account.id, "json://new", "Webhook", "")
    assert owner.turns(CENSUS_S + 1) == [("json://new", ON)]


def test_with_the_last_address_go_the_notices(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.turns()
    assert [owner.addresses.remove(owner.home.account.id, owner.ids[url]) for url in (PHONE, MAIL, MAIL)] == [
        True,
        True,
        False,
    ]
    assert owner.home.store.notices(owner.home.account.id) == []
    assert owner.turns(CENSUS_S * 2) == []


def test_what_is_on_its_way_at_the_end_is_not_sent_again(owner: Owner) -> None:
    owner.addresses.remove(owner.home.account.id, owner.ids[MAIL])
    owner.change("Garden", encryption="on")
    asked, goes_on = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        goes_on.wait(10)

    owner.during = slow
    turning = threading.Thread(target=owner.worker.turn)
    turning.start()
    assert asked.wait(10)
    threading.Timer(0.1, goes_on.set).start()
    owner.worker.close()
    assert owner.got == [(PHONE, ON)]
    owner.start()
    assert owner.turns(60) == []
    turning.join(10)


def test_a_fault_that_comes_and_goes_is_told_so_often_a_day(owner: Owner) -> None:
    owner.addresses.remove(owner.home.account.id, owner.ids[MAIL])
    owner.clock.now += 86400 - owner.clock.now % 86400  # a day begins
    got = []
    for _ in range(A_DAY + 3):
        for flag in ("on", "off"):
            owner.change("Garden", encryption=flag)
            got += owner.turns(600)
    assert got == [(PHONE, ON), (PHONE, OFF)] * A_DAY
    owner.change("Garden", encryption="on")
    assert owner.turns(86400) == [(PHONE, ON)]  # it lasts, and another day begins


def test_a_household_gets_so_many_messages_an_hour(make_home: Callable[..., Household], clock: Clock) -> None:
    many = [camera(f"Camera {number}", f"F{number:08}") for number in range(AN_HOUR + 5)]
    owner = Owner(make_home(cameras=many), clock)
    owner.addresses.remove(owner.home.account.id, owner.ids[MAIL])
    owner.home.driver.set([replace(each, encryption="on") for each in many])
    owner.clock.now += 3600 - owner.clock.now % 3600
    owner.home.noticing.refresh(owner.home.account.id)
    assert len(owner.turns(1800)) == AN_HOUR
    assert len(owner.turns(1800 + 60)) == 5
    assert owner.turns(3600) == []


def test_no_more_addresses_than_that(owner: Owner) -> None:
    for _ in range(MOST - 2):
        owner.addresses.add(owner.home.account.id, PHONE, "ntfy", "")
    with pytest.raises(TooMany):
        owner.addresses.add(owner.home.account.id, PHONE, "ntfy", "")
    assert len(owner.addresses.of(owner.home.account.id)) == MOST
    assert "phone" not in repr(owner.addresses.of(owner.home.account.id))
    assert LONGEST_NAME < 100


def test_rows_of_another_version_are_left_alone(owner: Owner) -> None:
    account, store = owner.home.account.id, owner.home.store
    store.put_notice_address(account, "later", b'{"url":1}')
    rows = {"weather/rain": b'{"began":1}', "encryption/x": b"[]", "odd": b""}
    for fault, data in rows.items():
        assert store.swap_notice(account, fault, version=0, data=data)
    assert owner.turns(60) == []
    assert store.notices(account) == [Notice(account, fault, rows[fault], 1) for fault in sorted(rows)]


def test_nothing_is_read_of_a_household_without_addresses(owner: Owner) -> None:
    for address_id in owner.ids.values():
        owner.addresses.remove(owner.home.account.id, address_id)
    session(owner, "needs_login")
    owner.home.store.put_known(owner.home.account.id, owner.home.source.id, Known(b"", owner.clock.now))
    assert owner.turns(60) == []
    assert owner.home.store.notices(owner.home.account.id) == []


KINDS: list[Kind] = ["encryption", "session", "lost", "tamper", "grant", "outbox"]
MENDED = [kind for kind in KINDS if kind != "tamper"]  # nothing says when that is mended

SUBJECTS: dict[Kind, str] = {
    "encryption": "Låve",
    "session": "EZVIZ",
    "lost": "Låve",
    "tamper": "Låve",
    "grant": "Google",
    "outbox": "Google",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_says_what_happened_and_what_to_do_with_the_address(
    owner: Owner, kind: Kind, language: Language
) -> None:
    fault = Fault(owner.home.account.id, kind, "x", 0.0)
    names = Names(camera="Låve", vendor="EZVIZ", assistant="Google", link="Kari’s")
    title, text = notice(fault, names, HOME, language)
    what, mend = text.split("\n\n")
    assert SUBJECTS[kind] in title
    assert SUBJECTS[kind] in what
    assert mend.count(HOME) == 1
    unknown, _ = notice(fault, Names(), HOME, language)
    assert "{" not in unknown + title + text
    assert all(trial(language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MENDED)
def test_a_notice_of_a_mend_names_what_is_well_again(owner: Owner, kind: Kind, language: Language) -> None:
    fault = Fault(owner.home.account.id, kind, "x", 0.0)
    names = Names(camera="Låve", vendor="EZVIZ", assistant="Google", link="Kari’s")
    title, _ = notice(fault, names, HOME, language)
    mended, well = notice(replace(fault, lasts=False), names, HOME, language)
    assert title in mended
    assert SUBJECTS[kind] in well
    assert HOME not in well
    assert "{" not in mended + well


def test_an_address_shows_nothing_of_itself() -> None:
    assert repr(Address("ntfy://kari:hemmelig@host", "ntfy", "", 0.0)) == "<Address ntfy>"
