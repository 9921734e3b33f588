"""The segments of one rendition: which a playlist lists, which stay for players that know them, and which go."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

# Players begin three target durations before the end (RFC 8216 section 6.3.3): what they begin on is still listed when
# the next segment comes. Of short segments that is too little.
LISTED_TARGETS, LISTED_S = 4, 6.0
MOST = 12  # listed, however short they are, unless that were less than LEAST_TARGETS
LEAST_TARGETS = 3  # target durations that a list has, once it has let a segment go (RFC 8216 section 6.2.2)
MOST_LISTED = 32 * 1024 * 1024  # bytes that are listed, and one segment at least
MOST_DUE = 16 * 1024 * 1024  # bytes of what left the list: a heavy camera with rare keyframes has its bound
ASKED_S = 60.0  # after which a player that fetches nothing is one no longer


@dataclass(slots=True)
class Segment:
    """One that was listed stays for its own and its list's duration after it left the list (RFC 8216 section 6.2.2)."""

    number: int
    data: bytes
    seconds: float
    breaks: bool  # another timeline than the segment before
    key: bool = True  # it begins with a keyframe
    listed_s: float = 0.0  # how long the longest list was in which a player was given it; 0: in none
    left: float | None = None  # when it fell out of the list, monotonic s

    def due(self, now: float) -> bool:
        """Whether a player may still ask for it, as far as that is not for being listed."""
        return self.listed_s > 0 and self.left is not None and now < self.left + self.seconds + self.listed_s


@dataclass(slots=True)
class _Player:
    latest: int  # number of the latest segment that it has fetched, or of the first that it was ever listed
    asked: float  # when it fetched a list or a segment last


class Segments:
    """Oldest first. Times are monotonic seconds. `player` names a session.

    A segment that left the list goes once every player has fetched a later one, since players fetch them in order; of
    sixteen cameras in full HD those that wait for nobody were 100 MB. A slow player's wait as long as they are due.
    """

    def __init__(self) -> None:
        self._kept: deque[Segment] = deque()
        self._players: dict[str, _Player] = {}
        self._from = 0  # number of the first that was listed last
        self._breaks_gone = 0

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, number: int) -> Segment | None:
        return next((segment for segment in self._kept if segment.number == number), None)

    def clear(self) -> None:
        self._kept.clear()
        self._players.clear()
        self._breaks_gone = 0

    def add(self, segment: Segment, target_s: int, now: float) -> None:
        self._kept.append(segment)
        self._let_go(target_s, now)

    def listed(self, target_s: int, now: float, player: str) -> list[Segment]:
        """What a playlist lists that is given to a player now."""
        # what was left out of it once never comes back, though longer segments would want a longer list
        listed = [kept for kept in list(self._kept)[-self._worth_listing(target_s) :] if kept.number >= self._from]
        lasts_s = sum(segment.seconds for segment in listed)
        for segment in listed:
            segment.listed_s = max(segment.listed_s, lasts_s)
        if listed:
            self._from = listed[0].number
            self._players.setdefault(player, _Player(self._from, now)).asked = now
        return listed

    def fetched(self, number: int, target_s: int, now: float, player: str) -> Segment | None:
        """The segment that a player fetches now, if it is kept."""
        found = self.find(number)
        if found is not None and (known := self._players.get(player)) is not None:
            known.latest, known.asked = max(known.latest, number), now
            self._let_go(target_s, now)
        return found

    def entry(self, target_s: int) -> int | None:
        """The first segment for a player that comes now: all that are listed, if each begins with a keyframe, else only
        the newest. None: that one begins without, so that the player has to wait.
        """
        listed = list(self._kept)[-self._worth_listing(target_s) :]
        if all(segment.key for segment in listed):
            return 0
        return listed[-1].number if listed[-1].key else None

    def breaks_before(self, number: int) -> int:
        """How many segments before that one began another timeline."""
        return self._breaks_gone + sum(segment.breaks for segment in self._kept if segment.number < number)

    def _let_go(self, target_s: int, now: float) -> None:
        """What is neither listed nor due to a player."""
        listed = self._worth_listing(target_s)
        for segment in list(self._kept)[:-listed]:
            segment.left = segment.left or now
        self._players = {name: player for name, player in self._players.items() if now - player.asked < ASKED_S}
        slowest = min([player.latest for player in self._players.values()], default=self._kept[-1].number)
        due = sum(len(segment.data) for segment in list(self._kept)[:-listed])
        while len(self._kept) > listed:
            first = self._kept[0]
            if first.due(now) and first.number >= slowest and due <= MOST_DUE:
                break
            due -= len(first.data)
            self._breaks_gone += first.breaks
            self._kept.popleft()

    def _worth_listing(self, target_s: int) -> int:
        """How many of the newest: a camera's memory is what it keeps of these."""
        wanted, total, weight, count = max(LISTED_S, LISTED_TARGETS * target_s), 0.0, 0, 0
        for segment in reversed(self._kept):
            weight += len(segment.data)
            is_long = count >= MOST and total >= LEAST_TARGETS * target_s
            if total > wanted - 0.05 or is_long or (count and weight > MOST_LISTED):
                break
            total, count = total + segment.seconds, count + 1
        return count
