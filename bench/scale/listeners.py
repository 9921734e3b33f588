"""`python -P -m bench.scale.listeners`: what a listener's connections to EZVIZ's broker take of memory and processor.

The connections are the driver's own, in one process, to the simulator's broker in another. What follows a message, a
reading and a write, is `bench.scale`'s row of the webhook's message.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pyezvizapi.constants import MQTT_APP_KEY

from showcam.app.process.limits import raise_limit
from showcam.drivers.driver import Hint
from showcam.drivers.ezviz.account import EzvizAccount, PushSession
from showcam.drivers.ezviz.messages import WAITS, Listener
from showcam.drivers.vendor import VendorHttp
from showcam.simulator.broker import ACCEPTED, Broker
from showcam.store.records import Source

COUNT = 1000
IDLE_S = 30.0  # the session of each is asked for once in it
MESSAGES, APART_S = 500, 0.01
MESSAGE = json.dumps(
    {"id": "1", "alert": "Motion", "ext": "1,2026-12-01,F00000001,1,10002,,,,1,0,,0,,0,,id,,Garden,,1"}
)


@dataclass(frozen=True)
class Taken:
    connections: int
    kb: float  # of memory for each connection
    idle: float  # share of a processor while nothing happens
    message_ms: float  # processor time of a message


class _Sessions:
    def live_id(self, _source: Source) -> str:
        return "session"


class _Account:
    """An account with a session that goes on."""

    sessions = _Sessions()

    def push_session(self, source: Source, _deadline_s: float) -> PushSession:
        return PushSession("broker", "session", source.id, source.id)


class _Http:
    """A vendor that registers each installation at once."""

    def __init__(self) -> None:
        self._next = 0

    def addresses(self, host: str, _port: int, _within_s: float) -> list[str]:
        return [host]

    def post(self, _url: str, form: dict[str, str], *_: Any) -> Any:
        class Reply:
            status = 200
            data = {"status": 200, "data": {"clientId": form.get("mac", "")}}  # noqa: RUF012

        return Reply()


def measure(count: int = COUNT, idle_s: float = IDLE_S) -> Taken:
    """`idle_s`: how long nothing happens. Raises TimeoutError if the connections do not come about."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    return asyncio.run(
        _measured(count, here, lambda port: context.Process(target=_listen, args=(there, port, count, idle_s)))
    )


async def _measured(count: int, here: Any, child: Any) -> Taken:
    raise_limit()
    broker = Broker(lambda *_: ACCEPTED)
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0, backlog=count)
    process = child(server.sockets[0].getsockname()[1])
    process.start()
    try:
        kb, idle = await asyncio.to_thread(here.recv)
        names = list(broker.clients)
        for number in range(MESSAGES):
            broker.publish(names[number % len(names)], f"{MQTT_APP_KEY}/topic", MESSAGE.encode())
            await asyncio.sleep(APART_S)
        here.send(None)
        message_ms = await asyncio.to_thread(here.recv)
    finally:
        process.terminate()
        process.join()
        broker.close()
        server.close()
    return Taken(count, kb, idle, message_ms)


def _listen(there: Any, port: int, count: int, idle_s: float) -> None:
    """Runs a listener: it reports the memory and time of its connections, waits, then reports those of the messages."""
    raise_limit()
    heard: list[Hint] = []
    account, http = cast(EzvizAccount, _Account()), cast(VendorHttp, _Http())
    first = _listener(0, account, http, heard, port)
    _until(lambda: first.listening)  # the library is loaded
    before = _memory_kb()
    listeners = [_listener(number, account, http, heard, port) for number in range(1, count)]
    _until(lambda: all(listener.listening for listener in listeners))
    kb = (_memory_kb() - before) / len(listeners)
    began = time.process_time()
    time.sleep(idle_s)
    idle = (time.process_time() - began) / idle_s
    there.send((kb, idle))
    known, began, since = len(heard), time.process_time(), time.monotonic()
    there.recv()
    _until(lambda: len(heard) >= known + MESSAGES)
    took_s = time.process_time() - began - idle * (time.monotonic() - since)
    there.send(1000 * took_s / MESSAGES)
    there.recv()


def _listener(number: int, account: EzvizAccount, http: VendorHttp, heard: list[Hint], port: int) -> Listener:
    source = Source(f"source-{number}", f"account-{number}", "ezviz", "", 0.0)
    return Listener(source, account, http, heard.append, at=f"127.0.0.1:{port}", waits=WAITS)


def _until(holds: Any, within_s: float = 120.0) -> None:
    end = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("the connections did not come about")
        time.sleep(0.05)


def _memory_kb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -P -m bench.scale.listeners", description=__doc__)
    parser.add_argument("--connections", type=int, default=COUNT, metavar="N")
    taken = measure(parser.parse_args(words).connections)
    print(
        f"{taken.connections} connections: {taken.kb:.0f} KB each, {100 * taken.idle:.0f} % of a processor while idle,"
        f" {taken.message_ms:.2f} ms for a message"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
