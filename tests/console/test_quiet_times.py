"""A household's quiet times and its clocks, on the pages."""

import re
from collections.abc import Callable

import pytest

from showcam.registry import quiet_times
from tests.console.test_assistants import page, press
from tests.doubles.home_world import HomeWorld
from tests.registry.test_rings import SUMMER, WINTER


@pytest.mark.parametrize(
    ("times", "zone", "kept"),
    [
        (" 22:00-07:00, 13:00-14:30 ", "Europe/Oslo", "22:00-07:00, 13:00-14:30"),
        ("", "Europe/Oslo", ""),
    ],
)
def test_quiet_times_are_kept(world: HomeWorld, times: str, zone: str, kept: str) -> None:
    quiet_times.keep(world.home.store, world.home.account.id, quiet_times.parsed("01:00-02:00", "UTC"))
    browser = press(page(world), "set-quiet", times=times, zone=zone)
    found = quiet_times.of_household(world.home.store, world.home.account.id)
    assert (browser.status, str(found), found.zone) == (200, kept, zone)
    assert browser.answer is not None
    assert f'name="times" type="text" value="{kept}"' in browser.answer.text


@pytest.mark.parametrize(
    ("times", "zone", "says"),
    [
        ("tonight", "Europe/Oslo", "Times like 22:00-07:00, eight at most"),
        ("22:00-22:00", "Europe/Oslo", "Times like 22:00-07:00, eight at most"),
        (",".join(f"{hour:02}:00-{hour:02}:30" for hour in range(9)), "Europe/Oslo", "eight at most"),
        ("22:00-07:00", "", "No such time zone. One is Europe/Oslo"),
        ("22:00-07:00", "../../etc/passwd", "No such time zone. One is Europe/Oslo"),
        ("22:00-07:00", "Oslo", "No such time zone. One is Europe/Oslo"),
    ],
)
def test_quiet_times_that_are_none_are_said_and_stay_typed(world: HomeWorld, times: str, zone: str, says: str) -> None:
    browser = press(page(world), "set-quiet", times=times, zone=zone)
    assert (browser.status, says in browser.text) == (403, True)
    assert browser.answer is not None
    assert (f'value="{times}"' in browser.answer.text, f'value="{zone}"' in browser.answer.text) == (True, True)
    assert quiet_times.of_household(world.home.store, world.home.account.id) == quiet_times.NEVER


@pytest.mark.parametrize(
    ("machine", "kept", "zone", "may_be_the_browsers"),
    [
        ("Europe/Berlin", None, "Europe/Berlin", False),
        ("Etc/UTC", None, "Etc/UTC", True),
        ("Etc/UTC", ("", "Europe/Oslo"), "Europe/Oslo", False),
        ("Etc/UTC", ("22:00-07:00", "UTC"), "UTC", False),
    ],
)
def test_the_kept_zone_is_in_its_field_else_the_machines_which_may_say_nothing(
    world: HomeWorld,
    machine_in: Callable[[str], None],
    machine: str,
    kept: tuple[str, str] | None,
    zone: str,
    may_be_the_browsers: bool,
) -> None:
    machine_in(machine)
    if kept:
        quiet_times.keep(world.home.store, world.home.account.id, quiet_times.parsed(*kept))
    answer = page(world).answer
    assert answer is not None
    [field] = re.findall(r"<input id=\"zone\"[^>]*>", answer.text)
    assert (f'value="{zone}"' in field, "data-browser-zone" in field) == (True, may_be_the_browsers)


def test_a_zone_that_was_typed_in_vain_stays_typed_in_the_browser(
    world: HomeWorld, machine_in: Callable[[str], None]
) -> None:
    machine_in("Etc/UTC")
    browser = press(page(world), "set-quiet", times="tonight", zone="Europe/Oslo")
    assert "data-browser-zone" not in browser.text


@pytest.mark.parametrize(("at", "since"), [(SUMMER, "2026-07-31 21:00"), (WINTER, "2026-12-03 20:00")])
def test_pages_tell_the_time_by_the_clocks_of_the_household(
    world: HomeWorld, machine_in: Callable[[str], None], at: float, since: str
) -> None:
    machine_in("UTC")
    world.clock.now = at
    quiet_times.keep(world.home.store, world.home.account.id, quiet_times.parsed("", "Europe/Oslo"))
    assert f"Since {since}" in world.signed_in().visit("/home/phones").text


def test_what_was_typed_in_vain_stands_in_its_form_again(world: HomeWorld) -> None:
    browser = press(page(world), "remove-client", client="google")
    press(browser, "add-client", assistant="google", redirects="http://assistant.example/back")
    assert browser.answer is not None
    assert ">http://assistant.example/back</textarea>" in browser.answer.text
