"""The command showcam, whose demo has the vendor with all its trouble in the simulator's place."""

import os
import sys
from dataclasses import replace
from functools import partial

import click

from showcam.app.cli import main
from showcam.app.cli.home import announce, home
from showcam.app.cli.run import processes
from showcam.app.compose.demo import prepare
from showcam.app.data import integrity
from showcam.app.process import logs
from showcam.app.process.limits import forbid_core
from showcam.app.process.settings_sources import load
from showcam.app.process.supervisor import Process, Supervisor, only_one
from showcam.app.settings import Settings
from tests.doubles import made_once
from tests.doubles.program import ANNOUNCED, ROOT


def run() -> int:
    forbid_core()
    settings = load(demo=True, environ=os.environ)
    integrity.claim(settings)
    logs.start("supervisor", settings)
    address = f"http://{settings.own_host}:{settings.port}"
    with only_one(settings.data / "run", address), integrity.watched(settings):
        prepared = prepare(settings)
        simulator, *others = processes(prepared)
        return Supervisor([_troubled(simulator), *others]).run(partial(_announce, prepared))


def _announce(settings: Settings) -> None:
    """Prints the address of the cameras' page, as showcam does when all its processes serve, and then ANNOUNCED."""
    with click.Context(home):
        announce(settings)
    print(ANNOUNCED, flush=True)  # noqa: T201


def _troubled(simulator: Process) -> Process:
    words = ["tests.doubles.troubled.vendor" if word == "showcam.simulator" else word for word in simulator.command]
    more = {name: os.environ[name] for name in (made_once.FOLDER,) if name in os.environ}
    return replace(simulator, command=words, environ=simulator.environ | more | {"PYTHONPATH": str(ROOT)})


if __name__ == "__main__":
    sys.exit(run() if sys.argv[1:] == ["run", "--demo"] else main())
