"""Every hint that commands print in the demo can be run; every --json output is valid."""

import json
import re
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.program import Program
from tests.doubles.waiting import LONG_S

SPARE = ("clients", "add", "google", "--id", "spare", "--redirect-uri", "https://spare.example/r")
NOBODY, NEW = "nobody@example.com", "new@example.com"
# what is typed, and how its hints go on after the program and --demo
PRINTED: list[tuple[tuple[str, ...], list[str]]] = [
    (
        ("cameras", "list"),
        [
            'cameras set "Garage" encryption off',
            'cameras set "Garage" while_encrypted code',
            'cameras set "Nursery" audio on',
            'cameras set "Bedroom" sleep off',
        ],
    ),
    (("household", "end", "demo@example.com", "none"), ["household show demo@example.com"]),
    (SPARE, ["clients remove spare"]),
    (("owner", "set", NOBODY, "key", "k"), [f"owner add {NOBODY}"]),
    (("owner", "set", NOBODY, "sub-account", "abc"), [f"owner add {NOBODY}"]),
    (("owner", "set", NOBODY, "cloud", "yes"), [f"owner add {NOBODY}"]),
    (("household", "remove", NOBODY), ["household list"]),
    (("pin", "clear", NOBODY), [f"owner add {NOBODY}"]),
    (("cameras", "list", "--user", NOBODY), [f"owner add {NOBODY}"]),
    (("owner", "add", NEW), ["cameras code NAME"]),
    (("doctor", "google"), []),
    (("google", "values"), []),
]


def hints(program: Program, text: str) -> list[str]:
    called = re.escape(f"{program.showcam} --demo")
    return [re.split(r"[,;](?:\s|$)|[.:](?:\s|$)", hint)[0] for hint in re.findall(rf"({called} .*)", text)]


def in_a_shell(program: Program, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line],
        env=program.environ,
        cwd=program.stands,
        input="",
        capture_output=True,
        text=True,
        timeout=2 * LONG_S,
        check=False,
    )


@pytest.mark.parametrize(("typed", "expected"), PRINTED, ids=lambda value: " ".join(value[:3]))
def test_a_hint_runs_as_it_stands(demo: Program, typed: tuple[str, ...], expected: list[str]) -> None:
    if typed == SPARE:
        assert demo.command("--demo", *SPARE).returncode == 0
    done = demo.command("--demo", *typed, text="secret\n")
    found = hints(demo, done.stdout + done.stderr)
    called = f"{demo.showcam} --demo"
    assert [command.removeprefix(f"{called} ") for command in found] == expected
    for hint in found:
        ran = in_a_shell(demo, hint)
        assert "Usage:" not in ran.stderr, ran.stderr
        assert "Traceback" not in ran.stderr, ran.stderr
    for user in (NOBODY, NEW):
        if any(f"owner add {user}" in line for line in (" ".join(typed), *found)):
            assert demo.command("--demo", "household", "remove", user, text=f"{user}\n").returncode == 0
    demo.change("Nursery", audio=False)
    demo.change("Bedroom", asleep=True)


def test_a_hint_repeats_the_options_for_settings_and_data(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=False)
    config, data = tmp_path / "my settings.toml", tmp_path / "other data"
    config.write_text("")
    done = program.command("--config", str(config), "household", "end", NOBODY, "none", "--data", str(data))
    called = shlex.join([str(program.showcam), "--config", str(config), "--data", str(data)])
    assert done.stderr == f"showcam: {NOBODY} is not known here: {called} household list\n"
    ran = in_a_shell(program, f"{called} household list")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not program.data.exists()


def test_facts_are_one_json_object(demo: Program) -> None:
    def facts(*words: str) -> dict[str, Any]:
        done = demo.command("--demo", *words, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    garage = next(camera for camera in facts("cameras", "list")["cameras"] if camera["name"] == "Garage")
    assert garage["refused"] == {"alexa": ["encryption_on"], "google": ["encryption_on"]}
    garages = f'{demo.showcam} --demo cameras set "Garage"'
    assert garage["mends"] == [f"{garages} encryption off", f"{garages} while_encrypted code"]
    nursery = facts("cameras", "show", "Nursery")
    assert (nursery["camera"]["id"][:6], nursery["settings"]["audio"]["value"]) == ("ezviz-", "off")
    assert nursery["preferences"]["voice_may"] == []
    shown = facts("household", "demo@example.com")
    assert {link["assistant"] for link in shown["links"]} == {"alexa", "google"}
    assert {client["id"] for client in facts("clients", "list")["clients"]} >= {"alexa", "google"}
    households = {household["users"][0]["user"]: household for household in facts("household", "list")["households"]}
    assert households["demo@example.com"]["users"][0]["signed_in"] is True
    # other tests link this demo too: both count the same links
    assert households["demo@example.com"]["links"] == len(shown["links"])
    assert "other@example.com" in households
    assert {finding["state"] for finding in facts("doctor", "google")["findings"]} == {"ok"}
    assert "OAuth Client ID" in {field["name"] for field in facts("google", "values")["fields"]}
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/home#[\w-]+", facts("home")["address"])


def test_a_removed_household_leaves_nothing_in_the_store(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=True).start()
    try:
        for name in ("alexa", "google"):
            program.link(name, label="Grandmother's display")
        program.command("--demo", "cameras", "set", "Attic", "voice_may", "audio")
        program.command("--demo", "pin", "set", "demo@example.com", text="2468\n2468\n")
        listed = json.loads(program.command("--demo", "household", "list", "--json").stdout)["households"]
        (household,) = [row["household"] for row in listed if row["users"][0]["user"] == "demo@example.com"]
        links = json.loads(program.command("--demo", "household", household, "--json").stdout)["links"]
        cameras = json.loads(program.command("--demo", "cameras", "list", "--json").stdout)["cameras"]
        names = [
            household,
            *(link["id"] for link in links),
            *(camera["id"] for camera in cameras),
            "Grandmother's display",
        ]

        def kept() -> list[str]:
            files = [path.read_bytes() for path in program.data.glob("showcam.sqlite3*")]
            return [name for name in names if any(name.encode() in content for content in files)]

        assert {household, links[0]["id"], "Grandmother's display"} <= set(kept())
        wrong = program.command("--demo", "household", "remove", "demo@example.com", text="demo\n")
        assert (wrong.returncode, "nothing was removed" in wrong.stderr) == (1, True)
        done = program.command("--demo", "household", "remove", "demo@example.com", text="demo@example.com\n")
        assert done.returncode == 0, done.stderr
        assert "demo@example.com is removed: 2 links ended" in done.stdout
        assert "google  Grandmother's display" in done.stdout
        answer = program.assistant("alexa", "say", text="show the garden camera")
        assert not answer["outcome"]["shown"]
        # what waits names the links until both assistants are told that these ended
        end = time.monotonic() + LONG_S
        while json.loads(program.command("--demo", "outbox", "list", "--json").stdout)["rows"]:
            assert time.monotonic() < end
            time.sleep(0.5)  # each look takes a process
    finally:
        program.stop()
    assert kept() == []
