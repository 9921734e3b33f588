"""`showcam household` beside a running demo: what support reads of a household; its links end, and it is removed."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until

USER, OTHER = "demo@example.com", "other@example.com"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("demo"), troubled=True, SHOWCAM_EXPLAIN="no") as made:
        made.link("alexa")
        yield made


def facts(program: Program, *words: str) -> Any:
    done = program.command("--demo", "household", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_support_sees_what_was_asked_for_and_why_it_was_not_shown(program: Program) -> None:
    program.refused("alexa", "show the garage camera", "Image Encryption")
    program.shown("alexa", "show the garden camera")

    def asks() -> dict[str, dict[str, Any]]:
        return {ask["name"]: ask for ask in facts(program, USER)["asks"]}

    until(lambda: {"Garage", "Garden"} <= asks().keys())
    seen = facts(program, USER)
    assert (asks()["Garage"]["reason"], asks()["Garden"]["reason"]) == ("encryption_on", "")
    (link,) = seen["links"]
    assert {ask["link"] for ask in seen["asks"]} == {link["id"]}
    cameras = {camera["name"]: camera for camera in seen["cameras"]}
    assert cameras["Garage"]["refused"] == {"alexa": ["encryption_on"], "google": ["encryption_on"]}
    assert cameras["Garden"]["refused"] == {}
    printed = program.command("--demo", "household", USER).stdout
    assert re.search(rf"Garage +alexa +{link['id']} +Image Encryption is on", printed)
    assert re.search(r"^Garden +\S+ +yes +yes$", printed, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody@example.com",), "nobody@example.com is not known here: "),
        (("show", "nobody@example.com"), "nobody@example.com is not known here: "),
        (("export", "nobody@example.com"), "nobody@example.com is not known here: "),
        (("end", "nobody@example.com", "x"), "nobody@example.com is not known here: "),
        (("remove", "nobody@example.com", "--yes"), "nobody@example.com is not known here: "),
        (("end", OTHER, "LINK"), f"The household of {OTHER} has no link "),
        ((), "There are several households here: say whose. See "),
        (("x" * 600,), "is not known here: "),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_what_is_not_there_changes_nothing(program: Program, words: tuple[str, ...], says: str) -> None:
    before = facts(program, "list"), facts(program, USER)["links"]
    link = before[1][0]["id"]
    done = program.command("--demo", "household", *(link if word == "LINK" else word for word in words))
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert (facts(program, "list"), facts(program, USER)["links"]) == before


def test_an_export_holds_the_household_and_no_secret(program: Program) -> None:
    exported = facts(program, "export", USER)
    assert {camera["name"] for camera in exported["cameras"]} >= {"Garden", "Garage"}
    assert exported["household"]["users"][0]["user"] == USER
    text = json.dumps(exported)
    serials = [camera["serial"] for camera in program.cameras().values()]
    assert [each for each in (*serials, "showcam-demo", "ABCDEF", "GKRTUV") if each in text] == []


def test_a_link_ends_at_once_and_a_household_goes_with_all_it_has(program: Program) -> None:
    listed = facts(program, "list")
    assert listed["more"] == ""
    household = facts(program, USER)["household"]["household"]
    (link,) = facts(program, USER)["links"]
    assert facts(program, "end", USER, link["id"]) == {"household": household, "ended": [link["id"]]}
    assert not program.assistant("alexa", "say", text="show the garden camera")["outcome"]["shown"]
    wrong = program.command("--demo", "household", "remove", USER, text="demo\n")
    assert (wrong.returncode, "nothing was removed" in wrong.stderr) == (1, True)
    assert facts(program, "remove", household, "--yes") == {"household": household, "ended": []}
    assert household not in [each["household"] for each in facts(program, "list")["households"]]
    assert requests.get(f"{program.web}/healthz", timeout=LONG_S).status_code == 200
