"""A look at a picture: a camera is opened for no viewer, to learn what its picture is like."""

import time
from collections.abc import Callable

import pytest

from showcam.engine.messages import MediaBusy
from tests.doubles.hls_camera import HEIGHT, WIDTH, Household, Vendor
from tests.media.conftest import World
from tests.media.test_places import ask, fetch


def test_a_look_tells_the_size_takes_no_place_and_leaves_at_once(
    two: World, household: Household, eventually: Callable[..., None]
) -> None:
    ask(two, "yard")
    spec = two.vendor.open("garden")
    two.plane.client().warm(two.claims("garden", "snapshot"), spec)
    eventually(lambda: ("garden", "main", WIDTH, HEIGHT) in household.learned)
    eventually(lambda: household.released == [spec.lease])
    eventually(lambda: two.stats()["pulls"] == 1)  # the one that somebody is coming for
    assert fetch(two, ask(two, "shed")) == 200


def test_a_look_at_what_is_watched_leaves_it_to_its_viewer(
    two: World, household: Household, eventually: Callable[..., None]
) -> None:
    watched, spec = two.variant_url(two.master()), two.vendor.open("garden")
    two.plane.client().warm(two.claims("garden", "snapshot"), spec)
    eventually(lambda: household.released == [spec.lease])
    time.sleep(1)
    assert two.request(watched).status == 200
    assert two.stats()["pulls"] == 1


def test_a_viewer_who_comes_while_it_is_looked_at_keeps_the_pull(
    two: World, household: Household, vendor: Vendor
) -> None:
    vendor.cameras["garden"].takes_s = 0.3
    two.plane.client().warm(two.claims("garden", "snapshot"), two.vendor.open("garden"))
    claims = two.claims("garden")
    two.plane.client().warm(claims, two.vendor.open("garden"))
    assert fetch(two, claims) == 200
    time.sleep(0.5)
    assert fetch(two, claims) == 200
    assert household.opened == [], "nobody had to be asked for another address"


def test_a_look_displaces_nobody(two: World) -> None:
    for camera in ("garden", "yard"):
        ask(two, camera)
    with pytest.raises(MediaBusy):
        two.plane.client().warm(two.claims("shed", "snapshot"), two.vendor.open("shed"))
