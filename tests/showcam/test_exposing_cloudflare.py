"""The way to a public address by Cloudflare Tunnel, with a program that obeys the rules of the real command line."""

import contextlib
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

from showcam.app.process.kept import Installation, Record, read
from showcam.app.process.settings_sources import load
from showcam.app.setup import cloudflare
from showcam.app.setup.address import AddressKeeper
from showcam.app.setup.exposing import Exposing
from showcam.console.setup.exposing import Held, Stage, Why
from tests.doubles.cloudflared import NAME, PAGE, ZONE, Cloudflared, command_of
from tests.doubles.tailscale import Tailscale
from tests.doubles.waiting import LONG_S, until

SIGNED_IN = {"zone": ZONE}
CHOOSE = Stage("choose", by="cloudflare", link=PAGE)
KEPT = {"public_url": f"https://{NAME}", "trusted_proxies": "127.0.0.1"}


def keeper(folder: Path) -> AddressKeeper:
    return AddressKeeper(load(environ={"SHOWCAM_DATA": str(folder / "data")}), {})


def exposing(folder: Path, patience_s: float = LONG_S) -> Exposing:
    return Exposing(keeper(folder), 8080, 8081, patience_s=patience_s, pause_s=0.01)


def kept(folder: Path) -> dict[str, str]:
    rows = read(load(environ={"SHOWCAM_DATA": str(folder / "data")}))
    return {name: text for name, text in rows.items() if name != "public_way"}


def last(way: Exposing, name: str = NAME) -> Stage:
    return [*way.walk(name)][-1]


def refused(why: Why, detail: str = "") -> Stage:
    return Stage("refused", why=why, detail=detail, by="cloudflare")


def files(folder: Path) -> list[str]:
    """What is left of the sign-in and the tunnel on this machine."""
    return sorted(file.name for file in (folder / "data" / "tunnel").rglob("*") if file.is_file())


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloudflared:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Cloudflared(tmp_path / "bin")


def test_one_press_goes_on_as_the_person_signs_in(program: Cloudflared, tmp_path: Path) -> None:
    way = exposing(tmp_path)
    way.begin(NAME)
    until(lambda: way.stage() == CHOOSE)
    program.change(**SIGNED_IN)
    until(lambda: way.stage() == Stage("done"))
    [(tunnel, made)] = program.state["tunnels"].items()
    assert (kept(tmp_path), program.state["records"]) == (KEPT, {NAME: f"{made}.cfargotunnel.com"})
    assert keeper(tmp_path).held() == Held("cloudflare", NAME, tunnel)


def test_a_second_command_goes_on_with_what_is_open(program: Cloudflared, tmp_path: Path) -> None:
    program.change(**SIGNED_IN)
    assert [last(exposing(tmp_path)), last(exposing(tmp_path), "")] == [Stage("done"), Stage("done")]
    assert len(program.state["tunnels"]) == 1


REFUSALS: list[tuple[str, dict[str, Any], Stage]] = [
    ("the sign-in is given up", {"gives_up": True}, refused("late")),
    ("another record has the name", SIGNED_IN | {"records": {NAME: "192.0.2.1"}}, refused("record", NAME)),
    ("another domain was chosen", {"zone": "other.example"}, refused("other_domain", f"{NAME}.other.example")),
]


@pytest.mark.parametrize(("state", "stage"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_refusal_leaves_nothing_half_open(
    program: Cloudflared, tmp_path: Path, state: dict[str, Any], stage: Stage
) -> None:
    program.change(**state)
    assert last(exposing(tmp_path)) == stage
    assert (kept(tmp_path), keeper(tmp_path).held(), program.state["tunnels"]) == ({}, None, {})
    assert files(tmp_path) == []


def test_without_the_program_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert last(exposing(tmp_path)) == refused("no_cloudflared")
    assert keeper(tmp_path).held() is None


def test_a_person_who_does_not_sign_in_is_not_waited_for_without_end(program: Cloudflared, tmp_path: Path) -> None:
    assert last(exposing(tmp_path, patience_s=0.0)) == refused("late")
    assert keeper(tmp_path).held() is None


def test_a_disk_that_takes_no_folder_is_a_refusal_after_which_one_may_begin_again(
    program: Cloudflared, tmp_path: Path
) -> None:
    way, folder = exposing(tmp_path), tmp_path / "data" / "tunnel"
    folder.parent.mkdir()
    folder.touch()
    way.begin(NAME)
    until(lambda: way.stage().why == "failed")
    assert str(folder) in way.stage().detail
    folder.unlink()
    way.begin(NAME)
    until(lambda: way.stage() == CHOOSE)
    assert way.end() == Stage()


def test_a_record_that_cannot_be_read_is_a_refusal(tmp_path: Path) -> None:
    Record(load(environ={"SHOWCAM_DATA": str(tmp_path / "data")}), "public_way").write(b"of another version")
    way = exposing(tmp_path)
    way.begin(NAME)
    until(lambda: way.stage() == Stage("refused", why="failed", detail="DecodeError"))


def test_after_an_end_that_failed_one_may_begin_again(program: Cloudflared, tmp_path: Path) -> None:
    way, run = exposing(tmp_path), tmp_path / "data" / "run"
    way.begin(NAME)
    until(lambda: way.stage() == CHOOSE)
    shutil.rmtree(run)
    run.touch()
    with pytest.raises(FileExistsError):
        way.end()
    run.unlink()
    way.begin(NAME)
    until(lambda: way.stage() == CHOOSE)
    assert way.end() == Stage()


def test_the_sign_in_ends_with_the_one_who_waits_for_it(program: Cloudflared, tmp_path: Path) -> None:
    with contextlib.closing(exposing(tmp_path).walk(NAME)) as walk:
        assert next(walk) == CHOOSE
        assert signing_in(program)
    assert signing_in(program) == []


def signing_in(program: Cloudflared) -> list[int]:
    """The process ids of sign-ins by this program."""
    commands = {int(pid.name): command_of(int(pid.name)) for pid in Path("/proc").iterdir() if pid.name.isdecimal()}
    return [pid for pid, command in commands.items() if str(program.program) in command and "login" in command]


def test_what_cloudflare_made_before_cloudflared_was_killed_is_deleted(program: Cloudflared, tmp_path: Path) -> None:
    program.change(**SIGNED_IN, after_create="killed")
    assert last(exposing(tmp_path)).why == "failed"
    assert (program.state["tunnels"], keeper(tmp_path).held(), files(tmp_path)) == ({}, None, [])


def test_what_cloudflare_made_before_showcam_was_killed_is_made_again(program: Cloudflared, tmp_path: Path) -> None:
    keeper(tmp_path).hold(Held("cloudflare", NAME, "showcam-1"))
    program.change(**SIGNED_IN, tunnels={"showcam-1": "an id whose credentials were not written"})
    assert last(exposing(tmp_path), "") == Stage("done")
    [(tunnel, made)] = program.state["tunnels"].items()
    assert (tunnel, program.state["records"]) == ("showcam-1", {NAME: f"{made}.cfargotunnel.com"})
    assert str(uuid.UUID(made)) == made


def test_what_was_begun_is_closed_by_one_press(program: Cloudflared, tmp_path: Path) -> None:
    program.change(**SIGNED_IN)
    assert last(exposing(tmp_path)) == Stage("done")
    given = load(environ={"SHOWCAM_DATA": str(tmp_path / "data")})
    Installation(given, {}).change({"public_url": None})  # as if showcam had been killed before it kept the name
    way = exposing(tmp_path)
    assert way.end() == Stage("closed", by="cloudflare", detail=f"CNAME {NAME}")
    assert (program.state["tunnels"], files(tmp_path)) == ({}, [])
    assert keeper(tmp_path).held() == Held("cloudflare", NAME, closed=True)
    assert (way.end(), keeper(tmp_path).held()) == (Stage(), None)


def test_what_cloudflare_keeps_is_named(program: Cloudflared, tmp_path: Path) -> None:
    program.change(**SIGNED_IN)
    assert last(exposing(tmp_path)) == Stage("done")
    [tunnel] = program.state["tunnels"]
    program.change(reaches=False)
    assert exposing(tmp_path).end().detail == f"CNAME {NAME}, tunnel {tunnel}"
    assert (kept(tmp_path), files(tmp_path)) == ({}, [])


def test_a_refusal_later_on_does_not_take_an_open_address_back(program: Cloudflared, tmp_path: Path) -> None:
    program.change(**SIGNED_IN)
    assert last(exposing(tmp_path)) == Stage("done")
    program.change(reaches=False)
    assert last(exposing(tmp_path), "").why == "failed"
    assert (kept(tmp_path), len(program.state["tunnels"])) == (KEPT, 1)


def test_one_way_is_not_opened_beside_another(program: Cloudflared, tmp_path: Path) -> None:
    Tailscale(tmp_path / "bin", state="Running", funnel=True)
    assert last(exposing(tmp_path), "") == Stage("done")
    assert last(exposing(tmp_path)) == refused("begun", "nas.tail1a2b.ts.net")
    assert program.calls() == []


def test_an_address_of_the_owners_own_stays_when_a_begun_way_is_closed(program: Cloudflared, tmp_path: Path) -> None:
    assert keeper(tmp_path).keep("own.example")
    keeper(tmp_path).hold(Held("cloudflare", NAME, "showcam-1"))
    assert exposing(tmp_path).end() == Stage()
    assert kept(tmp_path)["public_url"] == "https://own.example"


def test_a_tunnel_runs_only_for_the_address_that_is_kept(program: Cloudflared, tmp_path: Path) -> None:
    program.change(**SIGNED_IN)
    assert last(exposing(tmp_path)) == Stage("done")
    environ = {"SHOWCAM_DATA": str(tmp_path / "data")}
    [tunnel] = program.state["tunnels"]
    folder = tmp_path / "data" / "tunnel"
    running = load(environ=environ | {"SHOWCAM_PUBLIC_URL": f"https://{NAME}"})
    assert cloudflare.environment(running) == {"HOME": str(folder), "SHOWCAM_TUNNEL": tunnel}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert cloudflare.environment(load(environ=environ)) == {}
    assert exposing(tmp_path).end().stand == "closed"
    assert cloudflare.environment(running) == {}


def test_a_restored_record_without_its_files_runs_nothing(program: Cloudflared, tmp_path: Path) -> None:
    keeper(tmp_path).hold(Held("cloudflare", NAME, "showcam-1"))
    environ = {"SHOWCAM_DATA": str(tmp_path / "data"), "SHOWCAM_PUBLIC_URL": f"https://{NAME}"}
    assert cloudflare.environment(load(environ=environ)) == {}
