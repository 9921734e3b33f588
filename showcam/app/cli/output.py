"""Prints what commands have to say: hints that can be pasted, facts as text or JSON, tables, and signs of progress."""

import contextlib
import json
import os
import re
import shlex
import shutil
import sys
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

# key in a context's meta: the household's user, if commands in printed texts must name the household
USER = "showcam.user"

SOON_S = 1.0  # work that takes longer is announced


def note[T](context: click.Context, option: click.Parameter, value: T) -> T:
    """Notes an option's value for all parts of the program, whether the option stands before or after the command."""
    if value:
        context.meta[f"showcam.{option.name}"] = value
    return value


as_json = click.option(
    "--json", is_flag=True, callback=note, expose_value=False, help="Print facts as one JSON object."
)


def wants_json() -> bool:
    return "showcam.json" in click.get_current_context().meta


def echo(text: str, *, err: bool = False) -> None:
    """Print a text for a person; the commands in it can be pasted."""
    click.echo(runnable(text), err=err)


def report(facts: Mapping[str, object], lines: Iterable[str]) -> None:
    """Prints the result of a command: facts as one JSON object, or lines for a person."""
    if wants_json():
        click.echo(json.dumps(facts))
        return
    for line in lines:
        echo(line)


def runnable(text: str) -> str:
    """Writes the `showcam …` commands in a text as this program was called, so that they can be pasted.

    Commands about cameras name the household that this command named.
    """
    context = click.get_current_context(silent=True)
    root = context.find_root() if context else None
    if root is None or not isinstance(root.command, click.Group):
        return text
    named = "|".join(map(re.escape, root.command.list_commands(root)))
    typed = _typed(root)
    user = root.meta.get(USER)
    whose = f" --user {shlex.quote(user)}" if user else ""
    command = rf"(?<![\w/.-])showcam(?= (?:{named})(?![\w-]))( cameras [a-z]+(?![\w-]))?"
    return re.sub(command, lambda found: f"{typed}{found[1]}{whose}" if found[1] else typed, text)


def shell_word(name: str) -> str:
    """A name as a shell takes it for one word: whoever shares a camera chose it, and people paste commands."""
    return shlex.quote(name) if re.search(r'["$`\\!]', name) else f'"{name}"'


def elsewhere(command: str) -> str:
    """A command of this program that can be pasted into another terminal, which is neither in this folder nor has the
    `SHOWCAM_…` variables of this one. Variables with secrets are left out.
    """
    from showcam.app.process.settings_sources import from_environment
    from showcam.app.settings import SECRETS

    named = [f"SHOWCAM_{name.upper()}" for name in from_environment(os.environ) if name not in SECRETS]
    if "SHOWCAM_CONFIG" in os.environ:
        named.append("SHOWCAM_CONFIG")
    given = [f"{name}={shlex.quote(os.environ[name])} " for name in sorted(named)]
    return f"cd {shlex.quote(str(Path.cwd()))} && {''.join(given)}{runnable(command)}"


def draw(address: str, *, err: bool = False) -> None:
    """Prints an address as a QR code for a phone."""
    import segno

    segno.make(address, error="l").terminal(sys.stderr if err else sys.stdout, compact=True)


def table(rows: Iterable[Sequence[str]], headers: Sequence[str] = (), indent: int = 0) -> list[str]:
    """Lines of aligned columns, whatever width a terminal draws a name in; the headers, if any, are the first line."""
    from tabulate import tabulate

    cells = [[_one_line(cell) for cell in row] for row in rows]
    drawn = tabulate(cells, headers=headers, tablefmt="plain", disable_numparse=True)
    return [f"{' ' * indent}{line}".rstrip() for line in drawn.splitlines()]


def _typed(root: click.Context) -> str:
    """How this program was called, with the options that choose the installation."""
    words = _program()
    for name in ("config", "data"):
        if value := root.meta.get(f"showcam.{name}"):
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--demo"] if root.meta.get("showcam.demo") else words)


def called() -> str:
    """How this program was called, without options."""
    return shlex.join(_program())


def _program() -> list[str]:
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return [sys.executable, "-P", "-m", "showcam"]
    found = shutil.which("showcam")
    if started.name != "showcam" or (found and Path(found).absolute() == started.absolute()):
        return ["showcam"]
    return [str(started)]


def _one_line(text: str) -> str:
    """Replaces control characters: with them a name could move the cursor or break a row."""
    return "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)


@contextlib.contextmanager
def progress(doing: str) -> Iterator[None]:
    """Prints `doing` if the work takes longer than a second, then a dot every second until the work is done."""
    done = threading.Event()

    def write() -> None:
        if done.wait(SOON_S):
            return
        click.echo(f"{doing} …", err=True, nl=False)
        while not done.wait(SOON_S):
            click.echo(".", err=True, nl=False)
        click.echo(err=True)

    writer = threading.Thread(target=write, name="progress", daemon=True)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()
