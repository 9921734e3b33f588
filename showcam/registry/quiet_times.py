"""The hours of the day when nothing is announced in a household, and the time by the household's clocks."""

import os
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from showcam.drivers.settings import BadValue
from showcam.store.ports import Store

MOST = 8  # spans of a day
LOCALTIME = Path("/etc/localtime")
_NAME = "quiet_times"  # among the household's rows
_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)").fullmatch


class QuietTimes(Struct, frozen=True):
    """`spans`: minutes of the day by the clocks of `zone`, the first included; a span may pass midnight.

    `zone` is "" in a household that has chosen no zone.
    """

    zone: str = ""
    spans: tuple[tuple[int, int], ...] = ()

    def hold(self, at: float) -> bool:
        """Whether nothing is announced at this epoch second. A zone that this machine does not know is never quiet."""
        if not self.spans or _known(self.zone) is None:
            return False
        local = self.local(at)
        minute = local.hour * 60 + local.minute
        return any(
            begins <= minute < ends if begins < ends else minute >= begins or minute < ends
            for begins, ends in self.spans
        )

    def local(self, at: float) -> datetime:
        """The household's time at this epoch second; this machine's if the household has no zone that is known here."""
        return datetime.fromtimestamp(at, _known(self.zone))

    def __str__(self) -> str:
        return ", ".join(f"{_clock(begins)}-{_clock(ends)}" for begins, ends in self.spans)


NEVER = QuietTimes()
_decoder = msgspec.json.Decoder(QuietTimes)


def parsed(text: str, zone: str) -> QuietTimes:
    """Reads quiet times as a person writes them: “22:00-07:00, 13:00-14:30”. Raises BadValue."""
    spans = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _SPAN(part)
        if found is None:
            raise BadValue(f"quiet times are like 22:00-07:00, several with commas between them, and not {part!r}")
        begins, ends = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if begins == ends:
            raise BadValue(f"{part} begins and ends at the same time")
        spans.append((begins, ends))
    if len(spans) > MOST:
        raise BadValue(f"a day has at most {MOST} quiet times")
    if _known(zone) is None:
        raise BadValue(f"{zone!r} is no time zone that this machine knows, such as Europe/Oslo")
    return QuietTimes(zone, tuple(spans))


def own_zone(link: Path = LOCALTIME) -> str:
    """The name of this machine's time zone, which TZ names in a container; UTC if the zone has no name."""
    if _known(named := os.environ.get("TZ", "").removeprefix(":")):
        return named
    _, _, name = str(link.resolve()).partition("/zoneinfo/")
    return name or "UTC"


def of_household(store: Store, account_id: str) -> QuietTimes:
    kept = store.account_secret(account_id, _NAME)
    try:
        return _decoder.decode(kept) if kept else NEVER
    except msgspec.MsgspecError:
        return NEVER  # written by another version


def keep(store: Store, account_id: str, quiet: QuietTimes) -> None:
    store.put_account_secret(account_id, _NAME, msgspec.json.encode(quiet))


def _known(zone: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
