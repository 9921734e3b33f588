"""EZVIZ's server of keys: where it is, and whose certificate it may have."""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from showcam.drivers.errors import VendorDown
from showcam.drivers.ezviz.keys import Cas, CasSession, OtherCertificate
from showcam.engine.ezviz.local_messages import Device
from showcam.simulator.authority import server_context
from tests.doubles.troubled.vendor import expired_context
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A key server with another certificate than before is sent nothing, and one press takes the new certificate",
    leans_on="second stack: OpenSSL; double: EZVIZ's server of keys",
    also=("tests/registry/test_ezviz_local.py",),
)


class Pins(dict[str, str]):
    """What the store keeps once, in memory."""

    def meta_once(self, key: str, value: str) -> str:
        return self.setdefault(key, value)

    def meta(self, key: str) -> str | None:
        return self.get(key)


DEVICE = Device("abcdefghijklmnop", "ABCDEFG")


@pytest.mark.parametrize(
    ("servers", "place"),
    [
        (["0"] * 15 + ["eucas.ezvizlife.com", "6500"], ("eucas.ezvizlife.com", 6500)),
        (["0"] * 15 + ["eucas.ezvizlife.com", "443"], None),
        (["0"] * 15 + ["eucas.ezvizlife.com", "x"], None),
        (["0"] * 15 + ["eucas.ezvizlife.com", "9" * 90], None),
        (["0"] * 15 + ["", "6500"], None),
        (["0"] * 15, None),
        (None, None),
        ("eucas", None),
    ],
)
def test_where_the_server_of_keys_is(servers: Any, place: tuple[str, int] | None) -> None:
    try:
        found: Any = CasSession.of(servers, "session", "terminal")
    except VendorDown:
        found = None
    assert (found and (found.host, found.port)) == place
    assert "session" not in repr(found).lower().replace("cassession", "")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("eucas.example.com", False),
        ("127.0.0.1", False),
        ("192.168.1.9", False),
        ("10.0.0.1", True),
        ("eucas.ezvizlife.com", True),
        ("localhost", True),
        ("8.8.8.8", False),
    ],
)
def test_only_the_vendors_servers_are_gone_to(host: str, loopback: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def connects(*_: object, **__: object) -> None:
        raise AssertionError("it was connected to")

    def looked_up(_host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]

    monkeypatch.setattr("socket.getaddrinfo", looked_up)  # any name is a public address
    monkeypatch.setattr("socket.create_connection", connects)
    with pytest.raises(VendorDown):
        Cas(None, Pins(), loopback=loopback).device(CasSession(host, 6500, "session", "terminal"), "F1", 1.0)


@contextlib.contextmanager
def server_of_keys(context: ssl.SSLContext, host: str, heard: list[bytes]) -> Iterator[int]:
    """Its port. It gives DEVICE to everybody whom its certificate satisfies; `heard` gets what it was sent."""
    body = b'<Response><Session Key="%s" OperationCode="%s" /></Response>' % (DEVICE.key.encode(), DEVICE.code.encode())
    told = bytes.fromhex("9ebaace901000000") + struct.pack(">6I", 5, 0, 0x2002, 0, len(body), 0) + body + bytes(32)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:

        def serve() -> None:
            while True:
                try:
                    raw, _ = server.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as client:
                    heard.append(client.recv(4096))
                    client.sendall(told)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(LONG_S)


def device(cas: Cas, host: str, port: int) -> Device | None:
    try:
        return cas.device(CasSession(host, port, "session", "terminal"), "F1", LONG_S)
    except VendorDown:
        return None


@pytest.mark.parametrize(
    ("certificate", "host", "is_known"),
    [
        (server_context, "127.0.0.1", True),
        (expired_context, "127.0.0.1", True),
        (expired_context, "127.0.0.1", False),
        (expired_context, "::1", True),
        (server_context, "::1", True),
    ],
    ids=["good", "out of date", "out of date, of another signer", "out of date, of another name", "of another name"],
)
def test_a_certificate_is_taken_as_real_servers_have_them_and_no_other_one_after_it(
    tmp_path: Path, certificate: Callable[[Path], ssl.SSLContext], host: str, is_known: bool
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    server_context(tmp_path)
    server_context(other)
    cas, heard = Cas(tmp_path / "ca.pem" if is_known else None, Pins(), loopback=True), list[bytes]()
    with server_of_keys(certificate(tmp_path), host, heard) as port:
        assert [device(cas, host, port) for _ in range(2)] == [DEVICE] * 2
    is_pinned = (certificate, host) != (server_context, "127.0.0.1")
    with server_of_keys(expired_context(other), host, heard) as port:
        assert device(cas, host, port) == (None if is_pinned else DEVICE)
    assert len([said for said in heard if said]) == (2 if is_pinned else 3), "nothing is sent to another server"


def test_a_changed_certificate_is_refused_until_its_owner_trusts_it(tmp_path: Path) -> None:
    """Nothing is sent to the server before that, nor by trusting it; the one before is no longer taken."""
    server_context(tmp_path)
    pins, heard = Pins(), list[bytes]()
    with server_of_keys(expired_context(tmp_path), "127.0.0.1", heard) as port:
        assert device(Cas(tmp_path / "ca.pem", pins, loopback=True), "127.0.0.1", port) == DEVICE
    with server_of_keys(expired_context(tmp_path, "replaced"), "127.0.0.1", heard) as port:
        asking = CasSession("127.0.0.1", port, "session", "terminal")
        cas = Cas(tmp_path / "ca.pem", pins, loopback=True)
        with pytest.raises(OtherCertificate) as refused:
            cas.device(asking, "F1", LONG_S)
        assert refused.value.reason == "key_server_changed"
        for _ in range(2):
            cas.trust(asking, LONG_S)
        assert [said for said in heard if said] == heard[:1]
        another_process = Cas(tmp_path / "ca.pem", pins, loopback=True)
        assert device(another_process, "127.0.0.1", port) == DEVICE
    with server_of_keys(expired_context(tmp_path), "127.0.0.1", heard) as port:
        assert device(cas, "127.0.0.1", port) is None
        cas.trust(CasSession("127.0.0.1", port, "session", "terminal"), LONG_S)
        assert device(cas, "127.0.0.1", port) == DEVICE
    assert len(pins) == 3
    with pytest.raises(VendorDown):
        cas.trust(asking, 1.0)  # nobody listens there any more


def test_a_server_that_speaks_older_ciphers_only_is_asked(tmp_path: Path) -> None:
    """Python's own choice has none with SHA-1."""
    context, heard = server_context(tmp_path), list[bytes]()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA")
    with server_of_keys(context, "127.0.0.1", heard) as port:
        assert device(Cas(tmp_path / "ca.pem", Pins(), loopback=True), "127.0.0.1", port) == DEVICE


@pytest.mark.parametrize("serial", ["F1", "F1-G2"])
def test_what_the_server_is_asked_is_as_public_clients_ask_it(tmp_path: Path, serial: str) -> None:
    """A device with two serials goes by its first one there."""
    heard: list[bytes] = []
    with server_of_keys(server_context(tmp_path), "127.0.0.1", heard) as port:
        asking = CasSession("127.0.0.1", port, "session", "terminal")
        Cas(tmp_path / "ca.pem", Pins(), loopback=True).device(asking, serial, LONG_S)
    (asked,) = heard
    head, body, tail = asked[:32], asked[32:-32], asked[-32:]
    assert head.hex(" ", 4) == f"9ebaace9 01000000 00000005 00000000 00002001 00000000 {len(body):08x} 00000000"
    assert re.fullmatch(b"[0-9a-f]{32}", tail)
    told = {each.tag: each.text for each in ElementTree.fromstring(body)}  # noqa: S314 - our own
    assert told == {"ClientID": "session", "Sign": "terminal", "DevSerial": "F1", "ClientType": "3"}
