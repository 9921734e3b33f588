"""A camera whose cloud stream stays silent is asked at home by its own protocol, once its owner presses for that."""

import pytest

from showcam.drivers.errors import Reason, Refused, VendorDown
from tests.doubles.home_world import HomeWorld

ASK, FORGET = "Ask the camera itself at home", "No longer ask it at home"


def silent(world: HomeWorld) -> str:
    """The camera's id."""
    world.home.driver.change("Garden", ways=("cloud",))
    world.home.driver.way_errors["cloud"] = Refused("silent")
    return world.home.id("Garden")


@pytest.mark.proves(
    "A camera whose cloud stream stays silent offers a button that has it asked at home",
    leans_on="double: EZVIZ's camera and cloud",
)
def test_a_silent_camera_offers_the_button_and_a_press_has_it_asked_itself(world: HomeWorld) -> None:
    garden = silent(world)
    browser = world.signed_in()
    said = browser.open(garden).json
    assert said is not None
    assert (said["reason"], said["mends"]) == ("silent", ["local"])
    assert "cloud no video" in said["wrong"]
    browser.post("ask-camera", camera=garden)
    shown = browser.open(garden).json
    assert shown is not None
    assert "sdp" in shown
    assert world.home.driver.minted[-1] == ("Garden", "local")
    page = f"/home/cameras/{garden}"
    assert FORGET in browser.visit(page).text
    browser.send(f"{page}/mend", step="forget-camera", camera=garden)
    assert FORGET not in browser.text
    again = browser.open(garden).json
    assert again is not None
    assert again["reason"] == "silent"


@pytest.mark.parametrize(
    ("error", "says"), [("lan_closed", "refuses connections at home"), ("lan_unreachable", "gives no home address")]
)
def test_a_camera_that_does_not_answer_stays_as_it_was(world: HomeWorld, error: Reason, says: str) -> None:
    garden = silent(world)
    world.home.driver.local_error = Refused(error)
    browser = world.signed_in().post("ask-camera", camera=garden)
    assert browser.status == 403
    assert says in browser.text
    again = browser.open(garden).json
    assert again is not None
    assert again["reason"] == "silent"


@pytest.mark.parametrize("changes", [{}, {"ways": ("local", "cloud")}])
def test_no_other_camera_offers_it(world: HomeWorld, changes: dict[str, object]) -> None:
    world.home.driver.change("Garden", **changes)
    assert ASK not in world.signed_in().visit(f"/home/cameras/{world.home.id('Garden')}").tile("Garden")


def test_a_changed_certificate_of_the_server_of_keys_is_trusted_by_one_press(world: HomeWorld) -> None:
    """The camera's cloud stream is silent, so that nothing shows it until then."""
    world.home.driver.change("Garden", ways=("local", "cloud"))
    world.home.driver.way_errors.update(local=Refused("key_server_changed"), cloud=Refused("silent"))
    garden, browser = world.home.id("Garden"), world.signed_in()
    said = browser.open(garden).json
    assert said is not None
    assert (said["reason"], said["mends"]) == ("key_server_changed", ["trust"])
    assert "a new certificate" in said["wrong"]
    assert "“Trust the new certificate”" in said["mend"]
    world.home.driver.local_error = VendorDown()
    browser.post("trust-keys", camera=garden)
    assert (browser.status, "does not answer" in browser.text) == (403, True)
    again = browser.open(garden).json
    assert again is not None
    assert again["reason"] == "key_server_changed"
    world.home.driver.local_error = None
    browser.post("trust-keys", camera=garden)
    shown = browser.open(garden).json
    assert shown is not None
    assert "sdp" in shown
    assert world.home.driver.minted[-1] == ("Garden", "local")
