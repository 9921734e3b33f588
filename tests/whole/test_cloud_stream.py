"""A household with the EZVIZ account alone: no developer key, no code, no door at home; timed as in life."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.program import Program, running

USER = "real@example.com"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("real")
    with running(folder, SHOWCAM_EXPLAIN="no") as program:
        program.link("alexa", USER)
        program.link("google", USER)
        yield program


@pytest.mark.parametrize("via", ["webrtc", "hls"])
@pytest.mark.parametrize("assistant", ["alexa", "google"])
def test_a_camera_is_shown_by_the_account_alone(program: Program, assistant: str, via: str) -> None:
    answer = program.assistant(assistant, "watch", text="show the terrace camera", via=via)
    assert answer["outcome"]["shown"], answer["outcome"]
    assert answer["shown"]["protocol"] == via
    assert answer["shown"]["frames"] > 10
    assert answer["shown"]["audio_rms"] > 0


def test_an_encrypted_camera_is_not(program: Program) -> None:
    answer = program.assistant("alexa", "watch", text="show the driveway camera")
    assert not answer["outcome"]["shown"]
    assert "Image Encryption is on for Driveway" in answer["outcome"]["person"]


@pytest.mark.parametrize(
    "camera", ["Driveway", "Boathouse", "Courtyard Close", "Loft"], ids=["own", "shared", "of two lenses", "older"]
)
def test_with_the_code_on_its_label_it_is(program: Program, camera: str) -> None:
    """Each hides another part of its pictures; that of two lenses comes by RTP."""
    words = ("cameras", "set", camera, "while_encrypted", "code", "--yes", "--demo", "--user", USER)
    given = program.command(*words, text="ABCDEF\n")
    assert given.returncode == 0, given.stderr
    answer = program.assistant("alexa", "watch", text=f"show the {camera.lower()} camera", via="webrtc")
    assert answer["outcome"]["shown"], answer["outcome"]
    assert answer["shown"]["frames"] > 10


def test_what_was_shown_left_no_trace_of_how_it_came(program: Program) -> None:
    text = program.log.read_text() + "".join(each.read_text() for each in (program.data / "log").glob("*"))
    assert "pull opened" in text
    for secret in ("ysproto", "ut.", "vtdutoken2", "F004975"):
        assert secret not in text
