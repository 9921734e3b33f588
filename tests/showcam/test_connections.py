"""Which of a process's connections are ended: those long silent, and those whose body is overdue."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from showcam.app.edge.server import Connections, accepted

ASKED, ANSWERED = b"POST / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def state(client: socket.socket, server: socket.socket) -> str:
    """open, heard no more (what is sent to it is still taken), or ended."""
    client.settimeout(0.2)
    server.settimeout(0.2)
    try:
        if client.recv(1) == b"":
            return "ended"
    except TimeoutError:
        pass
    try:
        return "heard no more" if server.recv(100) == b"" else "open"
    except TimeoutError:
        return "open"


def spoke(client: socket.socket, server: socket.socket, *, answered: bool) -> float:
    """Sends a message, and an answer if `answered`. Returns the time at which it began, right to 10 ms."""
    while True:
        began = time.monotonic()
        client.sendall(ASKED)
        assert server.recv(100) == ASKED
        if answered:
            server.sendall(ANSWERED)
            assert client.recv(100) == ANSWERED
        if time.monotonic() - began < 0.01:
            return began


@pytest.mark.parametrize(
    ("answered", "quiet_s", "overdue", "then"),
    [
        (False, 0.1, {"127.0.0.1"}, "open"),
        (False, 0.45, {"127.0.0.1"}, "heard no more"),
        (False, 0.45, {"127.0.0.2"}, "open"),
        (False, 0.45, set(), "open"),
        (True, 0.45, {"127.0.0.1"}, "open"),
        (True, 1.1, {"127.0.0.1"}, "heard no more"),
        (True, 1.1, set(), "open"),
        (True, 1.7, set(), "ended"),
        (False, 1.7, set(), "ended"),
    ],
)
def test_who_is_ended(
    answered: bool,
    quiet_s: float,
    overdue: set[str],
    then: str,
    listening: socket.socket,
) -> None:
    port = listening.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client, listening.accept()[0] as server:
        began = spoke(client, server, answered=answered)
        time.sleep(quiet_s)
        late = (time.monotonic() - began) / quiet_s  # a busy machine wakes us later, and its limits are as much longer
        limits = {"answer_s": 0.3, "head_s": 0.5, "body_s": 0.3, "and_more_s": 0.3}
        Connections(port, lambda: overdue, **{name: late * limit for name, limit in limits.items()}).turn()
        assert state(client, server) == then


def test_only_connections_to_the_own_port_are_examined(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as other:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3)]
        servers = [stack.enter_context(listening.accept()[0]) for _ in clients]
        stack.enter_context(socket.create_connection(other.getsockname()))
        stack.enter_context(other.accept()[0])
        found = []
        for connection in accepted(port):
            with connection:
                found.append(connection.getpeername())
        assert sorted(found) == sorted(server.getpeername() for server in servers)
