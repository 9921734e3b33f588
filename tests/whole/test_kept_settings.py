"""Settings that are changed while showcam runs, without a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.doubles.listening import words_of
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, within

pytestmark = pytest.mark.proves(
    "Settings that showcam keeps are sealed, count less than a file, and are taken while it runs",
    also=(
        "tests/showcam/test_kept.py",
        "tests/showcam/test_renewal.py",
    ),
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A real one, in which each test changes a setting or a value that no other does."""
    with running(tmp_path_factory.mktemp("kept"), demo=False) as started:
        yield started


def pids(program: Program) -> dict[str, int]:
    assert program.process is not None
    pid = program.process.pid
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return {words[-1]: child for child in children if (words := words_of(child))}


def test_parts_that_read_a_changed_setting_start_again_and_the_others_go_on(program: Program) -> None:
    before = pids(program)
    done = program.command("settings", "set", "public_url", "https://cams.example")
    assert done.returncode == 0, done.stderr
    assert within(LONG_S, lambda: program.issuer() == "https://cams.example")
    after = pids(program)
    assert after["media"] == before["media"]
    assert after["serve"] != before["serve"]


@pytest.mark.proves("A page that is asked for while the web process restarts waits", leans_on="second stack: requests")
def test_a_page_that_is_asked_for_meanwhile_waits(program: Program) -> None:
    before, answers = pids(program)["serve"], list[requests.Response]()
    done = program.command("settings", "set", "public_url", "https://meanwhile.example")
    assert done.returncode == 0, done.stderr

    def started_again() -> bool:
        answers.append(requests.get(f"{program.web}/.well-known/oauth-authorization-server", timeout=LONG_S))
        return bool(answers[-1].json()["issuer"] == "https://meanwhile.example")

    assert within(LONG_S, started_again)
    assert pids(program)["serve"] != before
    assert {answer.status_code for answer in answers} == {200}


def test_pictures_start_again_where_nobody_watches(program: Program) -> None:
    before = pids(program)
    done = program.command("settings", "set", "turn", "turn:turn.example:3478", text="a-secret\na-secret\n")
    assert done.returncode == 0, done.stderr
    assert within(LONG_S, lambda: pids(program).get("media") not in (None, before["media"]))
    assert within(LONG_S, program.serves)
    assert "a-secret" not in program.log.read_text()


def test_another_address_to_listen_on_waits_for_the_next_start(tmp_path: Path) -> None:
    """A part that starts again meanwhile listens where the others reach it."""
    program = Program(tmp_path, forked=False, demo=False)
    del program.environ["SHOWCAM_BIND"]
    assert program.command("settings", "set", "bind", "127.0.0.1").returncode == 0
    program.start()
    try:
        done = program.command("settings", "set", "bind", "127.0.0.2")
        assert "The next start of showcam takes it." in done.stderr + done.stdout
        assert program.command("settings", "set", "public_url", "https://cams.example").returncode == 0
        assert within(LONG_S, lambda: program.issuer() == "https://cams.example")
        given = Path(f"/proc/{pids(program)['serve']}/environ").read_text()
        assert '"bind":"127.0.0.1"' in given
    finally:
        program.stop()
