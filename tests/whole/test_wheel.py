"""The wheel, installed and used from an empty folder without a checkout."""

import json
import re
import subprocess
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib.metadata import distribution, distributions
from pathlib import Path
from typing import Any

import pytest
import requests

from showcam.app.process.supervisor import answers
from tests.doubles.program import ROOT, Program
from tests.doubles.waiting import LONG_S

HOME: dict[str, Any] = {"SHOWCAM_PUBLIC_URL": "https://cam.example.org"}
SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"
ARN = "arn:aws:lambda:eu-west-1:210987654321:function:showcam-forward"
# Every command there is with its help, as JSON: one process for all of them.
EVERY_HELP = """
import json, click
from click.testing import CliRunner
from showcam.app.cli import main

def walk(command, words):
    yield words
    context = click.Context(command)
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        yield from walk(command.get_command(context, name), [*words, name])

helps = {}
for words in walk(main, []):
    done = CliRunner().invoke(main, [*words, "--help"], prog_name="showcam")
    helps[" ".join(words)] = [done.exit_code, done.output]
print(json.dumps(helps))
"""
PINNED_HERE = re.compile(r"([\w.-]+)==[^;]+$")  # a line with a marker is for another system
WHERE = """
import importlib, json
rooms = ["actions", "oauth", "showcam"]
rooms += [f"showcam.{room}" for room in "console alexa registry accounts engine store net app simulator".split()]
print(json.dumps([importlib.import_module(room).__file__ for room in rooms]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build: list[str | Path] = [
        ROOT / ".venv/bin/uv",
        "build",
        "-q",
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "-o",
        folder,
    ]
    subprocess.run([*build, "--python", ROOT / ".venv/bin/python", ROOT], check=True)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An owner's bin/: the wheel without an extra, and what is pinned for that, linked from here."""
    env = environment(wheel, tmp_path_factory.mktemp("apart") / "env")
    add(env, "app.txt")
    return env / "bin"


@pytest.fixture(scope="module")
def installed_with_extras(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    env = environment(wheel, tmp_path_factory.mktemp("all") / "env")
    add(env, "all.txt")
    return env / "bin"


def environment(wheel: Path, env: Path) -> Path:
    uv, python = ROOT / ".venv/bin/uv", env / "bin/python"
    subprocess.run([uv, "venv", "-q", "--offline", "--python", ROOT / ".venv/bin/python", env], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--offline", "--no-deps", "--python", python, wheel], check=True)
    return env


def add(env: Path, pinned: str) -> None:
    """What is pinned there, as links to what the tests run on: a folder, or each file if others share its folder."""
    [site] = env.glob("lib/python*/site-packages")
    lines = (ROOT / "requirements" / pinned).read_text().splitlines()
    for name in (match[1] for match in map(PINNED_HERE.match, lines) if match):
        files = [file for file in distribution(name).files or () if not {"..", "__pycache__"} & {*file.parts}]
        for file in {Path(file.parts[0]) if tops()[file.parts[0]] == 1 else file for file in files}:
            place = site / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(str(distribution(name).locate_file(file)))


@cache
def tops() -> Counter[str]:
    """In how many of the distributions of this environment there is a file or folder of this name."""
    return Counter(top for each in distributions() for top in {file.parts[0] for file in each.files or ()})


@pytest.fixture
def program(installed: Path, tmp_path: Path) -> Program:
    stands = tmp_path / "empty"
    stands.mkdir()
    return Program(tmp_path, demo=False, showcam=installed / "showcam", stands=stands)


def run(program: Program, *words: str, code: int = 0, text: str = "", **environ: str) -> str:
    program.environ |= environ
    done = program.command(*words, text=text)
    assert done.returncode == code, done.stderr
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    no_file_is_missing(output, program.stands)
    return output


def no_file_is_missing(text: str, stands: Path) -> None:
    """Every page, model and picture that is named is there for whoever reads it."""
    for named in re.findall(r"[\w./-]+\.(?:md|json|png)\b", text):
        assert (stands / named).is_file(), named


def test_everything_comes_from_the_wheel(installed: Path, program: Program) -> None:
    done = subprocess.run(
        [installed / "python", "-P", "-c", WHERE], cwd=program.stands, capture_output=True, text=True, check=True
    )
    assert {Path(path).is_relative_to(installed.parent) for path in json.loads(done.stdout)} == {True}


def test_every_command_prints_its_help(installed: Path, program: Program) -> None:
    done = subprocess.run(
        [installed / "python", "-P", "-c", EVERY_HELP], cwd=program.stands, capture_output=True, text=True, check=True
    )
    facts = json.loads(done.stdout)
    assert len(facts) > 30
    for words, (code, text) in facts.items():
        assert code == 0, (words, text)
        assert text.startswith(f"Usage: showcam {words}".rstrip())
        no_file_is_missing(text, program.stands)


def test_licences_are_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        licences = {Path(name).name: held.read(name) for name in held.namelist() if "/licenses/" in name}
        fonts = {
            Path(name).name: held.read(name) for name in held.namelist() if name.startswith("showcam/engine/fonts/")
        }
    assert licences == {name: (ROOT / name).read_bytes() for name in ("LICENSE", "NOTICE")}
    assert fonts == {file.name: file.read_bytes() for file in (ROOT / "showcam/engine/fonts").iterdir()}
    assert {"Roboto-Regular.ttf", "LICENSE"} <= fonts.keys()


@pytest.mark.parametrize("module", ["boto3", "botocore", "apig_wsgi"])
def test_an_owner_has_no_extra(installed: Path, installed_with_extras: Path, module: str) -> None:
    found = f"import sys, importlib.util as u; sys.exit(u.find_spec({module!r}) is None)"
    ended = [
        subprocess.run([site / "python", "-P", "-c", found], check=False).returncode
        for site in (installed, installed_with_extras)
    ]
    assert ended == [1, 0]


def test_without_an_extra_all_that_is_an_owners_starts(program: Program) -> None:
    program.start()
    try:
        health = requests.get(f"{program.web}/healthz", timeout=30)
        page = requests.get(f"{program.web}/", timeout=30)
    finally:
        program.stop()
    assert (health.status_code, page.status_code) == (200, 200)


@pytest.mark.parametrize("part", ["serve", "media", "worker"])
def test_without_an_extra_each_part_starts_by_itself(program: Program, tmp_path: Path, part: str) -> None:
    program.environ["SHOWCAM_GRANT_ROOTS"] = json.dumps({"root": "one root of the tests, for a media process apart"})
    starts: dict[str, Callable[[], bool]] = {
        "serve": lambda: answers("127.0.0.1", program.port, "/readyz"),
        "media": lambda: answers("127.0.0.1", program.media_port, "/healthz"),
        "worker": (program.data / "run" / "worker").exists,
    }
    ready = starts[part]
    with (tmp_path / "said").open("w") as out:
        process = subprocess.Popen(
            [program.showcam, part], env=program.environ, cwd=program.stands, stdout=out, stderr=out
        )
        try:
            deadline = time.monotonic() + 60
            while not ready():
                assert process.poll() is None, (tmp_path / "said").read_text()
                assert time.monotonic() < deadline, (tmp_path / "said").read_text()
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait(LONG_S)


# what is set, and the command: each would reach for AWS
ON_AWS = [
    ({"SHOWCAM_STORE": "dynamodb"}, ("serve",)),
    ({"SHOWCAM_STORE": "dynamodb"}, ("worker",)),
    ({"SHOWCAM_STORE": "dynamodb"}, ("run",)),
    ({"SHOWCAM_STORE": "dynamodb"}, ("household", "list")),
    ({"SHOWCAM_KEYS_SECRET": "showcam-keys"}, ("serve",)),
    ({"SHOWCAM_SETTINGS_SECRET": "showcam-settings"}, ("household", "list")),
]


@pytest.mark.parametrize(("settings", "words"), ON_AWS, ids=lambda names: " ".join(names))
def test_what_needs_aws_names_the_extra_and_the_command(
    installed: Path, wheel: Path, program: Program, settings: dict[str, str], words: tuple[str, ...]
) -> None:
    printed = run(program, *words, code=2, **settings)
    command = f"uv pip install --python {installed}/python 'showcam[aws] @ {wheel.as_uri()}'"
    assert printed.splitlines()[-1] == (
        f"showcam: The extra [aws] is not installed, which brings apig-wsgi, boto3, botocore. Install it: {command}"
    )


def test_the_demo_names_its_extra_where_that_brings_something_that_is_missing(wheel: Path, tmp_path: Path) -> None:
    env = environment(wheel, tmp_path / "env")
    add(env, "app.txt")
    [metadata] = env.glob("lib/python*/site-packages/showcam-*/METADATA")
    declared = "Requires-Dist: camera-of-tomorrow>=1; extra == 'demo'\n"
    text = metadata.read_text().replace("Provides-Extra: demo\n", f"Provides-Extra: demo\n{declared}")
    metadata.unlink()  # it may be a link to the one in uv's cache
    metadata.write_text(text)
    printed = run(Program(tmp_path, demo=True, showcam=env / "bin/showcam", stands=tmp_path), "run", "--demo", code=2)
    command = f"uv pip install --python {env}/bin/python 'showcam[demo] @ {wheel.as_uri()}'"
    assert (
        printed
        == f"showcam: The extra [demo] is not installed, which brings camera-of-tomorrow. Install it: {command}\n"
    )


def test_it_says_which_it_is(program: Program) -> None:
    assert re.fullmatch(r"showcam \d+\.\d+\.\d+\n", run(program, "--version"))


def test_the_forwarder_is_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "from showcam.app.setup.forwarder import template; print(template('https://cam.example.org', 'a-skill'))"
    printed = subprocess.check_output([installed / "python", "-P", "-c", code], cwd=tmp_path, text=True)
    assert "AWSTemplateFormatVersion" in printed
    assert (ROOT / "lambda/forward.py").read_text().splitlines()[-1] in printed


def test_a_skill_package_is_written_whole(program: Program) -> None:
    aws: dict[str, Any] = {
        "SHOWCAM_STORE": "dynamodb",
        "SHOWCAM_KEYS_SECRET": "showcam/keys",
        "SHOWCAM_ALEXA_SKILL_ID": SKILL,
    }
    printed = run(program, "alexa", "package", "skill", "--arn", ARN, **aws, **HOME)
    assert "ask deploy" in printed
    package = program.stands / "skill" / "skill-package"
    assert json.loads((package / "skill.json").read_text())["manifest"]["apis"]["smartHome"]["endpoint"]["uri"] == ARN
    source = ROOT / "showcam" / "alexa" / "skill_package"
    same = [path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.name != "skill.json"]
    assert len(same) == 5
    assert all((package / path).read_bytes() == (source / path).read_bytes() for path in same)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("google", "values"), "docs/images/google-icon.png"),
        (("clients", "list"), ""),
        (("household", "list"), ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_values_for_consoles_are_printed(program: Program, words: tuple[str, ...], expected: str) -> None:
    assert expected in run(program, *words, **HOME)


def test_without_an_address_the_named_guide_exists(program: Program) -> None:
    printed = run(program, "google", "values")
    [named] = re.findall(r"\S+/reachable\.md", printed)
    assert Path(named).read_bytes() == (ROOT / "docs/owner/reachable.md").read_bytes()


def test_the_doctor_says_what_is_missing(program: Program) -> None:
    assert "is no https address" in run(program, "doctor", "google", code=1)


def test_an_owner_is_let_in_and_has_no_cameras_yet(program: Program) -> None:
    assert "Nobody has cameras here yet" in run(program, "cameras", "list", code=2)
    assert "may now link" in run(program, "owner", "add", "you@example.com")
    assert "may sign in here already" in run(program, "owner", "add", "you@example.com", code=1)


def test_the_demo_shows_a_picture(program: Program, installed_with_extras: Path) -> None:
    program.demo, program.showcam = True, installed_with_extras / "showcam"
    program.start()
    try:
        program.link("alexa")
        program.shown("alexa", "show the garden")
    finally:
        program.stop()
    assert list(program.stands.iterdir()) == []
