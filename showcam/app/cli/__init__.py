"""The command line. Commands import what they need when they run, so that `--help` and each process start fast."""

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TypedDict

import click

from showcam.app.cli.output import called, echo, note
from showcam.app.process.limits import forbid_core
from showcam.app.process.settings_sources import SettingsError, file_of, load, origins
from showcam.app.settings import Settings


def stop(text: str, code: int = 2) -> NoReturn:
    """Print one line on stderr and exit."""
    echo(f"showcam: {text}", err=True)
    sys.exit(code)


def _fixable(error: Exception) -> str:
    """The sentence for an error that a person can fix; "" for any other."""
    from showcam.app import extras, obstacles
    from showcam.app.aws.boto import SecretUnreadable
    from showcam.app.keys import KeysUnreadable
    from showcam.app.process.supervisor import CannotStart
    from showcam.store.ports import StoreUnavailable
    from showcam.store.sealing import SealedUnreadable

    known = (SettingsError, CannotStart, KeysUnreadable, SecretUnreadable, StoreUnavailable, SealedUnreadable)
    if isinstance(error, (*known, extras.ExtraMissing)):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and (extra := extras.bringing(error.name or "")):
        return str(extras.ExtraMissing(extra))
    if isinstance(error, OSError) and error.errno in obstacles.KNOWN:
        file = str(error.filename or "A file")
        return obstacles.sentence(file, Path(file), error)
    return ""


def settings_of(*, kept: bool = True) -> Settings:
    """The settings of a command: handed over by the supervisor, or read from their sources.

    `kept`: include the settings in showcam's database.
    """
    from showcam.app.process.handover import handed_over

    handed = handed_over()
    if handed is not None:
        return handed
    given = _given()
    settings = load(**given)
    if not kept:
        return settings
    from showcam.app.data import integrity
    from showcam.app.process.kept import read

    if not settings.demo:  # its data may be deleted by hand: no loss is reported
        integrity.check(settings)
    return load(**given, kept=texts) if (texts := read(settings)) else settings


def origins_of() -> dict[str, str]:
    """The settings that come from a file, a variable or an option, each with its origin."""
    return origins(**_given())


class _Given(TypedDict):
    file: Path | None
    demo: bool
    overrides: Mapping[str, Any]


def _given() -> _Given:
    context = click.get_current_context()
    options = {name: context.meta.get(f"showcam.{name}") for name in ("config", "data", "demo")}
    overrides = {"port": context.params.get("port"), "data": options["data"]}
    return _Given(file=options["config"], demo=bool(options["demo"]), overrides=overrides)


def settings_file() -> Path:
    """The settings file of this command, which need not exist."""
    return file_of(os.environ, click.get_current_context().meta.get("showcam.config"))


def own_address(settings: Settings) -> str:
    """Advice for a person whose public_url is not set."""
    from showcam.app.shipped import document

    if settings.all_on_aws:
        return f"It is the stack's output PublicUrl, or the name you gave it: see {document('integrator/aws.md')}"
    return f"See {guide(settings, 'reachable.md')}"


def guide(settings: Settings, name: str) -> str:
    """The address of an owner's document if showcam runs here, else the file."""
    from showcam.app.process.supervisor import running_at
    from showcam.app.shipped import document, page

    at = running_at(settings.data)
    return f"{at}{page(name)}" if at else str(document(f"owner/{name}"))


class Command(click.Command):
    """A command or group with the options --demo and --data: both may stand before a command and after it."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        demo = "The demo: simulated cameras and assistants, on this machine alone."
        data = "Folder of the data (SHOWCAM_DATA; default: as showcam where says)."
        folder = click.Path(path_type=Path, file_okay=False)
        self.params += [
            click.Option(["--demo"], is_flag=True, callback=note, expose_value=False, help=demo),
            click.Option(["--data"], type=folder, callback=note, expose_value=False, help=data),
        ]


class Group(Command, click.Group):
    command_class = Command


def at_vendor[F: Callable[..., Any]](command: F) -> F:
    """Hands the command `kind`, the kind of source of the vendor in --vendor."""
    whose = "Whose account it is, if people can sign in to several vendors here (default: the first, EZVIZ)."
    return click.option("--vendor", "kind", metavar="NAME", callback=_kind, help=whose)(command)


def _kind(_context: click.Context, _option: click.Parameter, name: str | None) -> str:
    from showcam.drivers import BRANDS

    kinds = {brand.vendor: brand.kind for brand in BRANDS if brand.signs_in}
    found = [kind for vendor, kind in kinds.items() if not name or vendor.casefold() == name.casefold()]
    if not found:
        raise click.BadParameter(f"{name} is none of {', '.join(kinds)}")
    return found[0]


_COMMANDS = (
    *("alexa", "backup", "cameras", "cast", "clients", "doctor", "expose", "google", "health", "home"),
    *("household", "login", "media", "outbox", "owner", "pin", "players", "restore", "run", "serve", "settings"),
    *("trace", "where", "worker"),
)
# The module of each command whose module has another name. A command imports only its own module: a container's engine
# runs `showcam health` again and again. With one module it takes 0.14 s of CPU, with all of them 0.4 s.
_MODULES = {"health": "where", "pin": "owner_password", "restore": "backup"} | dict.fromkeys(
    ("media", "serve", "worker"), "run"
)


class _Commands(Group):
    """Help and usage name this group as the person called it, so that their commands can be pasted."""

    def main(self, args: Any = None, prog_name: str | None = None, *more: Any, **named: Any) -> Any:
        return super().main(args, prog_name or called(), *more, **named)

    def invoke(self, context: click.Context) -> Any:
        """Prints a mistake of the owner's as one line on stderr, without a traceback, and exits with code 2."""
        try:
            return super().invoke(context)
        except click.Abort:
            if sys.stdin is not None and sys.stdin.isatty():
                raise
            click.echo(err=True)  # ends the line of the prompt
            stop("It asked for something, and standard input ended without an answer: run it at a terminal.", code=1)
        except Exception as error:
            if sentence := _fixable(error):
                stop(sentence)
            raise

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{_MODULES.get(name, name)}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="showcam", message="showcam %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=note,
    expose_value=False,
    help="Settings file (SHOWCAM_CONFIG; default: as showcam where says). SHOWCAM_* in the environment beats it.",
)
def main() -> None:
    """Say “show the garden camera” to Alexa or Google and see it; if it can't be shown, hear why and how to fix it."""
    forbid_core()
    # getpass warns twice if it can't hide the typed text. The second warning is for a person, and stays
    warnings.filterwarnings("ignore", "Can not control echo on the terminal")
