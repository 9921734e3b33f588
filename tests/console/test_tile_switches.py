"""What is given and switched at a tile: a camera's code, Image Encryption, and sleep."""

import re
from typing import Any

import pytest

from showcam.console.home.encryption import WANTED_S
from showcam.drivers.errors import Refused, SetRefused, VendorDown, Why
from showcam.registry.preferences import Preferences, WhileEncrypted, keep
from tests.doubles.home_world import HomeWorld, day_of
from tests.doubles.ready_driver import camera


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
    assert browser.text.index("Image Encryption is on for Garage") < browser.text.index("Keep it on, and show it")
    browser.post("picture-code", camera=camera_id, picture_code=" ABCDEF ", deciphered="1")
    assert (browser.status, decided(world), world.home.driver.picture_codes) == (200, "code", {"Garage": "ABCDEF"})
    assert "Keep it on" not in browser.visit(f"/home/cameras/{camera_id}").text
    assert "Shown despite Image Encryption." in browser.text
    assert "Take it back" in browser.text
    assert "sdp" in browser.open(camera_id).get_json()

    browser.get().post("forget-code", camera=camera_id)
    assert (decided(world), world.home.driver.picture_codes) == ("no", {"Garage": ""})
    assert browser.open(camera_id).get_json()["reason"] == "encryption_on"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"picture_code": "ABCDEF"}, "Tick that pictures are deciphered here"),
        ({"picture_code": "æ", "deciphered": "1"}, "Wrong code. Use the label's"),
        ({"picture_code": "two words", "deciphered": "1"}, "Wrong code. Use the label's"),
        ({"picture_code": ""}, "Tick that pictures are deciphered here"),
        ({"camera": "ezviz-" + "a" * 20, "picture_code": "ABCDEF", "deciphered": "1"}, "There is no camera"),
        ({"camera": "", "picture_code": "ABCDEF", "deciphered": "1"}, "There is no camera"),
    ],
)
def test_a_code_that_is_not_kept_says_why(world: HomeWorld, fields: dict[str, str], sentence: str) -> None:
    browser = world.signed_in()
    browser.post("picture-code", **{"camera": garage(world), **fields})
    assert (browser.status, sentence in browser.text) == (403, True)
    assert (decided(world), world.home.driver.picture_codes) == ("no", {})


@pytest.mark.parametrize("ticked", [True, False])
def test_a_wrong_code_leaves_its_form_open_with_the_reason_and_the_focus_in_it(world: HomeWorld, ticked: bool) -> None:
    world.home.driver.set([camera(name, ways=("cloud",), encryption="on", owner="shared") for name in ("Hall", "Loft")])
    browser = world.signed_in()
    tick = {"deciphered": "1"} if ticked else {}
    browser.post("picture-code", camera=world.home.id("Loft"), picture_code="two words", **tick)
    assert browser.answer is not None
    tiles = {
        name: browser.answer.text.partition(f'data-name="{name}"')[2].partition("</li>")[0] for name in ("Hall", "Loft")
    }
    why = "Wrong code. Use the label's" if ticked else "Tick that pictures are deciphered here"
    opened = 'data-mends="code" open>'
    assert {name: (opened in tile, "autofocus" in tile) for name, tile in tiles.items()} == {
        "Hall": (False, False),
        "Loft": (True, True),
    }
    assert ("required checked>" in tiles["Loft"], why in browser.tile("Loft"), why in browser.tile("Hall")) == (
        ticked,
        True,
        False,
    )
    assert "two words" not in browser.answer.text


@pytest.mark.parametrize(
    "step",
    [
        "picture-code",
        "show-encrypted",
        "ask-key",
        "key-code",
        "forget-code",
        "open-way",
        "encryption-off",
        "encryption-code",
        "wake",
    ],
)
@pytest.mark.parametrize("before", ["no", "code"])
def test_who_is_not_signed_in_changes_nothing(world: HomeWorld, before: WhileEncrypted, step: str) -> None:
    camera_id = garage(world)
    world.home.decide("Garage", before)
    world.home.driver.is_elevated = True
    fields = {"camera": camera_id, "encrypted": camera_id, "deciphered": "1"}
    codes = dict.fromkeys(("picture_code", "encryption_code", "key_code"), "1234")
    for browser, step_due in ((world.browser(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert browser.get().post(step, **fields, **codes).step == step_due
    assert (decided(world), world.home.driver.calls["apply"]) == (before, 0)
    assert (asking(world), world.home.driver.picture_codes) == ([], {})


# Image Encryption is switched off at the tile
WANTS = "Enter the four digits EZVIZ has mailed, or the label's code."


def encrypted(world: HomeWorld) -> str:
    return world.home.owner.camera(world.home.account.id, world.home.id("Garage")).encryption  # type: ignore[union-attr]


def test_switching_it_off_comes_first_and_says_what_it_comes_to(world: HomeWorld) -> None:
    garage(world)
    browser = world.signed_in()
    assert browser.tile("Garage") == (
        "Garage Image Encryption is on for Garage. Change that here. "
        "Switch Image Encryption off EZVIZ, and anybody in the account, can then see Garage. "
        "Assistants can show it. Switch it off"
    )
    browser.visit(f"/home/cameras/{world.home.id('Garage')}")
    assert browser.mends("Garage") == ["off", "code"]
    assert browser.tile("Garage").startswith(
        "Live pictures need JavaScript. Image Encryption is on for Garage. Change that here. "
        "Switch Image Encryption off EZVIZ, and anybody in the account, can then see Garage. "
        "Assistants can show it. Switch it off Keep it on, and show it"
    )
    assert browser.tile("Garage").endswith("C3TN Alexa ✗ can't show it Google: not linked")
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
        ("wrong_mailed_code", "EZVIZ refuses that code. Use the newest mail", True),
        ("wrong_code", "Wrong code. Use the label's", True),
        ("code_wanted", "Use the label's code", True),
        ("old", "That code has expired.", False),
        ("too_soon", "Use the code just mailed.", True),
        ("too_often", "EZVIZ has sent too many codes. Wait half an hour", False),
        ("guessed", "Too many wrong codes. Wait an hour", False),
        ("silent", "EZVIZ can't reach the camera. Wake it, or check its power", False),
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
    asked = "Garage is changing. Within half a minute."
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


@pytest.mark.parametrize("between", ["off", "unknown"])
def test_encryption_that_came_back_is_said_to_be_on_again_until_it_is_off(world: HomeWorld, between: str) -> None:
    again = "Image Encryption is on again for Garden."
    browser = world.signed_in()
    world.home.driver.change("Garden", encryption=between)
    assert again not in browser.get().text
    world.home.driver.change("Garden", encryption="on")
    assert browser.open(world.home.id("Garden")).get_json()["wrong"] == again
    assert again in browser.get().tile("Garden")
    assert again not in browser.tile("Garage")  # which was never off
    browser.post("encryption-off", camera=world.home.id("Garden"))
    assert (again in browser.text, browser.mends("Garden")) == (False, [])


@pytest.mark.parametrize(
    ("encryption", "mends", "mend"),
    [
        ("on", ["code", "off", "home_code"], "Use the label's code"),
        ("off", ["home_code"], "Use the label's code"),  # of its RTSP at home
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
    assert (browser.status, "Enter the code you received" in browser.text) == (403, True)
    assert world.home.driver.calls["apply"] == 0


@pytest.mark.parametrize("name", ["off", "wake", "sound"])
def test_a_shared_camera_keeps_its_owners_switches(world: HomeWorld, name: str) -> None:
    shared = {"off": {"encryption": "on"}, "wake": {"asleep": "on"}, "sound": {"audio": "off"}}[name]
    world.home.driver.set([camera("Terrace", "F00000009", ways=("cloud",), owner="shared", **shared)])
    world.home.another_link("google")
    browser = world.signed_in()
    assert browser.mends("Terrace") == (["code"] if name == "off" else [])
    assert ("ask the camera's owner" in browser.text) is (name != "off")
    assert "Switch Audio on" not in browser.text
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
    assert "Bedroom is in Sleep Mode. Change that here." in browser.tile("Bedroom")
    browser.post("wake", camera=camera_id)
    assert (browser.mends("Bedroom"), world.home.driver.applied) == ([], [("Bedroom", "sleep", "off", "")])
    assert "sdp" in browser.open(camera_id).get_json()


def test_one_that_wakes_late_is_being_woken_meanwhile(world: HomeWorld) -> None:
    world.home.driver.lags = True
    browser = world.signed_in().post("wake", camera=world.home.id("Bedroom"))
    assert "Waking Bedroom." in browser.tile("Bedroom")
    assert browser.open(world.home.id("Bedroom")).get_json()["reason"] == "asked_for"


def test_a_camera_on_battery_is_woken_by_its_button(world: HomeWorld) -> None:
    world.home.driver.set([camera("Terrace", "F00000009", battery=80)])
    assert world.signed_in().tile("Terrace") == "Terrace 80 % Wake it and show it"


# the owner's decision, and the key that carries it out


def asking(world: HomeWorld) -> list[tuple[str, str]]:
    return world.home.driver.key_requests


def test_a_decision_without_a_code_asks_for_the_key_by_a_press_and_takes_the_mailed_code(world: HomeWorld) -> None:
    camera_id = garage(world)
    page = f"/home/cameras/{camera_id}"
    browser = world.signed_in().post("picture-code", camera=camera_id, deciphered="1")
    assert (browser.status, decided(world), asking(world)) == (200, "code", [])
    assert browser.open(camera_id).get_json()["reason"] == "encryption_on"
    browser.visit(page)
    assert "showcam lacks the key of Garage. Get it from EZVIZ" in browser.text
    assert "Get it from EZVIZ" in browser.text
    browser.get().post("ask-key", camera=camera_id)
    assert asking(world) == [("Garage", "")]
    browser.visit(page)
    assert "EZVIZ has mailed you four digits" in browser.text
    browser.get().post("key-code", camera=camera_id, key_code=" 99 99 ")
    assert "EZVIZ refuses that code" in browser.visit(page).text
    browser.get().post("key-code", camera=camera_id, key_code="1234")
    assert asking(world) == [("Garage", ""), ("Garage", "9999"), ("Garage", "1234")]
    assert "Get its key" not in browser.visit(page).text
    assert "sdp" in browser.open(camera_id).get_json()


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ("old", "That code has expired."),
        ("too_soon", "Use the code just mailed"),
        ("too_often", "EZVIZ has sent too many codes."),
        ("guessed", "Too many wrong codes. Wait an hour"),
        ("silent", "EZVIZ can't reach the camera. Wake it, or check its power"),
        ("not_given", "EZVIZ refuses the key. Give the label's code, or switch Image Encryption off"),
    ],
)
def test_why_there_is_no_key_stands_at_the_tile(world: HomeWorld, why: Why, says: str) -> None:
    camera_id = garage(world)
    world.home.decide("Garage", "code")
    world.home.driver.key_error = SetRefused(why)
    browser = world.signed_in().post("ask-key", camera=camera_id)
    assert says in browser.tile("Garage")


def test_a_vendor_that_is_silent_is_named_when_it_is_asked_for_a_key(world: HomeWorld) -> None:
    camera_id = garage(world)
    world.home.decide("Garage", "code")
    world.home.driver.key_error = VendorDown()
    browser = world.signed_in().post("ask-key", camera=camera_id)
    assert (browser.status, "The EZVIZ service does not answer just now." in browser.text) == (403, True)


@pytest.mark.parametrize("step", ["ask-key", "key-code"])
def test_without_a_decision_a_press_asks_for_no_key(world: HomeWorld, step: str) -> None:
    browser = world.signed_in().post(step, camera=garage(world), key_code="1234")
    assert (browser.status, asking(world)) == (200, [])


def test_a_mailed_code_that_is_empty_mails_no_other(world: HomeWorld) -> None:
    world.home.decide("Garage", "code")
    browser = world.signed_in().post("key-code", camera=garage(world), key_code=" ")
    assert (browser.status, asking(world)) == (403, [])


def test_the_decision_stands_on_the_cameras_page_with_its_date_and_is_taken_back_by_one_press(world: HomeWorld) -> None:
    camera_id = garage(world)
    world.home.driver.is_elevated = True
    browser = world.signed_in()
    at = f"/home/cameras/{camera_id}"
    assert "despite Image Encryption" not in browser.visit(at).text
    browser.post("picture-code", camera=camera_id, deciphered="1")
    today = day_of(world.home.owner.preferences(world.home.account.id, camera_id).decided_at)
    assert f"Shown despite Image Encryption. Since {today}." in browser.visit(at).text
    browser.post("forget-code", camera=camera_id)
    assert (decided(world), world.home.driver.picture_codes) == ("no", {"Garage": ""})
    assert "despite Image Encryption" not in browser.visit(at).text


def test_no_tick_of_a_decision_is_set_before_the_owner_sets_it(world: HomeWorld) -> None:
    world.home.driver.set([camera(name, ways=("cloud",), encryption="on") for name in ("Attic", "Barn")])
    camera_id = world.home.id("Attic")
    browser = world.signed_in().visit("/home")
    assert "Show Attic, Barn despite Image Encryption" in browser.text
    for page in ("/home", f"/home/cameras/{camera_id}"):
        answer = browser.visit(page).answer
        assert answer is not None
        ticks = re.findall(r'<input [^>]*name="deciphered"[^>]*>', answer.text)
        assert ticks, page
        assert not [tick for tick in ticks if "checked" in tick or "required" not in tick]


def test_one_tick_shows_all_own_encrypted_cameras_and_names_them(world: HomeWorld) -> None:
    own = [camera(name, f"F0000001{at}", ways=("cloud",), encryption="on") for at, name in enumerate(("Attic", "Barn"))]
    shared = camera("Hall", "F00000019", ways=("cloud",), encryption="on", owner="shared")
    world.home.driver.set([*own, shared])
    world.home.driver.is_elevated = True
    browser = world.signed_in().visit("/home")
    assert "Show Attic, Barn despite Image Encryption" in browser.text
    ids = [world.home.id(name) for name in ("Attic", "Barn", "Hall")]
    browser.send("/home", step="show-encrypted", encrypted=ids)
    assert (browser.status, asking(world)) == (403, []), "it was not ticked"
    browser.send("/home", step="show-encrypted", encrypted=ids, deciphered="1")
    assert sorted(asking(world)) == [("Attic", ""), ("Barn", "")]
    for camera_id in ids[:2]:
        assert "sdp" in browser.open(camera_id).get_json()
    assert browser.open(ids[2]).get_json()["reason"] == "encryption_on"
    assert "Show Attic" not in browser.visit("/home").text
