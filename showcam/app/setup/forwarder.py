"""The CloudFormation template of the owner's forwarder on AWS, and the key that a form of AWS asks for."""

import base64
import textwrap
from pathlib import Path

CODE = Path(__file__).parents[3] / "lambda" / "forward.py"
TEMPLATE = CODE.with_suffix(".yaml")

# By region: the languages of the devices whose requests Alexa sends to a function there. The languages are those of
# https://developer.amazon.com/docs/smarthome/develop-smart-home-skills-in-multiple-languages.html. The regions of the
# ten languages that Home Assistant's page names are its: https://www.home-assistant.io/integrations/alexa.smart_home/.
# The other seven have their country's region, as no page seen here says otherwise.
REGIONS = {
    "us-east-1": ("en-US", "en-CA", "pt-BR", "es-MX", "es-US", "fr-CA"),
    "eu-west-1": ("en-GB", "en-IN", "de-DE", "es-ES", "fr-FR", "it-IT", "hi-IN", "ar-SA", "nl-NL"),
    "us-west-2": ("ja-JP", "en-AU"),
}
LANGUAGES = tuple(sorted(language for languages in REGIONS.values() for language in languages))


def region(language: str) -> str:
    """Raises KeyError for a language that Alexa doesn't have."""
    for name, languages in REGIONS.items():
        if language in languages:
            return name
    raise KeyError(language)


def template(url: str, skill_id: str) -> str:
    """The template, without a key: the key is a parameter that CloudFormation doesn't show."""
    code = textwrap.indent(CODE.read_text(), " " * 10).rstrip()
    gaps = {"@URL@": url, "@SKILL@": skill_id, "@CODE@": code}
    text = TEMPLATE.read_text()
    for gap, filling in gaps.items():
        text = text.replace(gap, filling)
    return text


def key_text(keys: list[tuple[str, bytes]]) -> str:
    """The text to type at the prompt for the key: the key in use, then those that are still accepted."""
    return ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in keys)
