"""Sign-in at the vendor, its code, the session, and the limits against guessing and forging."""

import math
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec
import pytest

from accounts.identity import token_hash
from oauth import wording
from registry.drivers.ezviz import households
from registry.errors import VendorDown
from registry.owner.outcome import SignInRefused
from registry.vendor import Rejected
from tests.doubles.linking_world import CAREFUL, USER, Browser, World, refusal_text
from tests.doubles.ready_vendor import CODE, PASSWORD, ReadyVendor

VISIT, FORM = "__Host-showcam-visit", "__Host-showcam-form"


def cookie(browser: Browser, name: str) -> str | None:
    found = browser.http.get_cookie(name, domain="home.example")
    return found.value if found else None


@pytest.mark.parametrize(("assistant", "owner"), [("alexa", "Amazon"), ("google", "Google")])
def test_the_page_names_the_vendor_and_the_assistant(world: World, assistant: Any, owner: str) -> None:
    page = world.browse(assistant).page
    assert page.steps == ["sign-in", "cancel"]
    assert "EZVIZ" in page.text("h1")
    assert assistant.capitalize() in page.text("h1")
    assert f"not of your {owner} account" in page.text()
    assert f"Signing in here means authorizing {assistant.capitalize()} to control your devices." in page.text()
    assert "This service is not made by EZVIZ." in page.text()


def test_who_signs_in_by_google_or_apple_reads_where_to_set_a_password(world: World) -> None:
    browser = world.browse()
    for locale, words in (
        ("en", "with Google or Apple? Then your account has no password yet"),
        ("nb", "med Google eller Apple? Da har kontoen din ikke noe passord ennå"),
        ("de", "mit Google oder Apple an? Dann hat dein Konto noch kein Passwort"),
    ):
        assert words in world.browse(ui_locales=locale).page.text()
    browser.sign_in(USER, "wrong")
    assert "with Google or Apple?" in browser.page.text()  # a refused one most of all


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("locked", "Sign in once in the EZVIZ app with the same user name and password"),
        ("unsupported", "Sign in once in the EZVIZ app with the same user name and password and do what it asks for"),
    ],
)
def test_what_the_vendor_wants_of_a_person_is_done_in_its_app(world: World, why: Any, words: str) -> None:
    own = world.browse().sign_in()
    own.post("switch")
    world.vendor.verdict = Rejected(why)
    assert words in own.sign_in().page.text("alert")


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
            self.over.wait(60)
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
        households.add_owner(world.home.store, user)
        other = world.browse()
        other.address = their_address
        threads.append(threading.Thread(target=other.sign_in, args=(user, "wrong")))
        threads[-1].start()
    try:
        for _ in waiting:
            assert vendor.hangs.acquire(timeout=20)
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
            self.over.wait(60)
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
        households.add_owner(world.home.store, user)
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
            assert vendor.hangs.acquire(timeout=20)
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


# guessing


def tried(world: World, user: str, password: str, number: int, http: Any = None) -> Browser:
    """A sign-in from an address that no other try uses."""
    browser = world.browse(http=http)
    browser.address = f"203.0.113.{number}"
    return browser.sign_in(user, password)


def heard(browser: Browser) -> tuple[int, str, bool]:
    """What a stranger learns: status, text, and whether a wait is named."""
    assert browser.answer is not None
    return browser.status, browser.page.text("alert"), "Retry-After" in browser.answer.headers


def test_guessing_one_account_from_everywhere_stops_before_the_vendor(
    world: World, later: Callable[[float], None]
) -> None:
    known = [heard(tried(world, USER, "wrong", number)) for number in range(10)]
    unknown = [heard(tried(world, "nobody@example.com", "wrong", number)) for number in range(10, 20)]
    assert set(known) == set(unknown) == {(403, refusal_text("wrong"), False)}
    assert world.vendor.calls == {"password": 3}
    assert (
        tried(world, USER, PASSWORD, 30).status == 403
    )  # the right password, from a browser that the account does not know
    later(901)
    assert tried(world, USER, PASSWORD, 31).page.steps == ["switch", "agree", "cancel"]


def test_a_vendor_that_has_locked_the_account_is_not_told_to_strangers(world: World) -> None:
    home = world.browse().sign_in()
    world.vendor.verdict = Rejected("locked")
    assert heard(tried(world, USER, "wrong", 1)) == (403, refusal_text("wrong"), False)
    own = tried(world, USER, PASSWORD, 2, home.http)
    assert heard(own) == (403, refusal_text("locked"), False)


def test_who_signs_in_rightly_is_never_counted(world: World) -> None:
    for number in range(12):
        assert tried(world, USER, PASSWORD, number).page.steps == ["switch", "agree", "cancel"]
        assert world.browse().sign_in().page.steps == ["switch", "agree", "cancel"]  # from one address, too


def test_a_browser_that_signed_in_before_gets_in_whatever_strangers_do(world: World) -> None:
    home, address = world.browse().sign_in(), "198.51.100.7"
    for number in range(30):
        stranger = world.browse()
        stranger.address = address if number % 2 else f"203.0.113.{number}"
        stranger.sign_in(USER, "wrong")
    before = world.vendor.calls["password"]
    for _ in range(2):  # a slip, also from the very address that strangers have used up
        slipped = world.browse(http=home.http)
        slipped.address = address
        assert heard(slipped.post("switch").sign_in(USER, "slip")) == (403, refusal_text("wrong"), False)
    assert slipped.sign_in().page.steps == ["switch", "agree", "cancel"]
    assert world.vendor.calls["password"] == before + 3


def test_a_known_browsers_own_tries_are_limited_and_the_wait_is_shown(world: World) -> None:
    home = world.browse().sign_in().post("switch")
    for _ in range(3):
        assert home.sign_in(USER, "wrong").status == 403
    assert home.sign_in().status == 429
    assert home.answer is not None
    assert 0 < int(home.answer.headers["Retry-After"]) <= 901
    assert "min." in home.page.text("alert")
    assert world.vendor.calls == {"password": 4}
    assert world.browse().sign_in().page.steps == ["switch", "agree", "cancel"]  # others have theirs


KNOWN = "__Host-showcam-known"
FORGED = {
    "none": lambda value: None,
    "empty": lambda value: "",
    "garbage": lambda value: "garbage",
    "cut short": lambda value: value[:-1],
    "another payload": lambda value: "eyJicm93c2VyIjoieCIsImFjY291bnRzIjpbIngiXX0" + value[value.index(".") :],
    "no signature": lambda value: value.split(".")[0],
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_cookie_is_a_strangers(world: World, forge: Callable[[str], str | None]) -> None:
    value = cookie(world.browse().sign_in(), KNOWN)
    assert value
    for number in range(3):
        tried(world, USER, "wrong", number)
    http = world.http()
    if (forged := forge(value)) is not None:
        http.set_cookie(KNOWN, forged, domain="home.example", secure=True)
    assert tried(world, USER, PASSWORD, 9, http).status == 403
    http.set_cookie(KNOWN, value, domain="home.example", secure=True)
    assert tried(world, USER, PASSWORD, 9, http).page.steps == ["switch", "agree", "cancel"]


def test_the_cookie_is_good_for_its_accounts_alone(world: World) -> None:
    other = world.browse().sign_in(CAREFUL).post("code", code=CODE)
    assert other.page.steps == ["switch", "agree", "cancel"]
    for number in range(3):
        tried(world, USER, "wrong", number)
    assert tried(world, USER, PASSWORD, 9, other.http).status == 403


def test_one_browser_is_known_to_several_accounts(world: World) -> None:
    browser = world.browse().sign_in().post("switch").sign_in(CAREFUL).post("code", code=CODE).post("switch")
    for number in range(4):
        for user in (USER, CAREFUL):
            tried(world, user, "wrong", number)
    assert tried(world, USER, PASSWORD, 9, browser.http).page.steps == ["switch", "agree", "cancel"]
    assert tried(world, CAREFUL, PASSWORD, 9, world.beside(browser).http).page.steps == ["code", "cancel", "switch"]


def test_a_cookie_that_is_copied_has_no_tries_beside_the_first(world: World) -> None:
    browser = world.browse().sign_in()
    windows = [world.beside(browser).http for _ in range(9)]
    for number, http in enumerate(windows):
        tried(world, USER, "wrong", number, http)
    assert world.vendor.calls == {"password": 4}


def test_a_browser_is_forgotten_after_400_days(world: World, later: Callable[[float], None]) -> None:
    browser = world.browse().sign_in()
    later(401 * 86_400)
    for number in range(3):
        tried(world, USER, "wrong", number)
    assert tried(world, USER, PASSWORD, 9, browser.http).status == 403


def test_a_wrong_code_is_counted_beyond_the_sign_in_it_belongs_to(world: World, later: Callable[[float], None]) -> None:
    code_pages = 0
    for _ in range(4):
        browser = world.browse().sign_in(CAREFUL)
        if browser.page.steps[0] == "code":
            code_pages += 1
            for _ in range(4):
                browser.post("code", code="999999")
    assert code_pages == 3
    assert world.vendor.calls == {"password": 3, "code": 5}
    later(901)
    browser = world.browse().sign_in(CAREFUL).post("code", code=CODE)
    assert browser.page.steps == ["switch", "agree", "cancel"]


def test_codes_that_nobody_enters_are_limited(world: World) -> None:
    statuses = [world.browse().sign_in(CAREFUL).status for _ in range(7)]
    assert statuses == [200] * 3 + [403] * 4
    assert world.vendor.calls == {"password": 3}


def test_codes_that_are_entered_are_not_limited(world: World) -> None:
    for _ in range(6):
        browser = world.browse().sign_in(CAREFUL).post("code", code=CODE)
        assert browser.page.steps == ["switch", "agree", "cancel"]


@pytest.mark.parametrize(
    "addresses", [["203.0.113.7"], [f"2001:db8:1:2:{number:x}::{number:x}" for number in range(25)]]
)
def test_guessing_many_accounts_from_one_network_is_throttled(world: World, addresses: list[str]) -> None:
    statuses = []
    for number in range(25):
        browser = world.browse()
        browser.address = addresses[number % len(addresses)]
        statuses.append(browser.sign_in(f"user{number}@example.com").status)
    assert statuses == [403] * 20 + [429] * 5


# the vendor's code


def test_the_right_code_signs_in(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    assert browser.page.steps == ["code", "cancel", "switch"]
    assert "m…@example.com" in browser.page.text()
    assert 'autocomplete="one-time-code"' in browser.page.html
    before = cookie(browser, VISIT)
    browser.post("code", code=" 012 345 ")
    assert browser.page.steps == ["switch", "agree", "cancel"]
    assert cookie(browser, VISIT) not in (None, before)


def test_the_code_sent_once_more_after_it_was_taken(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    browser.post("code", code=CODE).post("code", code=CODE)
    assert browser.page.steps == ["switch", "agree", "cancel"]
    assert world.vendor.calls["code"] == 1


def test_five_wrong_codes_end_the_sign_in(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    for number in range(5):
        browser.post("code", code=f"00000{number}")
        assert browser.status == 403
        assert browser.page.text("alert") == refusal_text("wrong_code")
        assert browser.page.steps == ["code", "cancel", "switch"]
    browser.post("code", code=CODE)
    assert browser.status == 429
    assert browser.answer is not None
    minutes = math.ceil(int(browser.answer.headers["Retry-After"]) / 60)
    assert browser.page.text("alert") == refusal_text("guessed", minutes=minutes)
    assert browser.page.steps == ["sign-in", "cancel"]
    assert world.vendor.calls["code"] == 5
    assert browser.get().page.steps == ["sign-in", "cancel"]


def test_a_code_expires_after_five_minutes(world: World, later: Callable[[float], None]) -> None:
    browser = world.browse().sign_in(CAREFUL)
    later(301)
    browser.post("code", code=CODE)
    assert browser.page.text("alert") == refusal_text("expired")
    assert browser.page.steps == ["sign-in", "cancel"]
    assert world.vendor.calls["code"] == 0


@pytest.mark.parametrize(("step", "status"), [("agree", 403), ("allow", 400), ("", 400), ("consent", 400)])
def test_the_code_can_not_be_skipped(world: World, step: str, status: int) -> None:
    browser = world.browse().sign_in(CAREFUL)
    browser.post(step)
    assert browser.status == status
    assert world.links() == []
    assert browser.get().page.steps == ["code", "cancel", "switch"]


def test_a_code_page_is_bound_to_its_browser(world: World) -> None:
    world.browse().sign_in(CAREFUL)
    other = world.browse()
    other.post("code", code=CODE)
    assert other.page.steps == ["sign-in", "cancel"]
    assert world.vendor.calls["code"] == 0


def test_the_code_page_can_begin_again(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL).post("switch")
    assert browser.page.steps == ["sign-in", "cancel"]
    assert cookie(browser, VISIT) is None


def test_a_vendor_that_is_down_at_the_code_is_a_503(world: World) -> None:
    browser = world.browse().sign_in(CAREFUL)
    world.vendor.error = VendorDown()
    browser.post("code", code=CODE)
    assert browser.status == 503
    assert browser.page.steps == ["code", "cancel", "switch"]
    world.vendor.error = None
    assert browser.post("code", code=CODE).page.steps == ["switch", "agree", "cancel"]


# the session


def test_signing_in_changes_every_cookie(world: World) -> None:
    browser = world.browse()
    before = cookie(browser, FORM)
    assert before
    assert cookie(browser, VISIT) is None
    browser.sign_in()
    assert cookie(browser, FORM) not in (None, before)
    first = cookie(browser, VISIT)
    assert first
    browser.post("switch").sign_in()
    assert cookie(browser, VISIT) not in (None, first)
    stolen = world.http()
    stolen.set_cookie(VISIT, first, domain="home.example", secure=True)
    assert Browser(stolen).get(world.url()).page.steps == ["sign-in", "cancel"]


def test_a_cookie_set_by_somebody_else_is_worth_nothing(world: World) -> None:
    http = world.http()
    http.set_cookie(VISIT, "a" * 43, domain="home.example", secure=True)
    browser = Browser(http).get(world.url())
    assert browser.page.steps == ["sign-in", "cancel"]
    browser.sign_in()
    assert cookie(browser, VISIT) != "a" * 43


def test_cookies_can_not_be_read_or_carried_elsewhere(make: Callable[..., World]) -> None:
    for https in (True, False):
        world = make(https=https)
        browser = world.browse()
        form = dict(browser.page.fields) | {"user": USER, "password": PASSWORD, "step": "sign-in"}
        first = browser.http.post(browser.url, data=form)
        assert first.status_code == 303
        set_cookies = first.headers.getlist("Set-Cookie")
        assert len(set_cookies) == 3
        for cookie in set_cookies:
            assert cookie.startswith("__Host-showcam-") == https
            assert ("Secure" in cookie) == https
            assert "HttpOnly" in cookie
            assert ("SameSite=Strict" if "-known=" in cookie else "SameSite=Lax") in cookie
            assert "Path=/" in cookie
            assert "Domain" not in cookie
            assert USER not in cookie
            assert PASSWORD not in cookie


def test_a_sign_in_that_another_version_wrote_begins_again(world: World) -> None:
    browser = world.browse().sign_in()
    world.store.put_visit(
        token_hash(cookie(browser, VISIT) or ""), msgspec.msgpack.encode({"step": "signed"}), time.time() + 600
    )
    assert browser.post("agree").status == 403
    assert browser.get().page.steps == ["sign-in", "cancel"]
    assert world.links() == []


def test_a_sign_in_expires_after_ten_minutes(world: World, later: Callable[[float], None]) -> None:
    browser = world.browse().sign_in()
    later(601)
    browser.post("agree")
    assert browser.status == 403
    assert browser.page.text("alert") == refusal_text("away")
    assert world.links() == []


# forged requests


@pytest.mark.parametrize("step", ["sign-in", "code", "agree", "cancel", "switch"])
@pytest.mark.parametrize("token", [None, "", "forged", "foreign"])
def test_a_form_needs_its_token(world: World, step: str, token: str | None) -> None:
    browser = world.browse().sign_in()
    if token == "foreign":
        token = dict(world.browse().page.fields)["csrf_token"]
    before = world.rows()
    browser.post(step, csrf_token=token)
    assert browser.status == 400
    assert browser.page.text("alert")
    assert world.rows() == before
    assert browser.answer is not None
    assert "Location" not in browser.answer.headers


def test_the_token_of_before_the_sign_in_is_dead_after_it(world: World) -> None:
    browser = world.browse()
    before = dict(browser.page.fields)["csrf_token"]
    assert browser.sign_in().post("agree", csrf_token=before).status == 400


def test_a_page_of_another_site_may_not_post(world: World) -> None:
    browser = world.browse().sign_in()
    for site in ("cross-site", "same-site"):
        browser.headers = {"Sec-Fetch-Site": site}
        assert browser.get().post("agree").status == 400
    browser.headers = {"Sec-Fetch-Site": "same-origin"}
    assert browser.get().post("agree").returned["code"]


def test_a_get_never_grants(world: World) -> None:
    browser = world.browse().sign_in()
    fields = dict(browser.page.fields) | {"step": "agree"}
    browser.get(browser.url + "&" + urlencode(fields))
    assert browser.status == 200
    assert world.links() == []


def test_a_json_body_is_refused(world: World) -> None:
    browser = world.browse()
    assert browser.post_raw('{"step":"sign-in"}', "application/json").status == 400
