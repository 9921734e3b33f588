"""The skill package that Amazon's command line (`ask deploy`) takes, with this installation's addresses in it."""

import json
import re
import shutil
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict
from urllib.parse import urlsplit

from showcam.accounts.links import ACCESS_S
from showcam.app.setup import forwarder
from showcam.app.setup.alexa_console import SCOPE, model
from showcam.app.shipped import skill_package
from showcam.i18n.catalogue import NAMING
from showcam.net.exchange import PATIENT_S
from showcam.net.text import JsonObject

if TYPE_CHECKING:
    from PIL.Image import Image

RESOURCES = "ask-resources.json"
MODELS = Path("interactionModels", "custom")  # the folder in the package with a file for each locale
# Amazon's command line keeps the id of the deployed skill in this file of the folder
STATES = Path(".ask", "ask-states.json")
# Alexa's names of the AWS regions whose functions it can call.
REGIONS = {"us-east-1": "NA", "eu-west-1": "EU", "us-west-2": "FE"}
_ARN = re.compile(r"arn:aws:lambda:([a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9_$-]{1,128})?")
_SPOKEN_EVENTS = ("SKILL_ACCOUNT_LINKED", "SKILL_DISABLED")
# English texts for a language that the spoken half lacks: they promise no phrase of the spoken half.
_SILENT: JsonObject = {"summary": "See your cameras on an Echo Show.", "examplePhrases": []}
_SILENT_DESCRIPTION = (
    "Your own showcam at home or your camera service answers; link it with the user name and password of your camera "
    "account."
)

type Certificate = Literal["trusted", "wildcard"]


# Shapes: Amazon's "Skill Manifest Schema". Other parts of the shipped package stay as they are.


class Uri(TypedDict):
    uri: str
    sslCertificateType: NotRequired[str]


class Region(TypedDict):
    endpoint: Uri


class Places(TypedDict, total=False):
    endpoint: Uri
    regions: dict[str, Region]


class Named(TypedDict):
    type: str


class Custom(Places):
    interfaces: list[Named]


class SmartHome(Places):
    protocolVersion: str


class Apis(TypedDict, total=False):
    custom: Custom
    smartHome: SmartHome


class Permission(TypedDict):
    name: str


class Subscription(TypedDict):
    eventName: str


class Events(Places):
    subscriptions: list[Subscription]


class Skill(TypedDict):
    publishingInformation: JsonObject
    privacyAndCompliance: JsonObject
    apis: NotRequired[Apis]
    permissions: NotRequired[list[Permission]]
    events: NotRequired[Events]


class Manifest(TypedDict):
    manifest: Skill


class LinkingRequest(TypedDict):
    skipOnEnablement: str
    type: str
    authorizationUrl: str
    accessTokenUrl: str
    accessTokenScheme: str
    clientId: str
    clientSecret: str
    scopes: list[str]
    domains: list[str]
    defaultTokenExpirationInSeconds: int
    redirectUrls: list[str]


class AccountLinking(TypedDict):
    accountLinkingRequest: LinkingRequest


RETURN = "/setup/lwa"  # the path of Login with Amazon's return to showcam


class Missing(Exception):
    """Something is missing in the package, or an argument is wrong; the text is for a person."""


def regions(arns: Sequence[str]) -> dict[str, str]:
    """The ARNs by Alexa's name of their region. Raises Missing for a text that is no ARN Alexa can call."""
    functions: dict[str, str] = {}
    for arn in arns:
        match = _ARN.fullmatch(arn)
        if match is None:
            raise Missing(f"{arn}: that is no function's ARN, arn:aws:lambda:REGION:ACCOUNT:function:NAME.")
        name = REGIONS.get(match[1])
        if name is None:
            raise Missing(f"{arn}: Alexa looks for functions in {', '.join(REGIONS)} only.")
        if name in functions:
            raise Missing(f"{arn}: there is another function in {match[1]} already; give one for each region.")
        functions[name] = arn
    return functions


def unreached(functions: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Regions that have no function although Alexa calls one there for these languages of the package."""
    described = locales()
    needed = {
        region: [language for language in described if language in languages]
        for region, languages in forwarder.REGIONS.items()
    }
    return [
        (region, languages) for region, languages in needed.items() if languages and REGIONS[region] not in functions
    ]


def locales(languages: Sequence[str] = ()) -> JsonObject:
    """The names and texts by locale: those of the package, and of `languages`, the Echos'.

    A skill in development is only there for an Echo whose locale is among these:
    https://developer.amazon.com/docs/alexa/custom-skills/develop-skills-in-multiple-languages.html
    """
    held: JsonObject = _skill()["publishingInformation"]["locales"]
    for language in languages:
        if language not in held:
            spoken = model(language)
            silent = {**_SILENT, "description": NAMING.put_into(_SILENT_DESCRIPTION)}
            held[language] = dict(held[spoken]) if spoken else {**held["en-GB"], **silent}
    return held


def models(described: Iterable[str]) -> dict[str, Path]:
    """The files of interaction models, one a locale; a locale without a spoken half has no file."""
    folder = skill_package() / MODELS
    return {locale: folder / f"{model(locale)}.json" for locale in described if model(locale)}


def manifest(
    url: str,
    functions: Mapping[str, str],
    *,
    languages: Sequence[str] = (),
    certificate: Certificate | None,
    privacy: str,
    terms: str,
) -> Manifest:
    """The content of skill.json. Without functions the skill has only its spoken half.

    `certificate`: the kind that the public address has, which spoken requests come to; None: the functions take them.
    """
    skill = _skill()
    places = _places(functions)
    spoken: Places = places
    if certificate is not None:
        spoken = {"endpoint": {"uri": f"{url}/alexa/skill", "sslCertificateType": certificate.capitalize()}}
    apis: Apis = {"custom": {**spoken, "interfaces": [{"type": "VIDEO_APP"}]}}
    if functions:
        apis["smartHome"] = {"protocolVersion": "3", **places}
        skill["permissions"] = [{"name": "alexa::async_event:write"}]
    skill["apis"] = apis
    skill["events"] = {**spoken, "subscriptions": [{"eventName": event} for event in _SPOKEN_EVENTS]}
    skill["publishingInformation"]["locales"] = described = locales(languages)
    skill["privacyAndCompliance"]["locales"] = {
        locale: {"privacyPolicyUrl": privacy, "termsOfUseUrl": terms} for locale in described
    }
    return {"manifest": skill}


def _skill() -> Skill:
    """The part that all packages have in common."""
    skill: Skill = json.loads(NAMING.put_into((skill_package() / "skill.json").read_text()))["manifest"]
    return skill


def _places(functions: Mapping[str, str]) -> Places:
    if not functions:
        return {}
    first = next(iter(functions.values()))
    return {
        "endpoint": {"uri": first},
        "regions": {name: {"endpoint": {"uri": arn}} for name, arn in functions.items()},
    }


def linking(url: str, client_id: str, secret: str) -> AccountLinking:
    """The input of `ask smapi update-account-linking-info`."""
    return {
        "accountLinkingRequest": {
            "skipOnEnablement": "false",
            "type": "AUTH_CODE",
            "authorizationUrl": f"{url}/oauth/authorize",
            "accessTokenUrl": f"{url}/oauth/token",
            "accessTokenScheme": "HTTP_BASIC",
            "clientId": client_id,
            "clientSecret": secret,
            "scopes": [SCOPE],
            "domains": [],
            "defaultTokenExpirationInSeconds": ACCESS_S,
            "redirectUrls": [f"{url}{RETURN}"],
        }
    }


def certificate_kind(url: str, context: ssl.SSLContext | None = None, port: int = 443) -> Certificate:
    """The kind of the public address's certificate.

    “wildcard” if only a name like *.example.org covers the host. “trusted” also if the certificate can't be fetched.
    https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-a-web-service.html
    """
    host = urlsplit(url).hostname or ""
    try:
        with socket.create_connection((host, port), PATIENT_S) as plain:
            plain.settimeout(PATIENT_S)
            with (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=host) as secure:
                held = secure.getpeercert() or {}
    except (OSError, ValueError):
        return "trusted"
    names = {str(entry[1]).lower() for entry in held.get("subjectAltName", ())}
    return "wildcard" if names and host not in names else "trusted"


def write(folder: Path, skill: Manifest, skill_id: str, logo: Path | None = None) -> None:
    """Writes the package into an empty folder, or over an earlier package. From a logo in PNG it draws the icons.

    Raises Missing if something else is in the folder or the logo is no picture, and OSError.
    """
    if folder.exists() and not folder.is_dir():
        raise Missing(f"{folder} is a file; name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / RESOURCES).is_file():
        raise Missing(f"There is something else in {folder}; name a new folder.")
    drawn = _picture(logo)
    _name(folder, skill_id)
    package = folder / "skill-package"
    shutil.rmtree(package / MODELS, ignore_errors=True)  # an earlier package may have had other locales
    shutil.copytree(skill_package(), package, dirs_exist_ok=True)
    for locale, shipped in models(skill["manifest"]["publishingInformation"]["locales"]).items():
        if not (copied := package / MODELS / f"{locale}.json").exists():
            shutil.copy(shipped, copied)
    if drawn is not None:
        _draw_icons(package / "assets" / "images", drawn)
    (package / "skill.json").write_text(_json(skill))
    source = {"skillMetadata": {"src": "./skill-package"}}
    resources = {"askcliResourcesVersion": "2020-03-31", "profiles": {"default": source}}
    (folder / RESOURCES).write_text(_json(resources))


def _picture(logo: Path | None) -> "Image | None":
    """The logo to draw icons from; None if there is none, or only a vector drawing."""
    if logo is None or logo.suffix != ".png":
        return None
    from PIL import Image

    try:
        with Image.open(logo) as held:
            return held.convert("RGBA")
    except OSError:
        raise Missing(f"{logo} can't be read as a picture.") from None


def _draw_icons(images: Path, drawn: "Image") -> None:
    """Draws the logo in the size of each icon that the package has."""
    from PIL import Image, ImageOps

    for icon in images.glob("*.png"):
        with Image.open(icon) as shipped:
            size = shipped.size
        ImageOps.pad(drawn, size).save(icon)


def _name(folder: Path, skill_id: str) -> None:
    states = folder / STATES
    held = states.read_text(errors="replace") if states.exists() else ""
    if skill_id in held:
        return
    if "amzn1.ask.skill." in held:
        raise Missing(f"{folder} is of another skill than {skill_id}; name a new folder.")
    states.parent.mkdir(parents=True, exist_ok=True)
    states.write_text(_json({"askcliStatesVersion": "2020-03-31", "profiles": {"default": {"skillId": skill_id}}}))


def _json(data: Mapping[str, object]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
