"""Every reason in the code has sentences in each language: what is wrong, and the mend."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import actions.errors
import showcam.alexa.errors
from showcam import registry
from showcam.alexa.spoken import texts
from showcam.cast.errors import REASONS as TV_REASONS
from showcam.drivers import SPEECHES, errors
from showcam.drivers.camera import Failed, Refusal
from showcam.drivers.errors import REASONS, Reason, complete
from showcam.drivers.ezviz import answers, keys
from showcam.engine.ezviz.messages import SILENT, meaning
from showcam.engine.sources.ezviz import MUTE_SESSIONS
from showcam.i18n.catalogue import LANGUAGES, Language
from showcam.registry.gate import gate
from showcam.registry.gate.gate import Conditions, overruled
from showcam.registry.gate.reasons import explain
from tests.doubles.ready_driver import camera

pytestmark = pytest.mark.proves("Every reason has sentences in three languages, with the vendor's own if it has some")

VENDORS = ("", "EZVIZ", "Lakeside")  # one that is not known, one with sentences of its own, one without
MODULES = sorted(path for room in (errors, registry) for path in Path(str(room.__file__)).parent.rglob("*.py"))
MADE_WITH = ("Failed", "overruled", "Refused", "Unavailable", "Denied")
NOT_THE_GATES = {"token", "retry", "down", "rate"}  # ezviz_codes' own kinds
# for the media process alone: who ended the link knows, and pages say of talk only that it is not allowed now
NOT_FOR_PEOPLE = {"mended", "link_ended", "talk_off"}
NO_REASONS = {
    "on",
    "off",
    "none",
    "lan",
    "code",
    "fits",
    "unknown",
    "wrong",
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
    return {node.value for node in chosen if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def said_in_code() -> set[str]:
    found = {"no_internet", "vendor_down", "vendor_busy", "signed_out"} & {
        error.reason for error in (errors.NoInternet, errors.VendorDown, errors.VendorBusy, errors.SignedOut)
    }
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE_WITH:
                found |= named(node)
    source = Path(gate.__file__).read_text()
    rows = source[source.index("_ONLINE: ") : source.index("type Row")]
    found |= set(re.findall(r'"([a-z0-9_]+)"', rows)) - NO_REASONS
    found |= {
        meaning(SILENT).reason,
        keys.OtherCertificate.reason,
        errors.NotOnTv.reason,
    }  # the first is found by the media process
    return found | (set(answers.OPEN.values()) - NOT_THE_GATES) | set(TV_REASONS.values())


def test_every_reason_the_code_can_come_to_has_its_words() -> None:
    assert said_in_code() - NOT_FOR_PEOPLE == set(REASONS)


def test_a_table_without_a_row_for_each_reason_is_refused() -> None:
    """mypy refuses one with a row too many."""
    whole = dict.fromkeys(REASONS, "")
    complete(whole)
    del whole["not_permitted"]
    with pytest.raises(AssertionError):
        complete(whole)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_is_translated_with_the_cameras_name_or_without(reason: Reason, vendor: str) -> None:
    named, nameless = (Refusal((Failed(reason),), name, vendor) for name in ("Garden {0} %s", ""))
    texts = [explain(named, locale) for locale in LANGUAGES]

    assert len(set(texts)) == len(LANGUAGES)
    for text in (*texts, *(explain(nameless, locale) for locale in LANGUAGES)):
        assert not text.startswith(("the camera", "kamera", "die Kamera"))
        assert "EZVIZ" not in text or vendor == "EZVIZ"
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


def test_all_rows_are_explained_in_order() -> None:
    text = explain(Refusal((Failed("offline"), Failed("encryption_on")), "Garage"))

    assert text.index("is offline") < text.index("Image Encryption is on for Garage")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("shared", [False, True])
def test_nobody_is_told_to_agree_to_what_was_agreed_to(vendor: str, shared: bool) -> None:
    """A camera without a way is not one whose open connection waits for its owner's yes."""
    said = {reason: explain(Refusal((Failed(reason),), "Hall", vendor, shared=shared)) for reason in REASONS}
    asks = {reason for reason, text in said.items() if "Allow the open connection" in text or "agree" in text}
    assert asks == {"not_agreed"}


@pytest.mark.parametrize(
    ("reason", "vendor", "locale", "sentence"),
    [
        # EZVIZ's own menus
        (
            "encryption_on",
            "EZVIZ",
            "en",
            "In the EZVIZ app open Garden > Settings > Image Encryption and switch",
        ),
        ("encryption_on", "EZVIZ", "nb", "Åpne Garden > Innstillinger > Bildekryptering i EZVIZ-appen"),
        ("encryption_on", "EZVIZ", "de", "Öffne in der EZVIZ-App Garden > Einstellungen > Bildverschlüsselung"),
        # where EZVIZ says nothing of its own, what stands for all vendors
        ("not_passable", "EZVIZ", "de", "Der Betreiber von showcam kann einen Medienprozess ergänzen"),
        ("not_passable", "EZVIZ", "de", "Garden liefert ein Bild, das sich hier so nicht zeigen lässt."),
        ("asleep", "EZVIZ", "en", "In the EZVIZ app open Garden and switch Sleep Mode off."),
        # of any other vendor, by its name
        ("asleep", "Lakeside", "en", "In the Lakeside app open Garden and switch Sleep Mode off."),
        ("vendor_down", "Lakeside", "nb", "Lakeside-tjenesten svarer ikke akkurat nå."),
        ("vendor_down", "iCam", "nb", "iCam-tjenesten svarer ikke akkurat nå."),
        ("no_way", "Lakeside", "de", "Gehört die Kamera zu einem anderen Lakeside-Konto, verknüpfe mit jenem Konto."),
        # of one that is not known
        ("vendor_down", "", "en", "The camera service does not answer just now."),
        ("vendor_down", "", "nb", "Kamera-tjenesten svarer ikke akkurat nå."),
        ("signed_out", "", "de", "showcam ist beim Kamera-Konto abgemeldet."),
    ],
)
def test_a_vendor_is_spoken_of_by_its_name_and_in_its_own_words(
    reason: Reason, vendor: str, locale: str, sentence: str
) -> None:
    assert sentence in explain(Refusal((Failed(reason),), "Garden", vendor), locale)


@pytest.mark.parametrize(
    ("own", "vendor", "sentence"),
    [
        ({}, "EZVIZ", "In the assistant's app disconnect showcam, link it again"),
        (
            showcam.alexa.errors.WRITTEN,
            "EZVIZ",
            "In the Alexa app disable the showcam skill, enable it again and sign in with the EZVIZ",
        ),
        (
            actions.errors.WRITTEN,
            "Lakeside",
            "In the Google Home app reconnect showcam and sign in with the Lakeside",
        ),
    ],
)
def test_a_door_says_what_its_own_assistants_users_do(own: Any, vendor: str, sentence: str) -> None:
    assert sentence in explain(Refusal((Failed("signed_out"),), vendor=vendor), "en", own)


def test_a_vendors_sentences_are_of_its_own_name() -> None:
    assert {name: speech.vendor for name, speech in SPEECHES.items()} == {"EZVIZ": "EZVIZ", "LAN": "LAN"}


@pytest.mark.parametrize(
    ("owner", "vendor", "mend"),
    [
        ("own", "EZVIZ", "In the EZVIZ app open Hall > Settings > Image Encryption and switch it off with"),
        ("shared", "EZVIZ", "Ask its owner to switch it off in the EZVIZ app: Hall > Settings >"),
        ("shared", "Lakeside", "In the Lakeside app open Hall and switch Image Encryption off."),
    ],
)
def test_who_can_switch_encryption_off_is_asked_to(owner: str, vendor: str, mend: str) -> None:
    refusal = overruled("encryption_on", camera("Hall", owner=owner, manufacturer=vendor))
    assert mend in explain(refusal)


@pytest.mark.parametrize(
    ("owner", "mend"),
    [
        ("own", "Switch it off in the EZVIZ app."),
        ("shared", "Ask its owner to switch it off."),
    ],
)
def test_a_voice_asks_the_same(owner: str, mend: str) -> None:
    assert mend in texts.mend(overruled("encryption_on", camera("Hall", owner=owner)), "en")


@pytest.mark.parametrize(("shared", "battery"), [(False, None), (True, None), (False, 60)])
def test_without_a_media_process_nobody_is_told_of_ways_that_only_one_opens(shared: bool, battery: int | None) -> None:
    lonely = camera("Garden", owner="shared" if shared else "own", battery=battery, ways=())
    with_one, without = (
        gate.gate(lonely, Conditions("alexa", None, ("hls",), relays=relays)) for relays in (True, False)
    )
    assert isinstance(with_one, Refusal)
    assert isinstance(without, Refusal)
    said = explain(without)
    assert "no way yet to fetch the picture of Garden. Watch it in the EZVIZ app." in said
    assert "media process" in said
    for elsewhere in ("on its label", "developer key", "home network"):
        assert elsewhere not in said
    assert "Watch it" not in explain(with_one)


@pytest.mark.parametrize(
    ("reason", "shared", "ways"),
    [
        ("not_agreed", False, ("Allow the open connection", "link again", "code on its label")),
        ("no_way", False, ("EZVIZ app shows it live", "code on its label", "developer key")),
        ("lan_closed", False, ("LAN Live View", "Newer firmware hides that", "open connection")),
        ("encryption_on", False, ("switch it off", "give the code on the camera's page")),
        ("encryption_on", True, ("Ask its owner", "switch it off", "give the code on its label")),
    ],
)
def test_what_a_person_can_do_is_named_with_the_easiest_or_safest_first(
    reason: Reason, shared: bool, ways: tuple[str, ...]
) -> None:
    said = explain(Refusal((Failed(reason),), "Garden", "EZVIZ", shared=shared))
    assert [said.index(way) for way in ways] == sorted([said.index(way) for way in ways])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("owner", ["own", "shared"])
@pytest.mark.parametrize("reason", ["not_agreed", "no_way"])
def test_nobody_is_told_to_give_the_code_of_a_camera_on_battery(reason: Reason, owner: str, language: Language) -> None:
    def said(battery: int | None) -> str:
        return explain(overruled(reason, camera("Garden", owner=owner, battery=battery)), language)

    label = {"en": "on its label", "nb": "på etiketten", "de": "Aufkleber"}[language]
    assert (label in said(None), label in said(60)) == (True, False)
    assert {"not_agreed": "showcam", "no_way": "EZVIZ"}[reason] in said(60)


@pytest.mark.parametrize(
    ("locale", "own", "shared"),
    [
        ("en", "on as many screens as", "watched by others at the moment"),
        ("nb", "så mange skjermer", "Andre ser på"),
        ("de", "so vielen Bildschirmen", "sehen gerade andere"),
    ],
)
def test_a_camera_that_another_household_shares_is_watched_by_others(locale: str, own: str, shared: str) -> None:
    """Nobody here can close it on one of its screens."""
    busy = (Failed("busy"),)
    assert own in explain(Refusal(busy, "Garden", "EZVIZ"), locale)
    said = explain(Refusal(busy, "Garden", "EZVIZ", shared=True), locale)
    assert (own in said, shared in said) == (False, True)


def test_the_sentence_of_a_silent_camera_says_how_many_sessions_were_opened() -> None:
    """One on battery has 70 s, in which there are more."""
    assert MUTE_SESSIONS == 3
    said = explain(Refusal((Failed("silent"),), "Garden", "EZVIZ"))
    assert "at least three times in a row" in said
