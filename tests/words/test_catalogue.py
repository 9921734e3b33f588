"""A sentence in each language, its gaps filled, and no file loaded before a first sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from showcam.i18n.catalogue import OURS, Catalogue

SAID = "The {vendor} service does not answer just now."


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The {0} %s service does not answer just now."),
        ("nb", "{0} %s-tjenesten svarer ikke akkurat nå."),
        ("de", "Der {0} %s-Dienst antwortet gerade nicht."),
    ],
)
def test_a_name_fills_its_gap_as_it_is(language: str, sentence: str) -> None:
    assert OURS.say(language, SAID, vendor="{0} %s") == sentence


@pytest.mark.parametrize("language", ["en", "nb", "de"])
@pytest.mark.parametrize("sentence", ["", "Nobody says this."])
def test_a_sentence_without_translation_stays_english(language: str, sentence: str) -> None:
    assert OURS.translate(language, sentence) == sentence


def test_a_missing_file_raises(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path, "showcam")
    assert catalogue.translate("en", SAID) == SAID
    with pytest.raises(FileNotFoundError):
        catalogue.translate("de", SAID)


@pytest.mark.parametrize(("language", "loaded"), [("en", False), ("nb", True)])
def test_who_says_nothing_in_another_language_loads_nothing(language: str, loaded: bool) -> None:
    program = (
        "import sys\n"
        "from showcam.drivers.camera import Failed, Refusal\n"
        "from showcam.registry.gate.reasons import explain\n"
        "assert 'gettext' not in sys.modules\n"
        f"explain(Refusal((Failed('encryption_on'),), 'Garden', 'EZVIZ'), {language!r})\n"
        "print('gettext' in sys.modules, {'babel', 'flask', 'jinja2'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{loaded} set()"
