"""Sign-in at the vendor, what it refuses, and how long it is waited for."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import pytest

from oauth import wording
from showcam.drivers.errors import VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.vendor import Rejected
from showcam.registry.owner.sign_in_outcome import SignInRefused
from tests.doubles.linking_world import CAREFUL, USER, Browser, World, refusal_text
from tests.doubles.ready_vendor import CODE, PASSWORD, ReadyVendor
from tests.doubles.waiting import LONG_S
from tests.oauth.conftest import VISIT, cookie


@pytest.mark.parametrize(("assistant", "owner"), [("alexa", "Amazon"), ("google", "Google")])
def test_the_page_names_the_vendor_and_the_assistant(world: World, assistant: Any, owner: str) -> None:
    page = world.browse(assistant).page
    assert page.steps == ["sign-in", "cancel"]
    assert "EZVIZ" in page.text("h1")
    assert assistant.capitalize() in page.text("h1")
    assert f"not your {owner} account" in page.text()
    assert f"Signing in here means authorizing {assistant.capitalize()} to control your devices." in page.text()
    assert "This service is unofficial: EZVIZ, Amazon and Google have neither made nor endorsed it." in page.text()


def test_who_signs_in_by_google_or_apple_reads_where_to_set_a_password(world: World) -> None:
    browser = world.browse()
    for locale, words in (
        ("en", "with Google or Apple? Then set a password there first"),
        ("nb", "med Google eller Apple? Lag da først et passord der"),
        ("de", "mit Google oder Apple an? Dann lege dort erst ein Passwort fest"),
    ):
        assert words in world.browse(ui_locales=locale).page.text()
    browser.sign_in(USER, "wrong")
    assert "with Google or Apple?" in browser.page.text()  # a refused one most of all


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("locked", "Sign in once in the EZVIZ app. If that works"),
        ("unsupported", "Sign in once in the EZVIZ app and do what it asks"),
    ],
)
def test_what_the_vendor_wants_of_a_person_is_done_in_its_app(world: World, why: Any, words: str) -> None:
    own = world.browse().sign_in()
    own.post("switch")
    world.vendor.verdict = Rejected(why)
    assert words in own.sign_in().page.text("alert")


def test_the_page_says_where_an_unknown_account_was_looked_for_first(world: World) -> None:
    own = world.browse().sign_in()
    own.post("switch")
    world.vendor.verdict = Rejected("unknown", "ru")
    assert "no such user name in Russia, nor in Europe," in own.sign_in().page.text("alert")


def test_a_sign_in_leads_to_consent(world: World) -> None:
    browser = world.browse().sign_in()
    assert browser.page.steps == ["switch", "agree", "cancel"]
    assert USER in browser.page.text()
    assert world.vendor.calls == {"password": 1}
    again = Browser(browser.http).get(world.url("alexa"))
    assert again.page.steps == ["switch", "agree", "cancel"]  # still signed in; the other assistant needs consent too
    assert "Alexa" in again.page.text("h1")


REFUSALS = {
    "wrong": 403,
    "terminals": 403,
    "too_often": 429,
    "unsupported": 403,
}


@pytest.mark.parametrize(("why", "status"), REFUSALS.items())
def test_a_refusal_of_the_vendor_is_shown(world: World, why: Any, status: int) -> None:
    world.vendor.verdict = Rejected(why)
    browser = world.browse().sign_in()
    assert browser.status == status
    assert browser.page.text("alert") == refusal_text(why)
    assert ("user", USER) in browser.page.fields
    assert PASSWORD not in browser.page.html
    assert cookie(browser, VISIT) is None


def test_every_refusal_has_a_sentence() -> None:
    whys = get_args(SignInRefused.__annotations__["why"])
    assert set(whys) <= wording.SIGN_IN.keys()


def test_a_vendor_that_is_down_is_a_503(world: World) -> None:
    tokens = world.tokens()
    world.vendor.error = VendorDown()
    browser = world.browse().sign_in()
    assert browser.status == 503
    assert "does not answer" in browser.page.text("alert")
    assert "Traceback" not in browser.page.html
    world.home.driver.error = VendorDown()
    assert world.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("user", "password"), [("nobody@example.com", PASSWORD), (USER, "wrong"), ("' OR 1=1--", "x"), ("\x00", "\x00")]
)
def test_nobody_learns_whether_it_was_the_user_or_the_password(world: World, user: str, password: str) -> None:
    browser = world.browse().sign_in(user, password)
    assert browser.status == 403
    assert browser.page.text("alert") == refusal_text("wrong")


class SlowVendor(ReadyVendor):
    takes_s = 0.0

    def sign_in(self, *args: Any, **more: Any) -> Any:
        time.sleep(self.takes_s)
        return super().sign_in(*args, **more)


class HangingVendor(ReadyVendor):
    """A vendor that hangs for every user but USER until `over` is set."""

    def __init__(self, *users: str) -> None:
        super().__init__(*users)
        self.hangs, self.over = threading.Semaphore(0), threading.Event()

    def sign_in(self, user: str, *args: Any, **more: Any) -> Any:
        if user != USER:
            self.hangs.release()
            self.over.wait(4 * LONG_S)
        return super().sign_in(user, *args, **more)


def test_a_vendor_slower_than_that_slows_the_others_down_too(make: Callable[..., World]) -> None:
    vendor = SlowVendor(USER)
    world = make(refusal_s=0.1, vendor=vendor)
    vendor.takes_s = 0.5
    assert world.browse().sign_in(USER, "wrong").status == 403
    vendor.takes_s = 0.0
    for user in ("stranger@example.com", USER):
        browser, began = world.browse(), time.monotonic()
        assert browser.sign_in(user, "wrong").status == 403
        assert time.monotonic() - began >= 0.5


def test_a_refusal_takes_its_time_whatever_the_cause(make: Callable[..., World]) -> None:
    world = make(refusal_s=0.3)
    too_many = [(USER, "wrong")] * 4
    for user, password in (*too_many, ("stranger@example.com", PASSWORD)):
        browser = world.browse()
        began = time.monotonic()
        assert browser.sign_in(user, password).status == 403
        assert time.monotonic() - began >= 0.3


A, B, SAME_AS_B = "198.51.100.1", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"


@pytest.mark.parametrize(
    ("waiting", "knows", "address", "status"),
    [
        ((A,) * 7, False, A, 403),
        ((A,) * 8, False, A, 503),
        ((A,) * 8, False, B, 403),
        ((B,) * 8, False, SAME_AS_B, 503),
        (tuple(f"203.0.113.{number // 8}" for number in range(32)), False, A, 503),
        (tuple(f"203.0.113.{number // 8}" for number in range(32)), True, A, 403),  # a browser that signed in before
    ],
)
def test_so_many_sign_ins_may_hold_a_thread(
    make: Callable[..., World], waiting: tuple[str, ...], knows: bool, address: str, status: int
) -> None:
    vendor = HangingVendor(USER)
    world = make(vendor=vendor)
    browser = world.browse()
    if knows:
        assert browser.sign_in().page.steps == ["switch", "agree", "cancel"]
        browser.post("switch")
    threads = []
    for number, their_address in enumerate(waiting):
        user = f"{number}@example.com"
        sessions.add_owner(world.home.store, user)
        other = world.browse()
        other.address = their_address
        threads.append(threading.Thread(target=other.sign_in, args=(user, "wrong")))
        threads[-1].start()
    try:
        for _ in waiting:
            assert vendor.hangs.acquire(timeout=LONG_S)
        browser.address = address
        assert browser.sign_in(USER, "wrong").status == status
        assert (browser.page.text("alert") == refusal_text("crowded")) is (status == 503)
    finally:
        vendor.over.set()
        for thread in threads:
            thread.join()
    browser.address = A
    assert browser.sign_in(USER, "wrong").status == 403  # the others are done, and their places free


class HangingAtStep(ReadyVendor):
    """A vendor that sends everybody a code and hangs at `step` until `over` is set."""

    def __init__(self, *users: str) -> None:
        super().__init__(careful=users)
        self.step = ""
        self.hangs, self.over = threading.Semaphore(0), threading.Event()

    def sign_in(self, user: str, password: str, deadline_s: float, *, code: str = "", host: str = "") -> Any:
        if self.step == ("code" if code else "sign-in"):
            self.hangs.release()
            self.over.wait(4 * LONG_S)
        return super().sign_in(user, password, deadline_s, code=code, host=host)


@pytest.mark.parametrize("step", ["sign-in", "code"])
@pytest.mark.parametrize(
    ("waiting", "at", "knows", "address", "status"),
    [
        (7, "code", False, A, 200),
        (8, "code", False, A, 503),
        (8, "code", False, B, 200),
        (8, "sign-in", False, A, 503),
        (8, "code", True, A, 200),  # a browser that signed in before
    ],
)
def test_so_many_entered_codes_may_hold_a_thread(
    make: Callable[..., World], step: str, waiting: int, at: str, knows: bool, address: str, status: int
) -> None:
    users = [f"{number}@example.com" for number in range(waiting)]
    vendor = HangingAtStep(CAREFUL, *users)
    world = make(vendor=vendor)
    browser, threads = world.browse(), []
    if knows:
        browser.sign_in(CAREFUL)
        browser.post("code", code=CODE)
        assert browser.page.steps == ["switch", "agree", "cancel"]
        browser.post("switch")
    if step == "code":
        assert browser.sign_in(CAREFUL).page.steps == ["code", "cancel", "switch"]
    for user in users:
        sessions.add_owner(world.home.store, user)
        other = world.browse()
        other.address = A
        if at == "code":
            other.sign_in(user)
        take_step = partial(other.post, "code", code=CODE) if at == "code" else partial(other.sign_in, user)
        threads.append(threading.Thread(target=take_step))
    vendor.step = at
    try:
        for thread in threads:
            thread.start()
        for _ in threads:
            assert vendor.hangs.acquire(timeout=LONG_S)
        vendor.step = ""
        browser.address = address
        calls = vendor.calls.total()
        fields = {"code": CODE} if step == "code" else {"user": CAREFUL, "password": PASSWORD}
        assert browser.post(step, **fields).status == status
        if status == 503:
            assert browser.page.text("alert") == wording.SIGN_IN["crowded"][1]
            assert vendor.calls.total() == calls, "the vendor gets no request"
    finally:
        vendor.over.set()
        for thread in threads:
            thread.join()
    if status == 503 and step == "code":
        assert browser.post("code", code=CODE).page.steps == ["switch", "agree", "cancel"], "it was not used up"


def test_what_nobody_types_holds_no_thread(make: Callable[..., World]) -> None:
    browser, began = make(refusal_s=20.0).browse(), time.monotonic()
    assert browser.sign_in("u" * 201).status == 403
    assert browser.sign_in(USER, "p" * 201).status == 403
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("user", "password"), [("", PASSWORD), (USER, ""), ("  ", PASSWORD), (None, None)])
def test_user_name_and_password_are_both_required(world: World, user: Any, password: Any) -> None:
    browser = world.browse().post("sign-in", user=user, password=password)
    assert browser.status == 400
    assert browser.page.text("alert") == refusal_text("empty")
    assert world.vendor.calls == {}


@pytest.mark.parametrize("size", [201, 15_000])
def test_what_nobody_types_never_reaches_the_vendor(world: World, size: int) -> None:
    assert world.browse().sign_in("u" * size).status == 403
    assert world.browse().sign_in(USER, "p" * size).status == 403
    assert world.vendor.calls == {}


def test_a_form_that_is_too_large_is_refused(world: World) -> None:
    browser = world.browse().sign_in("u" * 70_000)
    assert browser.status == 413
    assert browser.page.text("alert")
