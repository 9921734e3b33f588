"""A public address by one press on the page Reachable: consent, what a person does elsewhere, the way back."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import pytest

from showcam.app.process.kept import read
from showcam.app.settings import Settings
from showcam.app.setup.address import AddressKeeper
from showcam.console.health.machine import Finding
from showcam.console.setup.exposing import Held
from tests.doubles.cloudflared import NAME as PUBLIC
from tests.doubles.cloudflared import PAGE, ZONE, Cloudflared
from tests.doubles.home_browser import HomeBrowser
from tests.doubles.home_world import HomeWorld, home_world
from tests.doubles.ready_machine import ReadyMachine
from tests.doubles.tailscale import ALLOW, LOGIN, NAME, Tailscale
from tests.doubles.waiting import until

AT = "/home/reachable"
CONSENT = "Anyone on the internet can then reach the sign-in page."
GET, BACK = "Get an address by Tailscale", "Take it back"
OFFERED = [CONSENT, GET]

type World = Callable[..., HomeWorld]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tailscale:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Tailscale(tmp_path / "bin")


@pytest.fixture
def cloudflared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloudflared:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Cloudflared(tmp_path / "bin")


@pytest.fixture
def built(tmp_path: Path) -> Iterator[World]:
    made: list[HomeWorld] = []

    def build(address: str = "", machine: ReadyMachine | None = None, kept: bool = True) -> HomeWorld:
        kept_in = tmp_path / "showcam" if kept else None
        made.append(home_world(tmp_path, address=address, machine=machine, kept_in=kept_in))
        return made[-1]

    yield build
    for world in made:
        world.home.store.close()


def kept(folder: Path) -> dict[str, str]:
    rows = read(Settings(data=folder / "showcam"))
    return {name: text for name, text in rows.items() if name != "public_way"}


def markup(browser: HomeBrowser) -> str:
    assert browser.answer is not None
    return browser.answer.text


def shown(browser: HomeBrowser) -> str:
    return browser.visit(AT).text


ILL = ReadyMachine((Finding("healthz", "wrong", "it can't be reached", step="reachable"),))


@pytest.mark.parametrize(
    ("address", "machine", "buttons"),
    [
        ("", None, OFFERED),
        (f"https://{NAME}", None, [BACK]),
        (f"https://{NAME}", ILL, [*OFFERED, BACK]),
        ("https://own.example", ILL, []),
    ],
    ids=["no address", "Tailscale's", "Tailscale's, which is ill", "another"],
)
def test_the_button_that_helps_is_there(
    built: World, address: str, machine: ReadyMachine | None, buttons: list[str]
) -> None:
    text = shown(built(address, machine).signed_in()).partition("A name that you have")[0]
    assert [sentence for sentence in (*OFFERED, BACK) if sentence in text] == buttons


def test_no_button_is_there_if_no_settings_are_kept(built: World) -> None:
    browser = built(kept=False).signed_in()
    assert GET not in shown(browser)
    assert browser.ask("POST", AT, data={"csrf_token": browser.get().token, "step": "expose"}).status_code == 400


def test_the_way_from_the_press_to_the_address(built: World, program: Tailscale, tmp_path: Path) -> None:
    browser = built().signed_in().visit(AT)
    browser.send(AT, step="expose")
    until(lambda: "Sign in to Tailscale; a free account does." in shown(browser))
    has = [f'href="{LOGIN}"', "<svg", '<meta http-equiv="refresh" content="3">', GET]
    assert [part in markup(browser) for part in has] == [True, True, True, False]
    program.change(state="Running", auth="")
    until(lambda: "Allow Funnel in your Tailscale network." in shown(browser))
    assert f'href="{ALLOW}"' in markup(browser)
    program.change(funnel=True)
    until(lambda: "The address works in seconds." in shown(browser))
    assert kept(tmp_path) == {"public_url": f"https://{NAME}", "trusted_proxies": "127.0.0.1"}
    assert program.mounts() == {"/": "http://127.0.0.1:8080", "/s": "http://127.0.0.1:8081/s"}


def test_the_way_back_is_one_press(built: World, program: Tailscale, tmp_path: Path) -> None:
    program.change(state="Running", funnel=True)
    browser = built(f"https://{NAME}").signed_in().visit(AT)
    browser.send(AT, step="expose")
    until(lambda: "public_url" in kept(tmp_path))
    browser.send(AT, step="unexpose")
    assert (kept(tmp_path), program.mounts()) == ({}, {})


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"runs": False}, "Tailscale does not run."),
        ({"state": "Running", "operator": False, "funnel": True}, "Tailscale obeys only its operator."),
        ({"state": "Running", "funnel": True, "name": ""}, "Tailscale has no name for this machine."),
    ],
)
def test_what_is_in_the_way_is_said_with_the_button_to_try_again(
    built: World, program: Tailscale, state: dict[str, object], sentence: str
) -> None:
    program.change(**state)
    browser = built().signed_in().visit(AT)
    browser.send(AT, step="expose")
    until(lambda: sentence in shown(browser))
    assert [text in markup(browser) for text in (GET, "/help/docs/reachable.md#tailscale-funnel")] == [True, True]


def test_the_way_by_cloudflare_from_the_press_to_what_is_left(
    built: World, cloudflared: Cloudflared, tmp_path: Path
) -> None:
    world = built()
    browser = world.signed_in().visit(AT)
    browser.send(AT, step="tunnel", name=f"Https://{PUBLIC}/")
    until(lambda: "Sign in to Cloudflare; choose your name's domain." in shown(browser))
    assert [part in markup(browser) for part in (f'href="{escape(PAGE)}"', "<svg", "Open Cloudflare")] == [True] * 3
    cloudflared.change(zone=ZONE)
    until(lambda: "The address works in seconds." in shown(browser))
    assert kept(tmp_path) == {"public_url": f"https://{PUBLIC}", "trusted_proxies": "127.0.0.1"}
    browser.send(AT, step="unexpose")
    assert kept(tmp_path) == {}
    assert f"Closed. Delete what Cloudflare still has: CNAME {PUBLIC}." in shown(browser)
    browser.send(AT, step="unexpose")
    assert "Delete what Cloudflare still has" not in shown(browser)


@pytest.mark.parametrize("kept", [True, False])
def test_one_field_takes_the_public_name(built: World, kept: bool) -> None:
    text = shown(built(kept=kept).signed_in())
    assert (text.count("This machine's public name"), "Fill it in below" in text) == (1, not kept)


def test_no_tunnel_is_begun_for_what_is_no_name(built: World, cloudflared: Cloudflared) -> None:
    browser = built().signed_in().visit(AT)
    browser.send(AT, step="tunnel", name="cam example")
    assert (browser.status, "Type a name such as cam.example.org." in browser.text) == (403, True)
    assert cloudflared.calls() == []


def test_without_cloudflared_the_document_of_its_way_is_offered(built: World, program: Tailscale) -> None:
    browser = built().signed_in().visit(AT)
    browser.send(AT, step="tunnel", name=PUBLIC)
    until(lambda: "cloudflared is not installed here." in shown(browser))
    assert 'class="button" href="/help/docs/reachable.md#cloudflare-tunnel">Read the document' in markup(browser)


@pytest.mark.parametrize("step", ["expose", "unexpose"])
def test_what_a_killed_showcam_had_begun_is_offered(
    built: World, program: Tailscale, tmp_path: Path, step: str
) -> None:
    program.change(state="Running", funnel=True)
    browser = built().signed_in().visit(AT)
    AddressKeeper(Settings(data=tmp_path / "showcam"), {}).hold(Held("tailscale", NAME))
    text = shown(browser).partition("A name that you have")[0]
    assert f"{NAME} was begun, and not finished." in text
    assert [button in text for button in ("Go on", BACK, GET)] == [True, True, False]
    browser.send(AT, step=step)
    if step == "expose":
        until(lambda: "The address works in seconds." in shown(browser))
    assert (kept(tmp_path).get("public_url", ""), bool(program.mounts())) == (
        (f"https://{NAME}", True) if step == "expose" else ("", False)
    )


def test_a_press_without_the_pages_own_form_begins_nothing(built: World, program: Tailscale) -> None:
    browser = built().signed_in()
    assert browser.ask("POST", AT, data={"step": "expose"}).status_code == 400
    assert program.calls() == []
