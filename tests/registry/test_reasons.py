"""Every reason the code can come to is told in each language, with what to do about it."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from registry import errors
from registry.camera import Failed, Refusal
from registry.drivers.ezviz import codes
from registry.gate import gate
from registry.gate.reasons import explain, row_text
from registry.reason import REASONS, ByReason, Reason
from showcam.cli.cameras import cameras
from showcam.cli.owner import owner

GROUPS = {"cameras": cameras, "owner": owner}
LANGUAGES = ("en", "nb", "de")
MODULES = sorted(Path(errors.__file__).parent.rglob("*.py"))
MADE_WITH = ("Failed", "overruled", "Refused", "Unavailable", "Denied")
NOT_THE_GATES = {"token", "retry", "down", "rate"}  # ezviz_codes' own kinds
NOT_FOR_PEOPLE = {"mended", "link_ended"}  # for the media process alone: who ended the link knows
NO_REASONS = {
    "on",
    "off",
    "none",
    "answers",
    "down",
    "lan",
    "still",
    "h264",
    "h265",
    "webrtc",
    "hls",
    "alexa",
    "google",
    "video",
}  # in the gate's rows


def named(call: ast.Call) -> set[str]:
    """The reasons a refusal or error is made with, where they are written out."""
    first = call.args[0] if call.args else None
    chosen = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
    return {each.value for each in chosen if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def said_in_code() -> set[str]:
    found = {"vendor_down", "vendor_busy", "signed_out"} & {
        each.reason for each in (errors.VendorDown, errors.VendorBusy, errors.SignedOut)
    }
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE_WITH:
                found |= named(node)
    source = Path(gate.__file__).read_text()
    rows = source[source.index("_VENDOR: ") : source.index("type Row")]
    found |= set(re.findall(r'"([a-z0-9_]+)"', rows)) - NO_REASONS
    return found | (set(codes.OPEN.values()) - NOT_THE_GATES)


def test_every_reason_the_code_can_come_to_has_its_words() -> None:
    assert said_in_code() - NOT_FOR_PEOPLE == set(REASONS)


def test_a_table_by_reason_has_a_row_for_each_and_in_their_order() -> None:
    """mypy holds each table to ByReason, and this ByReason to the reasons."""
    assert tuple(ByReason.__annotations__) == REASONS


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_reason_is_told_in_each_language_with_the_cameras_name_or_without(reason: Reason) -> None:
    named, nameless = (Refusal((Failed(reason),), name) for name in ("Garden {0} %s", ""))
    texts = [explain(named, locale) for locale in LANGUAGES]

    assert len(set(texts)) == len(LANGUAGES)
    for text in (*texts, *(explain(nameless, locale) for locale in LANGUAGES)):
        assert not text.startswith(("the camera", "kameraet", "die Kamera"))
        assert not re.search(r"\b(?:von|mit|bei|in|auf|an|zu|unter|über|aus|nach) die Kamera\b", text)
        assert text.endswith(".")
        assert "{" not in text.replace("{0}", "")
        assert text.count(". ") >= 1  # what is wrong, and what to do


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en", "is offline"),
        ("en-GB", "is offline"),
        ("nb-NO", "frakoblet"),
        ("no", "frakoblet"),
        ("nn", "frakoblet"),
        ("de", "ist offline"),
        ("de-DE", "ist offline"),
        ("de_AT", "ist offline"),
        ("fr", "is offline"),
        ("", "is offline"),
    ],
)
def test_the_links_language_is_spoken(locale: str, expected: str) -> None:
    assert expected in explain(Refusal((Failed("offline"),), "Attic"), locale)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_without_a_name_a_command_says_where_one_belongs(locale: str) -> None:
    commands = [mend for reason in REASONS for _, mend in [row_text(reason, locale)] if "showcam cameras" in mend]
    assert commands
    for mend in commands:
        assert re.search(r"showcam cameras \w+ NAME\b", mend)
    assert 'showcam cameras set "Front Door"' in row_text("voice_may_not", locale, "Front Door")[1]
    assert row_text("signed_out", locale)[0].startswith("showcam ") or locale != "en"


def test_all_rows_are_told_in_order() -> None:
    text = explain(Refusal((Failed("offline"), Failed("encryption_on")), "Garage"))

    assert text.index("is offline") < text.index("Image Encryption is on for Garage")


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_are_ones_there_are_and_stand_as_a_shell_takes_them(language: str) -> None:
    named = 0
    for reason in REASONS:
        text = explain(Refusal((Failed(reason),), "Front Door"), language)
        for command in re.findall(r"showcam ((?:cameras|owner) [^.,;…]*)", text):
            group, name, *rest = shlex.split(command)
            assert name in GROUPS[group].commands
            assert group == "owner" or rest[0] == "Front Door"
            named += 1
    assert named == 5
