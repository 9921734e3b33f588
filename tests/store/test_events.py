"""Sightings and devices in every engine."""

from pathlib import Path

import pytest

from showcam.store.ports import Store
from showcam.store.records import HAPPENING_KEPT_S, Happening
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a
from tests.doubles.records import NOW


def test_sightings_are_listed_oldest_first_by_household(store: Store) -> None:
    for name in ("household", "neighbour"):
        store.add_account(a.account(id=name))
    late, early = Happening("ezviz-a", "motion", NOW), Happening("ezviz-b", "doorbell", NOW - 1)
    for happening in (late, early):
        store.record_happening("household", happening, 0.0, None)
    store.record_happening("neighbour", Happening("ezviz-a", "person", NOW), 0.0, None)
    assert store.happenings("household", NOW - 10) == [early, late]
    assert store.happenings("household", NOW - 1) == [late]
    assert store.happenings("nobody", 0.0) == []


@pytest.mark.parametrize("order", [(NOW, NOW + 5), (NOW + 5, NOW)], ids=["in order", "late"])
def test_the_latest_of_a_camera_and_kind_stays(store: Store, order: tuple[float, float]) -> None:
    store.add_account(a.account(id="household"))
    for at in order:
        store.record_happening("household", Happening("ezviz-a", "motion", at), 0.0, None)
    store.record_happening("household", Happening("ezviz-a", "person", NOW), 0.0, None)
    assert store.happenings("household", 0.0) == [
        Happening("ezviz-a", "person", NOW),
        Happening("ezviz-a", "motion", NOW + 5),
    ]


def test_sightings_are_forgotten(tmp_path: Path, sealer: Sealer) -> None:
    store = SqliteStore(tmp_path / "showcam.db", sealer)
    store.add_account(a.account(id="household"))
    for at in (NOW - HAPPENING_KEPT_S, NOW - HAPPENING_KEPT_S + 1):
        store.record_happening("household", Happening(f"ezviz-{at}", "motion", at), 0.0, None)
    assert store.sweep(NOW) == 1
    assert len(store.happenings("household", 0.0)) == 1
    store.close()


def test_a_device_leads_to_the_households_that_list_it(store: Store) -> None:
    for name in ("household", "neighbour"):
        store.add_account(a.account(id=name))
    store.put_devices("household", frozenset({"garden", "garage"}))
    store.put_devices("neighbour", frozenset({"garden"}))
    assert store.accounts_with("garden") == ["household", "neighbour"]
    store.put_devices("household", frozenset({"garage", "attic"}))
    assert store.accounts_with("garden") == ["neighbour"]
    assert store.accounts_with("garage") == store.accounts_with("attic") == ["household"]
    store.put_devices("household", frozenset())
    assert store.accounts_with("garage") == []
