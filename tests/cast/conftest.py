"""Cast receivers: npm's castv2 as a process, and the simulator's television in a thread."""

import asyncio
import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from showcam.cast.device import Device
from showcam.simulator.authority import server_context
from showcam.simulator.television.receiver import Page, Television
from tests.doubles.loop_end import let_go, shut
from tests.doubles.ready_screens import House
from tests.doubles.waiting import LONG_S
from tests.media.conftest import authority, grants, household, start, vendor, world

__all__ = ["authority", "grants", "household", "start", "vendor", "world"]  # fixtures

SCRIPT = Path(__file__).parent / "receiver.mjs"
WAIT_S = LONG_S


@dataclass
class Receiver:
    """`heard`: each LOAD's media, and "stop"."""

    device: Device
    heard: "queue.Queue[Any]"

    def next(self) -> Any:
        return self.heard.get(timeout=WAIT_S)


@pytest.fixture(scope="session")
def certificate() -> tuple[str, str]:
    """Key and certificate, PEM."""
    made = trustme.CA().issue_cert("receiver.example")
    return made.private_key_pem.bytes().decode(), made.cert_chain_pems[0].bytes().decode()


@pytest.fixture
def receiver(certificate: tuple[str, str]) -> Iterator[Callable[[str], Receiver]]:
    with receivers(certificate) as started:
        yield started


@contextmanager
def receivers(certificate: tuple[str, str]) -> Iterator[Callable[[str], Receiver]]:
    """Starts a receiver that behaves so."""
    with ExitStack() as stack:

        def started(behaves: str) -> Receiver:
            key, cert = certificate
            process = subprocess.Popen(
                ["node", str(SCRIPT), json.dumps({"behaves": behaves, "key": key, "cert": cert})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            stack.enter_context(process)
            heard: queue.Queue[Any] = queue.Queue()
            listening = threading.Thread(target=_listen, args=(process.stdout, heard), daemon=True)
            listening.start()
            stack.callback(listening.join)  # it reads to the end, and only then what it reads from is closed
            stack.callback(process.kill)
            port = heard.get(timeout=WAIT_S)
            return Receiver(Device("tv", "Bedroom TV", "127.0.0.1", port), heard)

        yield started


def _listen(lines: Iterable[str], heard: "queue.Queue[Any]") -> None:
    for line in lines:
        heard.put(json.loads(line))


class TelevisionThread:
    """The simulator's television in a loop of its own."""

    def __init__(self, folder: Path, idle_out_s: float, pages: Mapping[str, Page] | None = None) -> None:
        self.television = Television(idle_out_s, pages)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="television loop", daemon=True)
        self._thread.start()
        self._call(self.television.open("127.0.0.1", server_context(folder)))

    @property
    def device(self) -> Device:
        return Device("living-room", "Living room TV", "127.0.0.1", self.television.port)

    def facts(self) -> dict[str, Any]:
        return self.television.facts()

    def do(self, what: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(what)

    def close(self) -> None:
        assert self.television._server is not None
        self._call(shut(self.television._server))
        self._call(self.television.close())
        self._call(let_go())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)


@pytest.fixture
def television(tmp_path: Path) -> Iterator[Callable[..., TelevisionThread]]:
    with ExitStack() as stack:

        def started(idle_out_s: float = 300.0, pages: Mapping[str, Page] | None = None) -> TelevisionThread:
            made = TelevisionThread(tmp_path / "television", idle_out_s, pages)
            stack.callback(made.close)
            return made

        (tmp_path / "television").mkdir()
        yield started


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.home.store.close()
