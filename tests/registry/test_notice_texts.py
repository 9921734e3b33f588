"""What a notice to an owner says, in each language."""

from typing import get_args

import pytest
from msgspec.structs import replace

from showcam.i18n.catalogue import LANGUAGES, Language
from showcam.registry.notices.faults import Fault, Kind
from showcam.registry.notices.notifier import Address, Names, notice, trial
from tests.doubles.notice_services import HOME, Owner

KINDS: list[Kind] = list(get_args(Kind.__value__))
MENDED = [kind for kind in KINDS if kind != "tamper"]  # nothing says when that is mended

SUBJECTS: dict[Kind, str] = {
    "encryption": "Låve",
    "session": "EZVIZ",
    "lost": "Låve",
    "tamper": "Låve",
    "grant": "Google",
    "expired": "Google",
    "ending": "Google",
    "silent": "Google",
    "key": "Google",
    "outbox": "Google",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_says_what_happened_and_what_to_do_with_the_address(
    owner: Owner, kind: Kind, language: Language
) -> None:
    fault = Fault(owner.home.account.id, kind, "x", 0.0)
    names = Names(camera="Låve", vendor="EZVIZ", assistant="Google", link="Kari’s")
    title, text = notice(fault, names, HOME, language)
    what, mend = text.split("\n\n")
    assert SUBJECTS[kind] in title
    assert SUBJECTS[kind] in what
    assert mend.count(HOME) == 1
    unknown, _ = notice(fault, Names(), HOME, language)
    assert "{" not in unknown + title + text
    assert all(trial(language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MENDED)
def test_a_notice_of_a_mend_names_what_is_well_again(owner: Owner, kind: Kind, language: Language) -> None:
    fault = Fault(owner.home.account.id, kind, "x", 0.0)
    names = Names(camera="Låve", vendor="EZVIZ", assistant="Google", link="Kari’s")
    title, _ = notice(fault, names, HOME, language)
    mended, well = notice(replace(fault, lasts=False), names, HOME, language)
    assert title in mended
    assert SUBJECTS[kind] in well
    assert HOME not in well
    assert "{" not in mended + well


def test_an_address_shows_nothing_of_itself() -> None:
    assert repr(Address("ntfy://kari:hemmelig@host", "ntfy", "", 0.0)) == "<Address ntfy>"
