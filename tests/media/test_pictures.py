"""A camera's whole picture and its smaller one: two streams, each pulled once, each asked for again as itself."""

import re
from collections.abc import Callable

import av
import pytest

from tests.doubles.hls_camera import Camera, Household, Vendor, recording
from tests.doubles.waiting import LONG_S
from tests.media.conftest import Answer, World

SMALL = {"size": (160, 90)}


@pytest.fixture
def world(world: World, vendor: Vendor) -> World:
    vendor.cameras["garden-sub"] = Camera(recording(**SMALL))
    return world


def resolution(master: Answer) -> str:
    found = re.search(r"RESOLUTION=(\S+)", master.text)
    assert found is not None, master.text
    return found[1]


def decoded(url: str) -> tuple[int, int]:
    with av.open(url, timeout=LONG_S) as container:
        frame = next(container.decode(video=0))
    return frame.width, frame.height


@pytest.mark.parametrize(("picture", "size"), [("main", (320, 180)), ("sub", (160, 90))])
def test_what_arrives_is_the_picture_that_the_grant_names(picture: str, size: tuple[int, int], world: World) -> None:
    master = world.master(surface="video", picture=picture)
    assert resolution(master) == f"{size[0]}x{size[1]}"
    assert decoded(world.variant_url(master)) == size


def test_each_picture_has_a_pull_of_its_own_that_its_viewers_share(world: World, household: Household) -> None:
    for picture in ("main", "sub", "sub", "main"):
        assert world.master(surface="alexa", picture=picture).status == 200
    assert world.stats()["pulls"] == 2
    assert sorted(claims.picture for claims in household.opened) == ["main", "sub"]


def test_a_cut_stream_is_asked_for_again_as_the_same_picture(
    world: World, vendor: Vendor, household: Household, eventually: Callable[..., None]
) -> None:
    master = world.master(surface="alexa", picture="sub")
    vendor.cameras["garden-sub"].cut()
    eventually(lambda: len(household.opened) > 1)
    assert {claims.picture for claims in household.opened} == {"sub"}
    assert decoded(world.variant_url(master)) == (160, 90)


def test_how_large_a_picture_turned_out_to_be_is_reported(
    world: World, household: Household, eventually: Callable[..., None]
) -> None:
    for picture in ("main", "sub"):
        world.master(surface="alexa", picture=picture)
    eventually(lambda: len(household.learned) == 2)
    assert sorted(household.learned) == [("garden", "main", 320, 180), ("garden", "sub", 160, 90)]
