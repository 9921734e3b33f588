"""What one viewer's connection takes, as its receiver reports by RTCP: what it asks for again, lost, and estimates.

No real display has confirmed the numbers. They were chosen with Chromium behind wires that lose, delay or are narrow
(tests/browser/test_bad_wires.py). The shares from which a picture is held back, and given up, are near the 2 % and 10 %
of Google Congestion Control (draft-ietf-rmcat-gcc-02, section 6).
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

WINDOW_S = 0.5  # over which shares are counted: receivers ask again within some round trips
FEW = 30  # packets in the window, of fewer a share says nothing
FLOODED = 0.3  # share of the packets in the window that is asked for again
LOSSY = 0.12  # share that stayed lost over REPORT_S, twice in a row
REPORT_S, MANY = 1.0, 50  # seconds and packets, less is no sample: receivers report with each request too
NARROW, NARROW_S = 0.7, 1.0  # estimate beside the picture's rate, and for how long
QUEUED_S = 0.15  # over the shortest round trip: what is sent waits on the way
LEAKY, DROPS = 0.02, 3  # share and number asked for again in the window, from which a picture is held back
HELD_S = 20.0  # after which it is not any more: losses come in bouts, and each change of the delay is seen
ROUNDS = 3.2  # round trips that a packet may take to come: it, and what is sent in its place, may be lost
USUAL_RTT_S = 0.1  # until it is known
LEAST_DELAY_S, MOST_DELAY_S = 0.1, 0.6
STUCK, STUCK_S = 3, 6.0  # so many fresh starts that were asked for, in so many seconds
MOST_TRY_S = 300.0  # until the whole picture is tried again, which takes twice as long each time that failed
WELL_S = 60.0  # a try that lasted so long did not fail; where there is no smaller picture the next one is later
SLOWEST, FIRST_PACE, FASTEST = 60_000.0, 1_000_000.0, 4_000_000.0  # bytes a second of a burst
STEP_S = WINDOW_S / 2  # between two changes of it
_REMEMBERED = 2048


class Congestion:
    """`clock` is in seconds. `wake` is called when there is something new to judge.

    `again_s`: until the whole picture is first tried again; `calm_s`: without loss, before that.
    """

    def __init__(self, clock: Callable[[], float], wake: Callable[[], None], *, again_s: float, calm_s: float) -> None:
        self._clock, self._wake = clock, wake
        self._again_s, self._calm_s = again_s, calm_s
        self._sent: deque[tuple[float, int]] = deque()  # time and packets
        self._again: deque[float] = deque()  # when packets were first asked for again
        self._known: OrderedDict[int, None] = OrderedDict()  # their numbers
        self._lossy = 0  # samples in a row
        self._narrow: float | None = None  # since when estimates are too small
        self._sample: tuple[float, int, int] | None = None  # where it began: time, packets lost and packets in all
        self._starts: deque[float] = deque()
        self._wants_key = self._is_fresh = False
        self.resends = True  # whether anything that is asked for again is sent again
        self._pace, self._paced = FIRST_PACE, clock()
        self._calm_since = clock()
        self._moved: float | None = None  # when the smaller picture was begun
        self._tried: float | None = None  # when the whole one was begun again
        self._wait_s = again_s
        self._held_until = float("-inf")
        self.rtt_s: float | None = None  # a round trip, once it is known
        self._least_rtt = float("inf")

    # reported by the sender

    def sent(self, packets: int) -> None:
        now = self._clock()
        self._sent.append((now, packets))
        self._forget(now)

    def asked_again(self, numbers: Iterable[int]) -> None:
        now = self._clock()
        for number in numbers:
            if number not in self._known:
                self._known[number] = None
                self._again.append(now)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        self._forget(now)
        share = self._share()
        if share >= LOSSY:
            self._calm_since = now
        if share >= LEAKY and len(self._again) >= DROPS:
            self._held_until = now + HELD_S
        self._wake()

    def reported(self, lost: int, packets: int) -> None:
        """How many of so many were lost since the beginning, less what came when it was sent again."""
        now = self._clock()
        since, lost_before, before = self._sample or (now, lost, packets)
        if self._sample is None or packets < before:
            self._sample = (now, lost, packets)
        elif now - since >= REPORT_S and packets - before >= MANY:
            self._lossy = self._lossy + 1 if (lost - lost_before) / (packets - before) >= LOSSY else 0
            self._sample = (now, lost, packets)
            if self._lossy:
                self._calm_since = now
        self._wake()

    def estimated(self, bits_s: float, rate: float) -> None:
        """`rate`: of the picture that is sent, in bits a second."""
        self._narrow = (self._narrow or self._clock()) if bits_s < NARROW * rate else None
        self._wake()

    def turned(self, rtt_s: float) -> None:
        """A round trip took so long."""
        self.rtt_s = rtt_s
        self._least_rtt = min(self._least_rtt, rtt_s)

    def wants_key(self) -> None:
        self._wants_key = True
        self._wake()

    # what the track does

    def take_wish(self) -> bool:
        """Whether a keyframe was asked for since the last call."""
        wished, self._wants_key = self._wants_key, False
        return wished

    def start(self, *, requested: bool = False) -> None:
        """Another run of pictures begins with a keyframe; what was before is not sent again.

        `requested`: because the receiver could not go on.
        """
        now = self._clock()
        if requested:
            self._starts.append(now)
        else:
            self._sent.clear()
            self._again.clear()
            self._lossy, self._narrow, self._sample = 0, None, None
            self._starts.clear()
        self._is_fresh, self._wants_key, self.resends = True, False, True

    def take_start(self) -> bool:
        """Whether what is sent next begins a run."""
        fresh, self._is_fresh = self._is_fresh, False
        return fresh

    def pace(self) -> float:
        """Bytes a second for a burst: more while nothing is asked for again, less when much is."""
        now = self._clock()
        if now - self._paced >= STEP_S:
            much = self._share() >= LOSSY
            self._pace = max(SLOWEST, self._pace / 2) if much else min(FASTEST, self._pace * 2)
            self._paced = now
        return self._pace

    @property
    def delay_s(self) -> float:
        """How long a receiver should hold a picture back, so that what was lost is there in time; 0 where little is."""
        if not self._is_leaky:
            return 0.0
        return min(MOST_DELAY_S, max(LEAST_DELAY_S, ROUNDS * (self.rtt_s or USUAL_RTT_S)))

    @property
    def copies(self) -> int:
        """How often what is asked for again is sent: where single packets get lost, and not where there is no room."""
        return 0 if not self.resends else 2 if self._is_leaky and self._share() < LOSSY else 1

    @property
    def _is_leaky(self) -> bool:
        return self._clock() < self._held_until

    # which picture it takes

    @property
    def is_overfull(self) -> bool:
        """Whether the picture that is sent is more than it takes."""
        now = self._clock()
        self._forget(now)
        return self._share() >= FLOODED or self._lossy >= 2 or len(self._starts) >= STUCK or self._is_narrow(now)

    def moved(self) -> None:
        """What was sent is given up for the smaller picture, which begins with the next start."""
        self.resends = False
        now = self._clock()
        failed = self._tried is not None and now - self._tried < WELL_S
        self._wait_s = min(MOST_TRY_S, 2 * self._wait_s) if failed else self._again_s
        self._moved, self._calm_since = now, now

    def returned(self) -> None:
        """The whole picture is sent again."""
        self._moved, self._tried = None, self._clock()

    @property
    def may_try(self) -> bool:
        """Whether it is time to see if it takes the whole picture again."""
        now = self._clock()
        return self._moved is not None and now - self._moved >= self._wait_s and now - self._calm_since >= self._calm_s

    def _is_narrow(self, now: float) -> bool:
        """An estimate alone is no proof: a receiver that was busy for a moment gives too small ones for seconds."""
        if self._narrow is None or now - self._narrow < NARROW_S:
            return False
        return self._share() >= LOSSY or (self.rtt_s or 0.0) - self._least_rtt >= QUEUED_S

    def _share(self) -> float:
        """The share of the window's packets that were asked for again; 0 where they are few."""
        sent = sum(packets for _, packets in self._sent)
        return len(self._again) / sent if sent >= FEW else 0.0

    def _forget(self, now: float) -> None:
        while self._sent and now - self._sent[0][0] > WINDOW_S:
            self._sent.popleft()
        while self._again and now - self._again[0] > WINDOW_S:
            self._again.popleft()
        while self._starts and now - self._starts[0] > STUCK_S:
            self._starts.popleft()
