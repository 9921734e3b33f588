"""`showcam alexa`: what Amazon's console and AWS have to be told."""

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from showcam.cli import readable, settings_of, stop

if TYPE_CHECKING:
    from showcam.settings import Settings
    from showcam.skill_package import Certificate

_SKILL = re.compile(r"amzn1\.ask\.skill\.[0-9a-fA-F-]{36}")
_ADDRESS = re.compile(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?")
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


@alexa.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--arn", "arns", multiple=True, help="The function that takes directives; once for each region.")
@click.option("--spoken-by-function", is_flag=True, help="Spoken requests go to the function too, not to HTTPS.")
@click.option("--certificate", type=click.Choice(["trusted", "wildcard"]), default="trusted", show_default=True)
@click.option("--privacy-url", help="Your privacy notice (default: the one showcam has).")
@click.option("--terms-url", help="Your terms of use (default: the privacy notice).")
@click.option("--linking", is_flag=True, help="Write linking.json too; asks for the client's secret, unseen.")
@click.pass_context
@readable
def package(
    context: click.Context,
    folder: Path,
    arns: tuple[str, ...],
    spoken_by_function: bool,
    certificate: "Certificate",
    privacy_url: str | None,
    terms_url: str | None,
    linking: bool,
) -> None:
    """Write into FOLDER what Amazon's command line deploys as a skill. Without --arn: its spoken half alone."""
    from showcam import skill_package as parts

    settings = settings_of(context)
    _public(settings)
    url = settings.public_url
    privacy = _address("--privacy-url", privacy_url or f"{url}/oauth/privacy")
    terms = _address("--terms-url", terms_url or privacy)
    try:
        skill = parts.manifest(
            url,
            parts.regions(arns),
            spoken_by_function=spoken_by_function,
            certificate=certificate,
            privacy=privacy,
            terms=terms,
        )
        parts.write(folder, skill, _linking(settings) if linking else None)
    except parts.Missing as missing:
        stop(str(missing))
    except OSError as error:
        stop(f"{folder} can't be written: {error.strerror}.", code=1)
    _next(folder, settings, bool(arns), linking)


def _linking(settings: "Settings") -> dict[str, Any]:
    from accounts import clients
    from showcam import skill_package as parts
    from showcam.compose.command import tools

    with tools(settings) as store:
        client = next((each for each in store.clients() if each.assistant == "alexa"), None)
    if client is None:
        stop("Alexa is no client yet: showcam clients add alexa --redirect-uri ….")
    secret = click.prompt("Client secret", hide_input=True, err=True)
    if not clients.check_secret(client, secret):
        stop(f"That is not the secret of {client.id}; showcam clients add alexa told it once.")
    return parts.linking(settings.public_url, client, secret)


def _next(folder: Path, settings: "Settings", smart: bool, linking: bool) -> None:
    from showcam.skill_package import LINKING

    skill = settings.alexa_skill_id or "SKILL-ID"
    lines = [f"cd {folder} && ask deploy"]
    if not settings.alexa_skill_id:
        lines.append("then the skill's id as alexa_skill_id into showcam.toml, and start showcam again")
    if linking:
        lines.append(f"ask smapi update-account-linking-info -s {skill} --account-linking-request file:{LINKING}")
        lines.append(f"rm {LINKING}  (the client's secret is in it)")
    else:
        lines.append("account linking: this command with --linking, or the fields of showcam alexa values")
    if not smart:
        lines.append("live view and “show the garden camera”: this command again with --arn, once there is a function")
    elif not (settings.lwa_client_id and settings.lwa_client_secret):
        lines.append("Permissions > Send Alexa Events: its two values as lwa_client_id and lwa_client_secret")
    click.echo(f"Written into {folder}. Next:\n" + "\n".join(f"  {each}" for each in lines))


def _address(option: str, url: str) -> str:
    if not _ADDRESS.fullmatch(url):
        stop(f"{option} {url}: an https address is wanted.")
    return url


def _public(settings: "Settings") -> None:
    if not settings.public_url.startswith("https://"):
        stop("public_url is not set: Amazon comes to an https address. See docs/running.md, then ask again.")


def _known(language: str) -> None:
    from showcam.forwarder import LANGUAGES

    if language not in LANGUAGES:
        stop(f"Alexa has no language {language}. It has {', '.join(LANGUAGES)}.")
