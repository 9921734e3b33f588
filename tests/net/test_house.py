"""HTTP to devices at home: which addresses are asked, and what ends a request."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from showcam.net.exchange import NotAllowed, Unreached
from showcam.net.house import LONGEST_ANSWER, Answer, HouseHttp
from tests.doubles.waiting import LONG_S

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nok"


@contextmanager
def saying(*pieces: bytes, pause_s: float = 0.0) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads a request, sends the pieces and waits; its port, and what it was sent."""
    server, sent = socket.create_server(("127.0.0.1", 0)), list[bytes]()
    over = threading.Event()

    def serve() -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(LONG_S)
            sent.append(connection.recv(65536))
            for piece in pieces:
                if over.wait(pause_s):
                    return
                try:
                    connection.sendall(piece)
                except OSError:
                    return
            over.wait(60)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], sent
    finally:
        over.set()
        with suppress(OSError):  # closing alone would not wake who waits for a request
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def ask(port: int, *, path: str = "/x", timeout_s: float = LONG_S) -> Answer:
    return HouseHttp(loopback=True).ask("GET", "127.0.0.1", port, path, timeout_s)


def test_an_answer_comes_with_all_its_headers() -> None:
    with saying(OK) as (port, sent):
        answer = ask(port)
    assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"ok", ("1", "2"))
    assert sent[0].startswith(b"GET /x HTTP/1.1\r\n")


@pytest.mark.parametrize("said", ["Gärten".encode(), "Gärten".encode("latin-1"), b"\xff"])
def test_a_header_that_is_sent_back_has_the_same_bytes(said: bytes) -> None:
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: " + said + b"\r\n\r\n") as (port, _):
        (value,) = ask(port).headers["x-a"]
    with saying(OK) as (port, sent):
        HouseHttp(loopback=True).ask("GET", "127.0.0.1", port, "/x", LONG_S, headers={"X-B": value})
    assert b"\r\nX-B: " + said + b"\r\n" in sent[0]


def test_a_redirection_is_an_answer_and_not_followed() -> None:
    with saying(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as (port, _):
        assert ask(port).status == 302


@pytest.mark.parametrize(
    "host", ["203.0.113.9", "127.0.0.1", "169.254.1.1", "camera.local", "2130706433", "::1", "fe80::1%eth0"]
)
def test_what_is_no_address_of_a_house_is_not_asked(host: str) -> None:
    with pytest.raises(NotAllowed):
        HouseHttp(loopback=False).ask("GET", host, 80, "/", 1.0)


@pytest.mark.parametrize("path", ["x", "http://203.0.113.9/", "/a b", "/a\r\nX: y", "/ä"])
def test_what_is_no_path_is_not_sent(path: str) -> None:
    with saying(OK) as (port, sent), pytest.raises(NotAllowed):
        ask(port, path=path)
    assert sent == []


@pytest.mark.parametrize(
    "pieces",
    [
        (b"",),
        (b"SSH-2.0-dropbear\r\n",),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500,),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (LONGEST_ANSWER + 1),),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",),
    ],
    ids=["silence", "another protocol", "headers", "too long", "broken chunks"],
)
def test_an_answer_that_is_none_ends_the_request(pieces: tuple[bytes, ...]) -> None:
    began = time.monotonic()
    with saying(*pieces) as (port, _), pytest.raises(Unreached):
        ask(port, timeout_s=0.5)
    assert time.monotonic() - began < 20


def test_a_byte_now_and_then_gains_no_time() -> None:
    began = time.monotonic()
    with saying(*[bytes([byte]) for byte in OK * 9], pause_s=0.05) as (port, _), pytest.raises(Unreached):
        ask(port, timeout_s=0.3)
    assert time.monotonic() - began < 20, "all bytes together take longer"
