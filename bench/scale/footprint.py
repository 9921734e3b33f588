"""The footprint of one request of each kind: units of the table, vendor calls, keys shared between households."""

import io
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import partial

from bench.progress import say
from bench.scale.fleet import FLEET
from bench.scale.meter import Units, stored
from bench.scale.reporting import ALONE, WALKS
from bench.scale.walks import Entry, Household
from bench.scale.world import NEIGHBOUR, USER, World, world

OPEN = "/api/"  # the Open Platform's paths; the app's API has others


@dataclass(frozen=True)
class Footprint:
    """One request, in a process that is new to the household, as most of Lambda's environments are.

    `shared` are (reads, writes) by the keys that other households' requests touch too, `invoked` the requests to the
    entry, `log_b` the bytes it logs. `cpu_ms` includes boto3's work, without TLS to the table.
    """

    entry: Entry
    requests: float  # of the table
    reads: float
    writes: float
    app_calls: float = 0.0
    open_calls: float = 0.0
    cpu_ms: float = 0.0
    invoked: float = 1.0
    log_b: float = 0.0
    told_calls: float = 0.0  # of an assistant's services, of which
    google_calls: float = 0.0  # of HomeGraph
    queued: float = 0.0  # requests of the queue
    live_s: float = 0.0  # of video
    listed: float = 0.0  # write units in the index where Alexa's links that are due are listed
    shared: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    footprints: dict[str, Footprint]
    stored_b: float  # at rest, of a household with one link


INVOKED = {"linking": 5.0}  # the page, sign-in, consent, agreement, and the code
TIMES = 3
# A listener reads a doorbell's sign-in, then its list of messages at the vendor. No function runs.
BELL = "list of a doorbell's messages"
OF_BELL = Footprint("listener", requests=1.0, reads=1.0, writes=0.0, app_calls=1.0, invoked=0.0)
TOLD = {"report to Alexa", "report to Google"}  # each is one call of the assistant
# a message is sent, received and removed; one request sends those that a run of `changes` wakes
QUEUED = {"report to Alexa": 2.0, "report to Google": 2.0, "look at a link": 2.0, "records of the stream": 1.0}
LISTED = "gsi1 telling#alexa#"
OF_ALL = "overdue links"  # the only one that is about no household
BEGUN = {"Discover", "SYNC", "gate check", "webhook message"}  # a household's first request writes more than later ones
OFTEN = {"gate check", *FLEET}  # requests that follow on the last one within seconds


def measure(cameras: int, *, app_account: bool = True, times: int = TIMES) -> Measured:
    """Measures every walk. Raises WrongAnswer."""
    with world(cameras, app_account=app_account) as made:
        empty = stored(made.items())
        near, home = (Household(made, user, cameras) for user in (NEIGHBOUR, USER))
        rest = (stored(made.items()) - empty) / 4  # two households, two links each
        found = {}
        for name in WALKS:
            say(f"Requests of {name}")
            if name in ALONE:
                for household in (near, home):
                    household.leave("google")
            found[name] = _measured(made, name, near, home, max(times, 2) if name in BEGUN else times)
        return Measured(found, rest)


def batched(footprints: Mapping[str, Footprint], streams: float, gate_s: float = 2.0) -> dict[str, Footprint]:
    """A media process asks the gate about all its streams in one request, every `gate_s` seconds."""
    alone = footprints["gate check"]
    check = replace(alone, invoked=1 / streams, log_b=alone.log_b / streams, live_s=gate_s)
    return {**footprints, "gate check": check}


def _measured(made: World, name: str, near: Household, home: Household, times: int) -> Footprint:
    entry, start = WALKS[name]
    cpu_ms = []
    for _ in range(times):
        if name not in OFTEN:
            made.later()
        made.meter.take()
        with redirect_stdout(io.StringIO()) as log:
            walk = start()
            walk(near)  # makes the connections, and reads what is read once
            beside, before, written = made.meter.take(), made.vendor.calls(), log.tell()
            cpu_ms.append(_cpu_ms(made, partial(walk, home)))
        units, calls = made.meter.take(), made.vendor.calls() - before
    opened = sum(count for path, count in calls.items() if path.startswith(OPEN))
    return Footprint(
        entry,
        units.requests,
        sum(units.read.values()),
        sum(units.written.values()),
        app_calls=calls.total() - opened,
        open_calls=opened,
        cpu_ms=min(cpu_ms),
        invoked=0.0 if name.startswith("part") else INVOKED.get(name, 1.0),
        log_b=log.tell() - written,
        told_calls=float(name in TOLD),
        google_calls=float(name == "report to Google"),
        queued=QUEUED.get(name, 0.0),
        listed=sum(taken for key, taken in units.written.items() if key.startswith(LISTED)),
        shared={} if name == OF_ALL else _shared(units, beside),
    )


def _cpu_ms(made: World, call: Callable[[], None]) -> float:
    made.meter.beyond_s, began = 0.0, time.process_time()
    call()
    return (time.process_time() - began - made.meter.beyond_s) * 1000


def _shared(units: Units, beside: Units) -> dict[str, tuple[float, float]]:
    theirs = {*beside.read, *beside.written}
    return {
        key: (units.read.get(key, 0.0), units.written.get(key, 0.0))
        for key in sorted({*units.read, *units.written} & theirs)
    }
