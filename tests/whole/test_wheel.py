"""The wheel, installed and used from an empty folder without a checkout."""

import json
import re
import subprocess
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.doubles.program import ROOT, Program

HOME = {"SHOWCAM_PUBLIC_URL": "https://cam.example.org"}
SKILL = "amzn1.ask.skill.11111111-1111-1111-1111-111111111111"
ARN = "arn:aws:lambda:eu-west-1:210987654321:function:showcam-forward"
# Every command there is with its help, as JSON: one process for all of them.
EVERY_HELP = """
import json, click
from click.testing import CliRunner
from showcam.cli import main

def walk(command, words):
    yield words
    for name, each in getattr(command, "commands", {}).items():
        yield from walk(each, [*words, name])

told = {}
for words in walk(main, []):
    done = CliRunner().invoke(main, [*words, "--help"], prog_name="showcam")
    told[" ".join(words)] = [done.exit_code, done.output]
print(json.dumps(told))
"""
WHERE = """
import importlib, json
rooms = "console alexa actions oauth registry accounts media store net showcam simulator".split()
print(json.dumps([importlib.import_module(each).__file__ for each in rooms]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [ROOT / ".venv/bin/uv", "build", "-q", "--wheel", "--offline", "--no-build-isolation", "-o", folder]
    subprocess.run([*build, "--python", ROOT / ".venv/bin/python", ROOT], check=True)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment's bin/: the wheel, and what it needs from here.

    The folder that a .pth file names is searched, but its own .pth files, which lead to the sources, are not read.
    """
    env = tmp_path_factory.mktemp("apart") / "env"
    uv, python = ROOT / ".venv/bin/uv", env / "bin/python"
    subprocess.run([uv, "venv", "-q", "--offline", "--python", ROOT / ".venv/bin/python", env], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--offline", "--no-deps", "--python", python, wheel], check=True)
    [site] = env.glob("lib/python*/site-packages")
    (site / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return env / "bin"


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
        if Path(named).name not in ("linking.json", "p.json"):  # what a command writes
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
        licences = {Path(path).name: held.read(path) for path in held.namelist() if "/licenses/" in path}
    assert licences == {name: (ROOT / name).read_bytes() for name in ("LICENSE", "NOTICE")}


def test_it_says_which_it_is(program: Program) -> None:
    assert re.fullmatch(r"showcam \d+\.\d+\.\d+\n", run(program, "--version"))


def test_a_skill_package_is_written_whole(program: Program) -> None:
    printed = run(program, "alexa", "package", "skill", "--arn", ARN, SHOWCAM_ALEXA_SKILL_ID=SKILL, **HOME)
    assert "ask deploy" in printed
    package = program.stands / "skill" / "skill-package"
    assert json.loads((package / "skill.json").read_text())["manifest"]["apis"]["smartHome"]["endpoint"]["uri"] == ARN
    source = ROOT / "alexa" / "skill_package"
    same = [path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.name != "skill.json"]
    assert len(same) == 5
    assert all((package / path).read_bytes() == (source / path).read_bytes() for path in same)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("alexa", "values"), "https://cam.example.org/alexa/skill"),
        (("alexa", "values", "--language", "de-DE"), "skill_package/interactionModels/custom/de-DE.json"),
        (("alexa", "forwarder", "--skill-id", SKILL), "AWSTemplateFormatVersion"),
        (("alexa", "forwarder", "--key"), ""),
        (("google", "values"), "docs/google-icon.png"),
        (("clients", "list"), ""),
        (("links", "list"), ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_values_for_consoles_are_printed(program: Program, words: tuple[str, ...], expected: str) -> None:
    assert expected in run(program, *words, **HOME)


def test_without_an_address_the_named_guide_exists(program: Program) -> None:
    printed = run(program, "alexa", "values", code=2)
    [named] = re.findall(r"\S+/running\.md", printed)
    assert Path(named).read_bytes() == (ROOT / "docs/running.md").read_bytes()


def test_the_doctor_says_what_is_missing(program: Program) -> None:
    assert "is no https address" in run(program, "doctor", "google", code=1)


def test_an_owner_is_let_in_and_has_no_cameras_yet(program: Program) -> None:
    assert "Nobody has cameras here yet" in run(program, "cameras", "list", code=2)
    assert "may now link" in run(program, "owner", "add", "you@example.com")
    assert "may sign in here already" in run(program, "owner", "add", "you@example.com", code=1)


def test_the_demo_shows_a_picture(program: Program) -> None:
    program.demo = True
    program.start()
    try:
        program.link("alexa")
        assert program.assistant("alexa", "watch", text="show the garden")["outcome"]["shown"]
    finally:
        program.stop()
    assert list(program.stands.iterdir()) == []
