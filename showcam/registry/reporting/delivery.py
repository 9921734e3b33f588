"""Reports changes to one assistant until it takes them: in order for each link, to several links at the same time.

Waiting reports are in the store's outbox, so nothing is lost with the process. A call that was cut off by a crash or a
lost answer is repeated with the same message ids. The last report to each link is stored as fingerprints.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec.structs import replace

from showcam.drivers.errors import Unavailable
from showcam.registry.readings.changes import RUNG_S
from showcam.registry.reporting.camera_states import CameraStates
from showcam.registry.reporting.reporter import (
    LATE_S,
    GrantDead,
    Happened,
    Later,
    NotNow,
    NotTold,
    Now,
    Refused,
    Reporter,
    Tell,
    Told,
    ToldOf,
    TryAgain,
    Undeliverable,
    Unlinked,
)
from showcam.store.outbox import ENDED, LOOK, RING, Claim, Laid, Row, Settled
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import DAY_S, HOUR_S, Link

LATE = "it happened too long ago"
FAULT = "something went wrong in showcam; it is in its log"
ALL = "all"  # in a camera's place in a row that a person has put back: the whole link is reported again
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Told)
log = logging.getLogger(__name__)
TELL_S = 10.0  # one call of a reporter
CLAIM_S = 2 * TELL_S  # a sender that was killed holds a link for this time
MOST = 50  # rows in one claim
RESENDS_S = (1.0, 2.0, 4.0)  # before the first resends
LATER_S, LONGEST_S = 15.0, 900.0  # before the later resends, doubled each time
RING_S = 5.0  # a ring that waits is tried as often as this, unless the service asked for more
REFUSED_S = (*RESENDS_S, 60.0, 300.0, 900.0)  # before the first tries after a refusal
HOURLY = 24  # then so many hourly tries, then daily ones
ENDINGS, ENDINGS_S = 10, 60  # more links that end within this time are a fault at the assistant or here
# "told": something was reported. "first": the link's first report. "retried": a try failed and is repeated.
# "laid_down": a row was parked. "dead": there is no grant or key any more. "refused": for a quarter of an hour and
# longer. "doubted": the assistant said of too many links at once that they have ended. "not_permitted": the link is a
# day old, and there is no grant or key.
type Outcome = Literal["told", "first", "retried", "laid_down", "dead", "refused", "doubted", "not_permitted"]
type LinkEnded = Callable[[str, float], None]  # with the household's id and the time of the end
type Follow = Callable[[Claim, Outcome, float], None]  # with the lag of the report, in seconds


def before(claim: Claim) -> Told | None:
    """The last report to the assistant. Only the turn is left of a camera that must be reported completely."""
    if claim.told is None:
        return None
    try:
        told = _decoder.decode(claim.told)
    except msgspec.MsgspecError:
        return None  # written by another version: all is reported
    whole = {row.subject for row in claim.rows if row.kind == LOOK and row.subject}
    return Told(
        {camera: ToldOf(turn=known.turn) if whole & {camera, ALL} else known for camera, known in told.cameras.items()}
    )


def report_to_store(claim: Claim, was: Told | None, told: Told) -> bytes | None:
    """The report to store, with a new turn at each camera that changed; None if nothing changed."""
    were = was.cameras if was else {}
    now: dict[str, ToldOf] = {}
    for camera, of in told.cameras.items():
        known = were.get(camera)
        is_same = known is not None and known == replace(of, turn=known.turn)
        now[camera] = known if known is not None and is_same else replace(of, turn=claim.turn + 1)
    return None if was is not None and were == now else _encoder.encode(Told(now))


def what_was_told(was: Told | None, told: Told, happened: tuple[Happened, ...]) -> str:
    """A report in few words, for a list of links; "" if nothing was reported."""
    were = was.cameras if was else {}
    now = told.cameras
    counts = {
        "gone": len(were.keys() - now.keys()),
        "listed": sum(known.listed != were.get(camera, ToldOf()).listed for camera, known in now.items()),
        "changed": sum(known.states != were.get(camera, ToldOf()).states for camera, known in now.items()),
        **{kind: sum(event.kind == kind for event in happened) for kind in ("doorbell", "person", "motion")},
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


class Delivery:
    """`end` ends a link here that the assistant has ended. `follow` gets each outcome. Safe for many threads.

    `ended` is told of each link that has ended, whoever ended it, until its assistant has been notified.
    """

    def __init__(
        self,
        store: Store,
        reporter: Reporter,
        present: CameraStates,
        end: Callable[[Link], None],
        follow: Follow = lambda claim, outcome, lag_s: None,
        clock: Callable[[], float] = time.time,
        ended: LinkEnded = lambda account_id, at: None,
    ) -> None:
        self._store, self._reporter, self._present = store, reporter, present
        self._end, self._follow, self._clock, self._on_end = end, follow, clock, ended
        self.assistant = reporter.assistant

    def tell(self, account_id: str, link_id: str) -> bool:
        """Reports to the link. False: nothing is due, or another sender has the link. Raises StoreUnavailable."""
        now = self._clock()
        claim = self._store.claim(account_id, link_id, now, now + CLAIM_S, MOST)
        if claim is None:
            return False
        try:
            settled = self._settled_by(claim)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("link %s could not be told what changed", link_id)
            settled = self._later(claim, TryAgain(FAULT, why="fault"))
        if self._store.settle(claim, settled):
            self._count(claim, settled)
        return True

    def _settled_by(self, claim: Claim) -> Settled:
        if not claim.rows:
            return Settled(self._clock())  # the rows were too old and had been removed
        return self._report(claim) if claim.link else self._ended(claim)

    def _report(self, claim: Claim) -> Settled:
        assert claim.link is not None
        if not self._reporter.may_tell(claim.link):
            if was_told := claim.told is not None:
                self._follow(claim, "dead", 0.0)
            elif self._clock() - claim.link.created >= DAY_S:
                self._follow(claim, "not_permitted", 0.0)
            return Settled(self._clock(), claim.rows, forget=was_told)
        try:
            now = self._present.of(claim.link)
        except Unavailable:
            return Settled(self._clock(), claim.rows)  # the next list that is read will be reported
        was, late = before(claim), self._late(claim)
        passed_over = (*late, *_older_rings(claim))
        tell = Tell(
            claim.link,
            now,
            was,
            tuple(
                _happened(row)
                for row in claim.rows
                if _is_event(row) and row.subject in now.states and row not in passed_over
            ),
            claim.listed is not None,
            f"{claim.link_id}/{claim.turn}",
            TELL_S,
        )
        # the owner is notified of a refusal; thousands of parked sightings would say no more
        laid = () if _was_refused(claim) else tuple(Laid(row, self._clock(), LATE, "late") for row in late)
        try:
            told = self._reporter.tell(tell)
        except NotTold as error:
            settled = self._failed(claim, now, replace(self._settled(claim, was, error), laid=laid), error)
            return settled if laid else replace(settled, over=tuple(dict.fromkeys((*settled.over, *late))))
        over = _without(claim.rows, laid)
        what = what_was_told(was, told, tell.happened)
        return Settled(self._clock(), over, laid, told=report_to_store(claim, was, told), what=what, again=now.ends)

    def _settled(self, claim: Claim, was: Told | None, error: NotTold) -> Settled:
        """The claim's result after a failure, with the report accepted before it, if that has a camera."""
        accepted = error.told if was or (error.told and error.told.cameras) else None
        told = report_to_store(claim, was, accepted) if accepted is not None else None
        over = tuple(row for row in claim.rows if row.id in error.happened)
        return Settled(self._clock(), over, told=told, reason=error.reason, why=error.why)

    def _failed(self, claim: Claim, now: Now, settled: Settled, error: NotTold) -> Settled:
        assert claim.link is not None
        log.log(
            logging.INFO if type(error) in (TryAgain, NotNow, Later) else logging.WARNING,
            "%s was not told what changed for link %s: %s",
            self.assistant,
            claim.link_id,
            error.reason,
            extra={"reason": type(error).__name__},
        )
        rows = _without(claim.rows, settled.laid)
        match error:
            case Unlinked():
                if self._may_end():
                    self._end(claim.link)
                    return settled
                self._follow(claim, "doubted", 0.0)
                return self._later(claim, Refused(error.reason, told=error.told, happened=error.happened), settled)
            case GrantDead():
                self._follow(claim, "dead", 0.0)
                return replace(settled, over=rows, forget=True)
            case Later():
                at = self._clock() + error.after_s
                return replace(settled, over=rows, reason="", why=None, again=min(at, now.ends or at))
            case Undeliverable():
                refused = (_refused(claim, camera) for camera in error.cameras or ("",))
                laid = (*settled.laid, *(Laid(row, settled.at, error.reason, error.why) for row in refused))
                return replace(settled, over=rows, laid=laid, reason="", why=None, again=now.ends)
        settled = self._later(claim, error, settled)
        if isinstance(error, Refused) and settled.tries >= len(REFUSED_S):
            self._follow(claim, "refused", 0.0)
        return replace(settled, forget=True) if isinstance(error, NotNow) else settled

    def _may_end(self) -> bool:
        """Whether a link may end because its assistant says so: not for a day after a flood of such answers."""
        key, now = f"endings/{self.assistant}", self._clock()
        if self._store.hits(f"{key}/stopped", DAY_S, now):
            return False
        may_end, _ = self._store.take_place(key, ENDINGS, ENDINGS_S, now)
        if not may_end:
            for at in (now, now + DAY_S):  # for a day at least, whatever is left of this one
                self._store.hit(f"{key}/stopped", DAY_S, at)
            log.error(
                "%s says that more than %d links have ended within a minute: none of them ends here for a day",
                self.assistant,
                ENDINGS,
                extra={"reason": "endings"},
            )
        return may_end

    def _later(self, claim: Claim, error: NotTold, settled: Settled | None = None) -> Settled:
        """Lets the rest wait, longer after each failed try. A try that reported something has not failed.

        Refusals and other failures are counted separately, so that an odd refusal after an outage has a short wait.
        A ring that is left waits RING_S at most, unless it was refused. A wait that the service asked for (Retry-After)
        replaces all these.
        """
        now = self._clock()
        settled = settled or Settled(now)
        settled = replace(settled, reason=error.reason, why=error.why)
        is_same = isinstance(error, Refused) is _was_refused(claim)
        tries = claim.tries if is_same and not settled.over and settled.told is None else 0
        if isinstance(error, TryAgain) and error.after_s:
            asked = now + max(error.after_s, RESENDS_S[0])
            return replace(settled, wait=asked, asked=asked, tries=tries + 1)
        if isinstance(error, Refused):
            wait_s = refused_pause_s(tries, hourly=error.hourly)
        else:
            left = [row for row in _without(claim.rows, settled.laid) if row not in settled.over]
            wait_s = min(pause_s(tries), RING_S) if any(row.kind == RING for row in left) else pause_s(tries)
        return replace(settled, wait=now + wait_s, tries=tries + 1)

    def _ended(self, claim: Claim) -> Settled:
        """Reports the end of a link that is gone, and nothing else."""
        over = tuple(row for row in claim.rows if row.kind != ENDED)
        for row in claim.rows:
            if row.kind != ENDED:
                continue
            self._on_end(row.account, row.at)
            try:
                self._reporter.end(row.subject, TELL_S)
                over = (*over, row)
            except Undeliverable as error:
                at = self._clock()
                return Settled(at, over, (Laid(row, at, error.reason, error.why),))
            except NotTold as error:
                return self._later(claim, error, Settled(self._clock(), over))
        return Settled(self._clock(), over)

    def _late(self, claim: Claim) -> tuple[Row, ...]:
        """Rows of happenings from too long ago. A person may put back any row but a ring; the row is then due later."""
        now = self._clock()
        return tuple(
            row
            for row in claim.rows
            if _is_event(row) and (now - row.at > RUNG_S if row.kind == RING else now - row.due > LATE_S)
        )

    def _count(self, claim: Claim, settled: Settled) -> None:
        for _ in settled.laid:
            self._follow(claim, "laid_down", 0.0)
        if settled.wait:
            self._follow(claim, "retried", 0.0)
        elif settled.what:
            outcome: Outcome = "told" if claim.told is not None else "first"
            self._follow(claim, outcome, max(0.0, settled.at - min(row.due for row in claim.rows)))


def pause_s(tries: int) -> float:
    """Seconds before the next try, after `tries` failed ones: at least 1, spread so that many don't come together."""
    if tries < len(RESENDS_S):
        base_s = RESENDS_S[tries]
    else:
        base_s = min(LATER_S * 2.0 ** min(tries - len(RESENDS_S), 10), LONGEST_S)
    return base_s * random.uniform(1.0, 1.3)  # noqa: S311 - spreads


def refused_pause_s(tries: int, *, hourly: bool = False) -> float:
    """Seconds before the next try after `tries` refusals. `hourly`: never longer than about an hour."""
    if tries < len(REFUSED_S):
        base_s = REFUSED_S[tries]
    else:
        base_s = HOUR_S if hourly or tries < len(REFUSED_S) + HOURLY else DAY_S
    return base_s * random.uniform(1.0, 1.3)  # noqa: S311 - spreads


def _was_refused(claim: Claim) -> bool:
    """Whether the last try failed because the assistant refused the link or the key, as by a 403 or 404."""
    return claim.why in ("permission", "unknown_user")


def _without(rows: tuple[Row, ...], laid: tuple[Laid, ...]) -> tuple[Row, ...]:
    parked = [known.row for known in laid]
    return tuple(row for row in rows if row not in parked)


def _is_event(row: Row) -> bool:
    return row.kind not in (LOOK, ENDED)


def _older_rings(claim: Claim) -> tuple[Row, ...]:
    """Rings of a camera before its last one: somebody who rings three times is reported once."""
    rings = [row for row in claim.rows if row.kind == RING]
    newest = {row.subject: row for row in sorted(rings, key=lambda row: row.at)}
    return tuple(row for row in rings if row is not newest[row.subject])


def _happened(row: Row) -> Happened:
    return Happened(row.id, row.subject, row.kind, row.at)  # type: ignore[arg-type]  # written as an EventKind


def _refused(claim: Claim, camera: str) -> Row:
    """A row for a person. If it is put back, the whole camera is reported; without a camera, the whole link."""
    subject = camera or ALL
    (row, *_) = claim.rows
    return Row(f"{claim.link_id}/{LOOK}/{subject}", row.account, row.link, row.assistant, LOOK, subject, row.at, row.at)
