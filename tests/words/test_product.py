"""An integrator's product: its name in every sentence of each language, and folders that can't be used."""

import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.sentences import domains, wanted
from showcam.app.process.settings_sources import SettingsError, load
from showcam.drivers.camera import Failed, Refusal
from showcam.engine.sources.card import _Face
from showcam.i18n.catalogue import NAMING, OURS, OWN_NAME, Catalogue, Language
from showcam.i18n.product import BadProduct, Product, product_of
from showcam.registry.gate.reasons import card

PNG = b"\x89PNG\r\n\x1a\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
WHOLE = """
name = "Acme View"
maker = "Acme & Søn AS"
support = "mailto:help@acme.example"
privacy = "https://acme.example/privacy"
terms = "https://acme.example/terms"
"""


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(NAMING, "name", "Acme View")
    return NAMING.name


def sentences(language: Language) -> Iterator[tuple[Catalogue, str]]:
    for domain in domains():
        catalogue = Catalogue(domain.locale.parent, domain.name)
        for sentence in wanted(domain, language):
            yield catalogue, sentence


@pytest.mark.parametrize("language", ["en", "nb", "de"])
def test_every_sentence_has_the_products_name_in_place_of_showcams(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_showcam = {sentence: catalogue.translate(language, sentence) for catalogue, sentence in sentences(language)}
    monkeypatch.setattr(NAMING, "name", "Acme View")
    of_product = {sentence: catalogue.translate(language, sentence) for catalogue, sentence in sentences(language)}
    assert {text for text in of_product.values() if OWN_NAME in text} == set()
    changed = {sentence for sentence in of_showcam if OWN_NAME in of_showcam[sentence]}
    assert len(changed) > 120
    for sentence, text in of_product.items():
        assert text == of_showcam[sentence].replace(OWN_NAME, "Acme View")


def test_what_fills_a_gap_keeps_its_name(named: str) -> None:
    said = OURS.say("de", "{camera} does not take the code given to showcam.", camera="showcam")
    assert said == f"showcam nimmt den Code nicht an, den {named} bekommen hat."


@pytest.mark.parametrize(
    ("name", "language", "said"),
    [
        ("Nexus", "en", "Look on Nexus's page."),
        ("Nexus", "de", "Sieh auf Nexus’ Seite nach."),
        ("Fritz", "de", "Sieh auf Fritz’ Seite nach."),
        ("Blick", "de", "Sieh auf Blicks Seite nach."),
    ],
)
def test_its_genitive_is_that_of_the_language(
    name: str, language: Language, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NAMING, "name", name)
    assert OURS.translate(language, "Look on showcam's page.") == said


@pytest.mark.parametrize("language", ["en", "nb", "de"])
def test_a_card_says_its_name(language: Language, named: str) -> None:
    refusal = Refusal((Failed("code_wrong"),), "Garage", "EZVIZ")
    lines = card(refusal, language, "https://cameras.example").card
    assert lines[-1].startswith(f"{named} · cameras.example/h/")
    assert not [line for line in lines if OWN_NAME in line]


def folder(at: Path, text: str | None, **logos: bytes) -> Path:
    if text is not None:
        (at / "product.toml").write_text(text)
    for name, content in logos.items():
        (at / f"logo.{name}").write_bytes(content)
    return at


def test_a_folder_describes_it(tmp_path: Path) -> None:
    assert product_of(None) == Product()
    assert product_of(folder(tmp_path, WHOLE, png=PNG)) == Product(
        "Acme View",
        "Acme & Søn AS",
        "mailto:help@acme.example",
        "https://acme.example/privacy",
        "https://acme.example/terms",
        tmp_path / "logo.png",
    )


@pytest.mark.parametrize("name", ["Xi", "Acme View", "Øye-2", "Größe 24", "A" * 30, "Kamera Łódź"])
def test_a_name_that_a_voice_can_say(tmp_path: Path, name: str) -> None:
    assert product_of(folder(tmp_path, f'name = "{name}"')).name == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "product.toml there can't be read: No such file"),
        ("name = ", "product.toml there is not TOML"),
        ('maker = "Acme"', "lacks the name"),
        ('name = "Acme"\nlogo = "x"', "has 'logo'; it may have name, maker, support, privacy, terms"),
        *((f"name = {name}", "name in product.toml there is") for name in ('""', '"A"', "7", '"2024"')),
        *(
            (f'name = "{name}"', "name in product.toml there is")
            for name in (
                "A" * 31,
                "Acme  View",
                " Acme",
                "Acme ",
                "Acme <b>",
                "{camera}",
                "Acme & Co",
                "監視",
                "A_b",
                "a;b",
            )
        ),
        ('name = "Acme"\nmaker = "<script>"', "maker in product.toml there is"),
        ('name = "Acme"\nmaker = "Acme {x}"', "maker in product.toml there is"),
        ('name = "Acme"\nsupport = "javascript:alert(1)"', "support in product.toml there is"),
        ('name = "Acme"\nsupport = "mailto:a@b?subject=\\"x"', "support in product.toml there is"),
        ('name = "Acme"\nprivacy = "http://acme.example"', "privacy in product.toml there is"),
        ('name = "Acme"\nterms = "https://acme.example/ x"', "terms in product.toml there is"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path, text: str | None, why: str) -> None:
    with pytest.raises(BadProduct) as refused:
        product_of(folder(tmp_path, text))
    assert why in str(refused.value)
    with pytest.raises(SettingsError, match="product from the environment") as refused_settings:
        load(environ={"SHOWCAM_PRODUCT": str(tmp_path)})
    assert why in str(refused_settings.value)


@pytest.mark.parametrize(
    ("kind", "content"), [("svg", b"<html/>"), ("png", b"GIF89a"), ("png", PNG + bytes(64 * 1024)), ("svg", b"")]
)
def test_a_logo_that_is_none_is_refused(tmp_path: Path, kind: str, content: bytes) -> None:
    with pytest.raises(BadProduct, match=rf"logo\.{kind} there"):
        product_of(folder(tmp_path, 'name = "Acme"', **{kind: content}))


def test_a_drawn_logo_is_taken_before_a_painted_one(tmp_path: Path) -> None:
    assert product_of(folder(tmp_path, 'name = "Acme"', png=PNG, svg=SVG)).logo == tmp_path / "logo.svg"


def test_the_cards_font_has_each_letter_of_a_name(tmp_path: Path) -> None:
    letters = [chr(code) for code in range(0xC0, 0x180)]
    allowed = [*string.ascii_letters, *string.digits]
    for letter in letters:
        try:
            allowed.append(product_of(folder(tmp_path, f'name = "A{letter}"')).name[1])
        except BadProduct:
            continue
    assert len(allowed) > 240
    for bold in (True, False):
        face = _Face(bold=bold)
        assert [letter for letter in allowed if face.legible(letter) != letter] == []
