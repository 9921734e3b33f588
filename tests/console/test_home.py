"""The console's page: from the printed code to a live tile."""

from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.drivers.camera import UNASKED
from showcam.drivers.errors import Refused, SignedOut, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.vendor import Rejected
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import SignInRefused
from tests.doubles.home_world import NEW, HomeWorld, home_world
from tests.doubles.linking_world import CAREFUL, USER
from tests.doubles.ready_driver import camera
from tests.doubles.ready_vendor import CODE, PASSWORD


def test_the_code_and_two_values_lead_to_the_cameras(world: HomeWorld) -> None:
    browser = world.browser().get()
    assert (browser.status, browser.step) == (200, "door")
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
        ("Garage", "Image Encryption is on for Garage."),
        ("Attic", "Attic is offline."),
        ("Bedroom", "Bedroom is in Sleep Mode."),
        ("Pond", "Pond sends H.265 or Motion JPEG"),
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
    assert (browser.status, "Wrong code." in browser.text) == (403, True)
    browser.post("code", code=CODE)
    assert (browser.status, browser.step) == (200, "")
    assert open_air(world, CAREFUL) is True


def open_air(world: HomeWorld, user: str) -> bool:
    """Whether the account's owner allows the open connection."""
    from showcam.drivers.ezviz import sessions

    source = sessions.find(world.home.store, user)
    assert source is not None
    return bool(world.vendor.sessions.read(source).secrets.open_air)


@pytest.mark.parametrize(("ticked", "kept"), [({"open_way": "1"}, True), ({}, False)])
def test_the_open_connection_is_as_it_was_ticked(world: HomeWorld, ticked: dict[str, str], kept: bool) -> None:
    world.browser().enter(world.code.renew()).sign_in(USER, **ticked)
    assert open_air(world, USER) is kept


def test_the_open_connection_is_agreed_to_by_each_account_of_a_household_for_itself(world: HomeWorld) -> None:
    households.add_to(world.home.store, world.home.account.id, "ezviz", NEW, sessions.Sessions.waiting(NEW))
    world.browser().enter(world.code.renew()).sign_in(NEW)
    world.browser().enter(world.code.renew()).sign_in(USER, open_way="1")
    assert (open_air(world, USER), open_air(world, NEW)) == (True, False)
    world.browser().enter(world.code.renew()).sign_in(NEW)
    assert (open_air(world, USER), open_air(world, NEW)) == (True, False)


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
    assert (answer["mends"], answer["reason"]) == (["open_way", "home_code"], "not_agreed")
    assert answer["wrong"] == "Terrace comes over an open connection, not allowed yet."
    assert open_air(world, USER) is False
    browser.post("open-way")
    assert open_air(world, USER) is True


def test_a_strangers_tries_at_linking_keep_nobody_out(world: HomeWorld) -> None:
    linking = SignIn(world.home.store, [world.vendor], "owner")
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
        (USER, "wrong", 403, "These did not work."),
        (USER, "", 403, "Enter user name and password."),
        ("", PASSWORD, 403, "Enter user name and password."),
        ("x" * 201, PASSWORD, 403, "These did not work."),
    ],
)
def test_a_wrong_sign_in_says_why_and_keeps_the_name(
    world: HomeWorld, user: str, password: str, status: int, said: str
) -> None:
    browser = world.browser().enter(world.code.renew()).sign_in(user, password)
    assert (browser.status, browser.step, said in browser.text) == (status, "sign-in", True)


def test_the_sign_in_says_where_an_unknown_account_was_looked_for_first(world: HomeWorld) -> None:
    world.vendor.verdict = Rejected("unknown", "sa")
    browser = world.browser().enter(world.code.renew()).sign_in()
    assert "no such user name in South America, nor in Europe," in browser.text


def test_a_vendor_that_is_down_is_named_and_nothing_is_lost(world: HomeWorld) -> None:
    browser = world.browser().enter(world.code.renew())
    world.vendor.error = VendorDown()
    browser.sign_in()
    assert "EZVIZ does not answer." in browser.text
    world.vendor.error = None
    assert browser.sign_in().step == ""


@pytest.mark.parametrize(
    ("error", "step", "said"),
    [
        (SignedOut(), "sign-in", "Sign in to EZVIZ again."),
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
    assert "No cameras yet. Add one in the EZVIZ app" in world.signed_in().text


@pytest.mark.parametrize("language", ["nb", "de"])
def test_the_page_speaks_the_browsers_language(world: HomeWorld, language: str) -> None:
    browser = world.browser(headers={"Accept-Language": language}).enter(world.code.renew())
    assert {"nb": "Logg inn på EZVIZ", "de": "Bei EZVIZ anmelden"}[language] in browser.text


def test_a_tile_may_be_opened_again_and_again(world: HomeWorld) -> None:
    """What a page opens is not counted as an assistant's openings are: 60 a minute in this world."""
    browser = world.signed_in()
    answers = [browser.open(world.home.id("Garden")).get_json() for _ in range(61)]
    assert [*map(sorted, answers)] == [["sdp", "way"]] * 61


def test_an_owner_signs_in_by_a_password_for_showcam(world: HomeWorld) -> None:
    world.users.set(world.home.account.id, "kari", "barn door and two geese")
    browser = world.browser().get()
    browser.enter(world.code.renew())
    assert "or showcam user name" in browser.text
    browser.sign_in("kari", "a wrong password")
    assert "minutes. Else ask showcam's operator" in browser.text
    browser.sign_in("kari", "barn door and two geese")
    assert (browser.status, browser.step) == (200, "")
    assert "Signed in as" in browser.text
    assert "Garden" in browser.text
    assert world.vendor.calls == {}


@pytest.mark.parametrize("own", [True, False])
def test_a_household_without_the_vendors_account_is_not_sent_to_its_app(tmp_path: Path, own: bool) -> None:
    world = home_world(tmp_path, own=own)
    account = households.add_of_lan(world.home.store)
    world.users.set(account.id, "kari", "barn door and two geese")
    browser = world.browser().get()
    browser.enter(world.code.renew())
    browser.sign_in("kari", "barn door and two geese")
    assert (browser.status, browser.step) == (200, "")
    assert ("No cameras yet." in browser.text, "Add one in the EZVIZ app" in browser.text) == (True, False)
    assert ("Add a camera" in browser.text) is own
    world.home.store.close()


def test_a_household_of_its_own_cameras_reads_that_nobody_has_signed_in_to_the_vendor(tmp_path: Path) -> None:
    world = home_world(tmp_path, own=True)
    account = households.add_of_lan(world.home.store)
    world.users.set(account.id, "kari", "barn door and two geese")
    households.add_to(world.home.store, account.id, "ezviz", NEW, sessions.Sessions.waiting(NEW))
    world.home.driver.error = SignedOut()
    browser = world.browser().get()
    browser.enter(world.code.renew())
    browser.sign_in("kari", "barn door and two geese")
    assert "Cameras of EZVIZ are missing: sign in there." in browser.text
    assert "Add a camera" in browser.text
    world.home.store.close()
