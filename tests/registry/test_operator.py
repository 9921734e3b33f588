"""What an operator sees of a household, without a call to its vendor; the rows that an export has."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from showcam.accounts import households
from showcam.registry import preferences, quiet_times
from showcam.registry.owner.operator import NoSuchRow, Operator
from showcam.registry.preferences import Preferences
from showcam.store.records import Ask, Happening
from tests.doubles.household import Household, demo_cameras, household, new_link

# where an export has the rows of a table with a column for the household; "": nowhere
EXPORTED = {
    "source": "household",
    "owner_user": "household",
    "link": "links",
    "known": "cameras",
    "preference": "preferences",
    "ask": "history",
    "happening": "happenings",
    "telling": "reports",
    "outbox": "waiting",
    "notice": "notices",
    "notice_address": "notice_addresses",
    "account_secret": "secrets",
    "device": "",  # keyed hashes of serials
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    made = household(tmp_path)
    yield made
    made.store.close()


def operator_of(home: Household) -> Operator:
    delete = partial(households.remove, home.store, home.pictures)
    return Operator(home.store, home.adapter.owner, {}, home.pictures, delete)


def asked(home: Household, count: int) -> list[Ask]:
    """Asks for the first camera, the newest first."""
    camera = home.adapter.owner.known(home.account.id)[0].id
    now = time.time()
    asks = [Ask(f"{number:019x}", camera, home.link.id, "alexa", now - 60 + number, 0.1, "") for number in range(count)]
    home.store.put_asks(home.account.id, asks)
    return asks[::-1]


def test_cameras_are_shown_as_last_read_and_the_vendor_is_not_asked(home: Household) -> None:
    operator = operator_of(home)
    assert operator.show(home.account)["cameras"] == [], "nothing was read yet"
    rows = home.adapter.owner.readiness(home.account.id)
    before = dict(home.driver.calls)
    shown = operator.show(home.account)["cameras"]
    assert dict(home.driver.calls) == before
    assert [camera["name"] for camera in shown] == [camera.name for camera in demo_cameras()]
    refused = {camera.name: verdicts["alexa"] for camera, verdicts in rows}
    for camera in shown:
        reasons = [row.reason for row in getattr(refused[camera["name"]], "failed", ())]
        assert camera["refused"].get("alexa", []) == reasons
        assert bool(camera["told"]) is bool(camera["refused"])


def test_only_a_link_of_the_household_is_ended(home: Household, tmp_path: Path) -> None:
    other = household(tmp_path, store=home.store, user="other@example.com")
    operator = operator_of(home)
    assert operator.end(home.account, other.link.id) is False
    assert operator.end(home.account, "none") is False
    assert home.store.links(other.account.id) == [other.link]
    assert operator.end(home.account, home.link.id) is True
    assert operator.end(home.account, home.link.id) is False
    assert home.store.links(home.account.id) == []


@pytest.mark.parametrize("most", [1, 2, 3])
def test_pages_hold_each_household_once(home: Household, tmp_path: Path, most: int) -> None:
    homes = [home, *(household(tmp_path, store=home.store, user=f"{number}@example.com") for number in range(2))]
    operator, found, after = operator_of(home), list[str](), ""
    while True:
        page, after = operator.page(after, most)
        assert len(page) <= most
        found += [account.id for account in page]
        if not after:
            break
    assert found == sorted(each.account.id for each in homes)


@pytest.mark.parametrize("most", [2, 5, None])
def test_an_export_brings_the_whole_history_in_parts(home: Household, most: int | None) -> None:
    home.adapter.owner.cameras(home.account.id)
    asks, operator = asked(home, 5), operator_of(home)
    found, before = list[str](), ""
    while True:
        exported: Any = operator.export(home.account, before, most)
        found += [row["id"] for row in exported["history"]]
        before = exported["more"]
        if not before:
            break
    assert found == [ask.id for ask in asks]
    with pytest.raises(NoSuchRow):
        operator.export(home.account, "0" * 19 + "f")


def test_an_export_has_all_rows_of_a_household(home: Household, tmp_path: Path) -> None:
    store, account = home.store, home.account
    home.adapter.owner.cameras(account.id)
    (ask,) = asked(home, 1)
    preferences.keep(store, account.id, ask.camera, Preferences(room="Hall"))
    quiet_times.keep(store, account.id, quiet_times.parsed("22:00-07:00", "Europe/Oslo"))
    store.record_happening(account.id, Happening(ask.camera, "motion", time.time()), 3.0, ())
    store.put_notice_address(account.id, "phone", b"https://planted.example")
    store.swap_notice(account.id, "lost/x", version=0, data=msgspec.json.encode({"began": 1.0}))
    store.put_devices(account.id, frozenset({"planted-key"}))
    store.add_link(new_link(account, "google", None, "nb"))
    exported: Any = operator_of(home).export(account)
    with closing(sqlite3.connect(tmp_path / "showcam.sqlite3")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        columns = {name: {row[1] for row in database.execute(f"PRAGMA table_info({name})")} for name in tables}
    assert {name for name, its in columns.items() if "account" in its} == EXPORTED.keys()
    assert [key for key in EXPORTED.values() if key and not exported[key]] == []
    assert len(exported["links"]) == 2
    assert exported["preferences"][ask.camera]["room"] == "Hall"
    assert exported["quiet_times"] == {"quiet": "22:00-07:00", "zone": "Europe/Oslo"}
    assert exported["notices"] == {"lost/x": {"began": 1.0}}
    text = json.dumps(exported)
    secret = ("planted", account.salt.hex(), home.source.vendor_key, home.link.agent_user, '"ref"')
    assert [each for each in secret if each in text] == []
