"""Whether an answer's cost grows with the household, or with the number of links in the store."""

import itertools
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.household import Doors, doors
from bench.progress import say
from bench.questions import QUESTIONS, Question
from bench.run import Results, Run
from bench.table import Bound, Row
from bench.timing import cpu_us
from tests.doubles.household import household

QUESTIONED = tuple(question for question in QUESTIONS if question[0] in ("InitializeCameraStreams", "ReportState"))
MANY_CAMERAS, MANY_LINKS, IN_TURN = 300, 1_000_000, 100
FLAT = Bound(share=1.15, beside="the few")  # 15 %: by this the same measurement differs when it is repeated

# A crowd of households, each with an account, a source, one link and one access token. Ids are random, as real ones
# are; they are written in order, which is quick and makes the same trees.
CROWD = """
PRAGMA synchronous = OFF;
BEGIN;
CREATE TEMP TABLE crowd AS
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {links})
    SELECT lower(hex(randomblob(8))) AS account, lower(hex(randomblob(8))) AS link FROM numbers;
INSERT INTO account (id, created, salt, locale) SELECT account, {now}, randomblob(16), 'en' FROM crowd ORDER BY 1;
INSERT INTO source (id, account, kind, vendor_key, created, sealed, state, version)
    SELECT lower(hex(randomblob(8))), account, 'ezviz', lower(hex(randomblob(32))), {now}, randomblob(300), 'ok', 1
    FROM crowd ORDER BY account;
INSERT INTO link
    (id, account, client, assistant, label, cameras, locale, created, agent_user, last_used, ended)
    SELECT link, account, 'alexa', 'alexa', 'Kari’s', NULL, 'en', {now}, lower(hex(randomblob(12))), {now}, NULL
    FROM crowd ORDER BY 1;
INSERT INTO token (hash, link, kind, scope, issued, expires)
    SELECT lower(hex(randomblob(32))), link, 'access', 'cameras', {now}, {now} + 43200 FROM crowd ORDER BY link;
COMMIT;
"""


def measure(run: Run) -> Results:
    yield from by_cameras(run, 10 if run.quick else MANY_CAMERAS)
    yield from by_links(run, 1_000 if run.quick else MANY_LINKS)


def by_cameras(run: Run, many: int) -> Results:
    say(f"Flat: a household of 1 camera and one of {many}")
    with doors(1) as small, doors(many) as large:
        for name, few, runs in _in_turn(run, small.call, large.call):
            yield Row(f"{name}, {many} cameras, against 1", "µs", min(runs), "1:", few, FLAT, runs)


def by_links(run: Run, links: int) -> Results:
    with doors(1) as small, doors(1) as large:
        say(f"Flat: filling a store with {links:,} links, each of a household of its own")
        crowd(large.database, links)
        for name, few, runs in _in_turn(run, small.call, large.call):
            yield Row(f"{name}, {links:,} links, against 1", "µs", min(runs), "1:", few, FLAT, runs)
        count = 10 if run.quick else IN_TURN
        say(f"Flat: questions of {count} households in turn")
        for name, few, runs in _in_turn(run, neighbours(small, count), neighbours(large, count)):
            named = f"{name}, {count} links in turn and {links:,} more, against none"
            yield Row(named, "µs", min(runs), "none:", few, FLAT, runs)


type Calls = Callable[[Question], Callable[[], bytes]]


def _in_turn(run: Run, few: Calls, full: Calls) -> Iterator[tuple[str, float, list[float]]]:
    """The same questions to both, turn by turn, so that the machine's load falls on both."""
    for question in QUESTIONED:
        calls = few(question), full(question)
        taken: tuple[list[float], list[float]] = [], []
        for _, (call, runs) in itertools.product(range(2 if run.quick else 3), zip(calls, taken, strict=True)):
            runs.append(cpu_us(call, run.effort))
        yield question[0], min(taken[0]), taken[1]


def crowd(database: Path, links: int) -> None:
    with sqlite3.connect(database) as connection:
        connection.executescript(CROWD.format(links=links, now=time.time()))
    connection.close()


def neighbours(both: Doors, count: int) -> Calls:
    """Adds `count` households to the store; their questions are called one after the other."""
    homes = [
        household(both.database.parent, store=both.home.store, user=f"{number}@example.com", cameras=[])
        for number in range(count)
    ]
    owner = both.home.owner
    senders = [(home.token(), owner.cameras(home.account.id).cameras[0].id) for home in homes]

    def calls(question: Question) -> Callable[[], bytes]:
        _, _, build, checking = question
        bodies = [json.dumps(build(token, camera)).encode() for token, camera in senders]
        for body in bodies:
            checking(1)(json.loads(both.skill.answer(body)))
        turn = itertools.cycle(bodies)
        return lambda: both.skill.answer(next(turn))

    return calls
