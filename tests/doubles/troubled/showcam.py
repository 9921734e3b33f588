"""`python -m tests.doubles.troubled.showcam`: showcam, with all the trouble of the tests' vendor in its demo.

`run --demo --replay FILE`, as often as you like: the demo has a camera that is made from the trace.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from copy import replace
from pathlib import Path

import click

from showcam.app import keys
from showcam.app.cli import main
from showcam.app.cli.home import announce, home
from showcam.app.cli.run import processes
from showcam.app.compose.demo import HOUSEHOLDS, prepare
from showcam.app.compose.ground import open_store
from showcam.app.data import integrity
from showcam.app.process import logs
from showcam.app.process.limits import forbid_core
from showcam.app.process.settings_sources import load
from showcam.app.process.supervisor import Process, Supervisor, only_one
from showcam.app.settings import Settings
from showcam.drivers.ezviz import sessions
from tests.doubles import made_once
from tests.doubles.troubled.names import ANNOUNCED, REPLAYED, app_of

ROOT = Path(__file__).parents[3]
FLEET = "fleet@example.com"  # a household of any size, made at the control door
BY_KEY = ("demo@example.com", "mfa@example.com", "other@example.com", FLEET)


def run(replays: Sequence[Path]) -> int:
    """`replays`: traces, from each of which the vendor makes a camera."""
    forbid_core()
    settings = load(demo=True, environ=os.environ)
    integrity.claim(settings)
    logs.start("supervisor", settings)
    address = f"http://{settings.own_host}:{settings.port}"
    with only_one(settings.data / "run", address), integrity.watched(settings):
        _add_households(settings, replays)
        settings = prepare(settings)
        simulator, *others = processes(settings)
        return Supervisor([_troubled(simulator, replays), *others]).run(lambda: _announce(settings))


def _add_households(settings: Settings, replays: Sequence[Path]) -> None:
    """Adds the households that an earlier start has not: the demo's, most of them by keys of the Open Platform."""
    store = open_store(settings, keys.of(settings))
    for user in (*HOUSEHOLDS, FLEET, *[REPLAYED] * bool(replays)):
        if sessions.find(store, user) is None:
            key, secret = app_of(user) if user in BY_KEY else (None, None)
            sessions.add_owner(store, user, open_key=key, open_secret=secret)
    store.close()


def _announce(settings: Settings) -> None:
    """Prints the addresses of both pages, as showcam does when all its processes serve, and then ANNOUNCED."""
    with click.Context(home):
        announce(settings)
    print(f"Practice page: http://127.0.0.1:{settings.simulator_port}/")  # noqa: T201
    print(ANNOUNCED, flush=True)  # noqa: T201


def _troubled(simulator: Process, replays: Sequence[Path]) -> Process:
    words = ["tests.doubles.troubled.vendor" if word == "showcam.simulator" else word for word in simulator.command]
    words += [word for file in replays for word in ("--replay", str(file.absolute()))]
    more = {name: os.environ[name] for name in (made_once.FOLDER,) if name in os.environ}
    return replace(simulator, command=words, environ=simulator.environ | more | {"PYTHONPATH": str(ROOT)})


def _replays(words: Sequence[str]) -> list[Path]:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.troubled.showcam run --demo")
    parser.add_argument("--replay", type=Path, action="append", default=[], metavar="FILE", help="a trace of a camera")
    return list(parser.parse_args(words).replay)


if __name__ == "__main__":
    sys.exit(run(_replays(sys.argv[3:])) if sys.argv[1:3] == ["run", "--demo"] else main())
