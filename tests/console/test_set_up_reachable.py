"""The third step of set-up: what was found out about the way to this house, and which address fits."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.lookout import Lookout, Reachability
from showcam.process.kept import NOW, WAITS
from tests.console.test_set_up import AT, said
from tests.doubles.clock import Clock
from tests.doubles.home_world import HomeWorld, home_world
from words.worded import worded

FOUND = worded("This machine itself has the public IPv4 address.")
OWN, SHARED = Reachability(True, (FOUND,)), Reachability(False, (FOUND,))
BUTTON = "Look which one fits here"

type World = Callable[..., HomeWorld]


@pytest.fixture
def looked(tmp_path: Path) -> Iterator[World]:
    made: list[HomeWorld] = []

    def build(outlook: Callable[[], Reachability] | None, address: str = "", kept_in: Path | None = None) -> HomeWorld:
        made.append(home_world(tmp_path, outlook=outlook, address=address, kept_in=kept_in))
        return made[-1]

    yield build
    for world in made:
        world.home.store.close()


# what was found, the name that the owner has typed, the way that fits, the order of all
FITS = [
    (OWN, "", "Caddy", ["Caddy", "Tailscale Funnel", "Cloudflare Tunnel"]),
    (OWN, "cam.kari.no", "Caddy", ["Caddy", "Tailscale Funnel", "Cloudflare Tunnel"]),
    (SHARED, "", "Tailscale Funnel", ["Tailscale Funnel", "Cloudflare Tunnel", "Caddy"]),
    (SHARED, "cam.kari.no", "Cloudflare Tunnel", ["Cloudflare Tunnel", "Tailscale Funnel", "Caddy"]),
]


@pytest.mark.parametrize(("found", "name", "fits", "order"), FITS)
def test_what_fits_follows_from_looking(
    looked: World, found: Reachability, name: str, fits: str, order: list[str]
) -> None:
    browser = looked(lambda: found).signed_in().visit(f"{AT}?name={name}")
    assert BUTTON in said(browser, 3)
    assert "fits here:" not in said(browser, 3)
    answer = browser.ask("POST", AT, data={"csrf_token": browser.token, "step": "look", "name": name})
    assert answer.location == (f"{AT}?name={name}#reachable" if name else f"{AT}#reachable")
    for _ in range(2):  # as it is after a reload
        browser.visit(answer.location.partition("#")[0])
        text = said(browser, 3)
        assert re.search(rf"Looked at \d{{4}}-\d\d-\d\d \d\d:\d\d\. {FOUND} {fits} fits here", text) is not None
        assert f"{fits} fits here " in text.partition("Give this machine an address")[2]
        assert browser.answer is not None
        assert re.findall(r"<h3>(\w+(?: \w+)?)", browser.answer.text)[:3] == order


def test_what_was_found_is_said_in_the_browsers_language(looked: World) -> None:
    world = looked(lambda: SHARED)
    world.signed_in().visit(AT).send(AT, step="look")
    for language, found in (("nb", "Denne maskinen"), ("de", "Dieser Rechner")):
        browser = world.signed_in()
        browser.headers = {"Accept-Language": language}
        text = said(browser.visit(AT), 3)
        assert found in text
        assert FOUND not in text


def test_it_is_looked_at_by_the_button_alone(looked: World) -> None:
    looks: list[int] = []

    def look() -> Reachability:
        looks.append(1)
        return OWN

    browser = looked(look).signed_in()
    browser.visit(AT).visit(AT)
    assert looks == []
    browser.send(AT, step="look")
    browser.send(AT, step="look", name="<b>.example")  # at once again
    assert looks == [1]


def test_a_look_that_breaks_says_so(looked: World) -> None:
    def look() -> Reachability:
        raise OSError

    browser = looked(look).signed_in().visit(AT).send(AT, step="look")
    assert (browser.status, "Nothing could be found out: the log says why." in said(browser, 3)) == (200, True)
    assert BUTTON in said(browser, 3)


def test_with_an_address_the_look_is_beside_the_recipes(looked: World) -> None:
    browser = looked(lambda: OWN, address="https://home.example").signed_in().visit(AT)
    assert BUTTON in said(browser, 3).partition("Give this machine an address")[2]


def test_where_nobody_looks_there_is_no_button(looked: World) -> None:
    browser = looked(None).signed_in().visit(AT)
    assert BUTTON not in browser.text
    data = {"csrf_token": browser.get().token, "step": "look"}
    assert browser.ask("POST", AT, data=data).status_code == 400


def test_what_waits_until_nobody_watches_is_used_now_by_a_button(looked: World, tmp_path: Path) -> None:
    run = tmp_path / "showcam" / "run"
    run.mkdir(parents=True)
    browser = looked(None, kept_in=run.parent).signed_in().visit(AT)
    waiting = "What was changed is in use for pictures when nobody watches one."
    assert waiting not in browser.text
    (run / WAITS).touch()
    assert waiting in said(browser.visit(AT), 3)
    assert not (run / NOW).exists()
    browser.send(AT, step="apply")
    assert (browser.status, (run / NOW).exists()) == (200, True)


def test_where_nothing_is_kept_nothing_is_used_now(looked: World) -> None:
    browser = looked(None).signed_in()
    assert browser.ask("POST", AT, data={"csrf_token": browser.get().token, "step": "apply"}).status_code == 400


def test_when_it_was_looked_at_is_when_the_look_ended(looked: World) -> None:
    clock = Clock()

    def look() -> Reachability:
        clock.wait(3)
        return OWN

    lookout = Lookout(look, now=clock)
    began = clock.now
    lookout.again()
    assert lookout.at == began + 3


def test_many_presses_make_one_look_and_a_later_one_another() -> None:
    clock, asked, go_on = Clock(), list[int](), threading.Event()

    def look() -> Reachability:
        asked.append(1)
        go_on.wait()
        return OWN

    lookout = Lookout(look, clock)
    threads = [threading.Thread(target=lookout.again) for _ in range(8)]
    for thread in threads:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert (asked, lookout.last) == ([1], OWN)
    clock.now += 11
    lookout.again()
    assert asked == [1, 1]
