"""The owner's forwarder on AWS: one CloudFormation template with its code in it, and the command that deploys it."""

import base64
import gzip
import textwrap
from pathlib import Path

CODE = Path(__file__).parents[3] / "lambda" / "forward.py"
TEMPLATE = CODE.with_suffix(".yaml")
INLINE = 4096  # characters of code that CloudFormation takes inline (ZipFile)
STACK = "showcam"

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


class TooLong(Exception):
    """The forwarder's code is longer than INLINE."""


def region(language: str) -> str:
    """Raises KeyError for a language that Alexa doesn't have."""
    for name, languages in REGIONS.items():
        if language in languages:
            return name
    raise KeyError(language)


def template(url: str, skill_id: str, *, spoken: bool = False) -> str:
    """The template, without a key: the key is a parameter that CloudFormation doesn't show. Raises TooLong."""
    code = CODE.read_text()
    if len(code) > INLINE:
        raise TooLong(f"{len(code)} characters, where {INLINE} are taken")
    permission = _PERMISSION.format(name="Smart", principal="alexa-connectedhome.amazon.com", skill=skill_id)
    if spoken:
        permission += _PERMISSION.format(name="Spoken", principal="alexa-appkit.amazon.com", skill=skill_id)
    gaps = {
        "@URL@": url,
        "@SPOKEN@": str(int(spoken)),
        "@CODE@": textwrap.indent(code, " " * 10).rstrip(),
        "@PERMISSIONS@\n": permission,
    }
    text = TEMPLATE.read_text()
    for gap, filling in gaps.items():
        text = text.replace(gap, filling)
    return text


def one_line(text: str, name: str) -> str:
    """A line for AWS CloudShell, which writes the template, prompts for the key unseen, deploys and prints the ARN.

    The key is passed in a file of mode 0600, so that no process list and no history of the shell holds it.
    """
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    return (
        f"(umask 077; cd $(mktemp -d) && echo {packed} | base64 -d | gunzip > f.yaml && "
        "read -rsp 'Key: ' K && printf '[\"Key=%s\"]' \"$K\" > p.json && "
        f"aws cloudformation deploy --region {name} --stack-name {STACK} --template-file f.yaml "
        "--capabilities CAPABILITY_IAM --parameter-overrides file://p.json; rm -f p.json; "
        f"aws cloudformation describe-stacks --region {name} --stack-name {STACK} "
        f"--query 'Stacks[0].Outputs[0].OutputValue' --output text)"
    )


def key_text(keys: list[tuple[str, bytes]]) -> str:
    """The text to type at the prompt for the key: the key in use, then those that are still accepted."""
    return ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in keys)


_PERMISSION = """  {name}:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: {{"Fn::GetAtt": [Forward, Arn]}}
      Principal: {principal}
      EventSourceToken: {skill}
"""
