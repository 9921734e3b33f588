"""The program started as a container's engine starts it: whom it lets in, and which address it prints."""

import json
from pathlib import Path

from tests.doubles.program import Program, running
from tests.doubles.waiting import until

NO_GUESS = "In a container showcam does not guess who may open the page of your cameras"
LOOPBACK, LISTENS = "0100007F", "0A"  # 127.0.0.1 and the state of a listening socket, as /proc/net/tcp has them


def listens_at(port: int) -> set[str]:
    """The IPv4 addresses at which this machine listens on the port."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == LISTENS}


def test_a_container_opens_no_page_by_guess_and_keeps_no_answer(tmp_path: Path) -> None:
    program = Program(tmp_path, demo=False, container="podman")
    del program.environ["SHOWCAM_BIND"]
    program.start()
    try:
        assert listens_at(program.port) == {LOOPBACK}
        until(lambda: NO_GUESS in program.log.read_text())
    finally:
        program.stop()
    assert json.loads(program.command("settings", "list", "--json").stdout)["bind"]["from"] == "the default"


def test_an_image_that_names_the_address_is_told_nothing(tmp_path: Path) -> None:
    with running(tmp_path, demo=False, container="podman", SHOWCAM_BIND="127.0.0.1") as program:
        assert listens_at(program.port) == {LOOPBACK}
        assert NO_GUESS not in program.log.read_text()
