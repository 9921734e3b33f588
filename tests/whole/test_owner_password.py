"""An owner's password for showcam in the program as it runs: set by a command, taken by the web process at once."""

import json
from pathlib import Path

import pytest

from tests.doubles.program import Program, running

PASSWORD = "barn door and two geese"
TWICE = f"{PASSWORD}\n{PASSWORD}\n"


@pytest.mark.timeout(180)
def test_an_ezviz_household_is_linked_by_its_owner_s_password(tmp_path: Path) -> None:
    with running(tmp_path, SHOWCAM_EXPLAIN="no") as program:
        program.link("google")  # signs in at EZVIZ
        done = program.command("--demo", "owner", "password", "demo@example.com", "--name", "kari", text=TWICE)
        assert done.returncode == 0, done.stderr
        refused = program.assistant("alexa", "link", user="kari", password="showcam-demo")
        assert not refused.get("linked")
        assert program.assistant("alexa", "link", user="kari", password=PASSWORD)["linked"]
        program.assistant("alexa", "say", text="discover devices")
        said = program.assistant("alexa", "say", text="is there motion in the garden")["outcome"]
        assert said["answered"], said
        assert {row["links"] for row in households(program) if row["showcam_user"] == "kari"} == {2}
        for file in (program.data / "log").glob("*"):
            assert PASSWORD not in file.read_text()


def households(program: Program) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = json.loads(program.command("--demo", "owner", "list", "--json").stdout)[
        "households"
    ]
    return listed
