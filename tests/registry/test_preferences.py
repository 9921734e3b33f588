"""What an owner decided, as the store has it: of this version, of the one before, and of none."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from showcam.accounts import households
from showcam.drivers.ezviz.sessions import Sessions
from showcam.drivers.lan.devices import Device, Devices, Pictured
from showcam.registry.preferences import NONE, Preferences, keep, of_account
from showcam.store.records import OwnerUser
from tests.doubles.household import Household
from tests.doubles.kept import Opens, in_dynamodb, in_sqlite

pytestmark = pytest.mark.proves(
    "What version 0.1 kept of a household is read, in SQLite and in DynamoDB",
    leans_on="published: a database that 0.1 wrote; second stack: moto",
)


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (b'{"voice_may":["audio"],"lan_while_encrypted":true,"scaled":true}', ("lan", ("audio",))),
        (b'{"voice_may":[],"lan_while_encrypted":false,"scaled":false}', ("no", ())),
        (b"{}", ("no", ())),
        (b'{"while_encrypted":"code"}', ("code", ())),
        (b'{"while_encrypted":"lan"}', ("lan", ())),
        # the newer spelling counts, whatever the older one says
        (b'{"while_encrypted":"no","lan_while_encrypted":true}', ("no", ())),
        (b'{"while_encrypted":"code","lan_while_encrypted":true}', ("code", ())),
        # what can't be read allows nothing, and the rest of the entry stays
        (b'{"while_encrypted":"always","scaled":true}', ("no", ())),
        (b'{"while_encrypted":true}', ("no", ())),
        (b'{"while_encrypted":["code"],"lan_while_encrypted":true}', ("no", ())),
        (b'{"lan_while_encrypted":"yes"}', ("no", ())),
        (b'{"lan_while_encrypted":1}', ("no", ())),
    ],
)
def test_both_spellings_are_read(home: Household, kept: bytes, expected: tuple[str, tuple[str, ...]]) -> None:
    home.store.put_preference(home.account.id, "ezviz-camera", kept, 1.0)

    found = of_account(home.store, home.account.id)["ezviz-camera"]
    assert (found.while_encrypted, found.voice_may) == expected


@pytest.mark.parametrize("kept", [b"", b"null", b"[]", b'"lan"', b'{"voice_may":"all"}', b'{"while_encrypted":"code"'])
def test_an_entry_that_can_not_be_read_allows_nothing(home: Household, kept: bytes) -> None:
    home.store.put_preference(home.account.id, "ezviz-camera", kept, 1.0)

    assert of_account(home.store, home.account.id).get("ezviz-camera", NONE) == NONE


def test_what_is_kept_is_spelled_in_one_way(home: Household) -> None:
    keep(home.store, home.account.id, "ezviz-camera", Preferences(while_encrypted="code"))

    (text,) = home.store.preferences(home.account.id).values()
    written = json.loads(text)
    assert (written["while_encrypted"], "lan_while_encrypted" in written) == ("code", False)


@pytest.fixture(params=[in_sqlite, in_dynamodb], ids=["sqlite", "dynamodb"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opens]:
    """Opens what the version before kept, each time as another process does."""
    with request.param(tmp_path) as made:
        yield made


def test_what_the_version_before_kept_of_its_owners_decisions_is_read(opens: Opens) -> None:
    store = opens()
    [account] = store.accounts()
    [source] = store.sources(account.id)

    assert of_account(store, account.id) == {
        "ezviz-GARAGE": Preferences(("audio",), "lan"),
        "ezviz-GARDEN": Preferences(("sleep", "restart"), "no"),
    }
    secrets = Sessions(store).read(source).secrets
    assert (secrets.codes, secrets.picture_codes, secrets.open_air) == ({"F00497501": "ABCDEF"}, {}, True)
    store.close()


def test_a_household_of_the_version_before_gains_cameras_of_its_own(opens: Opens) -> None:
    store = opens()
    [account] = store.accounts()
    [ezviz] = store.sources(account.id)

    assert (store.known(account.id, ezviz.id), store.owner_user(account.id)) == (None, None)
    lan = households.with_lan(store, account.id)
    Devices(store).put(lan, Device("S", 1, "Shed", "192.168.1.20", 554, Pictured("/live"), user="a", password="b"))
    assert store.put_owner_user(account.id, "kari", b"hash")
    store.close()

    again = opens()
    assert {source.id for source in again.sources(account.id)} == {ezviz.id, lan.id}
    assert [device.name for device in Devices(again).read(lan)] == ["Shed"]
    assert again.owner_user_by_key("kari") == OwnerUser(account.id, "kari", b"hash", 1)
    assert Sessions(again).read(ezviz).secrets.codes == {"F00497501": "ABCDEF"}
    again.close()
