"""What an owner decided, as the store has it: of this version, of the one before, and of none."""

import pytest

from registry.preferences import NONE, Preferences, keep, of_account
from tests.doubles.household import Household


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (b'{"voice_may":["audio"],"lan_while_encrypted":true,"scaled":true}', ("lan", ("audio",), True)),
        (b'{"voice_may":[],"lan_while_encrypted":false,"scaled":false}', ("no", (), False)),
        (b"{}", ("no", (), False)),
        (b'{"while_encrypted":"code"}', ("code", (), False)),
        (b'{"while_encrypted":"lan"}', ("lan", (), False)),
        # the newer spelling counts, whatever the older one says
        (b'{"while_encrypted":"no","lan_while_encrypted":true}', ("no", (), False)),
        (b'{"while_encrypted":"code","lan_while_encrypted":true}', ("code", (), False)),
        # what can't be read allows nothing, and the rest of the entry stays
        (b'{"while_encrypted":"always","scaled":true}', ("no", (), True)),
        (b'{"while_encrypted":true}', ("no", (), False)),
        (b'{"while_encrypted":["code"],"lan_while_encrypted":true}', ("no", (), False)),
        (b'{"lan_while_encrypted":"yes"}', ("no", (), False)),
        (b'{"lan_while_encrypted":1}', ("no", (), False)),
    ],
)
def test_both_spellings_are_read(home: Household, kept: bytes, expected: tuple[str, tuple[str, ...], bool]) -> None:
    home.store.put_preference(home.account.id, "ezviz-camera", kept)

    found = of_account(home.store, home.account.id)["ezviz-camera"]
    assert (found.while_encrypted, found.voice_may, found.scaled) == expected


@pytest.mark.parametrize("kept", [b"", b"null", b"[]", b'"lan"', b'{"voice_may":"all"}', b'{"while_encrypted":"code"'])
def test_an_entry_that_can_not_be_read_allows_nothing(home: Household, kept: bytes) -> None:
    home.store.put_preference(home.account.id, "ezviz-camera", kept)

    assert of_account(home.store, home.account.id).get("ezviz-camera", NONE) == NONE


def test_what_is_kept_is_spelled_in_one_way(home: Household) -> None:
    keep(home.store, home.account.id, "ezviz-camera", Preferences(while_encrypted="code"))

    (text,) = home.store.preferences(home.account.id).values()
    assert text == b'{"voice_may":[],"while_encrypted":"code","scaled":false}'
