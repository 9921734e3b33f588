"""The page that deletes a camera from the vendor's account: what is lost, its name, and what comes of it."""

import pytest

from showcam.drivers.camera import Ref
from showcam.drivers.errors import SetRefused, VendorDown
from tests.doubles.home_world import HomeWorld
from tests.doubles.linking_world import CAREFUL
from tests.doubles.ready_driver import camera

pytestmark = pytest.mark.proves(
    "A page deletes a camera from EZVIZ's account, and reads back whether it is gone", leans_on="double: EZVIZ's cloud"
)

GONE = [("Garden", "delete", "", "")]


def at(world: HomeWorld, name: str) -> str:
    return f"/home/cameras/{world.home.id(name)}/delete"


def names(world: HomeWorld) -> list[str]:
    return [camera.name for camera in world.home.owner.cameras(world.home.account.id).cameras]


def test_the_page_of_the_camera_leads_to_one_that_says_what_is_lost(world: HomeWorld) -> None:
    browser = world.signed_in().visit(at(world, "Garden").removesuffix("/delete"))
    assert browser.answer is not None
    assert f'href="{at(world, "Garden")}"' in browser.answer.text
    text = browser.visit(at(world, "Garden")).text
    assert "This can't be undone here." in text
    assert "Gone with it" not in text
    assert world.home.driver.applied == []


def test_a_camera_is_deleted_by_its_name_and_seen_to_be_gone(world: HomeWorld) -> None:
    path = at(world, "Garden")
    browser = world.signed_in().visit(path).send(path, name=" Garden ")
    assert (browser.status, "Garden is deleted from EZVIZ." in browser.text) == (200, True)
    assert world.home.driver.applied == GONE
    assert "Garden" not in names(world)
    assert browser.visit(path).status == 404


def test_one_that_is_still_listed_is_said_to_be(world: HomeWorld) -> None:
    world.home.driver.lags = True
    path = at(world, "Garden")
    browser = world.signed_in().visit(path).send(path, name="Garden")
    assert (browser.status, "EZVIZ still lists Garden." in browser.text) == (200, True)
    assert world.home.driver.applied == GONE


@pytest.mark.parametrize("name", ["", "garden", "Garage", "Garden\x00", "x" * 5000])
def test_another_name_deletes_nothing(world: HomeWorld, name: str) -> None:
    path = at(world, "Garden")
    browser = world.signed_in().visit(path).send(path, name=name)
    assert (browser.status, "Not deleted: another name." in browser.text) == (403, True)
    assert (world.home.driver.applied, "Garden" in names(world)) == ([], True)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SetRefused("not_taken"), "Garden did not take the change."),
        (SetRefused("not_permitted"), "Garden belongs to another EZVIZ account"),
        (VendorDown(), "The EZVIZ service does not answer just now."),
    ],
)
def test_a_vendor_that_refuses_is_heard(world: HomeWorld, error: Exception, said: str) -> None:
    path = at(world, "Garden")
    browser = world.signed_in().visit(path)
    world.home.driver.delete_error = error
    browser.send(path, name="Garden")
    assert (browser.status, said in browser.text, world.home.driver.applied) == (403, True, [])


@pytest.mark.parametrize(
    ("owner", "can_delete", "said"),
    [
        ("shared", True, "Garden belongs to another EZVIZ account"),
        ("own", False, "Delete it in the EZVIZ app."),
    ],
)
def test_where_it_can_not_be_deleted_the_page_says_so_before_anything_is_typed(
    world: HomeWorld, owner: str, can_delete: bool, said: str
) -> None:
    world.home.driver.change("Garden", owner=owner)
    world.home.driver.can_delete = can_delete
    path = at(world, "Garden")
    browser = world.signed_in().visit(path.removesuffix("/delete"))
    assert browser.answer is not None
    assert path not in browser.answer.text
    browser.visit(path)
    assert (browser.status, said in browser.text, 'name="name"' in browser.answer.text) == (200, True, False)
    browser.get().send(path, name="Garden")
    assert (browser.status, said in browser.text, world.home.driver.applied) == (403, True, [])


def test_the_other_channels_of_its_device_are_named_before_they_go_with_it(world: HomeWorld) -> None:
    gate = camera("Gate", "F00000009")
    world.home.driver.set([gate, camera("Yard", ref=Ref("", gate.ref.serial, 2)), camera("Shed", "F00000010")])
    path = at(world, "Gate")
    browser = world.signed_in().visit(path)
    assert "Gone with it: Yard." in browser.text
    browser.send(path, name="Gate")
    assert "Gate is deleted from EZVIZ. Gone with it: Yard." in browser.text
    assert names(world) == ["Shed"]


def test_another_household_deletes_nothing(world: HomeWorld) -> None:
    other = world.signed_in(CAREFUL).send(at(world, "Garden"), name="Garden")
    assert (other.status, world.home.driver.applied) == (404, [])


def test_who_is_not_signed_in_is_led_to_the_sign_in(world: HomeWorld) -> None:
    path = at(world, "Garden")
    for stranger, due in ((world.browser().get(), "door"), (world.browser().enter(world.code.renew()), "sign-in")):
        assert stranger.send(path, name="Garden").step == due
    assert world.home.driver.applied == []


def test_a_form_of_another_site_deletes_nothing(world: HomeWorld) -> None:
    browser, path = world.signed_in(), at(world, "Garden")
    for forged in ({"data": {"name": "Garden"}}, {"data": {"name": "Garden", "csrf_token": "x"}}):
        assert browser.ask("POST", path, **forged).status_code == 400
    elsewhere = {"data": {"name": "Garden", "csrf_token": browser.token}, "headers": {"Sec-Fetch-Site": "cross-site"}}
    assert browser.ask("POST", path, **elsewhere).status_code == 400
    assert world.home.driver.applied == []


@pytest.mark.parametrize("camera_id", ["x" * 500, "ezviz-" + "a" * 20, "%0d%0aSet-Cookie:a", "lan-..%2f..%2f"])
def test_a_camera_that_there_is_not_is_no_page(world: HomeWorld, camera_id: str) -> None:
    assert world.signed_in().visit(f"/home/cameras/{camera_id}/delete").status == 404
