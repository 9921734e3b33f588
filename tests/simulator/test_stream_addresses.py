"""The address of a camera's stream: how long it lives, and who may use it."""

import re
from collections.abc import Callable

import pytest

from showcam.simulator.households import demo_world
from tests.doubles.cloud import Cloud
from tests.doubles.troubled.open_platform.door import Address, Addresses, Over, Unknown
from tests.doubles.troubled.trouble import TroubledWorld
from tests.simulator.test_live_video import last, playlist, wait_for


def test_a_new_address_continues_after_the_vendors_cut(cloud: Cloud) -> None:
    cloud.configure(cut_s=1.0)
    token = cloud.token()
    old = cloud.live(token, "Garden")["url"]
    first = playlist(cloud, old)
    wait_for(lambda: cloud.get(old).status_code == 410 or None)
    assert cloud.get(first.files[-1]).status_code == 410
    again = playlist(cloud, cloud.live(token, "Garden")["url"])
    assert first.number <= again.number <= last(first) + 1, "the numbers are the camera's, not the address's"
    both = set(range(first.number, last(first) + 1)) & set(range(again.number, last(again) + 1))
    for number in both:
        assert cloud.get(again.files[number - again.number]).content


def test_a_disabled_address_is_over(cloud: Cloud) -> None:
    token = cloud.token()
    disabled, other = cloud.live(token, "Garden"), cloud.live(token, "Garden")
    form = {"deviceSerial": cloud.serials["Garden"], "urlId": disabled["id"]}
    assert cloud.open("live/address/disable", token, **form)["code"] == "200"
    assert cloud.get(disabled["url"]).status_code == 410
    assert playlist(cloud, other["url"]).files


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: re.sub(r"([?&])t=[0-9a-f]{2}", r"\1t=zz", url),
        lambda url: re.sub(r"expire=\d+", "expire=1999999999", url),
        lambda url: url.replace("_1_1.m3u8", "_1_2.m3u8"),
        lambda url: re.sub(r"id=\d+", "id=1", url),
        lambda url: url.partition("?")[0],
        lambda url: url.replace("_1_1.m3u8", "_1_1_1.ts"),
        lambda url: url.replace("_1_1.m3u8", ".m3u8"),
    ],
)
def test_an_address_with_any_part_changed_is_unknown(cloud: Cloud, spoil: Callable[[str], str]) -> None:
    url = cloud.live(cloud.token(), "Garden")["url"]
    playlist(cloud, url)
    assert spoil(url) != url
    assert cloud.get(spoil(url)).status_code == 404


def test_an_address_expires() -> None:
    world = TroubledWorld.of(demo_world())
    now = [1_700_000_000.0]
    world.now = lambda: now[0]
    addresses = Addresses(world)
    garden = world.cameras["F00497201"]
    address: Address = addresses.mint(garden, garden.owner, 1, 30)
    query = dict(pair.split("=") for pair in addresses.query(address).split("&"))
    assert addresses.fetched(address.stem, query) is address
    now[0] += 30
    with pytest.raises(Over):
        addresses.fetched(address.stem, query)
    addresses.mint(garden, garden.owner, 1, 30)
    with pytest.raises(Unknown):
        addresses.fetched(address.stem, query)  # forgotten by then


def test_an_address_counts_as_a_viewer_until_it_is_left() -> None:
    world = TroubledWorld.of(demo_world())
    now = [1_700_000_000.0]
    world.now = lambda: now[0]
    addresses = Addresses(world)
    garden = world.cameras["F00497201"]
    addresses.mint(garden, garden.owner, 1, 300)
    assert addresses.viewers(garden.owner) == 1
    now[0] += 6  # never fetched
    assert addresses.viewers(garden.owner) == 0
    address = addresses.mint(garden, garden.owner, 1, 300)
    query = dict(pair.split("=") for pair in addresses.query(address).split("&"))
    for _ in range(6):
        now[0] += 9
        addresses.fetched(address.stem, query)
        assert addresses.viewers(garden.owner) == 1
    now[0] += 11
    assert addresses.viewers(garden.owner) == 0
