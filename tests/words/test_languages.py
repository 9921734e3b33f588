"""Which language is meant by what a browser, an assistant or a command line asks for."""

import pytest

from showcam.i18n.catalogue import chosen, known


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("nb-NO", "nb"),
        ("no", "nb"),
        ("nn", "nb"),
        ("de", "de"),
        ("de_AT", "de"),
        ("DE-de", "de"),
        ("de-Latn-CH", "de"),
        ("fr", None),
        ("den", None),
        ("*", None),
        ("", None),
        ("../de", None),
        ("\x00", None),
    ],
)
def test_a_tag_is_a_language_of_showcam_or_none(tag: str, language: str | None) -> None:
    assert known(tag) == language


@pytest.mark.parametrize(
    ("tags", "language"),
    [(["fr", "de", "nb"], "de"), (["sv", "nn"], "nb"), (["fi", "xx"], "en"), ([], "en"), (["", "de"], "de")],
)
def test_the_first_that_showcam_has_is_chosen(tags: list[str], language: str) -> None:
    assert chosen(tags) == language
