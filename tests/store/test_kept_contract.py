"""What any engine keeps and counts beside them: throttles, places, lists, preferences, notices."""

import typing

import pytest

from showcam.store.ports import Inconsistent, Store
from showcam.store.records import Known, Notice
from tests.doubles import records as a

NOW = a.NOW


class TestThrottle:
    @pytest.mark.parametrize(
        ("key", "window_s", "at", "counts"),
        [
            ("user|ola", 60, 1_800_000_000, 4),
            ("user|ola", 60, 1_800_000_059.9, 4),
            ("user|ola", 60, 1_800_000_060, 1),  # the next window
            ("user|ola", 3600, 1_800_000_000, 1),  # another window of the same key
            ("user|kari", 60, 1_800_000_000, 1),
            ("user#\ud800" + "x" * 5000, 60, 1_800_000_000, 1),
        ],
    )
    def test_hits_are_counted_by_key_and_window(
        self, store: Store, key: str, window_s: int, at: float, counts: int
    ) -> None:
        for _ in range(3):
            store.hit("user|ola", 60, 1_800_000_000)
        assert store.hits(key, window_s, at) == counts - 1
        assert store.hit(key, window_s, at) == counts
        assert store.hits(key, window_s, at) == counts


class TestPlaces:
    T = 1_800_000_000
    # three places of 60 s: at which second one is asked for, whether it is had, what is said; None gives back the one
    # that ends in that second
    WALKS: typing.ClassVar = {
        "three, and no fourth": [(0, True, 60), (1, True, 61), (2, True, 62), (3, False, 60), (59.9, False, 60)],
        "each falls free by itself, whatever the clock's windows": [
            (50, True, 110),
            (50, True, 110),
            (50, True, 110),
            (109.5, False, 110),
            (110, True, 170),
            (110, True, 170),
            (110, True, 170),
            (111, False, 170),
        ],
        "a second is counted to its end": [(0.5, True, 61), (0.5, True, 61), (0.5, True, 61), (60.9, False, 61)],
        "one given back is free, and the others are not": [
            (0, True, 60),
            (1, True, 61),
            (1, True, 61),
            (61, None, 0),
            (2, True, 62),
            (3, False, 60),
        ],
        "what is free already stays free": [
            (0, True, 60),
            (60, None, 0),
            (60, None, 0),
            (99, None, 0),
            (1, True, 61),
            (1, True, 61),
            (1, True, 61),
            (1, False, 61),
        ],
    }

    @pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
    def test_places_are_taken_and_fall_free(self, store: Store, walk: list[tuple[float, bool | None, int]]) -> None:
        for at, taken, ends in walk:
            if taken is None:
                store.leave_place("door", self.T + round(at))
            else:
                assert store.take_place("door", 3, 60, self.T + at) == (taken, self.T + ends), at

    @pytest.mark.parametrize("key", ["door|2", "", "user#\ud800" + "x" * 5000])
    def test_keys_have_places_of_their_own(self, store: Store, key: str) -> None:
        assert store.take_place("door", 1, 60, self.T) == (True, self.T + 60)
        assert store.take_place(key, 1, 60, self.T) == (True, self.T + 60)
        assert store.take_place(key, 1, 60, self.T) == (False, self.T + 60)
        assert store.hits("door", 60, self.T) == 0


class TestTaken:
    @pytest.mark.parametrize(
        ("key", "until", "free"),
        [
            ("nonce:1", NOW + 300, False),
            ("nonce:1", NOW + 301, True),  # another message
            ("nonce:2", NOW + 300, True),
            ("nønce:" + "x" * 100, NOW + 300.5, True),
        ],
    )
    def test_a_key_is_taken_once(self, store: Store, key: str, until: float, free: bool) -> None:
        assert store.take_once("nonce:1", NOW + 300)
        assert [store.take_once(key, until) for _ in range(3)] == [free, False, False]


class TestCameras:
    def test_the_last_list_is_known(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        assert store.known(household.id, "one") is None
        for known in (Known(b"[1]", NOW), Known(b"[2]" * 10_000, NOW + 1)):
            store.put_known(household.id, "one", known)
            assert store.known(household.id, "one") == known

    @pytest.mark.parametrize(
        ("as_of", "is_written"),
        [(NOW - 0.1, False), (NOW - 60, False), (NOW, True), (NOW + 0.1, True), (NOW - 61, True)],
        ids=["older", "a minute older", "as old", "newer", "a clock that ran ahead"],
    )
    def test_an_older_list_replaces_no_newer_one(self, store: Store, as_of: float, is_written: bool) -> None:
        household = a.account()
        store.add_account(household)
        newer, other = Known(b"[1]", NOW), Known(b"[2]", as_of)
        for number, write in enumerate((store.put_known, store.record_change)):
            assert write(household.id, str(number), newer)
            assert write(household.id, str(number), other) is is_written
            assert store.known(household.id, str(number)) == (other if is_written else newer)

    def test_each_source_has_a_list_of_its_own(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        lists = {"one": Known(b"[1]", NOW), "two": Known(b"[2]", NOW - 3600)}
        for source, known in lists.items():
            store.put_known(household.id, source, known)
        assert {source: store.known(household.id, source) for source in lists} == lists


class TestPreferences:
    def test_the_later_preference_of_a_camera_holds(self, store: Store) -> None:
        household, other = a.account(), a.account()
        store.add_account(household)
        store.add_account(other)
        assert store.preferences(household.id) == {}
        for camera, data in (("ezviz-a", b"one"), ("ezviz-b", b"\x00two"), ("ezviz-a", b"three")):
            store.put_preference(household.id, camera, data, NOW)
        assert store.preferences(household.id) == {"ezviz-a": b"three", "ezviz-b": b"\x00two"}
        assert store.preferences(other.id) == {}

    def test_a_preference_needs_its_account(self, store: Store) -> None:
        with pytest.raises(Inconsistent):
            store.put_preference("nobody", "ezviz-a", b"", NOW)
        assert store.preferences("nobody") == {}


class TestNotices:
    def test_addresses_are_kept_and_removed(self, store: Store) -> None:
        household, other = a.account(), a.account()
        store.add_account(household)
        store.add_account(other)
        for address, data in (("b", b"\x00one"), ("a", b"two"), ("b", b"three")):
            store.put_notice_address(household.id, address, data)
        assert store.notice_addresses(household.id) == {"a": b"two", "b": b"three"}
        assert store.notice_addresses(other.id) == {}
        assert store.drop_notice_address(household.id, "b")
        assert not store.drop_notice_address(household.id, "b")
        assert not store.drop_notice_address(other.id, "a")
        assert store.notice_addresses(household.id) == {"a": b"two"}

    def test_an_address_needs_its_account(self, store: Store) -> None:
        with pytest.raises(Inconsistent):
            store.put_notice_address("nobody", "a", b"1")
        with pytest.raises(Inconsistent):
            store.swap_notice("nobody", "f", version=0, data=b"1")
        assert (store.notice_addresses("nobody"), store.notices("nobody")) == ({}, [])

    def test_a_notice_is_written_where_its_version_is_current(self, store: Store) -> None:
        household = a.account()
        store.add_account(household)
        # the version and the data of a write, whether it is done, and what is there after it
        writes: list[tuple[int, bytes | None, bool, tuple[bytes, int] | None]] = [
            (1, b"early", False, None),
            (1, None, False, None),
            (0, b"one", True, (b"one", 1)),
            (0, b"again", False, (b"one", 1)),
            (1, b"two", True, (b"two", 2)),
            (1, b"late", False, (b"two", 2)),
            (1, None, False, (b"two", 2)),
            (2, None, True, None),
            (0, b"three", True, (b"three", 1)),
        ]
        for version, data, done, left in writes:
            assert store.swap_notice(household.id, "f", version=version, data=data) is done, (version, data)
            assert store.notices(household.id) == ([Notice(household.id, "f", *left)] if left else [])
        store.swap_notice(household.id, "e", version=0, data=b"e")
        assert [notice.fault for notice in store.notices(household.id)] == ["e", "f"]


class TestMeta:
    def test_the_first_value_holds(self, store: Store) -> None:
        assert store.meta("salt") is None
        assert [store.meta_once("salt", value) for value in ("one", "two")] == ["one", "one"]
        assert store.meta("salt") == "one"
        assert store.meta("pepper") is None
