"""Notices to an owner: each fault once, its mend once, whatever is restarted, fails or comes and goes."""

import threading
from collections.abc import Callable
from typing import Literal

import pytest
from msgspec.structs import replace

from showcam.drivers.camera import Camera
from showcam.drivers.driver import Hint
from showcam.drivers.errors import SignedOut
from showcam.registry.notices.faults import AWAY_S, TAMPERED_S, Kind
from showcam.registry.notices.notifier import A_DAY, AN_HOUR
from showcam.store.outbox import Laid, Settled, Why
from showcam.store.records import DAY_S, Notice
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.notice_services import HOME, MAIL, PHONE, Owner
from tests.doubles.ready_driver import ReadyDriver, camera
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "An owner is notified once of each fault and once when it has gone, at most 20 times an hour",
    also=(
        "tests/registry/test_notice_addresses.py",
        "tests/whole/test_notices.py",
    ),
)

ON = "Garden: Image Encryption is on again"
OFF = f"Fixed: {ON}"


def test_a_fault_is_sent_once_to_each_address_and_its_mend_once(owner: Owner) -> None:
    assert owner.turns(30) == []
    owner.change("Garden", encryption="on")
    assert owner.turns() == [(MAIL, ON), (PHONE, ON)]
    assert HOME in owner.texts[0]
    assert owner.turns(7200) == []
    owner.change("Garden", encryption="off")
    assert owner.turns() == [(MAIL, OFF), (PHONE, OFF)]
    assert owner.turns(7200) == []
    assert owner.home.store.notices(owner.home.account.id) == []


def test_a_reading_without_the_flag_hides_neither_the_fault_nor_its_fix(owner: Owner) -> None:
    owner.change("Garden", encryption="unknown")
    assert owner.turns(120) == []
    owner.change("Garden", encryption="on")
    assert owner.turns() == [(MAIL, ON), (PHONE, ON)]
    owner.change("Garden", encryption="unknown")
    assert owner.turns(120) == []
    owner.change("Garden", encryption="off")
    assert owner.turns(120) == [(MAIL, OFF), (PHONE, OFF)]


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


def test_what_was_mended_before_it_was_sent_is_not_sent(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.change("Garden", encryption="off")
    assert owner.turns(60) == []


def test_what_is_mended_while_it_is_sent_is_sent_as_mended(owner: Owner) -> None:
    owner.change("Garden", encryption="on")
    owner.addresses.remove(owner.home.account.id, owner.ids[MAIL])
    owner.during = lambda: owner.change("Garden", encryption="off") if len(owner.tried) == 1 else None
    assert owner.turns(10) == [(PHONE, OFF), (PHONE, ON)]
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
    assert owner.turns(60) == [(MAIL, f"Fixed: {title}"), (PHONE, f"Fixed: {title}")]


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
    from showcam.accounts import households

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
    assert "“Name, password, address”" in owner.texts[0]
    lan.change("Barn", online="on")
    look()
    assert owner.turns(10) == [(MAIL, f"Fixed: {title}"), (PHONE, f"Fixed: {title}")]


@pytest.mark.parametrize(
    ("kind", "title"),
    [("grant", "Alexa takes no more reports"), ("expired", "Alexa: no permission for reports")],
)
def test_reports_that_are_refused_and_that_are_taken_again(owner: Owner, kind: Kind, title: str) -> None:
    faults, account, link = owner.home.adapter.faults, owner.home.account.id, owner.home.link
    for _ in range(3):
        faults.began(account, kind, link.id)
    assert owner.turns(60) == [(MAIL, title), (PHONE, title)]
    assert f"“{link.label}”" in owner.texts[0]
    assert f"Press “Link it again” at that link on {HOME}/assistants." in owner.texts[0]
    for _ in range(3):
        faults.reported(account, link.id)
    assert owner.turns(60) == [(MAIL, f"Fixed: {title}"), (PHONE, f"Fixed: {title}")]
    faults.began(account, kind, link.id)
    owner.home.store.end_link(link.id, owner.clock.now)
    assert owner.turns(60) == []
    assert owner.home.store.notices(account) == []


def try_in_vain(owner: Owner, why: Why | None) -> None:
    """The sender tries to report the link's changes; the assistant takes none of them."""
    store, link = owner.home.store, owner.home.link
    claim = store.claim(link.account, link.id, owner.clock.now, owner.clock.now + 20, 100)
    assert claim is not None
    wait = owner.clock.now + 2 * DAY_S
    assert store.settle(claim, Settled(owner.clock.now, wait=wait, tries=1, why=why, reason=why or ""))


SILENT = "Alexa has learnt nothing for a day"


@pytest.mark.parametrize(
    ("why", "waits_s", "noted", "sent", "says"),
    [
        ("unreached", DAY_S + 60, None, [SILENT], "Alexa did not answer."),
        ("trouble", DAY_S + 60, None, [SILENT], "Alexa did not take it."),
        ("busy", DAY_S + 60, None, [SILENT], "Alexa did not take it."),
        ("clock", DAY_S + 60, None, [SILENT], "This machine's clock is wrong."),
        ("fault", DAY_S + 60, None, [SILENT], "Something went wrong here."),
        ("unreached", DAY_S - 60, None, [], ""),
        (None, DAY_S + 60, None, [], ""),
        ("unreached", DAY_S + 60, "grant", ["Alexa takes no more reports"], "refuses"),
        ("unreached", DAY_S + 60, "expired", ["Alexa: no permission for reports"], "never given"),
    ],
)
def test_a_change_that_waits_for_a_day_is_one_notice_with_its_reason(
    owner: Owner, why: Why | None, waits_s: float, noted: Kind | None, sent: list[str], says: str
) -> None:
    store, link = owner.home.store, owner.home.link
    store.look(link.account, owner.clock.now, link.id)
    try_in_vain(owner, why)
    owner.clock.now += waits_s
    if noted is not None:
        owner.home.adapter.faults.hindered(link.account, noted, link.id)
    assert owner.turns(30) == [(url, title) for title in sent for url in (MAIL, PHONE)]
    assert all(says in text for text in owner.texts)


def test_what_waited_for_a_day_is_said_to_be_well_when_it_is_reported_or_nothing_waits(owner: Owner) -> None:
    store, link = owner.home.store, owner.home.link
    for taken in (True, False):
        store.look(link.account, owner.clock.now, link.id)
        try_in_vain(owner, "unreached")
        owner.clock.now += 3 * DAY_S
        assert owner.turns(30) == [(MAIL, SILENT), (PHONE, SILENT)]
        claim = store.claim(link.account, link.id, owner.clock.now, owner.clock.now + 20, 100)
        assert claim is not None
        assert store.settle(claim, Settled(owner.clock.now, claim.rows, told=b"t" if taken else None))
        if taken:
            owner.home.adapter.faults.reported(link.account, link.id)
        assert owner.turns(30) == [(MAIL, f"Fixed: {SILENT}"), (PHONE, f"Fixed: {SILENT}")]


def test_a_link_that_waits_and_then_is_refused_has_one_fault(owner: Owner) -> None:
    store, link, faults = owner.home.store, owner.home.link, owner.home.adapter.faults
    store.look(link.account, owner.clock.now, link.id)
    try_in_vain(owner, "unreached")
    owner.clock.now += DAY_S + 60
    assert owner.turns(30) == [(MAIL, SILENT), (PHONE, SILENT)]
    followed: dict[Kind, str] = {"grant": "Alexa takes no more reports", "expired": "Alexa: no permission for reports"}
    for kind, title in followed.items():
        faults.hindered(link.account, kind, link.id)
        assert owner.turns(60) == [(MAIL, title), (PHONE, title)]
        assert [fault.kind for fault in faults.of(link.account)] == [kind]


def lay_down(owner: Owner) -> str:
    """A row that can't be sent is put aside, as the sender does it; its id."""
    store, account, link = owner.home.store, owner.home.account.id, owner.home.link.id
    store.look(account, owner.clock.now, link)
    claim = store.claim(account, link, owner.clock.now, owner.clock.now + 60, 100)
    assert claim is not None
    first, *others = claim.rows
    assert store.settle(
        claim, Settled(owner.clock.now, tuple(others), laid=(Laid(first, owner.clock.now, "refused", "refused"),))
    )
    return first.id


def test_reports_that_are_put_aside_until_somebody_sends_them_again_or_drops_them(owner: Owner) -> None:
    title = "Reports to Alexa could not be sent"
    store, account, link = owner.home.store, owner.home.account.id, owner.home.link
    for dropped in (True, False):
        row = lay_down(owner)
        assert owner.turns(60) == [(MAIL, title), (PHONE, title)]
        assert f"“{link.label}”" in owner.texts[0]
        assert store.drop(account, row) if dropped else store.retry(account, row, owner.clock.now)
        assert owner.turns(60) == [(MAIL, f"Fixed: {title}"), (PHONE, f"Fixed: {title}")]


def test_a_camera_that_was_tampered_with_is_named_once_an_hour_and_never_as_mended(owner: Owner) -> None:
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


def test_a_camera_that_is_removed_while_its_tampering_is_sent_is_not_sent_as_mended(owner: Owner) -> None:
    faults, account, garden = owner.home.adapter.faults, owner.home.account.id, owner.home.id("Garden")
    owner.home.noticing.noticed(account, [Hint("F00000001", 1, "tamper", owner.clock.now)])
    owner.during = lambda: faults.forget(account, "tamper", garden)
    assert len(owner.turns(60)) == 2
    assert owner.home.store.notices(account) == []


def test_what_is_on_its_way_at_the_end_is_not_sent_again(owner: Owner) -> None:
    owner.addresses.remove(owner.home.account.id, owner.ids[MAIL])
    owner.change("Garden", encryption="on")
    asked, goes_on = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        goes_on.wait(LONG_S)

    owner.during = slow
    turning = threading.Thread(target=owner.worker.turn)
    turning.start()
    assert asked.wait(LONG_S)
    threading.Timer(0.1, goes_on.set).start()
    owner.worker.close()
    assert owner.got == [(PHONE, ON)]
    owner.start()
    assert owner.turns(60) == []
    turning.join(10)


def test_a_fault_that_comes_and_goes_is_sent_so_often_a_day(owner: Owner) -> None:
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
    owner.home.driver.set([replace(known, encryption="on") for known in many])
    owner.clock.now += 3600 - owner.clock.now % 3600
    owner.home.noticing.refresh(owner.home.account.id)
    assert len(owner.turns(1800)) == AN_HOUR
    assert len(owner.turns(1800 + 60)) == 5
    assert owner.turns(3600) == []


def test_rows_of_another_version_are_left_alone(owner: Owner) -> None:
    account, store = owner.home.account.id, owner.home.store
    store.put_notice_address(account, "later", b'{"url":1}')
    rows = {"weather/rain": b'{"began":1}', "encryption/x": b"[]", "odd": b""}
    for fault, data in rows.items():
        assert store.swap_notice(account, fault, version=0, data=data)
    assert owner.turns(60) == []
    assert store.notices(account) == [Notice(account, fault, rows[fault], 1) for fault in sorted(rows)]
