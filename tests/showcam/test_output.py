"""What commands print: aligned columns, and hints that can be pasted."""

import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from showcam.app.cli import main
from showcam.app.cli.output import runnable, shell_word, table

NAMES = [  # a name and its width in a terminal's columns
    ("Garden", 6),
    ("车库", 4),
    ("ガレージ", 8),
    ("정원", 4),
    ("📷 Tor", 6),
    ("👨‍👩‍👧", 2),
    ("Cafe\u0301", 4),  # an accent that combines
    ("Kjøkken", 7),
    ("", 0),
]


@pytest.mark.parametrize("indent", [0, 2])
def test_columns_meet_after_names_of_any_width(indent: int) -> None:
    lines = table([(name, "yes") for name, _ in NAMES], ("Camera", "Alexa"), indent=indent)
    widest = max(width for _, width in NAMES)
    expected = [(name, width, "yes") for name, width in NAMES]
    assert lines == [
        f"{' ' * indent}{name}{' ' * (widest - width + 2)}{value}"
        for name, width, value in [("Camera", 6, "Alexa"), *expected]
    ]


@pytest.mark.parametrize(
    ("cell", "drawn"),
    [
        ("a\nb", "a b"),
        ("\x1b[2Jgone", " [2Jgone".strip()),
        ("a\tb", "a b"),
        ("007", "007"),
        ("1e5", "1e5"),
        ("12.50", "12.50"),
    ],
)
def test_a_cell_is_one_line_and_stays_as_it_is(cell: str, drawn: str) -> None:
    assert table([(cell, "x")]) == [f"{drawn}  x"]


def test_no_rows_are_headers_alone() -> None:
    assert table([], ("Link", "Label")) == ["Link    Label"]


@pytest.mark.parametrize(
    ("typed", "started", "expected"),
    [
        ((), "elsewhere/bin/showcam", "elsewhere/bin/showcam"),
        (("--demo",), "elsewhere/bin/showcam", "elsewhere/bin/showcam --demo"),
        (("--data", "my data"), "elsewhere/bin/showcam", "elsewhere/bin/showcam --data 'my data'"),
        (
            ("--config", "a.toml", "--data", "d", "--demo"),
            "elsewhere/bin/showcam",
            "elsewhere/bin/showcam --config a.toml --data d --demo",
        ),
        (("--demo",), "else where/bin/showcam", "'else where/bin/showcam' --demo"),
        ((), "elsewhere/showcam/__main__.py", f"{sys.executable} -P -m showcam"),
    ],
)
def test_a_hint_begins_as_the_program_was_called(
    typed: tuple[str, ...], started: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    context = main.make_context("showcam", [*typed, "household"])
    with context:
        assert runnable("Look: showcam household list") == f"Look: {expected} household list"


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ('showcam cameras set "Hall" audio on', "showcam cameras set --user 'my house' \"Hall\" audio on"),
        ("showcam cameras code NAME", "showcam cameras code --user 'my house' NAME"),
        ("showcam cameras", "showcam cameras"),
        ("showcam household list", "showcam household list"),
    ],
)
def test_a_hint_about_cameras_names_the_household_that_the_command_named(
    hint: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["showcam"])
    context = main.make_context("showcam", ["cameras", "list", "--user", "my house"])
    with context:
        assert runnable(hint) == hint
        name, command, words = main.resolve_command(context, ["cameras", "--user", "my house"])
        assert command is not None
        with command.make_context(name, words, parent=context):
            assert runnable(hint) == expected


@pytest.mark.parametrize("words", [["owner", "add"], ["nonsense"]])
def test_what_was_mistyped_names_the_help_as_the_program_was_called(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/showcam"])
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(SystemExit, match="2"):
        main(words)
    command = " ".join([".venv/bin/showcam", *words]).removesuffix(" nonsense")
    assert f"Try '{command} --help' for help." in capsys.readouterr().err


def test_a_program_on_the_path_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "showcam").write_text("#!/bin/sh\n")
    (tmp_path / "showcam").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "showcam")])
    with main.make_context("showcam", ["--demo", "household"]):
        assert runnable("showcam household list") == "showcam --demo household list"


@pytest.mark.parametrize(
    "text",
    ["showcam runs here", "showcam is signed out", "/opt/showcam run", "showcam run-away", "myshowcam household list"],
)
def test_what_names_no_command_stays(text: str) -> None:
    with main.make_context("showcam", ["--demo", "household"]):
        assert runnable(text) == text


@pytest.mark.parametrize("place", ["before", "behind"])
def test_options_of_the_installation_count_before_a_command_and_behind_it(place: str, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "demo").mkdir()
    options = ["--demo", "--data", str(tmp_path / "demo")]
    words = [*options, "clients", "list"] if place == "before" else ["clients", "list", *options]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert (tmp_path / "demo" / "DEMO").exists()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Front Door", '"Front Door"'),
        ("车库", '"车库"'),
        ("Bob's", '"Bob\'s"'),
        ("$(id)", "'$(id)'"),
        ("`id`", "'`id`'"),
        ('a" ; id ; "', "'a\" ; id ; \"'"),
        ("it's $HOME", "'it'\"'\"'s $HOME'"),
        ("back\\slash", "'back\\slash'"),
    ],
)
def test_a_name_is_one_word_to_a_shell(name: str, word: str) -> None:
    assert shell_word(name) == word


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append(((*before, name), command))
        if isinstance(command, click.Group):
            found += commands(command, (*before, name))
    return found


@pytest.mark.parametrize(
    ("words", "command"), [pytest.param(*example, id=" ".join(example[0])) for example in commands(main)]
)
def test_help_says_what_a_command_does_and_what_its_options_are(words: tuple[str, ...], command: click.Command) -> None:
    first = (command.help or "").splitlines()[0]
    assert first
    assert first[0].isupper()
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        assert option.help, option.name
        optional = not (option.is_flag or option.multiple or option.required)
        assert not optional or option.show_default or "default" in option.help, option.name


@pytest.mark.parametrize("words", [
    ("cameras",), ("cameras", "list"), ("cameras", "show"), ("household",), ("clients", "list"), ("clients", "add"),
    ("household", "list"), ("doctor", "google"), ("google", "values"), ("alexa", "values"), ("backup",), ("restore",),
], ids=" ".join)  # fmt: skip
def test_commands_that_print_facts_print_them_as_json(words: tuple[str, ...]) -> None:
    command = dict(commands(main))[words]
    assert "--json" in [name for option in command.params for name in option.opts]
