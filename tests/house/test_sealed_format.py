"""Only a source's driver reads and writes what is sealed for it."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
OF_THE_PACKAGE = ("app", "console", "alexa", "registry", "drivers", "accounts")
ROOMS = ("lambda", "actions", "oauth", *(f"showcam/{room}" for room in OF_THE_PACKAGE))
# What takes sealed text to the store: the driver's own, and what hands on text that the driver wrote.
# A source of LAN cameras begins with an empty object, which showcam/accounts/households.py writes.
OWN = {"showcam/drivers/ezviz/sessions.py", "showcam/drivers/lan/devices.py"}  # a driver's own
WRITE = {
    "swap_session": OWN,
    "add_household": {"showcam/accounts/households.py"},
    "add_source": {"showcam/accounts/households.py"},
}
# The modules that read it. Others read the state and the version beside it, or only check that it can be opened.
READ = OWN | {
    *(
        "showcam/registry/watch/watch.py",
        "showcam/registry/reporting/camera_states.py",
        "showcam/registry/notices/faults.py",
    ),
    "showcam/accounts/households.py",
}


def calls(name: str) -> set[str]:
    """Files of the rooms that call a method of that name."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {
        file
        for file in listed.splitlines()
        if file.startswith(tuple(f"{room}/" for room in ROOMS))
        if name in (text := (ROOT / file).read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr == name
    }


def test_the_driver_alone_writes_it() -> None:
    assert {name: calls(name) for name in WRITE} == WRITE


def test_the_driver_alone_reads_it() -> None:
    assert calls("read_session") == READ
    for file in READ - OWN:
        assert ".secrets" not in (ROOT / file).read_text(), file
