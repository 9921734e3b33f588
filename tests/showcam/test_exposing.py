"""The way to a public address by Tailscale Funnel, with a program that obeys the rules of the real command line."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from showcam.app.process.kept import Installation, read
from showcam.app.process.settings_sources import load, origins
from showcam.app.setup.address import AddressKeeper
from showcam.app.setup.exposing import Exposing
from showcam.console.setup.exposing import Held, Stage, Why
from tests.doubles.tailscale import ALLOW, LOGIN, NAME, Tailscale, target_of
from tests.doubles.waiting import LONG_S, until

RUNNING = {"state": "Running", "funnel": True}
WEB, MEDIA = "http://127.0.0.1:8080", "http://127.0.0.1:8081"
OURS = {"/": WEB, "/s": f"{MEDIA}/s"}
ADMIN = "https://login.tailscale.com/admin/machines"


def exposing(folder: Path, environ: dict[str, str] | None = None, patience_s: float = LONG_S) -> Exposing:
    given = {"SHOWCAM_DATA": str(folder / "data"), **(environ or {})}
    keeper = AddressKeeper(load(environ=given), origins(environ=given))
    return Exposing(keeper, 8080, 8081, patience_s=patience_s, pause_s=0.01)


def installation(folder: Path) -> Installation:
    given = {"SHOWCAM_DATA": str(folder / "data")}
    return Installation(load(environ=given), origins(environ=given))


def kept(folder: Path) -> dict[str, str]:
    rows = read(load(environ={"SHOWCAM_DATA": str(folder / "data")}))
    return {name: text for name, text in rows.items() if name != "public_way"}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tailscale:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Tailscale(tmp_path / "bin")


def served(handlers: dict[str, Any], *, public: bool = True) -> dict[str, Any]:
    at = f"{NAME}:443"
    return {
        "TCP": {"443": {"HTTPS": True}},
        "Web": {at: {"Handlers": handlers}},
        **({"AllowFunnel": {at: True}} if public else {}),
    }


HANDLERS = {path: {"Proxy": target} for path, target in OURS.items()}

OTHERS = served({"/": {"Proxy": "http://127.0.0.1:3000"}})
TEXT = served({"/s": {"Text": "hi"}})


def refused(why: Why) -> Stage:
    return Stage("refused", why=why)


STATES: list[tuple[str, dict[str, Any], Stage]] = [
    ("signed in, Funnel allowed", RUNNING, Stage("done")),
    ("connected before, switched off", {"state": "Stopped", "funnel": True}, Stage("done")),
    ("commands end later than their output", RUNNING | {"lingers": True}, Stage("done")),
    ("served to the tailnet only", RUNNING | {"served": served(HANDLERS, public=False)}, Stage("done")),
    ("the other port leads elsewhere", RUNNING | {"served": {"Web": {f"{NAME}:8443": {}}}}, Stage("done")),
    ("signed out", {}, Stage("sign_in", link=LOGIN)),
    ("must be approved", {"state": "NeedsMachineAuth"}, Stage("approve", link=ADMIN)),
    ("Funnel is not allowed", {"state": "Running"}, Stage("allow", link=ALLOW)),
    ("Funnel waits to be allowed", {"state": "Running", "waits": True}, Stage("allow", link=ALLOW)),
    ("the daemon does not run", {"runs": False}, refused("down")),
    ("no operator, signed out", {"operator": False}, refused("denied")),
    ("no operator, signed in", RUNNING | {"operator": False}, refused("denied")),
    ("no name", RUNNING | {"name": ""}, refused("no_name")),
    ("a name outside the tailnet", RUNNING | {"name": "nas.other.ts.net"}, refused("no_name")),
    ("a tailnet that no Funnel has", RUNNING | {"name": "a.b.no", "suffix": "b.no"}, refused("no_name")),
    ("what is no name", RUNNING | {"name": "a b.tail1a2b.ts.net"}, refused("no_name")),
    ("another program has the name", RUNNING | {"served": OTHERS}, refused("taken")),
    ("another program has the path of video", RUNNING | {"served": TEXT}, refused("taken")),
]


def due(way: Exposing) -> Stage:
    """What a person must do first, or the outcome."""
    return next(stage for stage in way.walk() if stage.link or not stage.waits)


@pytest.mark.parametrize(("state", "stage"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_each_state_leads_to_an_address_or_says_what_to_do(
    program: Tailscale, tmp_path: Path, state: dict[str, Any], stage: Stage
) -> None:
    program.change(**state)
    before = program.mounts()
    assert due(exposing(tmp_path)) == stage
    address = {"public_url": f"https://{NAME}", "trusted_proxies": "127.0.0.1"}
    assert (kept(tmp_path), program.mounts()) == ((address, OURS) if stage.stand == "done" else ({}, before))
    held = Held("tailscale", NAME) if stage.stand in ("done", "allow") else None
    assert AddressKeeper(load(environ={"SHOWCAM_DATA": str(tmp_path / "data")}), {}).held() == held


def test_without_the_program_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert due(exposing(tmp_path)) == Stage("refused", why="missing")


def test_a_program_that_is_found_in_the_current_folder_is_not_started(
    program: Tailscale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.change(**RUNNING)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "bin")
    assert (due(exposing(tmp_path)), program.calls()) == (Stage("refused", why="missing"), [])


def test_one_press_goes_on_as_the_person_signs_in_and_allows_funnel(program: Tailscale, tmp_path: Path) -> None:
    way = exposing(tmp_path)
    way.begin()
    until(lambda: way.stage() == Stage("sign_in", link=LOGIN))
    program.change(state="Running", auth="")
    until(lambda: way.stage() == Stage("allow", link=ALLOW))
    program.change(funnel=True)
    until(lambda: way.stage() == Stage("done"))
    assert (kept(tmp_path)["public_url"], program.mounts()) == (f"https://{NAME}", OURS)


def test_a_second_press_begins_nothing_while_the_first_goes_on(program: Tailscale, tmp_path: Path) -> None:
    way = exposing(tmp_path)
    way.begin()
    until(lambda: way.stage().stand == "sign_in")
    way.begin()
    assert (way.stage().stand, program.calls().count("up")) == ("sign_in", 1)
    program.change(**RUNNING)
    until(lambda: way.stage() == Stage("done"))


def test_a_person_who_does_nothing_is_not_waited_for_without_end(program: Tailscale, tmp_path: Path) -> None:
    assert [*exposing(tmp_path, patience_s=0.0).walk()][-1] == Stage("refused", why="late")


@pytest.mark.parametrize("goes_on", [True, False], ids=["gone on with", "closed"])
def test_what_a_killed_process_left_open_is_on_record(program: Tailscale, tmp_path: Path, goes_on: bool) -> None:
    program.change(**RUNNING)
    with contextlib.closing(exposing(tmp_path).walk()) as walk:
        next(stage for stage in walk if stage.stand == "done")
    installation(tmp_path).change({"public_url": None, "trusted_proxies": None})  # as if it was killed before
    way = exposing(tmp_path)
    assert (way.held(), kept(tmp_path), program.mounts()) == (Held("tailscale", NAME), {}, OURS)
    if goes_on:
        assert due(way) == Stage("done")
        assert (kept(tmp_path)["public_url"], program.mounts()) == (f"https://{NAME}", OURS)
    else:
        assert (way.end(), way.held(), program.mounts()) == (Stage(), None, {})


def test_a_path_that_stays_open_stays_on_record(program: Tailscale, tmp_path: Path) -> None:
    program.change(**RUNNING | {"served": served({"/": HANDLERS["/"]}), "operator": False})
    way = exposing(tmp_path)
    assert (due(way), way.held()) == (refused("denied"), Held("tailscale", NAME))


def test_an_address_that_was_kept_before_there_were_records_is_closed_too(program: Tailscale, tmp_path: Path) -> None:
    program.change(**RUNNING)
    way = exposing(tmp_path)
    assert due(way) == Stage("done")
    AddressKeeper(load(environ={"SHOWCAM_DATA": str(tmp_path / "data")}), {}).hold(None)
    assert (way.held(), way.end(), program.mounts()) == (Held("tailscale", NAME), Stage(), {})


def test_an_address_from_elsewhere_stays(program: Tailscale, tmp_path: Path) -> None:
    program.change(**RUNNING)
    way = exposing(tmp_path, {"SHOWCAM_PUBLIC_URL": "https://own.example"})
    assert (due(way), kept(tmp_path)) == (Stage("refused", why="given_elsewhere"), {})
    assert "funnel --bg" not in "\n".join(program.calls()), "nothing was opened"


@pytest.mark.parametrize(
    "path", ["/s/a.grant/master.m3u8", "/s/a.grant/whep", "/", "/oauth/authorize", "/static/a.css"]
)
def test_each_path_leads_to_its_port_as_it_is(program: Tailscale, tmp_path: Path, path: str) -> None:
    program.change(**RUNNING)
    assert due(exposing(tmp_path)) == Stage("done")
    assert target_of(program.mounts(), path) == (MEDIA if path.startswith("/s/") else WEB) + path


def test_what_is_taken_back_is_showcams_only(program: Tailscale, tmp_path: Path) -> None:
    program.change(**RUNNING | {"served": served({"/photos": {"Proxy": "http://127.0.0.1:3000"}})})
    way = exposing(tmp_path)
    assert due(way) == Stage("done")
    assert program.mounts() == OURS | {"/photos": "http://127.0.0.1:3000"}
    assert (way.end(), kept(tmp_path)) == (Stage(), {})
    assert program.mounts() == {"/photos": "http://127.0.0.1:3000"}


@pytest.mark.parametrize(("state", "why"), [({"operator": False}, "denied"), ({"runs": False}, "down")])
def test_an_address_whose_way_in_stays_open_is_not_forgotten(
    program: Tailscale, tmp_path: Path, state: dict[str, Any], why: str
) -> None:
    program.change(**RUNNING)
    way = exposing(tmp_path)
    assert due(way) == Stage("done")
    program.change(**state)
    assert (way.end().why, kept(tmp_path)["public_url"], program.mounts()) == (why, f"https://{NAME}", OURS)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("echo no JSON; exit 3", "no JSON"),
        ("""echo '{"BackendState": 7}'""", '{"BackendState": 7}'),
        ("head -c 3000000 /dev/zero | tr '\\0' x", "x" * 200),
        ("exit 9", "no answer"),
    ],
    ids=["an error", "another type", "without end", "nothing"],
)
def test_a_program_that_answers_otherwise_is_quoted(
    program: Tailscale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, detail: str
) -> None:
    monkeypatch.setenv("PATH", f"{program.program.parent}:/usr/bin:/bin")
    program.program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{answer}\n")
    assert due(exposing(tmp_path)) == Stage("refused", why="failed", detail=detail)
