"""The history of what happened at cameras: sightings, and requests to assistants with their results.

It is kept for thirty days, if at all, and holds no pictures.
"""

import contextlib
import itertools
import logging
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from showcam.accounts.links import SESSION
from showcam.drivers.camera import Refusal, Stream
from showcam.engine.grants import CHECK_S, SESSION_S, Claims
from showcam.net.cache import Recent
from showcam.registry.readings.changes import SAME_S, Change
from showcam.store.ports import Inconsistent, Store, StoreUnavailable
from showcam.store.records import ASK_KEPT_S, Ask, Link

log = logging.getLogger(__name__)

TALK = "talk"  # the kind of a row: somebody talked through the camera
OFF = "history_off"  # a household has a secret of this name if the owner keeps no history
SILENT_S = 3 * CHECK_S  # a picture that was not checked for this time has ended
MOST_LIVE = 1024
MOST_NOTED = 20_000  # asks that wait to be written
TOGETHER_S = 0.5  # asks within this time are written together
# For people, a second sighting of the kind within this time is the same: a visitor presses again, a walk through the
# garden goes on. So a camera that sees motion all day makes 720 rows.
SAME_FOR_PEOPLE_S: dict[str, float] = {
    "motion": 120.0,
    "person": 120.0,
    "doorbell": 15.0,
    "tamper": SAME_S["tamper"],
    TALK: 120.0,  # a talk has many turns
}
PHONE, NO_PHONE = "phone", "no_phone"  # kinds of a sighting's message to phones: sent, or taken by no service

_ID = re.compile("([0-9a-f]{11})[0-9a-f]{8}")

type Work = Callable[[], None]
# The contents of the history: nothing, requests to assistants and sightings, or also how long cameras were watched.
type Kept = Literal["nothing", "asks", "times"]


class Later:
    """A thread that does work in order: a viewer who waits for a picture does not wait for the history.

    `pause_s`: the time for gathering work before it is done. Waiting work is lost when the process ends.
    """

    def __init__(self, most: int = 1024, pause_s: float = 0.0) -> None:
        self._work: queue.Queue[Work] = queue.Queue(most)
        self._pause_s = pause_s
        self._thread: threading.Thread | None = None

    def __call__(self, work: Work) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="history", daemon=True)
            self._thread.start()
        try:
            self._work.put_nowait(work)
        except queue.Full:
            log.warning("too much happens at once for the history: some of it is missing")

    def _run(self) -> None:
        while True:
            gathered = [self._work.get()]
            time.sleep(self._pause_s)
            with contextlib.suppress(queue.Empty):
                while True:
                    gathered.append(self._work.get_nowait())
            for work in gathered:
                try:
                    work()
                except Exception:  # a daemon's thread: nothing else would report the error
                    log.exception("some of the history is missing")


class History:
    """`clock`: epoch seconds. `later` does the work with the store; by default at once. `keeps`: see Kept."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.time,
        later: Callable[[Work], None] | None = None,
        keeps: Kept = "times",
    ) -> None:
        self.keeps = keeps
        self._store, self._clock, self._later = store, clock, later or _now
        self._noted: list[tuple[str, Ask]] = []  # accounts and their asks that are not written yet
        self._left_out = 0  # asks that are missing, since too many waited
        self._granted: dict[tuple[str, str], str] = {}  # by link and camera: the id of the ask that was granted last
        self._live: dict[str, _Watched] = {}  # by the nonce of a session
        self._lock = threading.Lock()

    def note(self, link: Link, camera: str, surface: str, found: Stream | Refusal, requested_at: float) -> None:
        """Notes an ask. `requested_at`: epoch seconds. An owner's try on the console is not an ask."""
        if link.id.startswith(SESSION):
            return
        refusal = found if isinstance(found, Refusal) else found.explains
        ask = Ask(
            id=_new_id(requested_at),
            camera=camera,
            link=link.id,
            surface=surface,
            at=requested_at,
            took_s=max(0.0, self._clock() - requested_at),
            reason=refusal.reason if refusal else "",
        )
        if refusal is None:
            with self._lock:
                if len(self._granted) >= MOST_LIVE:
                    self._granted.clear()  # the store knows them too
                self._granted[link.id, camera] = ask.id
        self._put(link.account, ask)

    def note_sighting(self, change: Change) -> None:
        """Notes a sighting; subscribes to Changes. Nobody asked an assistant for the camera."""
        if change.kind in SAME_FOR_PEOPLE_S:
            ask = Ask(_new_id(change.at), change.camera, "", surface="", at=change.at, took_s=0.0, reason=change.kind)
            self._put(change.account, ask)

    def note_phone(self, change: Change, took_s: float | None) -> None:
        """Notes after how many seconds the message of a sighting was at a service, or with None that none took it."""
        kind, now = NO_PHONE if took_s is None else PHONE, self._clock()
        self._put(change.account, Ask(_new_id(now), change.camera, "", "", at=now, took_s=took_s or 0.0, reason=kind))

    def note_talk(self, account_id: str, camera: str) -> None:
        """Notes that somebody talks through the camera now."""
        at = self._clock()
        self._put(account_id, Ask(_new_id(at), camera, "", surface="", at=at, took_s=0.0, reason=TALK))

    def _put(self, account_id: str, ask: Ask) -> None:
        with self._lock:
            if len(self._noted) == MOST_NOTED:
                self._left_out += 1
                return
            self._noted.append((account_id, ask))
            is_first = len(self._noted) == 1
        if is_first:
            self._later(self._write)

    def is_live(self, claims: Claims) -> None:
        """Notes that a session with these claims was just found to be watched."""
        if claims.link.startswith(SESSION):
            return
        now, due = self._clock(), list[_Watched]()
        with self._lock:
            watched = self._live.get(claims.nonce)
            if watched is not None:
                watched.last = now
            elif len(self._live) < MOST_LIVE:
                self._live[claims.nonce] = _Watched(claims, now, now)
                due.append(self._live[claims.nonce])
            over = [nonce for nonce, live in self._live.items() if live.last < now - SILENT_S]
            due += [self._live.pop(nonce) for nonce in over]
        for watched_before in due:
            self._later(partial(self._put_live, watched_before))

    def settle(self) -> None:
        """Stores the asks, and how long pictures were watched until now."""
        self._write()
        with self._lock:
            living = list(self._live.values())
        for watched in living:
            self._put_live(watched)

    def of(
        self, account_id: str, *, camera: str = "", kind: str = "", before: str = "", most: int | None = None
    ) -> list[Ask]:
        """The asks and sightings of the last thirty days, newest first.

        `camera`, `kind`: only these; "": all. `before`: only what is older than the ask with this id, also if that ask
        was removed meanwhile; none if this is no id.
        """
        self.settle()
        last = (self._store.ask(account_id, before) or _removed(before)) if before else None
        if before and last is None:
            return []
        since = self._clock() - ASK_KEPT_S
        return self._store.asks(account_id, since, camera=camera, kind=kind, before=last, most=most)

    def sighting(self, account_id: str, camera: str, ask_id: str) -> Ask | None:
        """The sighting at the camera with this id; None also for an ask of an assistant."""
        found = self._store.ask(account_id, ask_id)
        return found if found and found.camera == camera and not found.link else None

    def is_kept(self, account_id: str) -> bool:
        return self._store.account_secret(account_id, OFF) is None

    def keep(self, account_id: str, *, kept: bool) -> None:
        """Sets whether the history is kept. If not, the present history is removed."""
        if kept:
            self._store.drop_account_secret(account_id, OFF)
            return
        self._store.put_account_secret(account_id, OFF, b"1")
        self._store.drop_asks(account_id)

    def _write(self) -> None:
        with self._lock:
            noted, self._noted = self._noted, []
            left_out, self._left_out = self._left_out, 0
        if left_out:
            log.warning("too much happens at once for the history: %d asks are missing", left_out)
        noted.sort(key=_account)
        for account_id, asks in itertools.groupby(noted, _account):
            try:
                if self.is_kept(account_id) and (new := self._new(account_id, [ask for _, ask in asks])):
                    self._store.put_asks(account_id, new)
            except (Inconsistent, StoreUnavailable) as error:
                log.info("an ask is missing in the history: %s", error, extra={"account": account_id})

    def _new(self, account_id: str, noted: list[Ask]) -> list[Ask]:
        """Leaves out sightings that are the same for people as one that was noted before."""
        sightings = [ask for ask in noted if not ask.link]
        if not sightings:
            return noted
        oldest = min(ask.at for ask in sightings) - max(SAME_FOR_PEOPLE_S.values())
        known = [ask for ask in self._store.asks(account_id, oldest) if not ask.link]
        new = []
        for ask in sorted(noted, key=lambda ask: ask.at):
            if ask.link or not _has_same(known, ask):
                new.append(ask)
                known += [] if ask.link else [ask]
        return new

    def _put_live(self, watched: "_Watched") -> None:
        claims = watched.claims
        try:
            watched.ask = watched.ask or self._ask_of(claims)
            if watched.ask:
                self._store.put_live(claims.account, watched.ask, watched.last - watched.first + CHECK_S)
        except StoreUnavailable as error:
            log.info("a time is missing in the history: %s", error, extra={"account": claims.account})

    def _ask_of(self, claims: Claims) -> str:
        """The id of the ask that a session answers: its link's last for the camera; "" if there is none."""
        with self._lock:
            if known := self._granted.get((claims.link, claims.camera)):
                return known
        recent = self._store.asks(claims.account, self._clock() - SESSION_S)
        mine = (ask for ask in recent if (ask.link, ask.camera, ask.reason) == (claims.link, claims.camera, ""))
        return next((ask.id for ask in mine), "")


class Talk(NamedTuple):
    """A talk through a camera; `link` is the viewer's page or link."""

    link: str
    until: float  # epoch seconds


class Talking:
    """The talks of this moment by camera, and the reason why each viewer's latest talk ended. `clock`: epoch seconds.

    It is only in memory: one web process answers the media process of a house.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._talks: Recent[tuple[str, str], Talk] = Recent(MOST_LIVE)  # by account and camera
        self._ends: Recent[tuple[str, str], str] = Recent(MOST_LIVE)  # by link and camera: why the latest talk ended

    def note(self, claims: Claims) -> None:
        """Notes that the viewer talks now."""
        with self._lock:
            self._talks.put((claims.account, claims.camera), Talk(claims.link, self._clock() + SILENT_S))
            self._ends.drop((claims.link, claims.camera))

    def end(self, claims: Claims, reason: str) -> None:
        """Notes that the viewer talks no more. `reason`: why not, "" if they stopped themselves."""
        with self._lock:
            talk = self._talks.get((claims.account, claims.camera))
            if talk is not None and talk.link == claims.link:
                self._talks.drop((claims.account, claims.camera))
            self._ends.put((claims.link, claims.camera), reason)

    def of(self, account: str, camera: str) -> Talk | None:
        talk = self._talks.get((account, camera))
        return talk if talk is not None and talk.until > self._clock() else None

    def why_ended(self, link: str, camera: str) -> str:
        """Why the latest talk of a viewer ended; "" while they talk, and if they stopped themselves."""
        return self._ends.get((link, camera)) or ""


@dataclass
class _Watched:
    claims: Claims
    first: float
    last: float
    ask: str = ""  # its id


def _new_id(at: float) -> str:
    """An id that grows with time, so that new rows are next to each other."""
    return f"{int(at * 1000):011x}{os.urandom(4).hex()}"


def _removed(ask_id: str) -> Ask | None:
    """The time in the id of a removed ask, as a place in the history. None for a text that is no id."""
    found = _ID.fullmatch(ask_id)
    return Ask(ask_id, "", "", surface="", at=int(found[1], 16) / 1000, took_s=0.0, reason="") if found else None


def _has_same(known: Iterable[Ask], sighting: Ask) -> bool:
    same_s = SAME_FOR_PEOPLE_S.get(sighting.reason, 0.0)
    return any(
        (ask.camera, ask.reason) == (sighting.camera, sighting.reason) and abs(ask.at - sighting.at) < same_s
        for ask in known
    )


def _account(noted: tuple[str, Ask]) -> str:
    return noted[0]


def _now(work: Work) -> None:
    work()
