"""Every field of Amazon's developer console, in the order of its pages, with this installation's value.

At home the skill begins with its spoken half, which needs no function, and Smart Home is added. On AWS, or in a
language that the spoken half lacks, it begins as a Smart Home skill.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from showcam.app.settings import Settings
from showcam.app.setup.forwarder import region
from showcam.app.shipped import skill_package
from showcam.store.records import Client

SCOPE = "cameras"
# The console's names of AWS's regions, in its order.
PLACES = {"us-east-1": "North America", "eu-west-1": "Europe, India", "us-west-2": "Far East"}
_TRUSTED = "My development endpoint has a certificate from a trusted certificate authority"
_EXACT = (".ts.net", ".duckdns.org")

type Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Field:
    page: str
    name: str
    value: str


def fields(
    settings: Settings,
    language: str,
    clients: list[Client],
    functions: Sequence[str] = (),
    *,
    spoken_by_function: bool = False,
) -> list[Field]:
    """`settings.public_url` is set. A value in brackets comes from Amazon or AWS, or is stored nowhere.

    `functions` are ARNs, one for each region; the first of them is the default.
    """
    arns = _Arns(settings, language, functions)
    client = next((client for client in clients if client.assistant == "alexa"), None)
    by_function = spoken_by_function or settings.all_on_aws
    spoken = ("Custom", _spoken(settings, language, arns if by_function else None))
    smart = ("Smart Home", _smart(settings, arns))
    linking = ("Account linking", _linking(settings.public_url, client))
    permissions = ("Permissions", _permissions(settings))
    test = ("Test", [("Skill testing is enabled in", "Development")])
    if not model(language):
        pages = [("Create skill", _create(language, "Smart Home")), smart, linking, permissions]
    elif settings.all_on_aws:
        added = ("Models", [("Custom", "add")])
        pages = [("Create skill", _create(language, "Smart Home")), smart, linking, permissions, added, spoken, test]
    else:
        listed = ("List of skills", [("Skill ID", _skill_id(settings))])
        added = ("Models", [("Smart Home", "add")])
        created = ("Create skill", [*_create(language, "Custom"), ("Template", "Start from scratch")])
        pages = [created, listed, spoken, linking, test, added, smart, permissions]
    return [Field(page, name, value) for page, rows in pages for name, value in rows]


class _Arns:
    """The rows for endpoints that the console takes as ARNs."""

    def __init__(self, settings: Settings, language: str, functions: Sequence[str]) -> None:
        self._given = {arn.split(":")[3]: arn for arn in functions}
        self._on_aws = settings.all_on_aws
        self._first = (self._on_aws and settings.table_region) or region(language)

    def rows(self, default: str, before: str = "") -> Rows:
        first = next(iter(self._given.values()), None)
        boxes = [(f"{before}{name}", self._box(place)) for place, name in PLACES.items()]
        return [(default, first or self._to_come(self._first)), *boxes]

    def _box(self, place: str) -> str:
        if self._on_aws and not self._given:
            return self._to_come(place)
        return self._given.get(place, "not ticked")

    def _to_come(self, place: str) -> str:
        if self._on_aws:
            return f"[the output DirectivesArn of your stack in {place}]"
        return f"[the ARN that the forwarder's line prints, in {place}]"


def _create(language: str, kind: str) -> Rows:
    return [
        ("Skill name", "showcam"),
        ("Primary locale", language),
        ("Sync locales", "off"),
        ("Type of experience", "Other" if kind == "Custom" else kind),
        ("Model", kind),
        ("Hosting", "Provision your own"),
    ]


def _skill_id(settings: Settings) -> str:
    place = "alexaSkillId and alexa_skill_id" if settings.all_on_aws else "alexa_skill_id"
    return settings.alexa_skill_id or f"[copy it to {place}]"


def _smart(settings: Settings, arns: _Arns) -> Rows:
    return [("Payload version", "v3"), ("Your Skill ID", _skill_id(settings)), *arns.rows("Default endpoint")]


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
    where = ("lwa_client_id", "lwa_client_secret")
    if settings.all_on_aws:
        where = ("lwaClientId and lwa_client_id", "the secret showcam/STAGE/directives, as lwa_client_secret")
    return [
        ("Send Alexa Events", "on"),
        ("Alexa Client Id", settings.lwa_client_id or f"[copy it to {where[0]}]"),
        ("Alexa Client Secret", "[set]" if settings.lwa_client_secret else f"[copy it to {where[1]}]"),
    ]


def _spoken(settings: Settings, language: str, arns: _Arns | None) -> Rows:
    """`arns` of the functions that take spoken requests; None: these come by HTTPS."""
    if arns:
        endpoint = [("Endpoint, service type", "AWS Lambda ARN"), *arns.rows("Endpoint, default region", "Endpoint, ")]
    else:
        endpoint = [
            ("Endpoint, service type", "HTTPS"),
            ("Endpoint, default region", f"{settings.public_url}/alexa/skill"),
            ("Endpoint, SSL certificate type", certificate(settings.public_url)),
        ]
    return [
        ("Skill Invocation Name", "meine kameras" if language.startswith("de") else "my cameras"),
        ("Interfaces", "Video App"),
        *endpoint,
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


def certificate(url: str) -> str:
    """The console's choice for the address; both if the name may have a wildcard certificate (as Cloudflare's)."""
    if url.endswith(_EXACT):
        return _TRUSTED
    return (
        "“… from a trusted certificate authority”; behind Cloudflare “… is a sub-domain of a domain that has a "
        "wildcard certificate …”"
    )
