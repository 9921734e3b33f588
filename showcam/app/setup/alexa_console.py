"""Every field of Amazon's developer console for an installation on AWS, in the order of the console's pages.

At home showcam's page makes the skill, or names these fields with what the house has for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from showcam.app.settings import Settings
from showcam.app.setup.forwarder import region
from showcam.app.shipped import skill_package
from showcam.i18n.catalogue import NAMING
from showcam.store.records import Client

SCOPE = "cameras"
# The console's names of AWS's regions, in its order.
PLACES = {"us-east-1": "North America", "eu-west-1": "Europe, India", "us-west-2": "Far East"}

type Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Field:
    page: str
    name: str
    value: str


def fields(settings: Settings, language: str, clients: list[Client], functions: Sequence[str] = ()) -> list[Field]:
    """`settings.public_url` is set. A value in brackets comes from Amazon or AWS, or is stored nowhere.

    `functions` are ARNs, one for each region; the first of them is the default.
    """
    client = next((client for client in clients if client.assistant == "alexa"), None)
    pages = [
        ("Create skill", _create(language)),
        ("Smart Home", _smart(settings, language, functions)),
        ("Account linking", _linking(settings.public_url, client)),
        ("Permissions", _permissions(settings)),
    ]
    if model(language):
        pages += [
            ("Models", [("Custom", "add")]),
            ("Custom", _spoken(settings, language, functions)),
            ("Test", [("Skill testing is enabled in", "Development")]),
        ]
    return [Field(page, name, value) for page, rows in pages for name, value in rows]


def _arns(settings: Settings, language: str, functions: Sequence[str], default: str, before: str = "") -> Rows:
    """The rows for the functions' ARNs: the field `default`, then the region's tick boxes, each name after `before`."""
    given = {arn.split(":")[3]: arn for arn in functions}
    first = next(iter(given.values()), None) or _to_come(settings.table_region or region(language))
    boxes = {place: given.get(place, "not ticked") if given else _to_come(place) for place in PLACES}
    return [(default, first), *((f"{before}{PLACES[place]}", box) for place, box in boxes.items())]


def _to_come(place: str) -> str:
    return f"[the output DirectivesArn of your stack in {place}]"


def _create(language: str) -> Rows:
    return [
        ("Skill name", NAMING.name),
        ("Primary locale", language),
        ("Sync locales", "off"),
        ("Type of experience", "Smart Home"),
        ("Model", "Smart Home"),
        ("Hosting", "Provision your own"),
    ]


def _smart(settings: Settings, language: str, functions: Sequence[str]) -> Rows:
    return [
        ("Payload version", "v3"),
        ("Your Skill ID", settings.alexa_skill_id or "[copy it to alexaSkillId and alexa_skill_id]"),
        *_arns(settings, language, functions, "Default endpoint"),
    ]


def _linking(base: str, client: Client | None) -> Rows:
    return [
        ("Allow users to link their account from within your application or website", "off"),
        ("Authorization grant type", "Auth Code Grant"),
        ("Your Web Authorization URI", f"{base}/oauth/authorize"),
        ("Access Token URI", f"{base}/oauth/token"),
        ("Your Client ID", client.id if client else "[showcam clients add alexa]"),
        ("Your Secret", "[shown once, when the client was added]"),
        ("Your Authentication Scheme", "HTTP Basic (Recommended)"),
        ("Scope", SCOPE),
        ("Domain list", "[empty]"),
        ("Default Access Token Expiration Time", "[empty]"),
        ("Enable PKCE", "on, if it is there"),
        ("Alexa Redirect URLs", "[all three: --redirect-uri of showcam clients add alexa]"),
    ]


def _permissions(settings: Settings) -> Rows:
    missing = "[copy it to the secret showcam/STAGE/directives, as lwa_client_secret]"
    return [
        ("Send Alexa Events", "on"),
        ("Alexa Client Id", settings.lwa_client_id or "[copy it to lwaClientId and lwa_client_id]"),
        ("Alexa Client Secret", "[set]" if settings.lwa_client_secret else missing),
    ]


def _spoken(settings: Settings, language: str, functions: Sequence[str]) -> Rows:
    return [
        ("Skill Invocation Name", "meine kameras" if language.startswith("de") else "my cameras"),
        ("Interfaces", "Video App"),
        ("Endpoint, service type", "AWS Lambda ARN"),
        *_arns(settings, language, functions, "Endpoint, default region", "Endpoint, "),
        ("JSON Editor", f"[{skill_package() / 'interactionModels/custom' / model(language)}.json]"),
        ("Build", "[press it]"),
    ]


def model(language: str) -> str:
    """The interaction model for a language, "" if there is none; en-GB serves every English but en-US and en-CA."""
    if language.startswith("de"):
        return "de-DE"
    if not language.startswith("en"):
        return ""
    return "en-US" if language in ("en-US", "en-CA") else "en-GB"
