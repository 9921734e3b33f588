"""`showcam login` and `showcam home` as a person types them, on the running demo."""

import json
import re
import stat
import subprocess
from pathlib import Path

import pytest
import requests

from showcam.app.process.supervisor import only_one
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S, until
from tests.whole.test_terminal import showcam_at

pytestmark = pytest.mark.proves("Cameras are listed without a browser", leans_on="double: EZVIZ's cloud")

SIGN_IN = "showcam-demo\n"


@pytest.mark.parametrize(
    ("answer", "shown", "reason"),
    [("n\n", ["no", "no"], "not_agreed"), ("y\n", ["yes", "yes"], "")],
    ids=["not agreed", "agreed"],
)
def test_two_values_and_a_yes_list_the_cameras(demo: Program, answer: str, shown: list[str], reason: str) -> None:
    done = demo.command("login", "--demo", text=f"real@example.com\n{SIGN_IN}{answer}")
    assert done.returncode == 0, done.stderr
    assert "Over an open connection alone: " in done.stderr
    assert all(name in done.stderr for name in ("Terrace", "Driveway"))
    rows = {line.split()[0]: line.split()[-2:] for line in done.stdout.splitlines() if not line.startswith(" ")}
    assert (rows["Terrace"], rows["Driveway"]) == (shown, ["no", "no"])
    assert "Image Encryption is on for Driveway" in done.stdout
    assert "showcam-demo" not in done.stdout + done.stderr
    # the demo means another household where none is named
    hint = f'{demo.showcam} --demo cameras set --user real@example.com "Driveway" encryption off'
    assert f"Or here: {hint}\n" in done.stdout
    listed = demo.command("--demo", "cameras", "list", "--user", "real@example.com")
    assert f"Or here: {hint}\n" in listed.stdout
    agreed = "--open" if answer == "y\n" else "--no-open"
    facts = demo.command("login", "--demo", "--user", "real@example.com", agreed, "--json", text=SIGN_IN)
    cameras = {camera["name"]: camera for camera in json.loads(facts.stdout)["cameras"]}
    assert cameras["Terrace"]["refused"]["alexa"] == ([reason] if reason else [])
    assert cameras["Driveway"]["refused"]["alexa"][0] == "encryption_on"


def test_a_code_is_asked_for_until_it_is_right(demo: Program) -> None:
    typed = f"{SIGN_IN}999999\n012345\n"
    done = demo.command("login", "--demo", "--user", "mfa@example.com", "--open", text=typed)
    assert done.returncode == 0, done.stderr
    assert "The code that was sent to m…@example.com" in done.stderr
    assert "Wrong code." in done.stderr
    assert "Porch" in done.stdout


def test_a_wrong_password_says_so(demo: Program) -> None:
    done = demo.command("login", "--demo", "--user", "other@example.com", text="wrong\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "These did not work." in done.stderr


def test_the_command_that_is_printed_at_the_start_works_in_any_other_terminal(tmp_path: Path) -> None:
    with running(tmp_path) as started:
        until(lambda: re.search("Another one: .+\n", started.log.read_text()))
        (command,) = re.findall(r"Another one: (.+)", started.log.read_text())
        elsewhere = {name: started.environ[name] for name in ("PATH", "HOME")}
        done = subprocess.run(
            ["sh", "-c", command],
            env=elsewhere,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=2 * LONG_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        address, code = _printed(done.stdout)
        assert address == f"{started.web}/home"
        assert code


def test_home_prints_an_address_that_signs_in_once(demo: Program) -> None:
    address, code = _printed(demo.command("home", "--demo").stdout)
    assert address == f"{demo.web}/home"
    assert stat.S_IMODE((demo.data / "run" / "home-code").stat().st_mode) == 0o600
    assert [_entered(demo, code), _entered(demo, code)] == [303, 403]


def _entered(demo: Program, code: str) -> int:
    """The status of entering the code as a browser does."""
    with requests.Session() as browser:
        page = browser.get(f"{demo.web}/home", timeout=LONG_S).text
        form = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0], "step": "enter", "entry": code}
        return browser.post(f"{demo.web}/home", data=form, timeout=LONG_S, allow_redirects=False).status_code


def _printed(text: str) -> tuple[str, str]:
    [(address, code)] = re.findall(r"^Your cameras: (\S+)#(\S{43})\s*$", text, re.MULTILINE)
    return address, code


@pytest.mark.parametrize(
    ("bind", "address", "drawn"),
    [
        ("127.0.0.1", "http://127.0.0.1:{port}/home", False),
        ("192.168.1.5", "http://192.168.1.5:{port}/home", True),
        ("fd00::5", "http://[fd00::5]:{port}/home", True),
    ],
)
def test_the_address_is_the_houses_and_a_telephone_can_read_it(
    tmp_path: Path, bind: str, address: str, drawn: bool
) -> None:
    program = Program(tmp_path, demo=False, SHOWCAM_BIND=bind)
    # no address of the house is this machine's, so that nothing can listen there: only the lock is held
    with only_one(program.data / "run", "http://127.0.0.1"), showcam_at(program, "home") as terminal:
        terminal.process.wait(LONG_S)
        text = "\n".join(terminal.end())
    assert _printed(text)[0] == address.format(port=program.port)
    assert ("▄" in text) is drawn
    assert ("Only this machine reaches it" in text) is not drawn


def test_the_address_has_the_owners_first_name_for_the_machine(tmp_path: Path) -> None:
    """Such as in a container, which knows only its own address."""
    every = "0.0.0.0"  # noqa: S104 - nothing listens there
    program = Program(tmp_path, demo=False, SHOWCAM_BIND=every, SHOWCAM_CONSOLE_HOSTS="nas.local,192.168.1.5")
    with only_one(program.data / "run", "http://127.0.0.1"), showcam_at(program, "home") as terminal:
        terminal.process.wait(LONG_S)
        text = "\n".join(terminal.end())
    assert _printed(text)[0] == f"http://nas.local:{program.port}/home"
    assert "▄" in text


def test_the_house_alone_reaches_it(tmp_path: Path) -> None:
    with running(tmp_path, demo=False, SHOWCAM_CONSOLE_HOSTS="nas.local") as program:
        cases: list[tuple[dict[str, str], int]] = [
            ({}, 200),
            ({"Host": f"localhost:{program.port}"}, 200),
            ({"Host": "nas.local"}, 200),
            ({"Host": "evil.example"}, 404),
            ({"X-Forwarded-For": "192.168.1.20"}, 404),
            ({"X_Forwarded_For": "192.168.1.20"}, 200),  # dropped: no proxy writes an underscore
            ({"X_Forwarded_For": "127.0.0.1", "X-Forwarded-For": "192.168.1.20"}, 404),
            ({"Forwarded": "for=192.168.1.20"}, 404),
            ({"Cf-Connecting-Ip": "192.168.1.20"}, 404),
        ]
        found = [
            requests.get(f"{program.web}/home", headers=headers, timeout=LONG_S).status_code for headers, _ in cases
        ]
        assert found == [status for _, status in cases]


def test_without_a_console_there_is_neither_page_nor_code(tmp_path: Path) -> None:
    with running(tmp_path, demo=False, SHOWCAM_CONSOLE="off") as program:
        assert requests.get(f"{program.web}/home", timeout=LONG_S).status_code == 404
        assert "Your cameras" not in program.log.read_text()
        refused = program.command("home")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert not (program.data / "run" / "home-code").exists()
