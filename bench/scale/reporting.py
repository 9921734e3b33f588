"""Walks of reports: from the table's stream by the queue to an assistant, and the schedules.

What a walk begins with is not counted.
"""

import io
import json
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import msgspec

from bench.scale.fleet import FLEET
from bench.scale.gateway import CONTEXT
from bench.scale.walks import OF_ONE_LINK, REQUESTS, Household, Walk, Walks
from showcam.alexa.gateway import SECRET, Grant
from showcam.app.compose import changes, reports, sweep
from showcam.store.records import DAY_S, Assistant, Happening

RECORDS = 10  # that the stream hands to one run of `changes`; assumed


def motion(assistant: Assistant) -> Callable[[], Walk]:
    """One turn for a link: that somebody moved. Its end is another."""

    return lambda: _turn(assistant, _move)


def nothing(assistant: Assistant) -> Callable[[], Walk]:
    """One turn for a link of which nothing has changed. A reported motion is still on, so the link stays due."""

    def begin(home: Household) -> None:
        home.beside.look(home.account, time.time(), home.links[assistant].id)

    return lambda: _turn(assistant, begin, moves=True)


def _move(home: Household) -> None:
    home.beside.record_happening(home.account, Happening(home.camera.id, "motion", time.time()), 0.0, ("motion",))


def _turn(assistant: Assistant, begin: Callable[[Household], None], *, moves: bool = False) -> Walk:
    answer = reports.build()

    def report(home: Household) -> None:
        wake = {"account": home.account, "link": home.links[assistant].id, "assistant": assistant}
        answered = answer({"Records": [{"messageId": "m", "body": json.dumps(wake)}]}, CONTEXT)
        assert answered == {"batchItemFailures": []}, answered

    def walk(home: Household) -> None:
        with home.world.meter.beside(), redirect_stdout(io.StringIO()):
            home.world.forget_motion(home.account)
            if moves:
                _move(home)
            _link(home, assistant)
            report(home)
            begin(home)
        report(home)
        telling = home.beside.tellings(home.account)[home.links[assistant].id]
        assert (telling.reason, telling.what != "") == ("", True), telling

    return walk


def _link(home: Household, assistant: Assistant) -> None:
    """The assistant can be reported to, and something was changed since the last report."""
    link, now = home.links[assistant], time.time()
    if assistant == "alexa":
        grant = Grant("Atza|bench", "Atzr|bench", now + 86400, f"https://{home.world.assistants}")
        assert home.beside.put_link_secret(link.id, SECRET, msgspec.json.encode(grant))
    home.beside.note_listed(home.account, link.id, now - 60, now - 60)
    home.beside.look(home.account, now, link.id)


def woken() -> Walk:
    """Half of the records are of claims, which wake nobody."""
    answer = changes.build()

    def walk(home: Household) -> None:
        assert answer({"Records": [_record(home, number) for number in range(RECORDS)]}, CONTEXT) == {
            "woken": RECORDS // 2
        }

    return walk


def _record(home: Household, number: int) -> dict[str, Any]:
    row = {"kind": "telling", "account": home.account, "link": f"{home.account}{number}", "assistant": "alexa"}
    image: dict[str, Any] = {name: {"S": value} for name, value in row.items()} | {"wanted": {"N": "1"}}
    return {"dynamodb": {"NewImage": image | ({"claimed": {"S": "by"}} if number % 2 else {})}}


def swept() -> Walk:
    at = [0.0]
    answer = sweep.build(lambda: at[0])

    def walk(home: Household) -> None:
        at[0] = DAY_S * (0.2 if home.account > "n" else 0.8)  # not its turn of the day, which has a row of its own
        assert "woken" in answer({}, CONTEXT)

    return walk


def looked() -> Walk:
    """What `sweep` does for each household once a day."""

    def walk(home: Household) -> None:
        home.base.store.look(home.account, time.time())
        assert home.base.adapter.noticing.refresh(home.account)

    return walk


WALKS: Walks = {
    **REQUESTS,
    "report to Alexa": ("reports", motion("alexa")),
    "report to Google": ("reports", motion("google")),
    "look at a link": ("reports", nothing("google")),
    "records of the stream": ("changes", woken),
    "overdue links": ("sweep", swept),
    "household looked at": ("sweep", looked),
    **FLEET,
    **OF_ONE_LINK,
}
ALONE = {"household looked at", *OF_ONE_LINK}  # by a household whose one link is Alexa's
