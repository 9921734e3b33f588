"""`python -P -m bench`: every row beside its peer or its floor, in one run and one table."""

import argparse
import itertools
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench import (
    adding,
    behind_life,
    closing,
    cloud,
    cloud_viewers,
    cold_start,
    cores,
    decipher,
    first_frame,
    glass,
    growth,
    home,
    house,
    in_process,
    lip_sync,
    lossy_wire,
    media_fleet,
    over_http,
    page,
    players,
    recovery,
    relay,
    reports,
    ring,
    start,
    television,
    transcode,
    vendor,
)
from bench.peer import environment
from bench.peer.environment import NoPeer
from bench.progress import say
from bench.run import Group, Run
from bench.table import LeftOut, Row, missing, render

# Groups that mostly wait for the camera or the vendor are measured at the same time as the others of their word.
LIFE, WIRE, SCREEN = "life", "wire", "screen"
# what a person waits for or sees comes first
_GROUPS = (
    Group("first-frame", "from the spoken sentence to the first frame in Chromium", first_frame.measure),
    Group("lan", "the first frame in Chromium of a camera in the house, by RTSP", house.measure),
    Group("start", "start to first answer, and memory, beside Home Assistant", start.measure),
    Group(
        "ring",
        "from a press or motion at the camera to assistants, phone, and the Echo's first frame",
        ring.measure,
        LIFE,
    ),
    Group("cloud", "the first frame in Chromium by EZVIZ's cloud stream, at life's pace", cloud.measure, LIFE),
    Group("gate", "a live picture after its gate closed, while still pictures are fetched", closing.measure, LIFE),
    Group("home", "the page of cameras in Chromium: first paint, what moves, live tiles", home.measure),
    Group("adding", "a camera of one's own: found, tried, and live after it is added", adding.measure),
    Group("tv", "a camera on a TV: Google's default receiver, and showcam's own page", television.measure, SCREEN),
    Group("glass", "behind life and through a cut in Chromium, beside Home Assistant's stream", glass.measure, SCREEN),
    Group("lip-sync", "how far sound and picture are apart at a viewer", lip_sync.measure),
    Group("behind", "how far behind life a picture is in Chromium, in players of HLS", behind_life.measure, WIRE),
    Group("wire", "a picture behind a wire that loses packets, beside HA's stream", lossy_wire.measure, WIRE),
    Group("players", "a household's own programs by each output", players.measure),
    Group("killed", "a picture again after the media process is killed, in Chromium", recovery.measure),
    Group("in-process", "each question in process, beside Home Assistant", in_process.measure),
    Group("flat", "whether an answer grows with cameras or links", growth.measure),
    Group(
        "http", "each question, many clients at once, and the refresh grant over HTTP, beside peers", over_http.measure
    ),
    Group("cold-start", "the directives entry of AWS Lambda from nothing to its first answer", cold_start.measure),
    Group("vendor", "300 cameras listed, shared fresh reads, and 100 requests while the vendor hangs", vendor.measure),
    Group("reports", "the lag of reports, and what faults and kills lose, beside Home Assistant", reports.measure),
    Group("cloud-cpu", "CPU of a camera by EZVIZ's cloud stream, and of each viewer", cloud_viewers.measure),
    Group("decipher", "CPU of reading a camera's cloud stream, and of deciphering it", decipher.measure),
    Group("fleet", "placing a picture while one of 100 media processes ends each second", media_fleet.measure),
    Group("relay", "sixteen cameras in full HD by RTSP, served by copy", relay.measure),
    Group("transcode", "a camera in full HD, H.265 to 720p, beside PyAV alone", transcode.measure),
)
ROWS = {
    part.partition("]")[0]: part.partition("]")[2].strip().split("\n")
    for part in Path(__file__).with_name("rows.txt").read_text().split("\n[")[1:]
}
GROUPS: tuple[Group, ...] = tuple(replace(group, rows=ROWS[group.name]) for group in _GROUPS)
QUIET = 0.1


def main(words: list[str] | None = None, measured: Sequence[Group] = GROUPS, kept: Path = page.PAGE) -> int:
    given = _parser().parse_args(words)
    if given.lock:
        environment.lock()
        return 0
    if given.setup:
        return _setup()
    run = Run(quick=given.quick, peers=not given.no_peers)
    started = time.monotonic()
    groups = [group for group in measured if not given.only or group.name in given.only]
    results: dict[str, list[Row | LeftOut]] = {group.name: [] for group in groups}
    busy: dict[str, float] = {}
    seconds: dict[str, float] = {}
    broken: list[str] = []
    ended = ""
    try:
        for _, together in itertools.groupby(groups, key=lambda group: group.beside or group.name):
            batch = [*together]
            share = cores.busy(0.1 if run.quick else 1.0)
            busy |= {group.name: share for group in batch}
            for group, (whole, took_s) in zip(batch, _measured_together(batch, run, results), strict=True):
                seconds[group.name] = took_s
                say(f"{group.name} took {took_s:.0f} s")
                broken += [] if whole else [group.name]
    except KeyboardInterrupt:
        # what was measured took minutes, and is shown
        ended = "ended by Ctrl-C"
        broken.append("the rest")
    rest = [LeftOut("the rest", ended)] if ended else []
    print(render([*itertools.chain.from_iterable(results.values()), *rest]))
    for group in groups:
        # a quick run is smaller, so its rows have other names
        for line in missing(() if run.quick else group.rows, results[group.name], ended):
            print(f"  {line}")
    if others := [f"{group.name} ({len(group.rows)} rows)" for group in measured if group not in groups]:
        print(f"Not asked for, by --only: {', '.join(others)}")
    print(_quietness(busy))
    if given.write:
        seen = [(row, page.seen(busy[name])) for name, rows in results.items() for row in rows if isinstance(row, Row)]
        known = [*itertools.chain.from_iterable(group.rows for group in measured)]
        kept.write_text(page.written(kept.read_text(), seen, known))
    longest = sorted(seconds.items(), key=lambda each: -each[1])
    say("Seconds: " + ", ".join(f"{name} {took_s:.0f}" for name, took_s in longest))
    say(f"Took {time.monotonic() - started:.0f} s." + (f" Broken: {', '.join(broken)}." if broken else ""))
    return 1 if broken else 0


def _quietness(busy: Mapping[str, float]) -> str:
    """What other programs took before each group: a busy machine wakes a relay less often, for more at a time."""
    loud = [f"{name} {100 * share:.0f} %" for name, share in busy.items() if share > QUIET]
    if not loud:
        return f"A quiet machine: before each group other programs took at most {100 * QUIET:.0f} % of its cores."
    return (
        f"NOT A QUIET MACHINE: other programs took this much of all cores before {', '.join(loud)}."
        " Figures of CPU and of waits of these groups say little."
    )


def _measured_together(
    batch: Sequence[Group], run: Run, results: Mapping[str, list[Row | LeftOut]]
) -> list[tuple[bool, float]]:
    """Whether each group was measured whole, and its seconds."""
    if len(batch) == 1:
        return [_measured(batch[0], run, results)]
    with ThreadPoolExecutor(len(batch)) as pool:
        return [*pool.map(partial(_measured, run=run, results=results), batch)]


def _measured(group: Group, run: Run, results: Mapping[str, list[Row | LeftOut]]) -> tuple[bool, float]:
    """False if the group breaks: it is listed as left out, and the others are measured."""
    began = time.monotonic()
    try:
        for result in group.measure(run):
            results[group.name].append(result)  # one by one, so that rows before a break stay
    except Exception as error:
        results[group.name].append(LeftOut(group.name, f"{type(error).__name__}: {error}".splitlines()[0][:300]))
        return False, time.monotonic() - began
    return True, time.monotonic() - began


def _setup() -> int:
    try:
        environment.ensure()
    except NoPeer as error:
        print(f"{environment.NAME} can't be installed: {error}", file=sys.stderr)
        return 1
    print(f"{environment.NAME} is in {environment.FOLDER.relative_to(environment.ROOT)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    names = "\n".join(f"  {group.name:<12} {group.about}" for group in GROUPS)
    parser = argparse.ArgumentParser(
        prog="python -P -m bench",
        description="Measures showcam beside its peer or its floor in the same run, and prints one table.",
        epilog=f"Groups:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        choices=[group.name for group in GROUPS],
        help="measure only this group; may be repeated",
    )
    parser.add_argument("--no-peers", action="store_true", help="leave out Home Assistant")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--quick", action="store_true", help="small and short: to see that it works, not how fast it is"
    )
    either.add_argument("--write", action="store_true", help="keep what was measured in docs/maintainer/speed.md")
    parser.add_argument("--setup", action="store_true", help="only make Home Assistant's environment (bench/env)")
    parser.add_argument("--lock", action="store_true", help="only renew bench/peers.txt from bench/peers.in")
    return parser


if __name__ == "__main__":
    sys.exit(main())
