"""The console's page: from the printed code to a live tile, and who gets no further."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts import households
from accounts.one_time_code import LIFE_S, TRIES
from accounts.owner_users import OwnerUsers
from console.encryption import WANTED_S
from registry.camera import UNASKED
from registry.drivers.ezviz import households as ezviz
from registry.errors import Refused, SetRefused, SignedOut, VendorDown, Why
from registry.owner.outcome import SignInRefused
from registry.owner.sign_in import SignIn
from registry.preferences import Preferences, keep
from registry.streams.questions import Questions
from tests.doubles.home_world import NEW, HomeBrowser, HomeWorld, home_world
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.ready_driver import camera
from tests.doubles.ready_vendor import CODE, PASSWORD


def denied(questions: Questions, world: HomeWorld) -> str:
    """Why the picture that was opened last may not go on, "" where it may."""
    claims, *_ = world.home.pictures.answered[-1]
    verdict = questions.check(claims)
    return verdict.reason if verdict else ""


def test_the_code_and_two_values_lead_to_the_cameras(world: HomeWorld) -> None:
    browser = world.browser().get()
    assert (browser.status, browser.step) == (200, "enter")
    browser.enter(world.code.renew())
    assert (browser.status, browser.step) == (200, "sign-in")
    browser.sign_in(USER, open_way="1")
    assert (browser.status, browser.step) == (200, "")
    for name in ("Garden", "Front Door", "Garage", "Pond"):
        assert name in browser.text
    shown = browser.open(world.home.id("Garden"))
    assert (shown.status_code, shown.get_json()) == (
        200,
        {"way": "by the Open Platform key", "sdp": world.home.pictures.sdp},
    )
    claims, *_ = world.home.pictures.answered[-1]
    assert (claims.account, claims.surface, claims.camera) == (world.home.account.id, "page", world.home.id("Garden"))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("Garage", "Image Encryption is on for Garage, so its picture can't be shown."),
        ("Attic", "Attic is offline."),
        ("Bedroom", "Bedroom is in Sleep Mode."),
        ("Pond", "Pond sends H.265 video"),
    ],
)
def test_a_camera_that_cant_be_shown_has_its_reason_on_the_page_and_when_it_is_asked_for(
    world: HomeWorld, name: str, wrong: str
) -> None:
    browser = world.signed_in()
    answer = browser.open(world.home.id(name)).get_json()
    assert answer["wrong"].startswith(wrong)
    assert answer["wrong"] in browser.text
    assert answer["mend"] in browser.text
    assert world.home.pictures.answered == []


@pytest.mark.parametrize(
    ("changes", "starts"),
    [({}, True), ({"battery": 80}, False), ({"charging": "on"}, False), ({"online": "off"}, False)],
    ids=["plain", "on battery", "charging", "offline"],
)
def test_a_picture_begins_by_itself_where_it_wakes_no_camera(
    world: HomeWorld, changes: dict[str, object], starts: bool
) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", **changes)])
    browser = world.signed_in()
    assert browser.answer is not None
    assert ("data-starts" in browser.answer.text) is starts


@pytest.mark.parametrize("name", ["Garden", "Front Door", "Nursery"])
def test_audio_is_not_asked_of_a_page(world: HomeWorld, name: str) -> None:
    assert "sdp" in world.signed_in().open(world.home.id(name)).get_json()


def test_a_browser_that_plays_no_webrtc_gets_hls_at_the_address_it_came_by(world: HomeWorld) -> None:
    browser = world.signed_in()
    hls = browser.open(world.home.id("Garden"), sdp="").get_json()["hls"]
    assert hls.startswith("http://192.168.1.5:8081/s/")
    assert hls.endswith("/master.m3u8")
    assert browser.answer is not None
    assert "media-src 'self' http://192.168.1.5:8081 blob:;" in browser.answer.headers["Content-Security-Policy"]


def test_pictures_of_another_machine_are_fetched_there(tmp_path: Path) -> None:
    world = home_world(tmp_path, media_port=None)
    browser = world.signed_in()
    assert browser.open(world.home.id("Garden"), sdp="").get_json()["hls"].startswith("https://home.example/s/")
    assert browser.answer is not None
    assert "connect-src 'self' https:;" in browser.answer.headers["Content-Security-Policy"]
    world.home.store.close()


def test_a_vendors_code_is_asked_for_and_the_tick_is_kept_meanwhile(world: HomeWorld) -> None:
    browser = world.browser().enter(world.code.renew()).sign_in(CAREFUL, open_way="1")
    assert (browser.step, "m…@example.com" in browser.text) == ("code", True)
    assert browser.get().step == "code"  # a reload asks for it again
    browser.post("code", code="999999")
    assert (browser.status, "That is not the code that was sent." in browser.text) == (403, True)
    browser.post("code", code=CODE)
    assert (browser.status, browser.step) == (200, "")
    assert open_air(world, CAREFUL) is True


def open_air(world: HomeWorld, user: str) -> bool:
    """Whether the account's owner allows the open connection."""
    from registry.drivers.ezviz import households

    source = households.find(world.home.store, user)
    assert source is not None
    return bool(world.vendor.sessions.read(source).secrets.open_air)


@pytest.mark.parametrize(("ticked", "kept"), [({"open_way": "1"}, True), ({}, False)])
def test_the_open_connection_is_as_it_was_ticked(world: HomeWorld, ticked: dict[str, str], kept: bool) -> None:
    world.browser().enter(world.code.renew()).sign_in(USER, **ticked)
    assert open_air(world, USER) is kept


@pytest.mark.parametrize(
    ("errors", "way"),
    [({}, "over your own network"), ({"lan": Refused("lan_unreachable")}, "by EZVIZ's cloud stream")],
    ids=["the first", "the next"],
)
def test_a_picture_says_by_which_way_it_comes(world: HomeWorld, errors: dict[str, Refused], way: str) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", ways=("lan", "cloud"))])
    world.home.driver.way_errors = dict(errors)
    browser = world.signed_in()
    assert browser.open(world.home.id("Terrace")).get_json()["way"] == way
    assert browser.open(world.home.id("Terrace"), sdp="").get_json()["way"] == way


def test_what_was_not_ticked_can_be_allowed_at_the_tile(world: HomeWorld) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", ways=(UNASKED,))])
    browser = world.signed_in()
    answer = browser.open(world.home.id("Terrace")).get_json()
    assert (answer["mends"], answer["reason"]) == (["open_way", "home_code"], "no_way")
    assert answer["wrong"] == "The picture of Terrace comes over an open connection, which is not allowed yet."
    assert open_air(world, USER) is False
    browser.post("open-way")
    assert open_air(world, USER) is True


def test_a_strangers_tries_at_linking_keep_nobody_out(world: HomeWorld) -> None:
    linking = SignIn(world.home.store, world.vendor, "owner")
    for _ in range(4):
        linking.begin(USER, "guess", "203.0.113.7")
    assert linking.begin(USER, PASSWORD, "203.0.113.7") == SignInRefused("too_many")
    assert world.signed_in(USER).step == ""


def test_signing_in_to_an_own_account_gives_no_more_tries_at_another(world: HomeWorld) -> None:
    browser = world.browser().enter(world.code.renew()).sign_in(NEW)
    for _ in range(2):
        browser.post("sign-in", user=USER, password="guess")
    browser.sign_in(NEW).post("sign-in", user=USER, password="guess")
    browser.sign_in(NEW).post("sign-in", user=USER, password=PASSWORD)
    assert (browser.status, browser.step) == (403, "sign-in")
    assert world.signed_in(NEW).step == ""


def test_whom_nobody_added_is_added_by_the_codes_holder(world: HomeWorld) -> None:
    before = {account.id for account in world.home.store.accounts()}
    assert world.browser().enter(world.code.renew()).sign_in(NEW).step == ""
    assert len({account.id for account in world.home.store.accounts()} - before) == 1


@pytest.mark.parametrize(
    ("user", "password", "status", "said"),
    [
        (USER, "wrong", 403, "EZVIZ does not take that user name and password."),
        (USER, "", 403, "Enter both the user name and the password."),
        ("", PASSWORD, 403, "Enter both the user name and the password."),
        ("x" * 201, PASSWORD, 403, "EZVIZ does not take that user name and password."),
    ],
)
def test_a_wrong_sign_in_says_why_and_keeps_the_name(
    world: HomeWorld, user: str, password: str, status: int, said: str
) -> None:
    browser = world.browser().enter(world.code.renew()).sign_in(user, password)
    assert (browser.status, browser.step, said in browser.text) == (status, "sign-in", True)


def test_a_vendor_that_is_down_is_named_and_nothing_is_lost(world: HomeWorld) -> None:
    browser = world.browser().enter(world.code.renew())
    world.vendor.error = VendorDown()
    browser.sign_in()
    assert "EZVIZ does not answer just now." in browser.text
    world.vendor.error = None
    assert browser.sign_in().step == ""


@pytest.mark.parametrize(
    ("error", "step", "said"),
    [
        (SignedOut(), "sign-in", "Sign in again with the EZVIZ user name and password."),
        (VendorDown(), "", "The EZVIZ service does not answer just now."),
    ],
)
def test_where_the_cameras_cant_be_listed_the_page_says_why(
    tmp_path: Path, error: Exception, step: str, said: str
) -> None:
    world = home_world(tmp_path)
    browser = world.browser().enter(world.code.renew())
    world.home.driver.error = error  # type: ignore[assignment]
    browser.sign_in()
    assert (browser.step, said in browser.text) == (step, True)
    world.home.store.close()


def test_a_household_without_cameras_says_what_to_do(world: HomeWorld) -> None:
    world.home.driver.set([])
    assert "This account has no cameras yet. Add one in the EZVIZ app" in world.signed_in().text


# who gets no further


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (lambda world, code: "guess", 403, "That code is not good"),
        (lambda world, code: world.browser().enter(code) and code, 403, "That code is not good"),
        (lambda world, code: world.code.renew() and code, 403, "That code is not good"),
        (lambda world, code: world.clock.wait(LIFE_S) or code, 403, "That code is not good"),
        (
            lambda world, code: [world.browser().enter("guess") for _ in range(TRIES)] and code,
            429,
            "Those were too many wrong codes from here.",
        ),
    ],
    ids=["guessed", "used", "renewed", "expired", "brute force"],
)
def test_a_code_that_is_not_good_lets_nobody_in(
    world: HomeWorld, spoil: Callable[[HomeWorld, str], str], status: int, said: str
) -> None:
    browser = world.browser()
    browser.enter(spoil(world, world.code.renew()))
    assert (browser.status, browser.step, said in browser.text) == (status, "enter", True)
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
@pytest.mark.parametrize(("method", "path"), PATHS, ids=lambda each: each)
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
    assert (forged.status_code, "This page is no longer good" in forged.text) == (400, True)
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
    assert thief.get().step == "enter"
    thief.http.set_cookie("showcam-home", browser.cookie[:-1], domain="192.168.1.5", path="/home")
    assert thief.get().step == "enter"


def test_other_services_of_the_machine_are_not_sent_the_cookie(world: HomeWorld) -> None:
    browser = world.browser().enter(world.code.renew())
    paths = {cookie.key: cookie.path for cookie in (browser.http._cookies or {}).values()}
    assert paths["showcam-home"] == "/home"
    browser.sign_in().post("sign-out")
    assert browser.cookie == ""


def test_before_the_sign_in_no_camera_is_shown(world: HomeWorld) -> None:
    garden = world.home.id("Garden")
    assert world.browser().get().open(garden).status_code == 401
    assert world.browser().enter(world.code.renew()).open(garden).status_code == 401


def test_another_households_camera_is_not_there(world: HomeWorld) -> None:
    browser = world.signed_in(CAREFUL)
    answer = browser.open(world.home.id("Garden")).get_json()
    assert answer == {
        "wrong": "There is no such camera here any more.",
        "mend": "Reload this page.",
        "reason": "not_found",
    }


def test_signing_out_ends_the_pictures_and_the_gate_knows(world: HomeWorld) -> None:
    browser = world.signed_in()
    browser.open(world.home.id("Garden"))
    claims, *_ = world.home.pictures.answered[-1]
    assert denied(world.home.questions, world) == ""
    browser.post("sign-out")
    assert browser.step == "enter"
    assert world.home.pictures.ended == [(claims.link, "")]
    assert denied(world.home.questions, world) == "link_ended"


def test_a_picture_ends_when_its_gate_closes(world: HomeWorld) -> None:
    browser = world.signed_in()
    browser.open(world.home.id("Garden"))
    world.home.driver.change("Garden", encryption="on")
    world.clock.wait(1)
    assert denied(world.home.questions, world) == "encryption_on"


def test_a_removed_household_has_no_page_and_its_pictures_end(world: HomeWorld) -> None:
    browser = world.signed_in()
    browser.open(world.home.id("Garden"))
    world.home.store.drop_household(world.home.account.id)
    assert denied(world.home.questions, world) == "link_ended"
    assert browser.get().step == "enter"


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


@pytest.mark.parametrize("language", ["nb", "de"])
def test_the_page_speaks_the_browsers_language(world: HomeWorld, language: str) -> None:
    browser = world.browser(headers={"Accept-Language": language}).enter(world.code.renew())
    assert {"nb": "Logg inn på EZVIZ", "de": "Bei EZVIZ anmelden"}[language] in browser.text


def test_every_tile_may_be_opened_as_often_as_a_link_may(world: HomeWorld) -> None:
    """An owner's page opens all its cameras; the limit holds for each of them."""
    browser = world.signed_in()
    answers = [browser.open(world.home.id("Garden")).get_json() for _ in range(61)]
    assert [*map(sorted, answers[:60])] == [["sdp", "way"]] * 60
    assert answers[60]["reason"] == "busy"
    assert "sdp" in browser.open(world.home.id("Front Door")).get_json()


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
    assert (outside.status, "The code is taken in the house alone." in outside.text) == (403, True)
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
        "connect-src 'self' http://192.168.1.5:8081; media-src 'self' http://192.168.1.5:8081 blob:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")
    assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"]) == ("no-referrer", "nosniff")


def garage(world: HomeWorld) -> str:
    """The Garage, whose Image Encryption is on, at home by the account's own way."""
    world.home.driver.change("Garage", ways=("cloud",))
    return world.home.id("Garage")


def decided(world: HomeWorld) -> str:
    return world.home.owner.preferences(world.home.account.id, world.home.id("Garage")).while_encrypted


def test_an_encrypted_camera_is_shown_by_its_code_and_no_more_when_that_is_forgotten(world: HomeWorld) -> None:
    camera_id = garage(world)
    browser = world.signed_in()
    browser.visit(f"/home/cameras/{camera_id}")
    assert browser.text.index("Image Encryption is on for Garage") < browser.text.index("Keep it on, and give the")
    browser.post("picture-code", camera=camera_id, picture_code=" ABCDEF ", deciphered="1")
    assert (browser.status, decided(world), world.home.driver.picture_codes) == (200, "code", {"Garage": "ABCDEF"})
    assert "Keep it on" not in browser.visit(f"/home/cameras/{camera_id}").text
    assert "Forget the code that deciphers its picture" in browser.text
    assert "sdp" in browser.open(camera_id).get_json()

    browser.get().post("forget-code", camera=camera_id)
    assert (decided(world), world.home.driver.picture_codes) == ("no", {"Garage": ""})
    assert browser.open(camera_id).get_json()["reason"] == "encryption_on"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"picture_code": "ABCDEF"}, "Tick that the pictures are deciphered here"),
        ({"picture_code": "AAAAAA", "deciphered": "1"}, "That is not the camera's code"),
        ({"picture_code": "two words", "deciphered": "1"}, "That is not the camera's code"),
        ({"picture_code": "", "deciphered": "1"}, "That is not the camera's code"),
        ({"deciphered": "1"}, "That is not the camera's code"),
        ({"camera": "ezviz-" + "a" * 20, "picture_code": "ABCDEF", "deciphered": "1"}, "There is no camera"),
        ({"camera": "", "picture_code": "ABCDEF", "deciphered": "1"}, "There is no camera"),
    ],
)
def test_a_code_that_is_not_kept_says_why(world: HomeWorld, fields: dict[str, str], sentence: str) -> None:
    browser = world.signed_in()
    browser.post("picture-code", **{"camera": garage(world), **fields})
    assert (browser.status, sentence in browser.text) == (403, True)
    assert (decided(world), world.home.driver.picture_codes) == ("no", {})


@pytest.mark.parametrize(
    "step", ["picture-code", "forget-code", "open-way", "encryption-off", "encryption-code", "wake"]
)
def test_who_is_not_signed_in_changes_nothing(world: HomeWorld, step: str) -> None:
    fields = {"camera": garage(world), "picture_code": "ABCDEF", "deciphered": "1", "encryption_code": "ABCDEF"}
    for browser, step_due in ((world.browser(), "enter"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert browser.get().post(step, **fields).step == step_due
    assert (decided(world), world.home.driver.calls["apply"]) == ("no", 0)


# Image Encryption is switched off at the tile

WANTS = "EZVIZ wants a code for that, and has just mailed one of four digits to the account's address."


def encrypted(world: HomeWorld) -> str:
    return world.home.owner.camera(world.home.account.id, world.home.id("Garage")).encryption  # type: ignore[union-attr]


def test_switching_it_off_comes_first_and_says_what_it_comes_to(world: HomeWorld) -> None:
    garage(world)
    browser = world.signed_in()
    assert browser.tile("Garage") == (
        "Garage Settings C3TN Alexa ✗ can't show it Google ✗ can't show it "
        "Image Encryption is on for Garage, so its picture can't be shown. "
        "Switch it off here, or in the EZVIZ app: open Garage > Settings > Image Encryption. "
        "Switch it off With Image Encryption off, EZVIZ can see the pictures of Garage, and so can whoever gets at the "
        "account. Assistants can show it then. Yes, switch it off"
    )
    browser.visit(f"/home/cameras/{world.home.id('Garage')}")
    assert browser.mends("Garage") == ["off", "code"]
    assert browser.tile("Garage").startswith(
        "C3TN Alexa ✗ can't show it Google ✗ can't show it "
        "Image Encryption is on for Garage, so its picture can't be shown. "
        "Switch it off here, or in the EZVIZ app: open Garage > Settings > Image Encryption. "
        "Switch it off With Image Encryption off, EZVIZ can see the pictures of Garage, and so can whoever gets at the "
        "account. Assistants can show it then. Yes, switch it off Keep it on, and give the code"
    )
    assert browser.open(world.home.id("Garage")).get_json()["mends"] == ["off", "code"]


def test_where_the_vendor_takes_that_it_goes_off_without_a_code(world: HomeWorld) -> None:
    camera_id = garage(world)
    browser = world.signed_in().post("encryption-off", camera=camera_id)
    assert (browser.status, world.home.driver.applied) == (200, [("Garage", "encryption", "off", "")])
    assert browser.mends("Garage") == []
    assert "sdp" in browser.open(camera_id).get_json()


def test_a_mailed_code_is_asked_for_where_the_vendor_wants_one_and_a_reload_asks_again(world: HomeWorld) -> None:
    camera_id = garage(world)
    world.home.driver.set_error = SetRefused("code_mailed")
    browser = world.signed_in()
    assert WANTS not in browser.tile("Garage")
    browser.post("encryption-off", camera=camera_id)
    for _ in range(2):
        assert (browser.status, WANTS in browser.tile("Garage")) == (200, True)
        browser.get()
    assert WANTS not in world.signed_in().tile("Garage")  # in another browser

    world.home.driver.set_error = None
    browser.post("encryption-code", camera=camera_id, encryption_code=" 12 34 ")
    assert world.home.driver.applied == [("Garage", "encryption", "off", "1234")]
    assert (browser.mends("Garage"), WANTS in browser.text) == ([], False)


@pytest.mark.parametrize(
    ("why", "sentence", "takes_code"),
    [
        ("wrong_mailed_code", "EZVIZ does not take that code: of several mails only the newest", True),
        ("wrong_code", "That is not the camera's code", True),
        ("code_wanted", "EZVIZ wants a code for that: the one on the camera's label", True),
        ("old", "That code is over: one from a mail is good for half an hour.", False),
        ("too_soon", "EZVIZ mailed a code a minute or two ago and mails no other yet: that one counts.", True),
        ("too_often", "EZVIZ has mailed as many codes as it does for now. Wait half an hour", False),
        ("guessed", "There were too many wrong codes: wait an hour", False),
        ("silent", "The camera does not answer EZVIZ.", False),
    ],
)
def test_what_the_vendor_says_of_it_stands_at_the_tile(
    world: HomeWorld, why: Why, sentence: str, takes_code: bool
) -> None:
    camera_id = garage(world)
    browser = world.signed_in()
    world.home.driver.set_error = SetRefused(why)
    browser.post("encryption-code", camera=camera_id, encryption_code="1234")
    assert (browser.status, sentence in browser.tile("Garage")) == (200, True)
    assert ("Code for Garage" in browser.tile("Garage")) is takes_code
    world.clock.wait(WANTED_S)
    assert sentence not in browser.get().tile("Garage")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SetRefused("unsupported"), "Garage has no such setting, or showcam can't reach it."),
        (SetRefused("not_taken"), "Garage did not take the change."),
        (VendorDown(), "The EZVIZ service does not answer just now."),
    ],
)
def test_what_no_code_would_help_is_said_above(world: HomeWorld, error: Any, sentence: str) -> None:
    camera_id = garage(world)
    browser = world.signed_in()
    if isinstance(error, SetRefused):
        world.home.driver.set_error = error
    else:
        world.home.driver.apply_error = error
    browser.post("encryption-off", camera=camera_id)
    assert (browser.status, sentence in browser.text, encrypted(world)) == (403, True, "on")


def test_what_was_asked_for_is_said_until_the_camera_shows_it(world: HomeWorld) -> None:
    camera_id = garage(world)
    world.home.driver.lags = True
    browser = world.signed_in().post("encryption-off", camera=camera_id)
    asked = "Image Encryption is being switched off for Garage. EZVIZ shows that within half a minute."
    assert (browser.mends("Garage"), asked in browser.tile("Garage")) == ([], True)
    answer = browser.open(camera_id).get_json()
    assert (answer["reason"], answer["wrong"] in asked, "mends" in answer) == ("asked_for", True, False)

    world.home.driver.show()
    world.clock.wait(3)
    assert "sdp" in browser.open(camera_id).get_json()


def test_what_never_comes_is_offered_again(world: HomeWorld) -> None:
    camera_id = garage(world)
    world.home.driver.ignores_settings = True
    browser = world.signed_in().post("encryption-off", camera=camera_id)
    assert browser.open(camera_id).get_json()["reason"] == "asked_for"
    world.clock.wait(31)
    assert browser.open(camera_id).get_json()["reason"] == "encryption_on"
    assert browser.get().mends("Garage") == ["off"]


def test_encryption_that_came_back_is_said_to_be_on_again_until_it_is_off(world: HomeWorld) -> None:
    again = "Image Encryption is on again for Garden: somebody switched it on, or an update of the camera did."
    browser = world.signed_in()
    assert again not in browser.text
    world.home.driver.change("Garden", encryption="on")
    assert browser.open(world.home.id("Garden")).get_json()["wrong"] == again
    assert again in browser.get().tile("Garden")
    assert again not in browser.tile("Garage")  # which was never off
    browser.post("encryption-off", camera=world.home.id("Garden"))
    assert (again in browser.text, browser.mends("Garden")) == (False, [])


@pytest.mark.parametrize(
    ("encryption", "mends", "mend"),
    [
        ("on", ["code", "off", "home_code"], "Give the right one here: the verification code on its label"),
        ("off", ["home_code"], "Give the right one here: the verification code on its label"),  # of its RTSP at home
    ],
)
def test_a_wrong_code_is_mended_here_where_it_is_the_pictures(
    world: HomeWorld, encryption: str, mends: list[str], mend: str
) -> None:
    wrong = {"encryption": encryption, "picture_code": "wrong"} if encryption == "on" else {}
    world.home.driver.set([camera("Terrace", "F00000009", ways=("cloud",), **wrong)])
    terrace, account = world.home.id("Terrace"), world.home.account.id
    browser = world.signed_in()
    if encryption == "on":
        keep(world.home.store, account, terrace, Preferences(while_encrypted="code"))
    else:
        world.home.driver.mint_error = Refused("code_wrong")
    answer = browser.open(terrace).get_json()
    assert (answer["reason"], answer.get("mends", []), mend in answer["mend"]) == ("code_wrong", mends, True)


@pytest.mark.parametrize("code", ["", "  "])
def test_without_a_code_none_is_mailed_by_that_button(world: HomeWorld, code: str) -> None:
    browser = world.signed_in().post("encryption-code", camera=garage(world), encryption_code=code)
    assert (browser.status, "Enter the code that was sent to you." in browser.text) == (403, True)
    assert world.home.driver.calls["apply"] == 0


@pytest.mark.parametrize("name", ["off", "wake"])
def test_a_shared_camera_keeps_its_owners_switches(world: HomeWorld, name: str) -> None:
    shared = {"off": {"encryption": "on"}, "wake": {"asleep": "on"}}[name]
    world.home.driver.set([camera("Terrace", "F00000009", ways=("cloud",), owner="shared", **shared)])
    browser = world.signed_in()
    assert browser.mends("Terrace") == (["code"] if name == "off" else [])
    browser.post("encryption-off", camera=world.home.id("Terrace"))
    assert (browser.status, world.home.driver.calls["apply"]) == (403, 0)
    assert "Terrace belongs to another EZVIZ account" in browser.text


@pytest.mark.parametrize("camera_id", ["", "ezviz-" + "a" * 20, "x" * 500, "\r\nSet-Cookie: a=b"])
def test_a_camera_that_is_not_there_is_not_switched(world: HomeWorld, camera_id: str) -> None:
    for step in ("encryption-off", "wake"):
        browser = world.signed_in().post(step, camera=camera_id)
        assert (browser.status, "There is no camera of that name here." in browser.text) == (403, True)
    assert world.home.driver.calls["apply"] == 0


# a camera that sleeps is woken at the tile


def test_a_sleeping_camera_is_woken(world: HomeWorld) -> None:
    camera_id = world.home.id("Bedroom")
    browser = world.signed_in()
    assert browser.mends("Bedroom") == ["wake"]
    assert "Bedroom is in Sleep Mode. Wake it here, or in the EZVIZ app open Bedroom" in browser.tile("Bedroom")
    browser.post("wake", camera=camera_id)
    assert (browser.mends("Bedroom"), world.home.driver.applied) == ([], [("Bedroom", "sleep", "off", "")])
    assert "sdp" in browser.open(camera_id).get_json()


def test_one_that_wakes_late_is_being_woken_meanwhile(world: HomeWorld) -> None:
    world.home.driver.lags = True
    browser = world.signed_in().post("wake", camera=world.home.id("Bedroom"))
    assert "Bedroom is being woken." in browser.tile("Bedroom")
    assert browser.open(world.home.id("Bedroom")).get_json()["reason"] == "asked_for"


def test_a_camera_on_battery_is_woken_by_its_button(world: HomeWorld) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", battery=80)])
    assert world.signed_in().tile("Terrace") == (
        "Terrace Settings C3TN · 80 % Alexa ✓ can show it Google ✓ can show it Wake it and show it"
    )


def test_an_owner_signs_in_by_a_password_for_showcam(world: HomeWorld) -> None:
    OwnerUsers(world.home.store).set(world.home.account.id, "kari", "barn door and two geese")
    browser = world.browser().get()
    browser.enter(world.code.renew())
    assert "or the user name that you chose for showcam" in browser.text
    browser.sign_in("kari", "a wrong password")
    assert "not the password of this showcam user" in browser.text
    browser.sign_in("kari", "barn door and two geese")
    assert (browser.status, browser.step) == (200, "")
    assert "Signed in as" in browser.text
    assert "Garden" in browser.text
    assert world.vendor.calls == {}


@pytest.mark.parametrize(("own", "says"), [(True, "Add one of your house here"), (False, "Add one in the EZVIZ app")])
def test_a_household_without_cameras_reads_how_to_add_one(tmp_path: Path, own: bool, says: str) -> None:
    world = home_world(tmp_path, own=own)
    account = households.add_of_lan(world.home.store)
    OwnerUsers(world.home.store).set(account.id, "kari", "barn door and two geese")
    browser = world.browser().get()
    browser.enter(world.code.renew())
    browser.sign_in("kari", "barn door and two geese")
    assert (browser.status, browser.step) == (200, "")
    assert says in browser.text
    assert ("Add a camera of the house" in browser.text) is own
    world.home.store.close()


def test_a_household_of_its_own_cameras_reads_that_nobody_has_signed_in_to_the_vendor(tmp_path: Path) -> None:
    world = home_world(tmp_path, own=True)
    account = households.add_of_lan(world.home.store)
    OwnerUsers(world.home.store).set(account.id, "kari", "barn door and two geese")
    ezviz.add_to(world.home.store, account.id, NEW)
    world.home.driver.error = SignedOut()
    browser = world.browser().get()
    browser.enter(world.code.renew())
    browser.sign_in("kari", "barn door and two geese")
    assert "Nobody has signed in to EZVIZ yet, so its cameras are missing here." in browser.text
    assert "Add a camera of the house" in browser.text
    world.home.store.close()
