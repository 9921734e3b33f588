"""What is announced to a household, as what, and when nothing is."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from showcam.drivers.driver import EventKind, Hint
from showcam.drivers.settings import BadValue
from showcam.registry import quiet_times
from showcam.registry.preferences import MotionRings, Preferences, keep, of_account
from showcam.registry.quiet_times import NEVER, QuietTimes, parsed
from showcam.registry.readings.changes import Change, announcement
from tests.doubles.clock import Clock
from tests.doubles.household import Household

pytestmark = pytest.mark.proves(
    "What happened is announced once, with a pause after it, and never in quiet times",
    leans_on="second stack: Python's zoneinfo",
)

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=ZoneInfo("Europe/Oslo")).timestamp()
NIGHT = NOON + 11 * 3600


# what was seen, motion_rings, as what it is announced by day
@pytest.mark.parametrize(
    ("kind", "rings", "expected"),
    [
        ("doorbell", "no", "doorbell"),
        ("doorbell", "motion", "doorbell"),
        ("doorbell", "person", "doorbell"),
        ("motion", "no", "motion"),
        ("motion", "motion", "doorbell"),
        ("motion", "person", "motion"),  # a cat, or a car
        ("person", "no", "person"),
        ("person", "motion", "doorbell"),
        ("person", "person", "doorbell"),
        ("tamper", "motion", None),
    ],
)
def test_as_what_it_is_announced(kind: EventKind, rings: MotionRings, expected: EventKind | None) -> None:
    preferences = Preferences(motion_rings=rings)
    assert announcement(kind, preferences, NEVER, NOON) == expected
    assert announcement(kind, preferences, parsed("22:00-07:00", "Europe/Oslo"), NOON) == expected
    assert announcement(kind, preferences, parsed("22:00-07:00", "Europe/Oslo"), NIGHT) is None


def at(zone: str, text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


# quiet times, their zone, a time by the clocks of another zone, whether it is quiet
@pytest.mark.parametrize(
    ("text", "zone", "clocks", "when", "expected"),
    [
        ("13:00-14:30", "Europe/Oslo", "Europe/Oslo", "2026-07-01T13:00", True),
        ("13:00-14:30", "Europe/Oslo", "Europe/Oslo", "2026-07-01T14:29:59", True),
        ("13:00-14:30", "Europe/Oslo", "Europe/Oslo", "2026-07-01T14:30", False),
        ("13:00-14:30", "Europe/Oslo", "Europe/Oslo", "2026-07-01T12:59", False),
        # past midnight
        ("22:00-07:00", "Europe/Oslo", "Europe/Oslo", "2026-07-01T22:00", True),
        ("22:00-07:00", "Europe/Oslo", "Europe/Oslo", "2026-07-01T00:00", True),
        ("22:00-07:00", "Europe/Oslo", "Europe/Oslo", "2026-07-01T07:00", False),
        ("22:00-07:00", "Europe/Oslo", "Europe/Oslo", "2026-07-01T21:59", False),
        # of another zone, in summer and in winter
        ("22:00-07:00", "Europe/Oslo", "UTC", "2026-07-01T20:00", True),
        ("22:00-07:00", "Europe/Oslo", "UTC", "2026-12-01T20:00", False),
        ("22:00-07:00", "America/New_York", "UTC", "2026-12-01T02:59", False),
        ("22:00-07:00", "America/New_York", "UTC", "2026-12-01T03:00", True),
        # the hour that comes twice is quiet twice, and the one that is skipped never
        ("02:00-03:00", "Europe/Oslo", "UTC", "2026-10-25T00:30", True),
        ("02:00-03:00", "Europe/Oslo", "UTC", "2026-10-25T01:30", True),
        ("02:00-03:00", "Europe/Oslo", "UTC", "2026-03-29T00:59", False),
        ("02:00-03:00", "Europe/Oslo", "UTC", "2026-03-29T01:00", False),
        # several
        ("06:00-07:00, 13:00-14:00", "UTC", "UTC", "2026-01-01T06:30", True),
        ("06:00-07:00, 13:00-14:00", "UTC", "UTC", "2026-01-01T13:30", True),
        ("06:00-07:00, 13:00-14:00", "UTC", "UTC", "2026-01-01T10:00", False),
        ("", "UTC", "UTC", "2026-01-01T10:00", False),
        ("9:05-9:06", "UTC", "UTC", "2026-01-01T09:05", True),
    ],
)
def test_quiet_times(text: str, zone: str, clocks: str, when: str, expected: bool) -> None:
    assert parsed(text, zone).hold(at(clocks, when)) is expected


def test_a_zone_that_the_machine_lost_is_never_quiet() -> None:
    assert not QuietTimes("Europe/Atlantis", ((0, 1439),)).hold(NOON)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("22-7", "UTC", "22:00-07:00"),
        ("24:00-07:00", "UTC", "quiet times are like"),
        ("22:60-07:00", "UTC", "quiet times are like"),
        ("22:00", "UTC", "quiet times are like"),
        ("night", "UTC", "quiet times are like"),
        ("07:00-07:00", "UTC", "begins and ends at the same time"),
        (", ".join(["01:00-02:00"] * 9), "UTC", "at most 8"),
        ("22:00-07:00", "Oslo", "'Oslo' is no time zone"),
        ("22:00-07:00", "../../etc/passwd", "no time zone"),
        ("22:00-07:00", "", "no time zone"),
        ("22:00-07:00", "\x00", "no time zone"),
    ],
)
def test_what_is_no_quiet_time(text: str, zone: str, expected: str) -> None:
    with pytest.raises(BadValue, match=expected):
        parsed(text, zone)


def test_quiet_times_are_kept(home: Household) -> None:
    assert quiet_times.of_household(home.store, home.account.id) == NEVER
    quiet = parsed("22:00-07:00, 13:00-14:30", "Europe/Oslo")
    quiet_times.keep(home.store, home.account.id, quiet)
    assert quiet_times.of_household(home.store, home.account.id) == quiet
    assert str(quiet) == "22:00-07:00, 13:00-14:30"
    home.store.put_account_secret(home.account.id, "quiet_times", b"[]")
    assert quiet_times.of_household(home.store, home.account.id) == NEVER


class Door:
    """The household's front door, and what was announced of it."""

    def __init__(self, home: Household, clock: Clock) -> None:
        self.home, self.clock, self.changes = home, clock, list[Change]()
        home.noticing.refresh(home.account.id)
        home.adapter.changes.subscribe(self.changes.append)

    def prefer(self, preferences: Preferences) -> None:
        self.home.owner.prefer(self.home.account.id, self.home.id("Front Door"), preferences)

    def sees(self, kind: EventKind) -> EventKind | None:
        """As what it is announced; it is always published."""
        self.changes.clear()
        self.home.noticing.noticed(self.home.account.id, [Hint("F00000002", 1, kind, self.clock.now)])
        [change] = self.changes
        assert change.kind == kind
        return change.announced


@pytest.fixture
def door(make_home: Callable[..., Household], clock: Clock) -> Door:
    return Door(make_home(), clock)


# motion_rings, ring_pause_s; then after so many seconds each, what is seen, and as what it is announced
@pytest.mark.parametrize(
    ("rings", "pause_s", "seen"),
    [
        ("motion", 60, [(0, "motion", "doorbell"), (40, "motion", None), (31, "motion", "doorbell")]),
        ("motion", 600, [(0, "motion", "doorbell"), (300, "motion", None), (310, "motion", "doorbell")]),
        ("motion", 0, [(0, "motion", "doorbell"), (31, "motion", "doorbell")]),
        # of one person's walk to the door, one ring
        ("motion", 60, [(0, "motion", "doorbell"), (2, "person", None)]),
        # the bell always rings, and begins the pause
        ("motion", 60, [(0, "motion", "doorbell"), (5, "doorbell", "doorbell"), (5, "doorbell", "doorbell")]),
        ("motion", 60, [(0, "doorbell", "doorbell"), (5, "motion", None)]),
        # what does not ring has a pause of its own
        ("no", 60, [(0, "motion", "motion"), (2, "person", "person"), (2, "doorbell", "doorbell")]),
        ("person", 60, [(0, "motion", "motion"), (2, "person", "doorbell")]),
        ("person", 60, [(0, "person", "doorbell"), (2, "motion", "motion"), (40, "motion", None)]),
    ],
)
def test_a_pause_follows_each_announcement(
    door: Door, rings: MotionRings, pause_s: int, seen: list[tuple[int, EventKind, EventKind | None]]
) -> None:
    door.prefer(Preferences(motion_rings=rings, ring_pause_s=pause_s))
    for after_s, kind, announced in seen:
        door.clock.now += after_s
        assert door.sees(kind) == announced, (after_s, kind)


def test_in_quiet_times_nothing_is_announced_and_no_pause_begins(door: Door) -> None:
    zone = ZoneInfo("Europe/Oslo")
    now = datetime.fromtimestamp(door.clock.now, zone)
    quiet = QuietTimes("Europe/Oslo", ((now.hour * 60 + now.minute, (now.hour * 60 + now.minute + 2) % 1440),))
    quiet_times.keep(door.home.store, door.home.account.id, quiet)
    door.prefer(Preferences(motion_rings="motion", ring_pause_s=3600))
    assert [door.sees("motion"), door.sees("doorbell")] == [None, None]
    door.clock.now += 180
    assert door.sees("motion") == "doorbell"


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (b"{}", ("no", 60)),
        (b'{"motion_rings":"person","ring_pause_s":0}', ("person", 0)),
        (b'{"motion_rings":"cats","ring_pause_s":"5"}', ("no", 60)),
        (b'{"motion_rings":true,"ring_pause_s":true}', ("no", 60)),
        (b'{"motion_rings":null,"ring_pause_s":-1}', ("no", 60)),
        (b'{"ring_pause_s":3601}', ("no", 60)),
        (b'{"ring_pause_s":1.5}', ("no", 60)),
    ],
)
def test_what_was_kept_by_another_version(home: Household, kept: bytes, expected: tuple[str, int]) -> None:
    home.store.put_preference(home.account.id, "ezviz-camera", kept, 1.0)
    found = of_account(home.store, home.account.id)["ezviz-camera"]
    assert (found.motion_rings, found.ring_pause_s) == expected
    keep(home.store, home.account.id, "ezviz-camera", found)
    assert of_account(home.store, home.account.id)["ezviz-camera"] == found
