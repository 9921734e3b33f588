"""The deadline of the HTTP client for vendors, against servers that let it wait."""

import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest

from showcam.net.exchange import Exchange, Unreached
from tests.doubles.tls_vendor import Speak, Vendors, answer, request_of
from tests.doubles.waiting import LONG_S
from tests.net.test_http import client


def hang(connection: ssl.SSLSocket, over: threading.Event) -> None:
    request_of(connection)
    over.wait()


def drip_head(connection: ssl.SSLSocket, over: threading.Event) -> None:
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.05):
        connection.sendall(b"X")


def drip_body(connection: ssl.SSLSocket, over: threading.Event) -> None:
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.05):
        connection.sendall(b" ")


def drip_without_length(connection: ssl.SSLSocket, over: threading.Event) -> None:
    request_of(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"code": "200"}')
    while not over.wait(0.05):
        connection.sendall(b" ")


@pytest.mark.parametrize("speak", [hang, drip_head, drip_body, drip_without_length])
def test_the_deadline_cuts_whoever_lets_us_wait(vendors: Vendors, speak: Speak) -> None:
    there = vendors.speaking(speak)
    began = time.monotonic()

    with pytest.raises(Unreached):
        client(there).post(there.url, {"a": "b"}, 0.4)

    assert 0.35 <= time.monotonic() - began < 30  # not what the peer would have liked: without end


def silent(_connection: socket.socket, over: threading.Event) -> None:
    over.wait()


def drip_handshake(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")  # a ServerHello of 16 KiB begins
    while not over.wait(0.05):
        connection.sendall(b"\x00")


@pytest.mark.parametrize("speak", [silent, drip_handshake])
def test_the_deadline_holds_in_the_handshake(
    vendors: Vendors, speak: Callable[[socket.socket, threading.Event], None]
) -> None:
    there = vendors.accepting(speak)

    with pytest.raises(Unreached):
        client(there).post(there.url, {}, 0.4)


def test_the_deadline_holds_on_a_connection_kept_alive(vendors: Vendors) -> None:
    def speak(connection: ssl.SSLSocket, over: threading.Event) -> None:
        request_of(connection)
        connection.sendall(answer(b"{}"))
        drip_head(connection, over)

    there = vendors.speaking(speak)
    http = client(there)
    assert http.post(there.url, {}, LONG_S).status == 200

    with pytest.raises(Unreached):
        http.post(there.url, {}, 0.4)
    assert len(there.opened) == 1


def test_one_deadline_covers_several_calls(vendors: Vendors) -> None:
    def slow(_asked: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        time.sleep(0.15)
        return answer(b"{}")

    there = vendors.answering(slow)
    http = client(there)

    def talk() -> None:
        with Exchange(0.4):
            for _ in range(20):
                http.post(there.url, {}, 60)

    with pytest.raises(Unreached):
        talk()
    assert len(there.requests) < 20


def test_a_deadline_cuts_nobody_elses_connection(vendors: Vendors) -> None:
    """One household's exchange goes on to a vendor that hangs, after its connection went on to another household."""
    taken, over = threading.Event(), threading.Event()

    def reply(requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        if requested == "POST /hang":
            over.wait(LONG_S)
        elif requested == "POST /slow":
            taken.set()
            over.wait(LONG_S)
        return answer(b"{}")

    there = vendors.answering(reply)
    http = client(there)
    replies: list[int] = []
    other = threading.Thread(target=lambda: replies.append(http.post(f"{there.url}/slow", {}, LONG_S).status))

    def hang() -> None:
        with Exchange(4.0):
            http.post(f"{there.url}/fast", {}, LONG_S)
            other.start()
            assert taken.wait(LONG_S)
            http.post(f"{there.url}/hang", {}, LONG_S)

    with pytest.raises(Unreached):
        hang()
    over.set()
    other.join(LONG_S)

    assert len(there.opened) == 2  # the other household went on with the first one's connection
    assert replies == [200]


def test_a_connection_that_comes_after_the_deadline_is_cut() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Exchange(0.01) as exchange:
        while not exchange.over:
            time.sleep(0.005)
        exchange.watch(ours)
        assert theirs.recv(1) == b""
