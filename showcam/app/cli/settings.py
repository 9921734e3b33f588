"""`showcam settings`: the settings in showcam's database, in place of lines in a file."""

from typing import TYPE_CHECKING

import click

from showcam.app.cli import Group, origins_of, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table
from showcam.app.settings import KEPT, SECRETS

if TYPE_CHECKING:
    from showcam.app.process.kept import Installation, Row
    from showcam.app.settings import Settings

_MASK = "(set, secret)"


@click.group(cls=Group)
def settings() -> None:
    """Settings that showcam keeps: the public address, the assistants' ids and secrets, STUN and TURN, EZVIZ keys.

    showcam.toml and SHOWCAM_* in the environment count more. A running showcam takes a change within seconds; the
    media process waits until nobody watches, or until showcam settings apply.
    """


@settings.command("list")
@as_json
def list_() -> None:
    """Print each setting with the value and the source of the value. Secrets are not shown."""
    rows = opened()[1].rows()
    facts = {
        row.name: {"value": None if row.is_secret else row.text, "set": row.is_set, "from": _origin(row)}
        for row in rows
    }
    lines = table([(row.name, _MASK if row.is_secret and row.is_set else row.text, _origin(row)) for row in rows])
    report(facts, lines)


@settings.command("set")
@click.argument("name", type=click.Choice(KEPT), metavar="NAME")
@click.argument("value", required=False)
def set_(name: str, value: str | None) -> None:
    """Keep VALUE for NAME; the values of a list are parted by commas.

    A secret is asked for, never written into the command. A setting and its secret are asked for together, for example
    turn and turn_secret.
    """
    if name in SECRETS and value is not None:
        stop(
            f"{name} is a secret, and other users of this machine see a command's words: leave it out, it is asked for."
        )
    kept = opened()[1]
    texts = {name: value if value is not None else _prompt(name)}
    for partner in _partners(name):
        if not any(row.is_set for row in kept.rows() if row.name == partner):
            texts[partner] = _prompt(partner)
    kept.change(texts)
    when = "The next start of showcam takes it." if name == "bind" else "A running showcam takes it within seconds."
    echo(f"{' and '.join(texts)}: kept. {when}")


@settings.command()
@click.argument("name", type=click.Choice(KEPT), metavar="NAME")
def unset(name: str) -> None:
    """Forget the kept value of NAME, and of the setting that goes with it."""
    names = (name, *_partners(name))
    opened()[1].change(dict.fromkeys(names))
    echo(f"{' and '.join(names)}: nothing is kept.")


@settings.command()
def apply() -> None:
    """Take waiting changes at once: pictures that somebody watches stop for some seconds."""
    opened()[1].apply_now()
    echo("A running showcam takes within seconds what was changed; the next start takes it too.")


_PAIRS = (("ezviz_key", "ezviz_secret"), ("turn", "turn_secret"), ("lwa_client_id", "lwa_client_secret"))


def _partners(name: str) -> list[str]:
    """The secret of a setting, or the setting of a secret; empty for a setting without a partner."""
    return [other for pair in _PAIRS if name in pair for other in pair if other != name]


def _prompt(name: str) -> str:
    answer: str = click.prompt(name, hide_input=name in SECRETS)
    return answer


def _origin(row: "Row") -> str:
    return row.origin or ("kept here" if row.is_kept else "the default")


def opened() -> tuple["Settings", "Installation"]:
    """The settings of files, variables and options, and what showcam keeps besides."""
    from showcam.app.data import integrity
    from showcam.app.process.kept import Installation, keeps, read

    settings = settings_of(kept=False)
    if not keeps(settings):
        stop("The demo keeps no settings, and with DynamoDB they come from the environment and Secrets Manager.")
    integrity.claim(settings)
    integrity.check(settings)
    read(settings)  # raises here what would stop a start
    return settings, Installation(settings, origins_of())
