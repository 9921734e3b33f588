"""The code of a camera at home, given and taken back on its own page, and at its tile where nothing else helps."""

import pytest

from showcam.drivers.camera import UNASKED
from showcam.drivers.errors import Reason, Refused
from showcam.registry.owner.codes import WRONG_CODES
from showcam.store.records import HOUR_S
from tests.doubles.home_world import HomeWorld

GIVE, FORGET = "Use the home network", "Stop using the home network"
CLEAR = "Despite Image Encryption too: unencrypted at home, and to Amazon or Google"


def decided(world: HomeWorld, name: str) -> str:
    return world.home.owner.preferences(world.home.account.id, world.home.id(name)).while_encrypted


def decide(world: HomeWorld, name: str, value: str) -> None:
    world.home.decide(name, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "offers", "ticks"),
    [
        ({"ways": ("open",)}, GIVE, False),
        ({"ways": ("cloud",)}, GIVE, False),
        ({"ways": (UNASKED,)}, GIVE, False),
        ({"ways": (), "owner": "shared"}, GIVE, False),
        ({"ways": (), "encryption": "on"}, GIVE, True),
        ({"ways": ("lan", "open")}, FORGET, False),
        ({"battery": 80}, "", False),
    ],
    ids=["by a key", "by the cloud", "not yet", "shared", "encrypted", "at home already", "on battery"],
)
def test_its_page_offers_what_there_is_to_do(
    world: HomeWorld, changes: dict[str, object], offers: str, ticks: bool
) -> None:
    world.home.driver.change("Garden", **changes)
    page = world.signed_in().visit(f"/home/cameras/{world.home.id('Garden')}").text
    assert [text for text in (GIVE, FORGET) if text in page] == [offers] * bool(offers)
    assert (CLEAR in page) is ticks


@pytest.mark.parametrize(
    ("changes", "mends"),
    [
        ({"ways": ("open",)}, []),
        ({"ways": ("lan", "open")}, []),
        ({"ways": (UNASKED,)}, ["open_way"]),
        ({"ways": (), "owner": "shared"}, ["home_code"]),
        ({"ways": (), "battery": 80}, []),
    ],
    ids=["shown", "shown at home", "not allowed yet", "no way", "no way on battery"],
)
def test_its_tile_among_others_offers_it_only_where_nothing_else_brings_the_picture(
    world: HomeWorld, changes: dict[str, object], mends: list[str]
) -> None:
    world.home.driver.change("Garden", **changes)
    assert world.signed_in().mends("Garden") == mends


@pytest.mark.parametrize(
    ("changes", "mends"),
    [
        ({}, ["code", "home_code"]),
        ({"owner": "own"}, ["off", "code", "home_code"]),
        ({"battery": 80}, ["code"]),
        ({"ways": ("lan", "cloud")}, []),
    ],
    ids=["shared", "one's own", "on battery", "with its code"],
)
def test_who_wants_an_encrypted_camera_shown_at_home_is_offered_what_that_lacks(
    world: HomeWorld, changes: dict[str, object], mends: list[str]
) -> None:
    world.home.driver.change("Garage", **{"ways": ("cloud",), "owner": "shared", **changes})
    decide(world, "Garage", "lan")
    browser, garage = world.signed_in(), world.home.id("Garage")
    assert browser.open(garage).get_json().get("mends", []) == mends
    assert browser.mends("Garage") == mends[:1]


@pytest.mark.parametrize(
    ("battery", "mend"),
    [
        (None, "Give the code on its label."),
        (80, "only a developer key of the owner's account is left: a camera on battery has no video port"),
    ],
    ids=["plugged in", "on battery"],
)
def test_who_has_no_way_is_shown_the_code_where_one_is_taken(world: HomeWorld, battery: int | None, mend: str) -> None:
    world.home.driver.change("Garden", ways=(), battery=battery)
    browser = world.signed_in()
    assert mend in browser.tile("Garden")
    answer = browser.open(world.home.id("Garden")).get_json()
    assert (answer["reason"], mend in answer["mend"]) == ("no_way", True)


def test_a_camera_that_is_shared_is_said_to_need_no_key_of_its_own(world: HomeWorld) -> None:
    world.home.driver.takes_codes = False
    world.home.driver.change("Garden", ways=(), owner="shared")
    tile = world.signed_in().tile("Garden")
    assert ("The last way is an EZVIZ developer key" in tile, "A developer key shows no shared camera" in tile) == (
        False,
        True,
    )


def test_a_code_that_the_camera_takes_no_longer_is_replaced(world: HomeWorld) -> None:
    world.home.driver.change("Garden", ways=("lan",))
    world.home.driver.way_errors = {"lan": Refused("code_wrong")}
    browser, garden = world.signed_in(), world.home.id("Garden")
    answer = browser.open(garden).get_json()
    assert (answer["mends"], answer["mend"].startswith("Use the label's code")) == (["home_code"], True)
    assert "Another code" in browser.visit(f"/home/cameras/{garden}").text
    world.home.driver.way_errors = {}
    browser.post("home-code", camera=garden, home_code="NEWONE")
    assert (browser.status, world.home.driver.codes) == (200, {"Garden": "NEWONE"})
    assert "sdp" in browser.open(garden).get_json()


def test_where_no_camera_is_fetched_from_a_house_no_code_is_asked_for(world: HomeWorld) -> None:
    world.home.driver.takes_codes = False
    world.home.driver.change("Garden", ways=("lan",))  # by a user name and a password
    text = world.signed_in().visit(f"/home/cameras/{world.home.id('Garden')}").text
    assert (GIVE in text, FORGET in text) == (False, False)


def test_a_code_that_the_camera_takes_is_kept(world: HomeWorld) -> None:
    browser = world.signed_in().post("home-code", camera=world.home.id("Garden"), home_code=" GKRTUV ")
    assert (browser.status, world.home.driver.codes) == (200, {"Garden": "GKRTUV"})
    assert decided(world, "Garden") == "no"


def test_an_encrypted_camera_is_shown_at_home_where_that_is_ticked(world: HomeWorld) -> None:
    garage = world.home.id("Garage")
    world.home.driver.change("Garage", ways=("lan",))
    browser = world.signed_in()
    assert browser.open(garage).get_json()["reason"] == "encryption_on"
    browser.post("home-code", camera=garage, home_code="ABCDEF", while_encrypted="1")
    assert (browser.status, decided(world, "Garage")) == (200, "lan")
    assert "sdp" in browser.open(garage).get_json()


@pytest.mark.parametrize(("before", "after"), [("lan", "no"), ("code", "code"), ("no", "no")])
def test_a_code_that_is_taken_back_leaves_no_exception_for_the_home_network(
    world: HomeWorld, before: str, after: str
) -> None:
    decide(world, "Garage", before)
    browser = world.signed_in().post("forget-home-code", camera=world.home.id("Garage"))
    assert (browser.status, world.home.driver.codes, decided(world, "Garage")) == (200, {"Garage": ""}, after)


@pytest.mark.parametrize("code", ["", " ", "two words", "x" * 33, "line\r\nbreak", "æ"])
def test_what_is_no_code_reaches_no_camera(world: HomeWorld, code: str) -> None:
    browser = world.signed_in().post("home-code", camera=world.home.id("Garden"), home_code=code, while_encrypted="1")
    assert (browser.status, "Give the code on its label." in browser.text) == (403, True)
    assert (world.home.driver.calls["set_code"], decided(world, "Garden")) == (0, "no")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("code_wrong", "Garden does not take that code. Use the label's code"),
        ("lan_unreachable", "Garden does not answer on the home network."),
        ("lan_closed", "its video port (RTSP) is closed"),
    ],
)
def test_a_code_that_was_not_kept_says_why(world: HomeWorld, reason: Reason, sentence: str) -> None:
    world.home.driver.code_error = Refused(reason)
    browser = world.signed_in()
    browser.post("home-code", camera=world.home.id("Garden"), home_code="GKRTUV", while_encrypted="1")
    assert (browser.status, sentence in browser.text) == (403, True)
    assert (world.home.driver.codes, decided(world, "Garden")) == ({}, "no")


def test_after_many_wrong_codes_no_more_reach_the_camera_for_an_hour(world: HomeWorld) -> None:
    driver, garden = world.home.driver, world.home.id("Garden")
    driver.code_error = Refused("code_wrong")
    browser = world.signed_in()
    for _ in range(WRONG_CODES):
        browser.post("home-code", camera=garden, home_code="AAAAAA")
    driver.code_error = None
    browser.post("home-code", camera=garden, home_code="GKRTUV")
    assert (browser.status, "Too many wrong codes. Wait an hour" in browser.text) == (403, True)
    assert (driver.calls["set_code"], driver.codes) == (WRONG_CODES, {})
    world.clock.wait(HOUR_S + 1)
    browser.get().post("home-code", camera=garden, home_code="GKRTUV")
    assert (browser.status, driver.codes) == (200, {"Garden": "GKRTUV"})


def test_a_camera_that_is_away_counts_no_wrong_code(world: HomeWorld) -> None:
    driver, garden = world.home.driver, world.home.id("Garden")
    driver.code_error = Refused("lan_unreachable")
    browser = world.signed_in()
    for _ in range(WRONG_CODES):
        browser.post("home-code", camera=garden, home_code="GKRTUV")
    driver.code_error = None
    browser.post("home-code", camera=garden, home_code="GKRTUV")
    assert (browser.status, driver.codes) == (200, {"Garden": "GKRTUV"})


@pytest.mark.parametrize("step", ["home-code", "forget-home-code"])
def test_who_is_not_signed_in_changes_nothing(world: HomeWorld, step: str) -> None:
    fields = {"camera": world.home.id("Garden"), "home_code": "GKRTUV"}
    for browser, due in ((world.browser(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert browser.get().post(step, **fields).step == due
    assert world.home.driver.calls["set_code"] == 0


@pytest.mark.parametrize("camera", ["", "ezviz-" + "a" * 20])
def test_of_a_camera_that_is_not_there_no_code_is_kept(world: HomeWorld, camera: str) -> None:
    browser = world.signed_in().post("home-code", camera=camera, home_code="GKRTUV")
    assert (browser.status, "There is no camera" in browser.text) == (403, True)
    assert world.home.driver.calls["set_code"] == 0
