"""What `showcam run` prints at a terminal, and what it writes for a log collector."""

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.listening import below, words_of
from tests.doubles.program import SHOWCAM, Program, running
from tests.doubles.terminal import Terminal
from tests.doubles.waiting import until

pytestmark = pytest.mark.process


def showcam_at(program: Program, *words: str) -> Terminal:
    """showcam, started at a terminal of its own."""
    return Terminal(words, program.environ, program.stands, forked=True)


def written(program: Program) -> list[dict[str, Any]]:
    """What the web process has logged in whole lines."""
    text = (program.data / "log/web.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def routes(program: Program) -> set[str]:
    return {line["route"] for line in written(program) if line["event"] == "request"}


def test_a_person_sees_the_address_last_and_nothing_of_requests(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=True)
    with showcam_at(program, "run", "--demo") as terminal:
        terminal.until("Ctrl-C ends it")
        program.link("alexa")
        program.shown("alexa", "show the garden")
        until(lambda: "spoken" in routes(program))  # Amazon's event of the linking comes in its own time
        starting, log, cameras, once, *last = terminal.end()
    # on a busy machine the simulated vendor may answer too late, and then the worker warns of the vendor
    last = [line for line in last if "vendor_down" not in line]
    assert starting == "Starting the demo …"
    assert log == f"What happens is written into {program.data / 'log'}."
    assert re.fullmatch(rf"Your cameras: {program.web}/home#[\w-]{{43}}", cameras)
    assert once.startswith("That address signs one browser in, once, within 30 minutes.")
    assert last == [
        f"Practice page: {program.simulator}/",
        "Sign in there as demo@example.com with the password showcam-demo. Ctrl-C ends it.",
        "All ended.",
    ]
    assert {"request", "linked", "tokens issued"} <= {line["event"] for line in written(program)}
    assert routes(program) == {"pages", "alexa", "spoken"}
    assert (program.data / "log/media.jsonl").exists()
    assert (program.data / "log/web.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_warning_is_a_readable_line(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=True)
    with showcam_at(program, "run", "--demo") as terminal:
        terminal.until("Ctrl-C ends it")
        media = next(pid for pid in below(terminal.process.pid) if "media" in words_of(pid))
        os.kill(media, signal.SIGKILL)
        terminal.until("a process died")
        died = terminal.end()[-2]
    assert re.fullmatch(r"\d\d:\d\d:\d\d supervisor: a process died \(name=media, code=-9, again_in_s=0\.0\)", died)
    (line,) = [json.loads(line) for line in (program.data / "log/supervisor.jsonl").read_text().splitlines()]
    assert (line["event"], line["level"]) == ("a process died", "warning")


def test_a_real_start_says_its_addresses_last(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=False)
    with Terminal([str(SHOWCAM), "run"], program.environ, program.stands) as terminal:
        terminal.until("The house does, after: .* settings set bind")
        serves, cameras, _once, _bind, ended = terminal.end()[-5:]
    assert (serves, ended) == (f"showcam serves at {program.web}", "All ended.")
    assert re.fullmatch(rf"Your cameras: {program.web}/home#[\w-]{{43}}", cameras)


@pytest.mark.proves(
    "A person at a terminal is asked once whether the house reaches the page",
    also=("tests/showcam/test_open_house.py",),
)
def test_a_person_is_asked_once_whether_the_house_reaches_it(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=False)
    del program.environ["SHOWCAM_BIND"]
    with showcam_at(program, "run") as terminal:
        terminal.until(r"open the page of your cameras\? \[Y/n\]")
        terminal.type("n\n")
        terminal.until("Only this machine reaches it")
        assert f"Your cameras: {program.web}/home#" in "\n".join(terminal.end())
    with showcam_at(program, "run") as again:
        again.until("Only this machine reaches it")
        assert "open the page of your cameras" not in "\n".join(again.end())


def test_an_address_that_was_asked_for_meanwhile_is_the_one_that_the_start_prints(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=False)
    del program.environ["SHOWCAM_BIND"]
    with showcam_at(program, "run") as terminal:
        terminal.until(r"\[Y/n\]")
        asked_for = program.command("home").stdout.strip().rpartition("#")[2]
        time.sleep(2)  # the time of a code is kept in whole seconds
        terminal.type("n\n")
        terminal.until(r"Your cameras: \S+\s")
        assert re.findall(r"Your cameras: \S+#(\S+)", terminal.printed) == [asked_for]


def test_off_a_terminal_each_event_is_a_json_line_on_stderr(tmp_path: Path) -> None:
    with running(tmp_path) as program:
        program.link("alexa")
        # it says where it serves once each part has been asked
        until(lambda: "Ctrl-C ends it" in program.log.read_text())
    plain = [line for line in program.log.read_text().splitlines() if not line.startswith("{")]
    assert [line.partition(" ")[0] for line in plain] == ["Starting", "Your", "That", "Practice", "Sign", "All"]
    lines = [json.loads(line) for line in program.log.read_text().splitlines() if line.startswith("{")]
    # the worker speaks where it has something to say
    assert {line["part"] for line in lines} - {"worker"} == {"simulator", "media", "web"}
    assert "request" in {line["event"] for line in lines}
    assert not (program.data / "log").exists()
