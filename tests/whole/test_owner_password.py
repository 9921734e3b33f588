"""An owner's password for showcam in the program as it runs: set by a command, taken by the web process at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.doubles.program import Program, running
from tests.doubles.rtsp_camera import PATH, RtspCamera
from tests.doubles.rtsp_recording import CODE, recorded
from tests.doubles.waiting import until

pytestmark = pytest.mark.proves(
    "A household without a vendor's account links by its owner's password, and its camera is shown",
    leans_on="double: assistants and camera",
)

PASSWORD = "barn door and two geese"
TWICE = f"{PASSWORD}\n{PASSWORD}\n"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("password"), SHOWCAM_EXPLAIN="no") as started:
        yield started


@pytest.mark.timeout(180)
def test_an_ezviz_household_is_linked_by_its_owner_s_password(program: Program) -> None:
    program.link("google")  # signs in at EZVIZ
    done = program.command("--demo", "owner", "password", "demo@example.com", "--name", "kari", text=TWICE)
    assert done.returncode == 0, done.stderr
    refused = program.assistant("alexa", "link", user="kari", password="showcam-demo")
    assert not refused.get("linked")
    program.link("alexa", "kari", password=PASSWORD)
    program.asked_until(is_answered, "alexa", "say", text="discover devices")
    program.asked_until(is_answered, "alexa", "say", text="is there motion in the garden")
    assert {row["links"] for row in households(program) if row["showcam_user"] == "kari"} == {2}
    for file in (program.data / "log").glob("*"):
        assert PASSWORD not in file.read_text()


@pytest.mark.timeout(180)
def test_a_household_of_one_camera_in_the_house_is_linked_and_its_picture_is_shown(program: Program) -> None:
    camera = RtspCamera(recording=recorded(sound="pcmu", gop_s=1))
    try:
        assert program.command("--demo", "owner", "add", "--lan", "nora", text=TWICE).returncode == 0
        place, login = f"rtsp://127.0.0.1:{camera.port}{PATH}", f"admin\n{CODE}\n"
        words = ("--demo", "cameras", "add", place, "--name", "Shed", "--user", "nora")

        def is_added() -> bool:
            """The camera is watched for less than three seconds, in which a busy machine may get nothing of it."""
            done = program.command(*words, text=login)
            assert "Nobody can sign in" not in done.stderr
            return done.returncode == 0

        until(is_added)
        for assistant in ("alexa", "google"):
            program.link(assistant, "nora", password=PASSWORD)
        program.asked_until(is_answered, "google", "say", text="sync my devices")
        program.asked_until(lambda answer: answer["outcome"]["shown"], "google", "say", text="show the shed")
        program.asked_until(is_answered, "alexa", "say", text="discover devices")
        said = program.assistant("alexa", "say", text="is there motion in the garden")["outcome"]
        assert not said["answered"], said  # it is another household's camera
    finally:
        camera.close()


def is_answered(answer: dict[str, Any]) -> bool:
    return bool(answer["outcome"]["answered"])


def households(program: Program) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = json.loads(program.command("--demo", "household", "list", "--json").stdout)[
        "households"
    ]
    return listed
