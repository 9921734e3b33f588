"""The page at the end of set-up: what to say, and each request to an assistant with its outcome."""

import msgspec
import pytest

from showcam.drivers.camera import StreamRequest
from showcam.store.records import Link
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld

pytestmark = pytest.mark.proves(
    "Set-up ends with what to say, and lists each request of an assistant with its outcome",
    leans_on="double: the assistants",
    also=("tests/console/test_set_up.py",),
)

AT = "/home/said"


def shown(browser: HomeBrowser) -> str:
    return browser.visit(AT).text


def ask(world: HomeWorld, link: Link, name: str) -> None:
    """As Alexa's directive does."""
    world.home.registry.open_stream(link, world.home.id(name), StreamRequest("alexa", ("hls",)))


def test_what_to_say_names_a_camera_that_the_assistant_can_show(world: HomeWorld) -> None:
    browser = world.signed_in()
    before = shown(browser)
    world.home.another_link("google")
    after = shown(browser)
    assert ("“Alexa, show Garden”" in before, "Set up Google" in before) == (True, True)
    assert ("“Hey Google, show Garden”" in after, "Set up Google" in after) == (True, False)


def test_each_request_appears_with_its_outcome(world: HomeWorld) -> None:
    browser = world.signed_in()
    assert "Nothing yet." in shown(browser)
    link = world.home.another_link("alexa")
    ask(world, link, "Garden")
    ask(world, link, "Bedroom")
    text = shown(browser)
    assert "Garden . Picture not fetched yet." in text
    assert "Bedroom . Bedroom is in Sleep Mode." in text
    (ask_of_garden,) = [one for one in world.home.adapter.history.of(link.account) if not one.reason]
    world.home.store.put_live(link.account, ask_of_garden.id, 12.0)
    assert "Garden . Shown after" in shown(browser)


def test_an_assistant_that_can_show_nothing_says_why(world: HomeWorld) -> None:
    browser = world.signed_in()
    for name in ("Front Door", "Garden", "Nursery", "Pond", "Attic", "Garage", "Bedroom"):
        world.home.driver.change(name, online="off")
    text = shown(browser)
    assert ("is offline." in text, "See the camera" in text, "“Alexa, show" in text) == (True, True, False)


@pytest.mark.parametrize("kept", [True, False])
def test_without_a_history_it_says_so(world: HomeWorld, kept: bool) -> None:
    world.home.adapter.history.keep(world.home.account.id, kept=kept)
    assert ("No history is kept." in shown(world.signed_in())) is not kept


def test_a_household_sees_no_request_of_another(world: HomeWorld) -> None:
    link = world.home.another_link("alexa")
    ask(world, link, "Garden")
    (one,) = world.home.adapter.history.of(link.account)
    world.home.store.put_asks(link.account, [msgspec.structs.replace(one, id="other", camera="ezviz-other")])
    assert shown(world.signed_in()).count("Picture not fetched yet.") == 1


def test_only_cameras_that_a_link_has_are_named(world: HomeWorld) -> None:
    browser = world.signed_in()
    world.home.another_link("google", (world.home.id("Garage"),))
    text = shown(browser)
    assert ("“Alexa, show Garden”" in text, "“Hey Google, show" in text) == (True, False)
    assert "Image Encryption is on for Garage" in text
    world.home.another_link("google", (world.home.id("Front Door"),))
    assert "“Hey Google, show Front Door”" in shown(browser)
