"""`showcam alexa`: the values for Amazon's developer console, the forwarder's template, and the skill package."""

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
    from showcam.app.setup.skill_package import AccountLinking, Certificate

_SKILL = re.compile(r"amzn1\.ask\.skill\.[0-9a-fA-F-]{36}")
_ADDRESS = re.compile(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?")
_LANGUAGE = "Language of the Echo, such as en-GB."
_LANGUAGES = "Language of an Echo besides en-GB, en-US and de-DE, such as fr-FR; once for each."
_ARN = "The function that takes directives; once for each region."
_SPOKEN = "Spoken requests go to the function too, not to HTTPS (on AWS always)."


@click.group(cls=Group, epilog=whole_way("owner/alexa.md"))
def alexa() -> None:
    """Alexa: the values for Amazon's developer console and AWS."""


@alexa.command()
@click.option("--language", default="en-GB", show_default=True, help=_LANGUAGE)
@click.option("--arn", "arns", multiple=True, help=_ARN)
@click.option("--spoken-by-function", is_flag=True, help=_SPOKEN)
@as_json
def values(language: str, arns: tuple[str, ...], spoken_by_function: bool) -> None:
    """Print every field of Amazon's developer console in the order you meet them, with its value.

    At home the spoken half comes first, by HTTPS; on AWS functions answer both halves.
    """
    from showcam.app.compose.command import tools
    from showcam.app.setup.alexa_console import fields

    settings = settings_of()
    _require_public_url(settings)
    _require_language(language, arns)
    with tools(settings) as store:
        rows = fields(settings, language, store.clients(), arns, spoken_by_function=spoken_by_function)
    _say_if_silent(language)
    lines: list[str] = []
    for page, fields_of_page in groupby(rows, key=lambda row: row.page):
        lines += [f"\n{page}", *table([(field.name, field.value) for field in fields_of_page], indent=2)]
    report({"fields": [asdict(row) for row in rows]}, lines)


@alexa.command()
@click.option("--language", default="en-GB", show_default=True, help=_LANGUAGE)
@click.option("--skill-id", help="The skill's id (default: the setting alexa_skill_id).")
@click.option("--spoken", is_flag=True, help="Hand on spoken requests too, which otherwise come by HTTPS.")
@click.option("--key", is_flag=True, help="Print only the key to type where AWS asks for it.")
def forwarder(language: str, skill_id: str | None, spoken: bool, key: bool) -> None:
    """Print a CloudFormation template with the forwarder in it, and the line for AWS CloudShell that deploys it.

    The template goes to standard output, the line to standard error: it may be kept in a file.
    """
    from showcam.app import keys
    from showcam.app.setup.forwarder import key_text, one_line, region, template

    settings = settings_of()
    if key:
        click.echo(key_text(keys.of(settings).forwarder))
        return
    _require_public_url(settings)
    _require_language(language)
    skill = skill_id or settings.alexa_skill_id
    if not _SKILL.fullmatch(skill):
        stop("Say whose requests are handed on: --skill-id amzn1.ask.skill.…, from the console's page Smart Home.")
    text = template(settings.public_url, skill, spoken=spoken)
    click.echo(text, nl=False)
    echo(
        "\nOr open https://console.aws.amazon.com/cloudshell, paste this line, and at “Key:” what "
        f"`showcam alexa forwarder --key` prints:\n\n{one_line(text, region(language))}",
        err=True,
    )


@alexa.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--language", "languages", multiple=True, help=_LANGUAGES)
@click.option("--arn", "arns", multiple=True, help=_ARN)
@click.option("--spoken-by-function", is_flag=True, help=_SPOKEN)
@click.option(
    "--certificate",
    type=click.Choice(["trusted", "wildcard"]),
    default="trusted",
    show_default=True,
    help="Which kind public_url has.",
)
@click.option("--privacy-url", help="Address of your privacy notice (default: showcam's own page).")
@click.option("--terms-url", help="Address of your terms of use (default: that of the privacy notice).")
@click.option("--linking", is_flag=True, help="Write linking.json too; asks for the client's secret, unseen.")
def package(
    folder: Path,
    languages: tuple[str, ...],
    arns: tuple[str, ...],
    spoken_by_function: bool,
    certificate: "Certificate",
    privacy_url: str | None,
    terms_url: str | None,
    linking: bool,
) -> None:
    """Write into FOLDER the package that Amazon's command line deploys as a skill.

    Without --arn the skill has only its spoken half, by HTTPS. On AWS functions answer both halves: there --arn is
    needed.
    """
    from showcam.app.setup import skill_package

    settings = settings_of()
    _require_public_url(settings)
    if settings.all_on_aws:
        _require_functions(settings, arns)
    for language in languages:
        _require_language(language, arns)
        _say_if_silent(language)
    url = settings.public_url
    privacy = _address("--privacy-url", privacy_url or f"{url}/oauth/privacy")
    terms = _address("--terms-url", terms_url or privacy)
    try:
        skill = skill_package.manifest(
            url,
            skill_package.regions(arns),
            languages=languages,
            spoken_by_function=spoken_by_function or settings.all_on_aws,
            certificate=certificate,
            privacy=privacy,
            terms=terms,
        )
        skill_package.write(folder, skill, settings.alexa_skill_id, _linking(settings) if linking else None)
    except skill_package.Missing as missing:
        stop(str(missing))
    except OSError as error:
        stop(f"{folder} can't be written: {error.strerror}.", code=1)
    _next(folder, settings, arns, linking)


def _linking(settings: "Settings") -> "AccountLinking":
    from showcam.accounts import clients
    from showcam.app.compose.command import tools
    from showcam.app.setup import skill_package

    with tools(settings) as store:
        client = next((client for client in store.clients() if client.assistant == "alexa"), None)
    if client is None:
        stop("Alexa is no client yet: showcam clients add alexa --redirect-uri ….")
    secret = click.prompt("Client secret", hide_input=True, err=True)
    if not clients.check_secret(client, secret):
        stop(f"That is not the secret of {client.id}, which was shown once, when the client was added.")
    return skill_package.linking(settings.public_url, client, secret)


def _require_functions(settings: "Settings", arns: tuple[str, ...]) -> None:
    """Ends the command unless functions and a skill id are given.

    On AWS each function must exist before the skill, and permits one skill id.
    """
    if not arns:
        stop("On AWS functions answer both halves: say --arn with the output DirectivesArn, once for each region.")
    if not settings.alexa_skill_id:
        stop("alexa_skill_id is not set, and your functions permit one skill alone: copy alexaSkillId to showcam.toml.")


def _next(folder: Path, settings: "Settings", arns: tuple[str, ...], linking: bool) -> None:
    from showcam.app.setup.skill_package import LINKING, unreached

    skill = settings.alexa_skill_id or "SKILL-ID"
    lines = [f"cd {folder} && ask deploy"]
    if not settings.alexa_skill_id:
        lines.append("then the skill's id as alexa_skill_id into showcam.toml, and start showcam again")
    if linking:
        lines.append(f"ask smapi update-account-linking-info -s {skill} --account-linking-request file:{LINKING}")
        lines.append(f"rm {LINKING}  (the client's secret is in it)")
    else:
        lines.append("account linking: this command with --linking, or the fields of showcam alexa values")
    if settings.all_on_aws:
        for region, languages in unreached(arns):
            lines.append(f"{', '.join(languages)}: this command with --arn of {region} too, where Alexa looks for them")
    if not arns:
        lines.append("live view and “show the garden camera”: this command again with --arn, once there is a function")
    elif not (settings.lwa_client_id and settings.lwa_client_secret):
        lines.append(f"Permissions > Send Alexa Events: its two values {_events(settings)}")
    echo(f"Written into {folder}. Next:\n" + "\n".join(f"  {line}" for line in lines))


def _events(settings: "Settings") -> str:
    if settings.all_on_aws:
        return "as lwaClientId (and lwa_client_id here), lwa_client_secret in showcam/STAGE/directives; then deploy"
    return "as lwa_client_id and lwa_client_secret"


def _address(option: str, url: str) -> str:
    if not _ADDRESS.fullmatch(url):
        stop(f"{option} {url}: an https address is wanted.")
    return url


def _require_public_url(settings: "Settings") -> None:
    if not settings.public_url.startswith("https://"):
        stop(f"public_url is not set: Amazon comes to an https address. {own_address(settings)}, then ask again.")


def _require_language(language: str, arns: tuple[str, ...] = ()) -> None:
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
