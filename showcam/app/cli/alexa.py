"""`showcam alexa`: the values for Amazon's developer console and the skill package of an installation on AWS."""

import re
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Group, own_address, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, table
from showcam.app.shipped import whole_way

if TYPE_CHECKING:
    from showcam.app.settings import Settings

_ADDRESS = re.compile(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?")
_LANGUAGES = "Language of an Echo besides en-GB, en-US and de-DE, such as fr-FR; once for each."
_ARN = "The output DirectivesArn of your stack; once for each region."


@click.group(cls=Group, epilog=whole_way("integrator/skill.md"))
def alexa() -> None:
    """The Alexa skill of an installation on AWS. At home showcam's page makes the skill: showcam home."""


@alexa.command()
@click.option("--language", default="en-GB", show_default=True, help="Language of the Echo, such as en-GB.")
@click.option("--arn", "arns", multiple=True, help=_ARN)
@as_json
def values(language: str, arns: tuple[str, ...]) -> None:
    """Print every field of Amazon's developer console in the order you meet them, with its value."""
    from showcam.app.compose.command import tools
    from showcam.app.compose.ground import product
    from showcam.app.setup.alexa_console import fields

    settings = _of_aws()
    product(settings)
    _require_language(language, arns)
    with tools(settings) as store:
        rows = fields(settings, language, store.clients(), arns)
    _say_if_silent(language)
    lines: list[str] = []
    for page, fields_of_page in groupby(rows, key=lambda row: row.page):
        lines += [f"\n{page}", *table([(field.name, field.value) for field in fields_of_page], indent=2)]
    report({"fields": [asdict(row) for row in rows]}, lines)


@alexa.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--language", "languages", multiple=True, help=_LANGUAGES)
@click.option("--arn", "arns", multiple=True, required=True, help=_ARN)
@click.option("--privacy-url", help="Address of your privacy notice (default: showcam's own page).")
@click.option("--terms-url", help="Address of your terms of use (default: that of the privacy notice).")
def package(
    folder: Path,
    languages: tuple[str, ...],
    arns: tuple[str, ...],
    privacy_url: str | None,
    terms_url: str | None,
) -> None:
    """Write into FOLDER the package that Amazon's command line deploys as the skill."""
    from showcam.app.compose.ground import product
    from showcam.app.setup import skill_package

    settings = _of_aws()
    sold = product(settings)
    if not settings.alexa_skill_id:
        stop("alexa_skill_id is not set, and your functions permit one skill alone: copy alexaSkillId to showcam.toml.")
    for language in languages:
        _require_language(language, arns)
        _say_if_silent(language)
    url = settings.public_url
    privacy = _address("--privacy-url", privacy_url or sold.privacy or f"{url}/oauth/privacy")
    terms = _address("--terms-url", terms_url or sold.terms or privacy)
    try:
        functions = skill_package.regions(arns)
        skill = skill_package.manifest(
            url, functions, languages=languages, certificate=None, privacy=privacy, terms=terms
        )
        skill_package.write(folder, skill, settings.alexa_skill_id, sold.logo)
    except skill_package.Missing as missing:
        stop(str(missing))
    except OSError as error:
        stop(f"{folder} can't be written: {error.strerror}.", code=1)
    lines = [f"cd {folder} && ask deploy", "account linking: the fields of showcam alexa values"]
    for region, lacking in skill_package.unreached(functions):
        lines.append(f"{', '.join(lacking)}: this command with --arn of {region} too, where Alexa looks for them")
    if not (settings.lwa_client_id and settings.lwa_client_secret):
        where = "as lwaClientId (and lwa_client_id here), lwa_client_secret in showcam/STAGE/directives; then deploy"
        lines.append(f"Permissions > Send Alexa Events: its two values {where}")
    echo(f"Written into {folder}. Next:\n" + "\n".join(f"  {line}" for line in lines))


def _of_aws() -> "Settings":
    """The settings; the command ends if they are of a house, or if they lack the public address."""
    settings = settings_of()
    if not settings.all_on_aws:
        stop("At home showcam's page makes the skill, or names each field of Amazon's console: showcam home")
    if not settings.public_url.startswith("https://"):
        stop(f"public_url is not set: Amazon comes to an https address. {own_address(settings)}, then ask again.")
    return settings


def _address(option: str, url: str) -> str:
    if not _ADDRESS.fullmatch(url):
        stop(f"{option} {url}: an https address is wanted.")
    return url


def _require_language(language: str, arns: tuple[str, ...]) -> None:
    """Amazon accepts functions in other regions than the language's without an error, and then nothing works."""
    from showcam.app.setup import skill_package
    from showcam.app.setup.forwarder import LANGUAGES, region

    if language not in LANGUAGES:
        stop(f"Alexa has no language {language}. It has {', '.join(LANGUAGES)}.")
    try:
        functions = skill_package.regions(arns)
    except skill_package.Missing as missing:
        stop(str(missing))
    wanted = region(language)
    if functions and skill_package.REGIONS[wanted] not in functions:
        stop(f"For {language} Alexa looks in {wanted}, of which no --arn is given. Add it, or name another --language.")


def _say_if_silent(language: str) -> None:
    from showcam.app.setup.alexa_console import model

    if not model(language):
        echo(f"Of the spoken half there is none in {language}, only in English and German.", err=True)
