"""Media processes: their rows in the table, and how many are paid for, since autoscaling follows the pictures late."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from werkzeug.test import Client

from bench.scale.assumptions import Assumptions
from bench.scale.gateway import Gateway
from bench.scale.walks import Household, Walk, Walks
from bench.scale.world import changed
from showcam.app.compose import web_on_lambda
from showcam.app.compose.ground import MEDIA
from showcam.engine.grants import HEADER
from showcam.store.processes import HELD_S, LEAST_S, Process, Processes
from showcam.store.records import HOUR_S, Ask, Hold, new_id

PROCESSES = 200  # behind one address: the largest `most` of aws/media-parameters.yml
SHOWN_BY = "s" * 16
RENEWED_S = HELD_S - LEAST_S  # between two renewals of a hold
QUIET_MIN = 10  # autoscaling removes one task of a service in this time (ScaleInCooldown in aws/media.cjs)


def _report_all(home: Household) -> None:
    """All processes have reported themselves; their reports are good for an hour. Nothing is counted."""
    with home.world.meter.beside():
        fleet = Processes(home.beside, MEDIA, lambda: time.time() + HOUR_S)
        for number in range(0 if fleet.alive() else PROCESSES):
            process = f"{number:016d}".translate(str.maketrans("0189", "abcd"))
            assert fleet.beat(Process(process, "10.0.0.1:8081", 10), new_id())


def _placed(home: Household) -> None:
    """By a function that has not read the list of processes lately."""
    _report_all(home)
    assert Processes(home.base.store, MEDIA).holder(home.account, new_id()) is not None


def _looked(home: Household, left_s: float = HELD_S) -> None:
    """The gate reads which process holds a live stream, and renews that row shortly before it ends."""
    now, camera = time.time(), home.camera.id
    with home.world.meter.beside():
        assert home.beside.take_hold(f"{MEDIA}/{home.account}", Hold(camera, SHOWN_BY, now + left_s), now)
    assert Processes(home.base.store, MEDIA).keeps(home.account, [camera], SHOWN_BY) == {camera: True}


def _renewed(home: Household) -> None:
    _looked(home, LEAST_S / 2)


def _noted(home: Household) -> None:
    """An ask in the household's history, which owners' pages show."""
    now = time.time()
    home.base.store.put_asks(
        home.account, [Ask(f"{now:.3f}{new_id()}", home.camera.id, home.links["alexa"].id, "alexa", now, 1.2, "")]
    )


def _beaten() -> Walk:
    with changed({"SHOWCAM_MEDIA_URLS": "https://media.example/*"}):
        through = Gateway(web_on_lambda.build())

    def walk(home: Household) -> None:
        process = home.account[:16].translate(str.maketrans("0189", "abcd"))
        beat = {"process": process, "born": process, "at": "10.0.0.1:8081", "places": 10, "draining": False}
        path, body = "/internal/sources/beat", json.dumps(beat).encode()
        headers = {HEADER: home.grants.proof().make(path, body, time.time())}
        answer = Client(through).post(path, data=body, content_type="application/json", headers=headers)
        assert answer.json == {"taken": False}, answer.text

    return walk


def _each(walk: Walk) -> Callable[[], Walk]:
    return lambda: walk


# Parts of other requests, and the report of a process.
FLEET: Walks = {
    "part: a picture placed": ("directives", _each(_placed)),
    "part: a hold looked at": ("web", _each(_looked)),
    "part: a hold renewed": ("web", _each(_renewed)),
    "part: an ask kept": ("directives", _each(_noted)),
    "media process's report": ("web", _beaten),
}


@dataclass(frozen=True)
class Sized:
    """The media processes of a day. `short_s`: seconds of pictures for which there was no place."""

    most: int
    hours: float
    short_s: float


def sized(given: Assumptions, live: Sequence[float]) -> Sized:
    """`live`: the pictures of each minute. The day before was the same.

    Autoscaling adds what is missing when `rise_min` are over, and then removes a task of each service every QUIET_MIN.
    """
    wanted = [math.ceil(pictures / given.wanted) for pictures in live]
    services = max(1.0, max(wanted) / PROCESSES)
    late = round(given.rise_min)
    tasks, quiet, counts = float(wanted[-1]), 0, list[float]()
    for minute in range(2 * len(live)):
        asked = wanted[(minute - late) % len(live)]
        quiet = quiet + 1 if asked < tasks else 0
        if quiet == QUIET_MIN:
            tasks, quiet = max(asked, tasks - services), 0
        tasks = max(tasks, asked)
        counts.append(tasks)
    today = counts[len(live) :]
    short = sum(max(0.0, now - tasks * given.per_process) for now, tasks in zip(live, today, strict=True))
    return Sized(math.ceil(max(today)), sum(today) / 60, short * 60)
