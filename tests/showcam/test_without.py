"""The setting `without`: each trick for speed can be left out, and what is answered stays the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.identity import token_hash
from accounts.tokens import authenticate, link_of
from net.cache import Kept
from showcam import keys
from showcam.compose import ground
from showcam.compose.ground import Ground
from showcam.process.settings_sources import SettingsError, load
from showcam.settings import Settings
from tests.doubles.household import Household, household

type Without = tuple[str, ...]


@pytest.fixture
def base(tmp_path: Path, without: Without, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setattr(Kept, "on", Kept.on)  # as it is now again, after the test
    settings = load(environ={"SHOWCAM_DATA": str(tmp_path), "SHOWCAM_WITHOUT": ",".join(without)})
    made = ground.build(settings, keys.of(settings))
    yield made
    made.store.close()


@pytest.fixture
def home(base: Ground, tmp_path: Path) -> Household:
    return household(tmp_path, store=base.store)


@pytest.mark.parametrize(
    ("without", "bearers", "answers"),
    [
        ((), True, True),
        (("bearers",), False, True),
        (("answers",), True, False),
        (("answers", "bearers", "lines", "malloc"), False, False),
    ],
)
def test_what_is_left_out_is_made_again(base: Ground, home: Household, bearers: bool, answers: bool) -> None:
    text = home.token()
    asked = link_of(text) or "", token_hash(text)
    assert (base.store.find_token(*asked) is base.store.find_token(*asked)) is bearers
    assert Kept.on is answers
    once, again = (home.registry.cameras(home.link) for _ in range(2))
    assert (once.cameras, once.fingerprint) == (again.cameras, again.fingerprint)
    assert authenticate(base.store, text, "alexa").id == home.link.id


def test_a_trick_that_there_is_not_is_named() -> None:
    with pytest.raises(SettingsError, match=r"without .*one of answers, bearers, lines, malloc"):
        load(environ={"SHOWCAM_WITHOUT": "uuids"})
    assert Settings().without == ()
