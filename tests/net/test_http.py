"""The HTTP client for vendors, against real servers that misbehave."""

import gzip
import os
import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from media.ezviz.address import KNOWN
from net.errors import NotAllowed, Unreached
from net.exchange import Exchange
from net.hosts import Hosts
from net.http import Http, Reply
from net.requests_adapter import LONGEST_ANSWER
from simulator.authority import server_context
from tests.doubles.small_stack import on_small_stack
from tests.doubles.tls_vendor import Speak, Vendor, Vendors, answer, request_of


def client(vendor: Vendor) -> Http:
    return Http(Hosts((vendor.host,)), vendor.ca_file)


def outcome_of(call: Callable[[], Reply]) -> str:
    try:
        return str(call().status)
    except Unreached as error:
        return str(error)


def says(*chunks: bytes) -> Speak:
    def speak(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        request_of(connection)
        for chunk in chunks:
            connection.sendall(chunk)

    return speak


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

    assert 0.35 <= time.monotonic() - began < 5  # not what the peer would have liked: without end


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
    assert http.post(there.url, {}, 20).status == 200

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
            over.wait(20)
        elif requested == "POST /slow":
            taken.set()
            over.wait(20)
        return answer(b"{}")

    there = vendors.answering(reply)
    http = client(there)
    replies: list[int] = []
    other = threading.Thread(target=lambda: replies.append(http.post(f"{there.url}/slow", {}, 20).status))

    def hang() -> None:
        with Exchange(0.6):
            http.post(f"{there.url}/fast", {}, 20)
            other.start()
            assert taken.wait(5)
            http.post(f"{there.url}/hang", {}, 20)

    with pytest.raises(Unreached):
        hang()
    over.set()
    other.join(10)

    assert len(there.opened) == 2  # the other household went on with the first one's connection
    assert replies == [200]


@pytest.mark.parametrize(
    "speak",
    [
        says(answer(b" " * (LONGEST_ANSWER + 1))),
        says(b"HTTP/1.1 200 OK\r\n\r\n", *[b" " * 65536] * 170),
        says(answer(gzip.compress(b" " * 50_000_000), "200 OK", "Content-Encoding: gzip")),
    ],
    ids=["announced", "without length", "unpacked"],
)
def test_a_long_answer_is_not_read_to_its_end(vendors: Vendors, speak: Speak) -> None:
    there = vendors.speaking(speak)

    with pytest.raises(Unreached, match="Cut"):
        client(there).post(there.url, {}, 10)


@pytest.mark.parametrize(
    "speak",
    [
        says(b"SSH-2.0-OpenSSH_9.6\r\n"),
        says(b""),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"),
        says(answer(b"\x1f\x8b not gzip", "200 OK", "Content-Encoding: gzip")),
    ],
    ids=["another protocol", "nothing", "half", "not what it says"],
)
def test_what_is_no_answer_is_the_vendor_being_down(vendors: Vendors, speak: Speak) -> None:
    there = vendors.speaking(speak)

    with pytest.raises(Unreached):
        client(there).post(there.url, {}, 5)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_none(vendors: Vendors, body: bytes) -> None:
    there = vendors.speaking(says(answer(body)))

    assert on_small_stack(lambda: client(there).post(there.url, {}, 5).data) is None


def test_a_good_answer_comes_whole_and_the_connection_is_kept(vendors: Vendors) -> None:
    there = vendors.answering(
        lambda asked, body, _headers: answer(b'{"asked": "%s", "body": "%s"}' % (asked.encode(), body))
    )
    http = client(there)

    replies = [http.post(f"{there.url}/x", {"a": "b"}, 5) for _ in range(3)]

    assert [reply.data for reply in replies] == [{"asked": "POST /x", "body": "a=b"}] * 3
    assert len(there.opened) == 1


def test_a_redirect_is_not_followed(vendors: Vendors) -> None:
    elsewhere = vendors.speaking(says(answer(b"{}")))
    there = vendors.speaking(says(answer(b"", "302 Found", f"Location: {elsewhere.url}/")))

    with pytest.raises(Unreached):
        Http(Hosts((there.host, elsewhere.host)), there.ca_file).post(there.url, {}, 5)

    assert elsewhere.opened == []


def test_a_certificate_of_nobody_we_trust_is_refused(vendors: Vendors) -> None:
    there = vendors.speaking(says(answer(b"{}")))

    with pytest.raises(Unreached):
        Http(Hosts((there.host,))).post(there.url, {}, 5)


def test_an_authority_that_was_replaced_under_its_name_is_read_again(vendors: Vendors, tmp_path: Path) -> None:
    there, file = vendors.speaking(says(answer(b"{}"))), tmp_path / "ca.pem"
    server_context(tmp_path)  # writes the certificate of another one there
    with pytest.raises(Unreached):
        Http(Hosts((there.host,)), file).post(there.url, {}, 5)

    os.utime(shutil.copyfile(there.ca_file, file), ns=(1, 1))
    assert Http(Hosts((there.host,)), file).post(there.url, {}, 5).data == {}


def test_an_unreadable_authority_is_an_error_and_nothing_is_sent(vendors: Vendors) -> None:
    there = vendors.speaking(says(answer(b"{}")))

    with pytest.raises(Unreached, match=r"missing\.pem"):
        Http(Hosts((there.host,)), there.ca_file.with_name("missing.pem")).post(there.url, {}, 5)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://ieuopen.ezvizlife.com/api", True),
        ("https://IEUOPEN.ezvizlife.com", True),
        ("https://open.ys7.com", True),
        ("https://apirus.ezvizru.com", True),
        ("https://ieuopen.ezviz.com", True),
        ("https://127.0.0.1:8084/x", True),
        ("http://ieuopen.ezvizlife.com", False),
        ("https://ieuopen.ezvizlife.com:8443", False),
        ("https://ezvizlife.com.evil.example", False),
        ("https://evil-ezvizlife.com", False),
        ("https://a.b.ezvizlife.com", False),
        ("https://ieuopen.ezvizlife.com.", False),
        ("https://user@ieuopen.ezvizlife.com", False),
        ("https://ieuopen.ezvizlife.com@evil.example", False),
        ("https://127.0.0.1:8085", False),
        ("https://127.0.0.1", False),
        ("https://localhost:8084", False),
        ("https://[::1]:8084", False),
        ("https://169.254.169.254/latest", False),
        ("https://ieuopen.ezvizlife.com:x", False),
        ("ezopen://open.ys7.com/F1/1.live", False),
        ("", False),
    ],
)
def test_known_hosts_by_https_and_what_was_given_exactly(url: str, allowed: bool) -> None:
    hosts = Hosts(("127.0.0.1:8084",), KNOWN)

    if allowed:
        hosts.check(url)
    else:
        with pytest.raises(NotAllowed):
            hosts.check(url)


def test_practice_never_reaches_the_real_service() -> None:
    with pytest.raises(NotAllowed):
        Hosts(("127.0.0.1:8084",)).check("https://ieuopen.ezvizlife.com")


@pytest.mark.parametrize(
    ("host", "extra", "allowed"),
    [
        ("127.0.0.1", True, True),
        ("127.0.0.1", False, False),
        ("10.0.0.1", True, False),
        ("169.254.169.254", True, False),
        ("64:ff9b::7f00:1", True, False),
        ("2130706433", True, False),
        ("93.184.215.14", False, True),
    ],
)
def test_private_addresses_are_never_connected_to(  # tests/net has the whole rule
    host: str, extra: bool, allowed: bool
) -> None:
    hosts = Hosts((f"{host}:443",) if extra else ())

    if allowed:
        assert hosts.addresses(host, 443, 1) == [host]
    else:
        with pytest.raises(NotAllowed):
            hosts.addresses(host, 443, 1)


def test_a_name_is_resolved_and_only_then_judged() -> None:
    assert Hosts(("localhost:443",)).addresses("localhost", 443, 5)
    with pytest.raises(NotAllowed):
        Hosts(()).addresses("localhost", 443, 5)


def test_a_librarys_session_keeps_the_rules(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    there = vendors.speaking(says(answer(b"{}")))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    session = requests.Session()
    client(there).mount(session)

    with Exchange(5):
        assert session.get(there.url, timeout=25, verify=False).status_code == 200
        with pytest.raises(requests.RequestException):
            session.get("https://example.com/")
        with pytest.raises(requests.RequestException):
            session.get(f"http://{there.host}/")
    with pytest.raises(RuntimeError):
        session.get(there.url)


def test_a_library_that_asks_for_no_verification_gets_it_all_the_same(vendors: Vendors) -> None:
    there = vendors.speaking(says(answer(b"{}")))
    session = requests.Session()
    Http(Hosts((there.host,))).mount(session)

    with Exchange(5), pytest.raises(requests.exceptions.SSLError):
        session.get(there.url, verify=False)


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (Hosts(("10.0.0.1:443",)), "https://10.0.0.1/"),
        (Hosts((), re.compile("localhost")), "https://localhost/"),  # a known name that leads to this machine
    ],
    ids=["an address", "a name"],
)
def test_a_known_host_at_a_private_address_is_not_connected_to(hosts: Hosts, url: str) -> None:
    session = requests.Session()
    Http(hosts).mount(session)

    with Exchange(5), pytest.raises(requests.ConnectionError, match="the host is not at a public address"):
        session.get(url)


AGAIN = [
    # method, whether the peer knows the request again, how often it is sent, the outcome
    ("GET", False, 2, "200"),
    ("POST", False, 1, "ConnectionError"),
    ("POST", True, 2, "200"),
]


@pytest.mark.parametrize(("method", "repeatable", "times", "outcome"), AGAIN)
def test_what_may_be_sent_twice_is_sent_again_when_the_kept_connection_ends(
    vendors: Vendors, method: str, repeatable: bool, times: int, outcome: str
) -> None:
    seen: list[str] = []

    def speak(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        """Answers the first request of a connection and closes it after the second."""
        seen.append(request_of(connection)[0])
        connection.sendall(answer(b"{}"))
        seen.append(request_of(connection)[0])

    there = vendors.speaking(speak)
    http = client(there)
    http.ask("GET", f"{there.url}/first", 20)

    assert outcome_of(lambda: http.ask(method, f"{there.url}/second", 20, repeatable=repeatable)) == outcome
    assert seen.count(f"{method} /second") == times


def test_what_a_new_connection_lost_is_not_sent_again(vendors: Vendors) -> None:
    seen: list[str] = []

    def speak(connection: ssl.SSLSocket, _over: threading.Event) -> None:
        seen.append(request_of(connection)[0])

    there = vendors.speaking(speak)
    assert outcome_of(lambda: client(there).ask("POST", there.url, 20, repeatable=True)) == "ConnectionError"
    assert seen == ["POST /"]


def test_a_kept_connection_that_is_half_closed_carries_no_request(vendors: Vendors) -> None:
    """The peer has said that it sends no more, and still reads."""
    seen: list[str] = []
    closed = threading.Event()

    def speak(connection: ssl.SSLSocket, over: threading.Event) -> None:
        seen.append(request_of(connection)[0])
        connection.sendall(answer(b"{}"))
        connection.shutdown(socket.SHUT_WR)
        closed.set()
        over.wait(20)

    there = vendors.speaking(speak)
    http = client(there)
    http.post(f"{there.url}/first", {}, 20)
    assert closed.wait(5)

    assert http.post(f"{there.url}/second", {}, 20).status == 200
    assert seen == ["POST /first", "POST /second"]
    assert len(there.opened) == 2


@pytest.mark.parametrize(("idle_s", "connections"), [(60.0, 1), (0.0, 2)])
def test_a_connection_that_lay_idle_is_not_used_again(vendors: Vendors, idle_s: float, connections: int) -> None:
    there = vendors.answering(lambda _asked, _body, _headers: answer(b"{}"))
    http = Http(Hosts((there.host,)), there.ca_file, idle_s)
    for _ in range(2):
        http.post(there.url, {}, 5)
    assert len(there.opened) == connections


def test_no_cookie_is_kept_for_another_household(vendors: Vendors) -> None:
    cookies: list[str | None] = []

    def reply(_asked: str, _body: bytes, headers: dict[str, str]) -> bytes:
        cookies.append(headers.get("cookie"))
        return answer(b"{}", "200 OK", "Set-Cookie: session=first; Path=/")

    there = vendors.answering(reply)
    http = client(there)
    for _ in range(2):
        http.post(there.url, {}, 5)
    assert cookies == [None, None]


def test_a_connection_that_comes_after_the_deadline_is_cut() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Exchange(0.01) as exchange:
        while not exchange.over:
            time.sleep(0.005)
        exchange.watch(ours)
        assert theirs.recv(1) == b""
