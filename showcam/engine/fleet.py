"""Chooses among several media processes: each account has one, and another one takes over if it is gone.

All streams of an account come from one process, found by rendezvous hashing (Thaler and Ravishankar, 1998). So viewers
share a pull, and the limits that a media process sets for an account and a link stay whole. Standard library only.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence

from showcam.engine.client import LONGEST_S, PROBE_S, Answer, MediaClient
from showcam.engine.grants import Claims, Picture
from showcam.engine.messages import MediaFull, MediaGone, MediaLate, MediaUnavailable
from showcam.engine.source import SourceSpec, Watched

log = logging.getLogger(__name__)

REST_S = 10.0  # a process that did not answer is asked last for this time
WARM_S = 1.0  # a pull is begun at once, or by the next process, which has at least this time too if any time is left
FAIR_S = 0.4  # seconds; a process that had less time than this for its answer does not rest
TRIES = 3

# takes the seconds left, the number of the member, and the number of members; returns the seconds for this member
type Share = Callable[[float, int, int], float]


class Fleet:
    """Several media processes with the methods of one. Each is a MediaClient with its own public https address.

    Without members each stream fails because no media process is there, and there is nothing to end.
    """

    def __init__(self, members: Sequence[MediaClient], clock: Callable[[], float] = time.monotonic) -> None:
        self._members, self._clock = tuple(members), clock
        self._resting: dict[str, float] = {}  # public address, until when

    def place(self, account: str) -> str:
        return next((media.public for media in self._order(account)), "")

    def warm(self, claims: Claims, source: SourceSpec | None, *, timeout_s: float | None = None) -> str:
        """Warms one stream within the time, whichever process is asked. Raises MediaBusy, MediaUnavailable."""

        def ask(member: MediaClient, left_s: float) -> str:
            return member.warm(claims, source, timeout_s=min(WARM_S, left_s))

        return self._by(claims.account, timeout_s, ask, _half)

    def answer(
        self,
        claims: Claims,
        source: SourceSpec | None,
        sdp: str,
        *,
        replaces: str = "",
        timeout_s: float | None = None,
        within_s: float | None = None,
    ) -> Answer:
        """Answers a WebRTC offer. Raises BadOffer, MediaBusy, MediaUnavailable."""
        began = time.monotonic()

        def ask(member: MediaClient, left_s: float) -> Answer:
            still_s = None if within_s is None else max(0.0, began + within_s - time.monotonic())
            return member.answer(claims, source, sdp, replaces=replaces, timeout_s=left_s, within_s=still_s)

        return self._by(claims.account, timeout_s, ask, _whole)

    def keep(self, claims: Claims) -> None:
        """Keeps a stream warm. Raises MediaBusy, MediaUnavailable."""
        self._by(claims.account, WARM_S, lambda member, _: member.keep(claims), _whole)

    def end_session(self, link: str, name: str) -> None:
        """Ends the session at every media process: earlier, when others were up, any of them may have begun it."""
        self._everywhere(lambda member: member.end_session(link, name))

    def end_link(self, link: str) -> None:
        self._everywhere(lambda member: member.end_link(link))

    def probe(self, source: SourceSpec, within_s: float) -> Watched:
        """Probes a camera by the first process that answers, in their order. Raises MediaBusy, MediaUnavailable."""
        return self._by("", within_s + PROBE_S, lambda member, _: member.probe(source, within_s), _whole)

    def flows(self, account: str, camera: str, timeout_s: float | None = None) -> tuple[Picture, ...]:
        """The streams that are pulled at the account's media process. Raises MediaUnavailable."""
        member = next(iter(self._order(account)), None)
        return member.flows(account, camera, WARM_S if timeout_s is None else timeout_s) if member else ()

    def live(self, account: str) -> int:
        """The number of live streams at all media processes. Raises MediaUnavailable."""
        return sum(member.live(account) for member in self._members)

    def close(self) -> None:
        for member in self._members:
            member.close()

    def _order(self, account: str) -> list[MediaClient]:
        now = self._clock()

        def rank(member: MediaClient) -> tuple[bool, bytes]:
            return self._resting.get(member.public, 0.0) > now, _weight(member.public, account)

        return sorted(self._members, key=rank)

    def _by[T](self, account: str, timeout_s: float | None, ask: Callable[[MediaClient, float], T], share: Share) -> T:
        """Asks the account's own process, or the next process that answers and has room."""
        end = time.monotonic() + (LONGEST_S if timeout_s is None else timeout_s)
        failed: MediaGone | MediaFull | None = None
        members = self._order(account)[:TRIES]
        for number, member in enumerate(members, start=1):
            left_s = end - time.monotonic()
            if number > 1 and left_s <= 0:
                break
            its_s = share(left_s, number, len(members))
            try:
                found = ask(member, its_s)
            except MediaFull as error:
                failed = error
            except MediaGone as error:
                failed = failed or error
                if its_s >= FAIR_S or not isinstance(error, MediaLate):
                    self._resting[member.public] = self._clock() + REST_S
                log.warning("media process %d of %d: %s", self._members.index(member) + 1, len(self._members), error)
            else:
                self._resting.pop(member.public, None)
                return found
        raise failed or MediaGone("there is no media process")

    def _everywhere(self, ask: Callable[[MediaClient], None]) -> None:
        """Asks every process. Raises MediaUnavailable at the end if one could not be reached."""
        missed: MediaUnavailable | None = None
        for member in self._members:
            try:
                ask(member)
            except MediaUnavailable as error:
                missed = error
        if missed is not None:
            raise missed


def _half(left_s: float, number: int, of: int) -> float:
    """Half of the time that is left, so that the next media process may still do it; all of it for the last one."""
    return left_s if number == of else left_s / 2


def _whole(left_s: float, number: int, _of: int) -> float:
    return left_s if number == 1 else max(WARM_S, left_s)


def _weight(member: str, account: str) -> bytes:
    return hashlib.blake2b(account.encode(), key=hashlib.sha256(member.encode()).digest(), digest_size=8).digest()
