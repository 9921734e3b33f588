"""The page of one camera of one's own: named, changed, moved, removed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from showcam.drivers.lan.devices import Devices
from tests.console.test_adding import stored_of
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.own_pages import ADD, House, Pages
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE

pytestmark = pytest.mark.proves(
    "The owner moves, renames and removes a camera of the house on its page", leans_on="double: the camera"
)


@pytest.fixture
def world(tmp_path: Path, house: House) -> Iterator[HomeWorld]:
    made = home_world(tmp_path, own=True, find=house.find)
    yield made
    made.home.store.close()


def test_name_login_address_and_removal(pages: Pages, camera: RtspCamera) -> None:
    pages.attempt(camera)
    pages.post(step="add", name="Shed")
    its_id = pages.own["Shed"]
    own = f"/home/cameras/{its_id}/own"
    pages.get(own)
    pages.post(own, step="rename", name="Stable")
    assert pages.own == {"Stable": its_id}
    camera.does.code = "another"
    pages.get(own)
    assert "refuses this user name or password" in pages.post(own, step="login", user="admin", password=CODE).text
    pages.get(own)
    pages.post(own, step="login", user="admin", password="another")
    assert stored_of(pages)[0].password == "another"
    moved = RtspCamera(code="another")
    pages.get(own)
    pages.post(own, step="move", address=f"rtsp://127.0.0.1:{moved.port}{PATH}")
    assert (stored_of(pages)[0].port, pages.own) == (moved.port, {"Stable": its_id})
    pages.get(own)
    pages.post(own, step="remove")
    assert (pages.own, stored_of(pages)) == ({}, ())
    moved.close()


def test_a_camera_that_wants_its_password_as_it_is_now_gets_none(pages: Pages, camera: RtspCamera) -> None:
    pages.attempt(camera)
    pages.post(step="add", name="Shed")
    camera.does.scheme, before = "basic", len(camera.does.authorizations)
    own = f"/home/cameras/{pages.own['Shed']}/own"
    pages.get(own)
    assert "wants the password in the clear (Basic)" in pages.post(own, step="login", user="admin", password="x").text
    assert len(camera.does.authorizations) == before


def test_one_that_may_have_moved_waits_for_its_owner(pages: Pages, camera: RtspCamera) -> None:
    camera.does.scheme = "basic"
    pages.attempt(camera)
    pages.post(step="add", name="Shed")
    own = f"/home/cameras/{pages.own['Shed']}/own"
    store = pages.world.home.store
    source = next(source for source in store.sources(pages.account) if source.kind == "lan")
    Devices(store).alter(
        source, stored_of(pages)[0], lambda stored: replace(stored, host="127.0.0.3", moved="127.0.0.1")
    )
    assert "A device at 127.0.0.1 says it is this camera, but wants the password in the clear" in pages.get(own).text
    pages.post(own, step="move", address=f"rtsp://127.0.0.1:{camera.port}{PATH}")
    assert [(stored.host, stored.moved) for stored in stored_of(pages)] == [("127.0.0.1", "")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"password": "other", "wrong": 3}, "Some cameras lock after three refusals"),
        ({"port": 1}, "On the camera's own page or in its maker's app switch RTSP on"),
    ],
)
def test_why_it_is_not_shown_leads_to_its_page(
    pages: Pages, camera: RtspCamera, changes: dict[str, Any], says: str
) -> None:
    pages.attempt(camera)
    pages.post(step="add", name="Shed")
    store = pages.world.home.store
    source = next(source for source in store.sources(pages.account) if source.kind == "lan")
    Devices(store).alter(source, stored_of(pages)[0], lambda stored: replace(stored, **changes))
    page = pages.browser.get()
    assert says in page.tile("Shed")
    assert page.answer is not None
    assert f"/home/cameras/{pages.own['Shed']}/own" in page.answer.text


def test_another_households_camera_is_nobodys_here(pages: Pages, world: HomeWorld, camera: RtspCamera) -> None:
    pages.attempt(camera)
    pages.post(step="add", name="Shed")
    own = f"/home/cameras/{pages.own['Shed']}/own"
    theirs = Pages(world)
    theirs.browser = world.signed_in("new@example.com")
    assert theirs.browser.ask("GET", own).status_code == 303
    theirs.get(ADD)
    answered = theirs.browser.ask("POST", own, data={"csrf_token": theirs.browser.token, "step": "remove"})
    assert answered.status_code == 303
    assert pages.own.keys() == {"Shed"}
