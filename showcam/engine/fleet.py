"""Chooses among several media processes: each account has one, and another one takes over if it is gone.

All streams of an account come from one process. So viewers share a pull, and the limits that a media process sets for
an account and a link stay whole. A roster knows the processes: a fixed list, by rendezvous hashing, or those that have
reported themselves. Standard library only.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from showcam.engine.client import LONGEST_S, PROBE_S, Answer, MediaClient
from showcam.engine.grants import Claims, Picture
from showcam.engine.messages import MediaFull, MediaGone, MediaLate, MediaUnavailable
from showcam.engine.source import SourceSpec, Watched
from showcam.net.addresses import weight

log = logging.getLogger(__name__)

REST_S = 10.0  # a process that did not answer is asked last for this time
WARM_S = 1.0  # a pull is begun at once, or by the next process, which has at least this time too if any time is left
FAIR_S = 0.4  # seconds; a process that had less time than this for its answer does not rest
TRIES = 5  # processes that did not answer; full ones answer at once, and are not counted

# takes the seconds left, the number of the member, and the number of members; returns the seconds for this member
type Share = Callable[[float, int, int], float]


class Roster(Protocol):
    """Knows the media processes. Each method may raise MediaUnavailable."""

    def member(self, account: str, camera: str, without: Collection[str]) -> MediaClient | None:
        """The process for the camera, which is its process from now on, without those of these public addresses."""
        ...

    def shown(self, account: str, camera: str, without: Collection[str] = ()) -> MediaClient | None:
        """The process that shows the camera, or would; "" as camera: any of the account."""
        ...

    def lost(self, member: MediaClient) -> None:
        """Takes the news that the process did not answer."""
        ...

    def members(self, account: str) -> Sequence[MediaClient]:
        """The processes that may have something of the account, "" for all of them."""
        ...


class Listed:
    """A fixed list of media processes. While an account's process is passed over, the next one serves the account."""

    def __init__(self, members: Sequence[MediaClient]) -> None:
        self._members = tuple(members)

    def member(self, account: str, camera: str, without: Collection[str]) -> MediaClient | None:
        left = [member for member in self._members if member.public not in without]
        return min(left, key=lambda member: weight(member.public, account), default=None)

    def shown(self, account: str, camera: str, without: Collection[str] = ()) -> MediaClient | None:
        return self.member(account, camera, without)

    def lost(self, member: MediaClient) -> None:
        """The Fleet passes it over for a while."""

    def members(self, account: str) -> Sequence[MediaClient]:
        return self._members


class Fleet:
    """Several media processes with the methods of one. Each is a MediaClient with its own public https address.

    Without members each stream fails because no media process is there, and there is nothing to end.
    """

    def __init__(self, roster: Roster, clock: Callable[[], float] = time.monotonic) -> None:
        self._roster, self._clock = roster, clock
        self._resting: dict[str, float] = {}  # public address, until when

    def place(self, account: str, camera: str = "") -> str:
        """The address of the account's video for displays; "" if there is no process."""
        try:
            shown = self._roster.shown
            member = shown(account, camera, self._at_rest()) or shown(account, camera)
        except MediaUnavailable:
            return ""
        return member.public if member else ""

    def warm(self, claims: Claims, source: SourceSpec | None, *, timeout_s: float | None = None) -> str:
        """Warms one stream within the time, whichever process is asked. Raises MediaBusy, MediaUnavailable."""

        def ask(member: MediaClient, left_s: float) -> str:
            return member.warm(claims, source, timeout_s=min(WARM_S, left_s))

        return self._by(claims.account, claims.camera, timeout_s, ask, _half)

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

        return self._by(claims.account, claims.camera, timeout_s, ask, _whole)

    def keep(self, claims: Claims) -> None:
        """Keeps a stream warm. Raises MediaBusy, MediaUnavailable."""
        self._by(claims.account, claims.camera, WARM_S, lambda member, _: member.keep(claims), _whole)

    def end_session(self, link: str, name: str, account: str = "") -> None:
        """Ends the session at every process that may have begun it, also earlier, when others were up."""
        self._everywhere(account, lambda member: member.end_session(link, name))

    def end_link(self, link: str, account: str = "") -> None:
        self._everywhere(account, lambda member: member.end_link(link))

    def probe(self, source: SourceSpec, within_s: float) -> Watched:
        """Probes a camera by the first process that answers, in their order. Raises MediaBusy, MediaUnavailable."""
        return self._by("", "", within_s + PROBE_S, lambda member, _: member.probe(source, within_s), _whole)

    def still(self, url: str, account: str, camera: str, timeout_s: float) -> bytes:
        """The JPEG at the public address of a granted still. Raises MediaUnavailable."""

        def ask(member: MediaClient, left_s: float) -> bytes:
            return member.still(url, account, camera, left_s)

        return self._by(account, camera, timeout_s, ask, _whole)

    def flows(self, account: str, camera: str, timeout_s: float | None = None) -> tuple[Picture, ...]:
        """The streams that are pulled at the camera's media process. Raises MediaUnavailable."""
        member = self._roster.shown(account, camera)
        return member.flows(account, camera, WARM_S if timeout_s is None else timeout_s) if member else ()

    def live(self, account: str) -> int:
        """The number of live streams at all media processes. Raises MediaUnavailable."""
        return sum(member.live(account) for member in self._roster.members(account))

    def close(self) -> None:
        for member in self._roster.members(""):
            member.close()

    def _at_rest(self) -> set[str]:
        now = self._clock()
        return {public for public, until in self._resting.items() if until > now}

    def _by[T](
        self,
        account: str,
        camera: str,
        timeout_s: float | None,
        ask: Callable[[MediaClient, float], T],
        share: Share,
    ) -> T:
        """Asks the camera's own process, or the next process that answers and has room."""
        end = time.monotonic() + (LONGEST_S if timeout_s is None else timeout_s)
        failed: MediaGone | MediaFull | None = None
        passed: set[str] = set()
        number = 1
        while number <= TRIES:
            member = self._roster.member(account, camera, passed | self._at_rest()) or self._roster.member(
                account, camera, passed
            )
            left_s = end - time.monotonic()
            if member is None or (passed and left_s <= 0):
                break
            its_s = share(left_s, number, TRIES)
            try:
                found = ask(member, its_s)
            except MediaFull as error:
                failed = error
            except MediaGone as error:
                failed, number = failed or error, number + 1
                if its_s >= FAIR_S or not isinstance(error, MediaLate):
                    self._resting[member.public] = self._clock() + REST_S
                    self._roster.lost(member)
                log.warning("media process %s: %s", member.public.partition("://")[2], error)
            else:
                self._resting.pop(member.public, None)
                return found
            passed.add(member.public)
        raise failed or MediaGone("there is no media process")

    def _everywhere(self, account: str, ask: Callable[[MediaClient], None]) -> None:
        """Asks every process. Raises MediaUnavailable at the end if one could not be reached."""
        missed: MediaUnavailable | None = None
        for member in self._roster.members(account):
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
