"""The page for a public address: the ways to a public address, and when a changed setting is used."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from showcam.app.process.kept import NOW, WAITS, read
from showcam.app.settings import Settings
from showcam.console.setup import recipes
from tests.doubles.home_world import HomeWorld, home_world

AT = "/home/reachable"
REACHABLE = (Path(__file__).parents[2] / "docs" / "owner" / "reachable.md").read_text()

type World = Callable[..., HomeWorld]


@pytest.fixture
def built(tmp_path: Path) -> Iterator[World]:
    made: list[HomeWorld] = []

    def build(address: str = "", kept_in: Path | None = None) -> HomeWorld:
        made.append(home_world(tmp_path, address=address, kept_in=kept_in))
        return made[-1]

    yield build
    for world in made:
        world.home.store.close()


NEEDS = (
    "Tailscale Funnel: no domain, no router port.",
    "Cloudflare Tunnel: a domain at Cloudflare, no router port.",
    "Caddy: a domain, a public IPv4 address, ports 80 and 443",
)


@pytest.mark.parametrize("address", ["", "https://home.example"])
def test_each_way_says_once_what_it_needs(built: World, address: str) -> None:
    text = built(address).signed_in().visit(AT).text
    assert [text.count(need) for need in NEEDS] == [1, 1, 1]


def test_the_ways_to_an_address_are_told_where_one_is_given(built: World) -> None:
    before, _, opened = built().signed_in().visit(AT).text.partition("A name that you have")
    assert [(need in before, need in opened) for need in NEEDS] == [(False, True)] * 3


def test_what_waits_until_nobody_watches_is_used_now_by_a_button(built: World, tmp_path: Path) -> None:
    run = tmp_path / "showcam" / "run"
    run.mkdir(parents=True)
    browser = built(kept_in=run.parent).signed_in().visit(AT)
    waiting = "Pictures follow once nobody watches"
    assert waiting not in browser.text
    (run / WAITS).touch()
    assert waiting in browser.visit(AT).text
    assert not (run / NOW).exists()
    browser.send(AT, step="apply")
    assert (browser.status, (run / NOW).exists()) == (200, True)


def test_the_file_for_caddy_is_written_and_the_name_kept_by_one_press(built: World, tmp_path: Path) -> None:
    data = tmp_path / "showcam"
    data.mkdir()
    browser = built(kept_in=data).signed_in().visit(AT)
    browser.send(AT, step="caddy", name="Https://Cam.Kari.No/")
    assert (data / "Caddyfile").read_text() == recipes.caddy("cam.kari.no", 8080, 8081) + "\n"
    assert read(Settings(data=data))["public_url"] == "https://cam.kari.no"
    assert f"{data / 'Caddyfile'} is written." in browser.visit(AT).text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cam.kari.no", "Not written. Is there room, and may showcam write there?"),
        ("x.example { respond hi }", "Type a name such as cam.example.org."),
    ],
)
def test_without_the_file_nothing_is_kept(built: World, tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "showcam" / "Caddyfile").mkdir(parents=True)  # so that no file can be written there
    browser = built(kept_in=tmp_path / "showcam").signed_in().visit(AT)
    browser.send(AT, step="caddy", name=name)
    assert (browser.status, sentence in browser.text, read(Settings(data=tmp_path / "showcam"))) == (403, True, {})
    assert not (tmp_path / "showcam" / "Caddyfile.new").exists()


def test_a_file_for_caddy_that_is_not_written_to_its_end_leaves_the_old_one(built: World, tmp_path: Path) -> None:
    data = tmp_path / "showcam"
    data.mkdir()
    (data / "Caddyfile").write_text("old\n")
    (data / "Caddyfile.new").symlink_to("/dev/full")
    browser = built(kept_in=data).signed_in().visit(AT)
    browser.send(AT, step="caddy", name="cam.kari.no")
    assert (browser.status, (data / "Caddyfile").read_text()) == (403, "old\n")


def test_where_nothing_is_kept_nothing_is_used_now(built: World) -> None:
    browser = built().signed_in()
    assert browser.ask("POST", AT, data={"csrf_token": browser.get().token, "step": "apply"}).status_code == 400


def test_a_name_is_filled_in(world: HomeWorld) -> None:
    text = world.signed_in().visit(f"{AT}?name=Https://Cam.Kari.No/").text
    assert "hostname: cam.kari.no path: ^/s/" in text
    assert "cam.kari.no { handle /s/*" in text


@pytest.mark.parametrize("name", ["cam", "a b.example", "-x.example", "x" * 300, "x.example/evil", "<b>.example"])
def test_what_is_no_name_is_said_and_not_filled_in(world: HomeWorld, name: str) -> None:
    browser = world.signed_in()
    browser.answer = browser.ask("GET", AT, query_string={"name": name})
    assert (browser.status, "Type a name such as cam.example.org." in browser.text) == (403, True)
    assert "cam.example.org {" in browser.text


def test_what_is_written_for_caddy_is_what_the_guide_has() -> None:
    recipe = recipes.caddy(recipes.EXAMPLE, 8080, 8081)
    assert "\n".join(f"       {line}" for line in recipe.splitlines()) in REACHABLE


@pytest.mark.parametrize("address", ["", "https://home.example"])
def test_set_up_leads_there(built: World, address: str) -> None:
    browser = built(address).signed_in().visit("/home/setup")
    assert browser.answer is not None
    assert f'href="{AT}">{"Reachable" if address else "Give this machine an address"}</a>' in browser.answer.text
    assert [need for need in NEEDS if need in browser.text] == []
