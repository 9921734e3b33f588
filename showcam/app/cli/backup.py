"""`showcam backup` and `showcam restore`: write all lasting data into one file, and put the data back."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from showcam.app.cli import Command, settings_of, stop
from showcam.app.cli.output import as_json, echo, progress, report, wants_json

if TYPE_CHECKING:
    from showcam.app.data.backup import Contents
    from showcam.app.data.restore import Restored

_FILE = click.argument("file", type=click.Path(path_type=Path))
_PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.File("r"),
    help="File whose first line is the passphrase, - for standard input (default: you are asked).",
)


class BackupFacts(TypedDict):
    made: str
    keys: bool
    demo: bool
    households: int
    links: int
    schema: int


@click.command(cls=Command)
@_FILE
@click.option("--with-keys", is_flag=True, help="The keys too, sealed under a passphrase.")
@_PASSPHRASE
@click.option("--force", is_flag=True, help="Replace FILE.")
@as_json
def backup(file: Path, with_keys: bool, passphrase_file: Any, force: bool) -> None:
    """Write everything that must last into FILE, also while showcam runs.

    Without the keys nobody can open the sealed data in FILE: say --with-keys, or keep a copy of keys/ elsewhere.
    """
    from showcam.app.data import backup as backups
    from showcam.app.data import integrity
    from showcam.app.process import logs

    if passphrase_file and not with_keys:
        stop("A passphrase is for the keys: say --with-keys too.")
    settings = settings_of(kept=False)
    logs.configure("command", "warning")
    integrity.claim(settings)
    integrity.check(settings)
    passphrase = _passphrase(passphrase_file, new=True) if with_keys else None
    with progress(f"Writing {file}"):
        found = backups.write(settings, file, passphrase, force=force)
    facts = {"file": str(file), "bytes": file.stat().st_size, **_facts(found)}
    report(facts, [f"{file} holds {_counted(found)}."])
    if wants_json():
        return
    if with_keys:
        echo("The keys are in it: who has its passphrase too can open everything.", err=True)
    else:
        echo(f"The keys are not in it: keep a copy of {settings.keys} elsewhere, or say --with-keys.", err=True)


@click.command(cls=Command)
@_FILE
@_PASSPHRASE
@click.option("--without-keys", is_flag=True, help="Leave the keys in FILE alone and go on with those that are here.")
@as_json
def restore(file: Path, passphrase_file: Any, without_keys: bool) -> None:
    """Put back the data that showcam backup wrote into FILE; the present data is kept under a dated name.

    Not while showcam runs. FILE is checked first, and nothing is changed if anything is wrong with it.
    """
    from showcam.app.data import integrity
    from showcam.app.data import restore as restoring
    from showcam.app.process import logs
    from showcam.app.process.supervisor import only_one

    settings = settings_of(kept=False)
    logs.configure("command", "warning")
    integrity.claim(settings)
    with only_one(settings.data / "run"):
        with progress(f"Checking {file}"):
            contents = restoring.fitting(settings, file)
        opens = contents.opens_with and not without_keys
        passphrase = _passphrase(passphrase_file, new=False) if opens else None
        with progress(f"Restoring {file}"):
            done = restoring.restore(settings, file, contents, passphrase)
    more = {"with_keys": done.with_keys, "schema_now": done.schema, "kept": [str(path) for path in done.kept]}
    report({"file": str(file), **_facts(done.contents), **more}, _lines(file, done))
    if not wants_json():
        echo(
            "Links that were ended since then are alive again, and those made since then are gone: showcam household "
            "USER, showcam household end USER LINK. Who changed the EZVIZ password since then signs in again.",
            err=True,
        )


def _passphrase(file: Any, *, new: bool) -> str:
    """Reads the passphrase from a file or a prompt, never from an argument: every process could read that."""
    from showcam.app.data.backup import SHORTEST

    if file is not None:
        text = str(file.readline()).rstrip("\r\n")
    elif sys.stdin.isatty():
        text = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True))
    else:
        stop("There is no terminal to ask for the passphrase at: say --passphrase-file FILE, or - for standard input.")
    if new and len(text) < SHORTEST:
        stop(f"A passphrase has at least {SHORTEST} characters: five words, say.")
    return text


def _lines(file: Path, done: "Restored") -> Iterator[str]:
    contents = done.contents
    keys = "with its keys" if done.with_keys else "with the keys that were here"
    yield f"Restored {file} of {_time(contents)}, {keys}: {_counted(contents)}."
    if contents.schema < done.schema:
        yield f"It was of schema {contents.schema} and is of {done.schema} now."
    yield from (f"What was there is kept as {path}" for path in done.kept)


def _facts(found: "Contents") -> BackupFacts:
    return {
        "made": _time(found),
        "keys": found.opens_with is not None,
        "demo": found.demo,
        "households": found.households,
        "links": found.links,
        "schema": found.schema,
    }


def _counted(contents: "Contents") -> str:
    households = "1 household" if contents.households == 1 else f"{contents.households} households"
    return f"{households} and {'1 link' if contents.links == 1 else f'{contents.links} links'}"


def _time(contents: "Contents") -> str:
    return datetime.fromtimestamp(contents.made, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
