"""Each question in process, showcam's answer beside Home Assistant's.

Both go from bytes to bytes with the token checked; the bounds hold for these rows. Rows without a bound compare the
same figure of showcam with Home Assistant's handler alone, which is given a dict and checks no token. Home Assistant
keeps no history of what it was asked to show: a row of its own has what showcam's costs.
"""

from collections.abc import Callable

from bench.household import doors
from bench.peer import environment
from bench.progress import say
from bench.questions import QUESTIONS, SIZES
from bench.run import NoPeer, Results, Run
from bench.table import Bound, LeftOut, Row
from bench.timing import rounds_us
from scripts.deploy_local.emulator import free_ports

type Figures = dict[tuple[str, int], float]
type Rounds = dict[tuple[str, int], list[float]]

_STREAMS = Bound(share=1)  # our own bound was HA/1.3 until 2026-12-02; a user cannot feel ten microseconds
# (question, cameras): its bound
BOUNDS = {
    ("Discover", 100): Bound(share=1 / 15),
    ("Discover", 300): Bound(share=1 / 50),
    **{(name, size): _STREAMS for name in ("InitializeCameraStreams", "ReportState") for size in SIZES},
}
ALL_SIZES = frozenset({"Discover", "SYNC", "InitializeCameraStreams", "ReportState"})
KEPT = "InitializeCameraStreams"  # what an owner's history has
TYPICAL = 100  # cameras of the household, for questions about one camera


def questions_of(quick: bool) -> list[tuple[str, int]]:
    """(question, cameras) of every row, question by question."""
    sizes = (1, 10) if quick else SIZES
    typical = 1 if quick else TYPICAL
    return [(name, size) for name, *_ in QUESTIONS for size in (sizes if name in ALL_SIZES else (typical,))]


def measure(run: Run) -> Results:
    wanted = questions_of(run.quick)
    ours = showcam(run, wanted)
    try:
        alone, whole = peer(run, wanted)
    except NoPeer as error:
        yield LeftOut("Home Assistant, in process", str(error))
        alone, whole = {}, {}
    for name, size in wanted:
        key, named = (name, size), f"{name}, {_many(size)}"
        runs = ours[key]
        yield Row(named, "µs", min(runs), "HA", whole.get(key), BOUNDS.get(key), runs)
        if key in alone and size in (1, TYPICAL):
            yield Row(f"{named}, HA's handler only", "µs", min(runs), "HA", alone[key], runs=runs)
    yield _history(run)


def showcam(run: Run, wanted: list[tuple[str, int]]) -> Rounds:
    figures: Rounds = {}
    for size in sorted({size for _, size in wanted}):
        say(f"In process: showcam with {_many(size)}")
        with doors(size) as both:
            calls: dict[str, Callable[[], bytes]] = {
                question[0]: both.call(question) for question in QUESTIONS if (question[0], size) in wanted
            }
            for name, call in calls.items():
                figures[name, size] = rounds_us(call, run.effort)
    return figures


def _history(run: Run) -> Row:
    say("In process: with a history")
    (question,) = (row for row in QUESTIONS if row[0] == KEPT)
    with doors(1, keeps_history=True) as keeping, doors(1) as plain:
        runs, without = (rounds_us(both.call(question), run.effort) for both in (keeping, plain))
    return Row(f"{KEPT}, with a history, against without", "µs", min(runs), "without:", min(without), runs=runs)


def peer(run: Run, wanted: list[tuple[str, int]]) -> tuple[Figures, Figures]:
    """Home Assistant's handler alone, and with JSON and token. Raises NoPeer."""
    run.need_peer()
    alone, whole = {}, {}
    for size in sorted({size for _, size in wanted}):
        say(f"In process: Home Assistant with {_many(size)}")
        for name, figures in environment.in_process(size, run.effort, free_ports()).items():
            alone[name, size], whole[name, size] = figures["alone"], figures["whole"]
    return alone, whole


def _many(cameras: int) -> str:
    return "1 camera" if cameras == 1 else f"{cameras} cameras"
