"""HTTP/1.1 as plain as it gets, so that the server is what takes time; and the CPU time and memory of its processes."""

import contextlib
import itertools
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.questions import WrongAnswer

CONNECTIONS = 8
WITHIN_S = 30


class Unanswered(Exception):
    """The server did not answer as it should."""


def request(path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in ({"Content-Type": "application/json"} | headers).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connections:
    """Connections kept alive; `send` puts one request on each, so that the server always has work."""

    def __init__(self, port: int, count: int = CONNECTIONS) -> None:
        self._sockets = [socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) for _ in range(count)]
        for sock in self._sockets:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._files = [sock.makefile("rb") for sock in self._sockets]

    def __enter__(self) -> "Connections":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()
        for sock in self._sockets:
            sock.close()

    def send(self, requests: Sequence[bytes]) -> list[tuple[int, bytes]]:
        """Status and body of each answer; at most as many requests as connections."""
        for place, given in enumerate(requests):
            self._sockets[place].sendall(given)
        return [self._read(place) for place in range(len(requests))]

    def _read(self, place: int) -> tuple[int, bytes]:
        file = self._files[place]
        head = file.readline().split()
        length = None
        while (line := file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(head) < 2 or length is None:
            raise Unanswered("no answer with a length")
        return int(head[1]), file.read(length)


@dataclass(frozen=True)
class Target:
    """A server and its question: `make` makes a request, and `right` raises when its answer is wrong."""

    port: int
    root: int  # its process; those it started count too
    make: Callable[[], bytes]
    right: Callable[[int, bytes], None]


def rounds_us(servers: Sequence[Target], count: int, rounds: int) -> list[list[float]]:
    """µs of CPU that each server's processes spend on one of `count` requests, in each of `rounds`.

    The servers take turns round by round, so that the machine's load falls on all of them. Noise only ever adds.
    """
    taken: list[list[float]] = [[] for _ in servers]
    for _, (place, target) in itertools.product(range(rounds), enumerate(servers)):
        taken[place].append(_round(target, count) * 1e6)
    return taken


def _round(target: Target, count: int) -> float:
    batches = [[target.make() for _ in range(CONNECTIONS)] for _ in range(max(2, count // CONNECTIONS))]
    with Connections(target.port) as connections:
        target.right(*connections.send(batches[0])[0])
        answers: list[tuple[int, bytes]] = []
        before = cpu_s(target.root)
        for batch in batches[1:]:
            answers = connections.send(batch)
        spent = cpu_s(target.root) - before
    for answer in answers:
        target.right(*answer)
    return spent / (len(batches[1:]) * CONNECTIONS)


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    found = [root]
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # the name, in parentheses, may hold anything
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(status.parent.name))
    for process in found:
        found += children.get(process, [])
    return found


def cpu_s(root: int) -> float:
    """CPU of the tree so far, its exited threads counted, in nanosecond steps."""
    total = 0.0
    for process in tree(root):
        with contextlib.suppress(OSError):
            total += time.clock_gettime((~process << 3) | 2)  # the process's own clock: see clock_getcpuclockid(3)
    return total


def memory_mb(root: int) -> float:
    """Proportional set size of the tree, in which shared memory counts once."""
    return _mapped_mb(root, "Pss:")


def own_mb(root: int) -> float:
    """What the tree's processes share with no other process."""
    return _mapped_mb(root, "Private_")


def _mapped_mb(root: int, rows: str) -> float:
    total = 0
    for process in tree(root):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith(rows):
                    total += int(line.split()[1])
    return total / 1024


def until_right(port: int, given: bytes, check: Callable[[int, bytes], None], within_s: float = 60) -> None:
    """Repeats the request until its answer is right. Raises Unanswered."""
    deadline = time.monotonic() + within_s
    why: object = "nothing listens"
    while time.monotonic() < deadline:
        try:
            with Connections(port, 1) as connection:
                check(*connection.send([given])[0])
                return
        except (OSError, Unanswered, ValueError, WrongAnswer, AssertionError) as error:
            why = error
        time.sleep(0.01)
    raise Unanswered(f"no right answer within {within_s:.0f} s: {why}")
