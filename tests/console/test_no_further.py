"""Who gets no further than the console's door, and whose pictures end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.accounts.attempts import LIFE_S, TRIES
from showcam.accounts.console_sessions import ConsoleSessions
from showcam.registry.streams.grants import Questions
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.ready_vendor import PASSWORD


def denied(questions: Questions, world: HomeWorld) -> str:
    """Why the picture that was opened last may not go on, "" where it may."""
    claims, *_ = world.home.pictures.answered[-1]
    verdict = questions.check(claims)
    return verdict.reason if verdict else ""


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (lambda world, code: "guess", 403, "Wrong, used or expired. Get a new code"),
        (lambda world, code: world.browser().enter(code) and code, 403, "Wrong, used or expired. Get a new code"),
        (lambda world, code: world.code.renew() and code, 403, "Wrong, used or expired. Get a new code"),
        (lambda world, code: world.clock.wait(LIFE_S) or code, 403, "Wrong, used or expired. Get a new code"),
        (
            lambda world, code: [world.browser().enter("guess") for _ in range(TRIES)] and code,
            429,
            "Too many wrong codes.",
        ),
    ],
    ids=["guessed", "used", "renewed", "expired", "brute force"],
)
def test_a_code_that_is_not_good_lets_nobody_in(
    world: HomeWorld, spoil: Callable[[HomeWorld, str], str], status: int, said: str
) -> None:
    browser = world.browser()
    browser.enter(spoil(world, world.code.renew()))
    assert (browser.status, browser.step, said in browser.text) == (status, "door", True)
    assert browser.cookie == ""


OUTSIDERS: dict[str, dict[str, Any]] = {
    "rebinding": {"host": "evil.example:8080"},
    "forwarded": {"headers": {"X-Forwarded-For": "192.168.1.20"}},
    "tunnelled": {"peer": "127.0.0.1", "headers": {"Cf-Connecting-Ip": "203.0.113.7"}},
    "a public peer": {"peer": "203.0.113.7"},
}


PATHS = [
    ("GET", "/home"),
    ("POST", "/home"),
    ("HEAD", "/home"),
    ("OPTIONS", "/home"),
    ("PUT", "/home"),
    ("GET", "//home"),
    ("GET", "/home/"),
    ("POST", "/home/cameras/x"),
    ("GET", "/home/cameras/x"),
]


@pytest.mark.parametrize("outsider", OUTSIDERS)
@pytest.mark.parametrize(("method", "path"), PATHS, ids=lambda word: word)
def test_outside_the_house_there_is_no_such_page(world: HomeWorld, outsider: str, method: str, path: str) -> None:
    """Not even with the cookie of somebody who is signed in; nothing tells it from an address that never was."""
    browser = world.signed_in()
    for name, value in OUTSIDERS[outsider].items():
        setattr(browser, name, value)
    if outsider == "rebinding":
        browser.http.set_cookie("showcam-home", world.signed_in().cookie, domain="evil.example", path="/home")
    hidden = browser.ask(method, path)
    unknown = browser.ask(method, "/nothing")
    assert (hidden.status_code, hidden.data) == (404, unknown.data)
    assert dict(hidden.headers) == dict(unknown.headers)


def test_a_form_of_another_site_does_nothing(world: HomeWorld) -> None:
    browser = world.signed_in()
    forged = browser.ask("POST", "/home", data={"step": "sign-out"})
    assert (forged.status_code, "This page has expired, or cookies are off" in forged.text) == (400, True)
    token = {"step": "sign-out", "csrf_token": browser.token}
    crossed = browser.ask("POST", "/home", data=token, headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 400
    opened = browser.ask("POST", f"/home/cameras/{world.home.id('Garden')}", json={"session": "7", "sdp": ""})
    assert opened.status_code == 400
    assert browser.get().step == ""  # still signed in
    assert world.home.pictures.answered == []


def test_a_token_of_another_browser_is_none(world: HomeWorld) -> None:
    mine, other = world.signed_in(), world.browser().get()
    forged = mine.ask("POST", "/home", data={"step": "sign-out", "csrf_token": other.token})
    assert (forged.status_code, mine.get().step) == (400, "")


def test_the_cookie_alone_is_what_signs_in_and_it_changes_with_each_step(world: HomeWorld) -> None:
    browser = world.browser().enter(world.code.renew())
    planted = browser.cookie
    browser.sign_in()
    assert browser.cookie != planted
    thief = world.browser()
    thief.http.set_cookie("showcam-home", planted, domain="192.168.1.5", path="/home")
    assert thief.get().step == "door"
    thief.http.set_cookie("showcam-home", browser.cookie[:-1], domain="192.168.1.5", path="/home")
    assert thief.get().step == "door"


def test_other_services_of_the_machine_are_not_sent_the_cookie(world: HomeWorld) -> None:
    browser = world.browser().enter(world.code.renew())
    paths = {cookie.key: cookie.path for cookie in (browser.http._cookies or {}).values()}
    assert paths["showcam-home"] == "/home"
    before = browser.sign_in().cookie
    browser.post("sign-out")
    paths = {cookie.key: cookie.path for cookie in (browser.http._cookies or {}).values()}
    assert (paths["showcam-home"], browser.cookie != before) == ("/home", True)


def test_before_the_sign_in_no_camera_is_shown(world: HomeWorld) -> None:
    garden = world.home.id("Garden")
    assert world.browser().get().open(garden).status_code == 401
    assert world.browser().enter(world.code.renew()).open(garden).status_code == 401


def test_another_households_camera_is_not_there(world: HomeWorld) -> None:
    browser = world.signed_in(CAREFUL)
    answer = browser.open(world.home.id("Garden")).get_json()
    assert answer == {
        "wrong": "This camera is gone.",
        "mend": "Reload this page.",
        "reason": "not_found",
    }


def test_signing_out_ends_the_pictures_and_the_gate_knows(world: HomeWorld) -> None:
    browser = world.signed_in()
    browser.open(world.home.id("Garden"))
    claims, *_ = world.home.pictures.answered[-1]
    assert denied(world.home.questions, world) == ""
    browser.post("sign-out")
    assert browser.step == "door"
    assert world.home.pictures.ended == [(claims.link, "")]
    assert denied(world.home.questions, world) == "link_ended"


def test_who_signed_out_signs_in_again_without_a_code_and_may_do_nothing_else(world: HomeWorld) -> None:
    browser = world.signed_in()
    before = browser.cookie
    browser.post("sign-out")
    assert (browser.step, "showcam home" in browser.text) == ("door", False)
    assert browser.open(world.home.id("Garden")).status_code == 401
    for path in ("/home/setup", "/home/health", "/home/assistants", "/home/cameras/add"):
        assert browser.ask("GET", path).location == "/home"
    households = len(list(world.home.store.accounts()))
    own = browser.get().post("own", own_user="stranger", own_password="a long enough password")
    assert (own.status, len(list(world.home.store.accounts()))) == (403, households)
    thief = world.browser()
    thief.http.set_cookie("showcam-home", before, domain="192.168.1.5", path="/home")
    assert thief.get().step == "door"
    assert browser.get().sign_in().step == ""
    assert "Garden" in browser.text


def test_a_picture_ends_when_its_gate_closes(world: HomeWorld) -> None:
    browser = world.signed_in()
    browser.open(world.home.id("Garden"))
    world.home.driver.change("Garden", encryption="on")
    world.clock.wait(1)
    assert denied(world.home.questions, world) == "encryption_on"


HTML = {"Accept": "text/html,*/*;q=0.8"}


def test_a_page_whose_session_has_ended_says_so_and_is_there_again_after_the_sign_in(world: HomeWorld) -> None:
    browser = world.signed_in()
    browser.headers = HTML
    garden = f"/home/cameras/{world.home.id('Garden')}"
    assert browser.visit(garden).status == 200
    _end_all(world)
    assert browser.open(world.home.id("Garden")).status_code == 401
    browser.visit(garden)
    assert browser.answer is not None
    assert browser.answer.location == "/home"
    browser.get()
    assert (browser.step, "Your session has ended." in browser.text) == ("door", True)
    browser.ask("GET", f"{garden}/still.jpg", headers={"Accept": "image/avif,*/*;q=0.8"})  # no page to come back to
    browser.post("enter", entry=world.code.renew())
    assert browser.step == "sign-in"
    form = {"csrf_token": browser.token, "step": "sign-in", "user": USER, "password": PASSWORD}
    assert browser.ask("POST", "/home", data=form).location == garden
    _end_all(world)
    browser.enter(world.code.renew())
    form["csrf_token"] = browser.token
    assert browser.ask("POST", "/home", data=form).location == "/home", "it is led there once"


@pytest.mark.parametrize("accepted", ["*/*", "image/avif,*/*;q=0.8"])
def test_a_script_or_image_of_a_page_whose_session_has_ended_is_answered_401(world: HomeWorld, accepted: str) -> None:
    browser = world.signed_in()
    still = f"/home/cameras/{world.home.id('Garden')}/still.jpg"
    _end_all(world)
    assert browser.ask("HEAD", still, headers={"Accept": accepted}).status_code == 401
    assert "session has ended" not in world.browser().get().text, "a browser that never was signed in"


def test_only_a_page_of_the_console_is_led_to_after_the_sign_in(world: HomeWorld) -> None:
    for path in ("//evil.example/home", "/home/../elsewhere", "/home//evil.example"):
        browser = world.browser(headers=HTML)
        browser.get()
        browser.visit(path)
        browser.enter(world.code.renew())
        form = {"csrf_token": browser.token, "step": "sign-in", "user": USER, "password": PASSWORD}
        assert browser.ask("POST", "/home", data=form).location == "/home"


def _end_all(world: HomeWorld) -> None:
    sessions = ConsoleSessions(world.home.store, world.clock)
    for browser in sessions.browsers(world.home.account.id):
        sessions.end(browser.session)


def test_a_removed_household_has_no_page_and_its_pictures_end(world: HomeWorld) -> None:
    browser = world.signed_in()
    browser.open(world.home.id("Garden"))
    world.home.store.drop_household(world.home.account.id)
    assert denied(world.home.questions, world) == "link_ended"
    assert browser.get().step == "door"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"session": 7, "sdp": ""}', b'{"session": "7", "sdp": "x"}', b"\xff"]
)
def test_an_offer_that_is_none_is_a_bad_request(world: HomeWorld, body: bytes) -> None:
    browser = world.signed_in()
    headers = {"X-CSRFToken": browser.token, "Content-Type": "application/json"}
    answer = browser.ask("POST", f"/home/cameras/{world.home.id('Garden')}", data=body, headers=headers)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_a_step_that_there_is_not_is_a_bad_request(world: HomeWorld) -> None:
    assert world.signed_in().post("reboot").status == 400


# by https, from outside


@pytest.fixture
def public(tmp_path: Path) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, public=True)
    yield made
    made.home.store.close()


OUTSIDE = {"host": "home.example", "peer": "203.0.113.7", "scheme": "https"}


def test_where_it_is_public_it_is_there_by_https_alone(public: HomeWorld) -> None:
    assert public.browser(**OUTSIDE).get().step == "enter"
    assert public.browser(**OUTSIDE | {"scheme": "http"}).get().status == 404


@pytest.mark.parametrize(
    ("peer", "proxy"),
    [("203.0.113.7", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("172.18.0.2", "172.18.0.2")],
    ids=["outside", "a proxy that names no visitor", "one in a network of containers"],
)
def test_a_code_is_taken_in_the_house_alone(public: HomeWorld, peer: str, proxy: str) -> None:
    code = public.code.renew()
    outside = public.browser(**OUTSIDE | {"peer": peer, "proxy": proxy}).enter(code)
    assert (outside.status, "The code works only at home." in outside.text) == (403, True)
    assert public.browser().enter(code).step == "sign-in"  # it is still good


def test_a_code_is_taken_through_a_proxy_that_names_somebody_in_the_house(public: HomeWorld) -> None:
    inside = OUTSIDE | {"peer": "192.168.1.20", "proxy": "127.0.0.1"}
    browser = public.browser(**inside).enter(public.code.renew())
    assert browser.sign_in().step == ""


def test_its_cookies_are_for_https_alone_there_and_for_http_in_the_house(public: HomeWorld) -> None:
    house = public.browser().enter(public.code.renew())
    assert {cookie.key: cookie.secure for cookie in (house.http._cookies or {}).values()} == {
        "showcam-home": False,
        "showcam-home-form": False,
    }
    outside = public.browser(**OUTSIDE)
    outside.http.set_cookie("__Host-showcam-home", house.cookie, domain="home.example", secure=True)
    assert outside.get().step == "sign-in"
    outside.sign_in()
    assert outside.step == ""
    kept = {cookie.key: (cookie.secure, cookie.http_only) for cookie in (outside.http._cookies or {}).values()}
    assert kept == {"__Host-showcam-home": (True, True), "__Host-showcam-form": (True, True)}


def test_the_pages_headers_let_in_nothing_from_elsewhere(world: HomeWorld) -> None:
    browser: HomeBrowser = world.signed_in()
    assert browser.answer is not None
    headers = browser.answer.headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' http://192.168.1.5:8081; "
        "manifest-src 'self'; "
        "connect-src 'self' http://192.168.1.5:8081; media-src 'self' http://192.168.1.5:8081 blob:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")
    assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"]) == ("no-referrer", "nosniff")
