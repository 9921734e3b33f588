"""Measures how much one viewer's connection can carry. Its receiver reports losses, repeats and estimates by RTCP.

No real display has confirmed the numbers. They were chosen with Chromium behind wires that lose packets, delay them or
are narrow (tests/browser/test_bad_wires.py). Google Congestion Control has limits at 2 % and 10 % loss
(draft-ietf-rmcat-gcc-02, section 6). The shares here are near these: LEAKY delays playout, LOSSY gives the video up.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

WINDOW_S = 0.5  # shares are counted over this time: receivers ask again within a few round trips
FEW = 30  # packets in the window; a share of fewer packets says nothing
FLOODED = 0.3  # share of the packets in the window that the receiver asked for again
LOSSY = 0.12  # share of packets that stayed lost over REPORT_S, twice in a row
REPORT_S, MANY = 1.0, 50  # least seconds and packets of a sample: receivers also report with each request
NARROW, NARROW_S = 0.7, 1.0  # the estimate as a share of the video's rate, and for how long
QUEUED_S = 0.15  # more than the shortest round trip: packets wait on the way
LEAKY, DROPS = 0.02, 3  # share and number of packets asked for again in the window that make receivers delay playout
HELD_S = 20.0  # the delay ends after this time: losses come in bouts, and viewers see each change of the delay
ROUNDS = 3.2  # round trips that a packet may need: the packet may be lost, and so may its first repeat
USUAL_RTT_S = 0.1  # round trip until the real one is known
LEAST_DELAY_S, MOST_DELAY_S = 0.1, 0.6
STUCK, STUCK_S = 3, 6.0  # the number of fresh starts that the receiver asked for within these seconds
MOST_TRY_S = 300.0  # longest wait before the whole picture is tried again; the wait doubles with each failed try
WELL_S = 60.0  # a try of the whole picture that lasted this long did not fail; also the wait if no smaller one exists
SLOWEST, FIRST_PACE, FASTEST = 60_000.0, 1_000_000.0, 4_000_000.0  # bytes a second of a burst
STEP_S = WINDOW_S / 2  # between two changes of the pace
_REMEMBERED = 2048


class Congestion:
    """Decides for one viewer between the whole and the smaller picture. `clock` is in seconds.

    `wake` is called when the receiver has reported. The whole picture is first tried again after `again_s`.
    """

    def __init__(self, clock: Callable[[], float], wake: Callable[[], None], *, again_s: float) -> None:
        self._clock, self._wake = clock, wake
        self._again_s = again_s
        self._sent: deque[tuple[float, int]] = deque()  # time and packets
        self._again: deque[float] = deque()  # when packets were first asked for again
        self._known: OrderedDict[int, None] = OrderedDict()  # numbers of these packets
        self._lossy = 0  # lossy samples in a row
        self._narrow: float | None = None  # since when estimates are too small
        self._sample: tuple[float, int, int] | None = None  # time, packets lost and packets in all at its beginning
        self._starts: deque[float] = deque()
        self._wants_key = self._is_fresh = False
        self.resends = True  # whether packets are sent again on request
        self._pace, self._paced = FIRST_PACE, clock()
        self._moved: float | None = None  # when the smaller picture was begun
        self._tried: float | None = None  # when the whole picture was begun again
        self._wait_s = again_s
        self._held_until = float("-inf")
        self.rtt_s: float | None = None  # the latest round trip; None until it is known
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
        if self._share() >= LEAKY and len(self._again) >= DROPS:
            self._held_until = now + HELD_S
        self._wake()

    def reported(self, lost: int, packets: int) -> None:
        """Takes a receiver's report. `lost` of `packets` are missing since the beginning, without those sent again."""
        now = self._clock()
        since, lost_before, before = self._sample or (now, lost, packets)
        if self._sample is None or packets < before:
            self._sample = (now, lost, packets)
        elif now - since >= REPORT_S and packets - before >= MANY:
            self._lossy = self._lossy + 1 if (lost - lost_before) / (packets - before) >= LOSSY else 0
            self._sample = (now, lost, packets)
        self._wake()

    def estimated(self, bits_s: float, rate: float) -> None:
        """Takes a receiver's estimate in bits a second. `rate` are the bits a second of the video now."""
        self._narrow = (self._narrow or self._clock()) if bits_s < NARROW * rate else None
        self._wake()

    def turned(self, rtt_s: float) -> None:
        """Takes the seconds of a round trip."""
        self.rtt_s = rtt_s
        self._least_rtt = min(self._least_rtt, rtt_s)

    def wants_key(self) -> None:
        self._wants_key = True
        self._wake()

    # called by the track

    def take_wish(self) -> bool:
        """True if the receiver asked for a keyframe since the last call."""
        wished, self._wants_key = self._wants_key, False
        return wished

    def start(self, *, requested: bool = False) -> None:
        """Begins another run of pictures with a keyframe; earlier packets are not sent again.

        `requested`: the receiver asked for the run because it could not go on.
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
        """True if the next frame begins a run of pictures."""
        fresh, self._is_fresh = self._is_fresh, False
        return fresh

    def pace(self) -> float:
        """Bytes a second for a burst. The pace falls while the receiver asks for many packets again, and rises else."""
        now = self._clock()
        if now - self._paced >= STEP_S:
            much = self._share() >= LOSSY
            self._pace = max(SLOWEST, self._pace / 2) if much else min(FASTEST, self._pace * 2)
            self._paced = now
        return self._pace

    @property
    def delay_s(self) -> float:
        """How long a receiver should delay a picture, so that repeated packets arrive in time; 0 if losses are rare."""
        if not self._is_leaky:
            return 0.0
        return min(MOST_DELAY_S, max(LEAST_DELAY_S, ROUNDS * (self.rtt_s or USUAL_RTT_S)))

    @property
    def copies(self) -> int:
        """How often to send a packet that the receiver asked for again: twice if only single packets get lost."""
        return 0 if not self.resends else 2 if self._is_leaky and self._share() < LOSSY else 1

    @property
    def _is_leaky(self) -> bool:
        return self._clock() < self._held_until

    # whole or smaller picture

    @property
    def is_overfull(self) -> bool:
        """True if the picture that is sent is more than the connection can carry."""
        now = self._clock()
        self._forget(now)
        return self._share() >= FLOODED or self._lossy >= 2 or len(self._starts) >= STUCK or self._is_narrow(now)

    def moved(self) -> None:
        """Notes that the smaller picture is sent from the next start on. Packets of the whole one are not repeated."""
        self.resends = False
        now = self._clock()
        failed = self._tried is not None and now - self._tried < WELL_S
        self._wait_s = min(MOST_TRY_S, 2 * self._wait_s) if failed else self._again_s
        self._moved = now

    def returned(self) -> None:
        """Notes that the whole picture is sent again."""
        self._moved, self._tried = None, self._clock()

    @property
    def may_try(self) -> bool:
        """True if it is time to try the whole picture again."""
        return self._moved is not None and self._clock() - self._moved >= self._wait_s

    def _is_narrow(self, now: float) -> bool:
        """True if estimates stay small and packets are lost or late: a busy receiver's estimates are no proof."""
        if self._narrow is None or now - self._narrow < NARROW_S:
            return False
        return self._share() >= LOSSY or (self.rtt_s or USUAL_RTT_S) - self._least_rtt >= QUEUED_S

    def _share(self) -> float:
        """The share of the window's packets that the receiver asked for again; 0 if the window has too few packets."""
        sent = sum(packets for _, packets in self._sent)
        return len(self._again) / sent if sent >= FEW else 0.0

    def _forget(self, now: float) -> None:
        while self._sent and now - self._sent[0][0] > WINDOW_S:
            self._sent.popleft()
        while self._again and now - self._again[0] > WINDOW_S:
            self._again.popleft()
        while self._starts and now - self._starts[0] > STUCK_S:
            self._starts.popleft()
