"""`showcam alexa`: what Amazon's console and AWS have to be told."""

import re
from itertools import groupby
from typing import TYPE_CHECKING

import click

from showcam.cli import readable, settings_of, stop

if TYPE_CHECKING:
    from showcam.settings import Settings

_SKILL = re.compile(r"amzn1\.ask\.skill\.[0-9a-fA-F-]{36}")
_LANGUAGE = "Language of the Echo, such as en-GB."


@click.group()
def alexa() -> None:
    """What Amazon's console and AWS have to be told. The whole way is in docs/alexa.md."""


@alexa.command()
@click.option("--language", default="en-GB", show_default=True, help=_LANGUAGE)
@click.pass_context
@readable
def values(context: click.Context, language: str) -> None:
    """Every field of the developer console in Amazon's order, with its value."""
    from showcam.alexa_console import fields
    from showcam.compose.command import tools

    settings = settings_of(context)
    _public(settings)
    _known(language)
    with tools(settings) as store:
        rows = fields(settings, language, store.clients())
    for page, several in groupby(rows, key=lambda row: row.page):
        click.echo(f"\n{page}")
        for row in several:
            click.echo(f"  {row.name:<38}  {row.value}")


@alexa.command()
@click.option("--language", default="en-GB", show_default=True, help=_LANGUAGE)
@click.option("--skill-id", help="The skill's id (default: alexa_skill_id).")
@click.option("--spoken", is_flag=True, help="Hand on spoken requests too, which otherwise come by HTTPS.")
@click.option("--key", is_flag=True, help="Print only the key to type where AWS asks for it.")
@click.pass_context
@readable
def forwarder(context: click.Context, language: str, skill_id: str | None, spoken: bool, key: bool) -> None:
    """One CloudFormation template with the forwarder in it, and the line for AWS CloudShell that deploys it.

    The template goes to standard output, the line to standard error: it may be kept in a file.
    """
    from showcam import forwarder as parts
    from showcam import keys

    settings = settings_of(context)
    if key:
        click.echo(parts.key_text(keys.of(settings).forwarder))
        return
    _public(settings)
    _known(language)
    skill = skill_id or settings.alexa_skill_id
    if not _SKILL.fullmatch(skill):
        stop("Say whose requests are handed on: --skill-id amzn1.ask.skill.…, from the console's page Smart Home.")
    text = parts.template(settings.public_url, skill, spoken=spoken)
    click.echo(text, nl=False)
    click.echo(
        "\nOr open https://console.aws.amazon.com/cloudshell, paste this line, and at “Key:” what "
        f"`showcam alexa forwarder --key` prints:\n\n{parts.one_line(text, parts.region(language))}",
        err=True,
    )


def _public(settings: "Settings") -> None:
    if not settings.public_url.startswith("https://"):
        stop("public_url is not set: Amazon comes to an https address. See docs/running.md, then ask again.")


def _known(language: str) -> None:
    from showcam.forwarder import LANGUAGES

    if language not in LANGUAGES:
        stop(f"Alexa has no language {language}. It has {', '.join(LANGUAGES)}.")
