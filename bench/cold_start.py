"""The functions on AWS, unpacked from their zips under Lambda's own runtime client: cold, warm, and how large they are.

They use an AWS of this machine, over plain HTTP. Cold is from the start of the process to the first answer, to an
unknown token or for a page, with both secrets and a row read on the way; its floor is a function that makes the boto3
client. Warm is a household's first question to a running function, which reads all that is known of it, without the
vendor's answer; its floor is a function that sends the table the same requests and does nothing else.
"""

import contextlib
import secrets
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peer.environment import ROOT
from bench.progress import say
from bench.questions import WrongAnswer
from bench.recorder import Requests, recording
from bench.run import Results, Run
from bench.table import Bound, LeftOut, Row
from scripts.deploy_local.emulator import Emulator, NoEmulator
from tests.doubles import packages
from tests.doubles.aws import Cloud
from tests.doubles.aws_stack import Home, Stack, add_home, build_stack
from tests.doubles.events import directive, http_event, intent_event
from tests.doubles.runtime_api import Environment, bring

FLOOR = "floor"
TIMES, WARM_UP, WARM = 6, 3, 40
COLD_MS = {"directives": 150, "fulfillment": 200, "web": 600}
WARM_MS = 2
UNKNOWN = "sca.nobody.nothing"
PAGE = http_event(
    "/oauth/authorize",
    query="response_type=code&client_id=alexa&scope=cameras&state=s"
    "&redirect_uri=https%3A%2F%2Flayla.amazon.com%2Fapi%2Fskill%2Flink%2FM1",
)


@dataclass(frozen=True)
class Question:
    """`cold` is an environment's first event, answered with `refused`; `warm` makes one answered with `right`."""

    name: str
    cold: dict[str, Any]
    refused: str
    warm: Callable[[Home], dict[str, Any]]
    right: str


QUESTIONS = {
    "directives": Question(
        "Discover",
        directive(UNKNOWN),
        "INVALID_AUTHORIZATION_CREDENTIAL",
        lambda home: directive(home.token("alexa")),
        "Garden",
    ),
    "fulfillment": Question(
        "SYNC", intent_event(UNKNOWN), "401", lambda home: intent_event(home.token("google")), "Garden"
    ),
    "web": Question("the sign-in page", PAGE, "<form", lambda _: PAGE, "<form"),
}


@dataclass(frozen=True)
class Place:
    """A stack and the folders that functions run in."""

    stack: Stack
    tasks: Path  # a folder of each function
    brought: Path
    emulator: Emulator

    def begin(self, function: str, **settings: str) -> Environment:
        handler = "floor.handler" if function == FLOOR else f"lambda/{function}.handler"
        return Environment(self.tasks / function, handler, self.stack.environ | settings, self.brought)


def measure(run: Run) -> Results:
    say("Functions of AWS Lambda, cold and warm")
    try:
        with _place() as place:
            yield from _cold(place, 1 if run.quick else TIMES)
            for function, question in QUESTIONS.items():
                yield _warm(place, function, question, 3 if run.quick else WARM)
            yield from _sizes()
    except NoEmulator as error:
        yield LeftOut("functions of AWS Lambda", str(error))


def _cold(place: Place, times: int) -> Iterator[Row]:
    taken: dict[str, list[float]] = {name: [] for name in (FLOOR, *QUESTIONS)}
    for _ in range(times):  # in turn, so that the machine's load falls on all
        taken[FLOOR].append(_first(place, FLOOR, {"requests": []}, "{}"))
        for name, question in QUESTIONS.items():
            taken[name].append(_first(place, name, question.cold, question.refused))
    least = {name: min(times_s) * 1000 for name, times_s in taken.items()}
    for name in QUESTIONS:
        beyond, bound = least[name] - least[FLOOR], Bound(most=COLD_MS[name])
        yield Row(f"cold start of {name}, beyond the boto3 client", "ms", beyond, "that client", least[FLOOR], bound)


def _first(place: Place, function: str, event: dict[str, Any], right: str) -> float:
    with place.begin(function) as begun:
        sent = time.perf_counter()
        _right(begun.invoke(event), right)
        return begun.began_s + time.perf_counter() - sent


def _warm(place: Place, function: str, question: Question, times: int) -> Row:
    same = {"requests": _requests(place, function, question)}
    events = _events(place, question, WARM_UP + times)
    ours, floor = [], []
    with place.begin(function) as begun, place.begin(FLOOR) as beside:
        for event in events:  # in turn, so that the machine's load falls on both
            ours.append(_seconds(begun, event, question.right))
            floor.append(_seconds(beside, same, "{}"))
    median, least = (statistics.median(times_s[WARM_UP:]) * 1000 for times_s in (ours, floor))
    name = f"{question.name} of {function}, warm, beyond the table's own time"
    return Row(name, "ms", median - least, "the table", least, Bound(most=WARM_MS))


def _requests(place: Place, function: str, question: Question) -> Requests:
    """The requests to the table of one question."""
    with recording(place.emulator.port) as (url, requests), place.begin(function, AWS_ENDPOINT_URL=url) as begun:
        for event in _events(place, question, WARM_UP):
            requests.clear()
            _right(begun.invoke(event), question.right)
        return list(requests)


def _events(place: Place, question: Question, count: int) -> list[dict[str, Any]]:
    """One event of each of `count` households."""
    homes = [add_home(place.stack.store, f"{secrets.token_hex(8)}@example.com") for _ in range(count)]
    return [question.warm(home) for home in homes]


def _seconds(begun: Environment, event: dict[str, Any], right: str) -> float:
    sent = time.perf_counter()
    answer = begun.invoke(event)
    taken = time.perf_counter() - sent
    _right(answer, right)
    return taken


def _right(answer: Any, right: str) -> None:
    if right not in str(answer).replace("'", '"'):
        raise WrongAnswer(f"{right} is not in {str(answer)[:200]}")


def _sizes() -> Iterator[Row]:
    for name in QUESTIONS:
        yield Row(f"zip of {name}", "MB", (ROOT / "build/lambda" / f"{name}.zip").stat().st_size / 1e6)


@contextlib.contextmanager
def _place() -> Iterator[Place]:
    """Raises NoEmulator."""
    with tempfile.TemporaryDirectory(prefix="showcam-bench-") as made:
        folder = Path(made)
        emulator = Emulator(folder)
        try:
            for name, package in packages.cut().items():
                zipfile.ZipFile(package).extractall(folder / name)
            (folder / FLOOR).symlink_to(ROOT / "bench" / "floor_lambda")
            stack = build_stack(emulator, Cloud(emulator.client))
            yield Place(stack, folder, bring(folder / "brought"), emulator)
        finally:
            emulator.stop()
