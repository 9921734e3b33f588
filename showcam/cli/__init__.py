"""The command line. Commands import what they need when they run, so that `--help` and each part start fast."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from showcam.settings import Settings, SettingsError, load


def stop(text: str, code: int = 2) -> NoReturn:
    """End with one readable line."""
    click.echo(f"showcam: {text}", err=True)
    sys.exit(code)


def readable[**P, T](command: Callable[P, T]) -> Callable[P, T]:
    """Turns what a person can mend into one line on stderr and exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        from showcam.keys import KeysUnreadable
        from showcam.secrets import SecretUnreadable
        from showcam.supervisor import CannotStart
        from store.ports import StoreUnavailable
        from store.sealing import SealedUnreadable

        try:
            return command(*args, **kwargs)
        except (
            SettingsError,
            CannotStart,
            KeysUnreadable,
            SecretUnreadable,
            StoreUnavailable,
            SealedUnreadable,
        ) as error:
            stop(str(error))
            raise AssertionError from None

    return run


def settings_of(context: click.Context) -> Settings:
    """The settings a command works with: handed over by the supervisor, or read here."""
    from showcam.handover import handed_over

    handed = handed_over()
    if handed is not None:
        return handed
    root = context.find_root().params
    return load(file=root.get("config"), demo=bool(context.params.get("demo")), overrides=_said(context))


def own_address(settings: Settings) -> str:
    """What to do where public_url is not set."""
    from showcam.shipped import document

    if settings.all_on_aws:
        return f"It is the stack's output PublicUrl, or the name you gave it: see {document('aws.md')}"
    return f"See {document('running.md')}"


def _said(context: click.Context) -> dict[str, Any]:
    return {name: context.params.get(name) for name in ("port", "data")}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="showcam", message="%(prog)s %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file (default: showcam.toml where you stand). SHOWCAM_* in the environment beats it.",
)
def main(config: Path | None) -> None:
    """Say “show the garden camera” to Alexa or Google and see it; if it can't be shown, hear why and mend it."""


def _register() -> None:
    from showcam.cli import alexa, backup, cameras, clients, doctor, google, links, owner, parts, pin, run, say

    for command in (
        run.run,
        say.say,
        owner.owner,
        cameras.cameras,
        clients.clients,
        links.links,
        alexa.alexa,
        pin.pin,
        backup.backup,
        backup.restore,
        google.google,
        doctor.doctor,
        parts.serve,
        parts.media,
        parts.worker,
    ):
        main.add_command(command)


_register()
