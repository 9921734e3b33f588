"""ONVIF's calls to one device in the house: what is asked, what is believed of an answer, and what ends a call."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from showcam.drivers.lan.onvif import Described, Onvif, OnvifFailed
from showcam.net.elements import NotXml, read
from showcam.net.house import HouseHttp
from showcam.simulator.authority import server_context
from showcam.simulator.lan.onvif import Reply
from tests.doubles import ipycam_device
from tests.doubles.ipycam_device import ipycam
from tests.doubles.onvif_device import PASSWORD, SERIAL, Served, served
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Hostile answers of an ONVIF device end one call, and no address in an answer is followed",
    leans_on="second stack: ipycam 1.3.0 and OpenSSL; double: the hostile device",
    also=("tests/net/test_house.py",),
)

PATH = "/onvif/device_service"


@pytest.fixture
def device() -> Iterator[Served]:
    with served() as made:
        yield made


def asked(device: Served, user: str = "admin", password: str = PASSWORD) -> Onvif:
    return Onvif(HouseHttp(loopback=True), "127.0.0.1", f"{device.port}{PATH}", user, password)


def why(device: Served, *, within_s: float = LONG_S, **login: Any) -> str:
    with pytest.raises(OnvifFailed) as failed:
        asked(device, **login).describe(within_s)
    return failed.value.why


def test_a_device_says_what_it_is(device: Served) -> None:
    assert asked(device).describe(LONG_S) == Described("Bramble", "B-20", "1.2", SERIAL)


@pytest.mark.parametrize("clock_s", [0.0, -86_400.0, 7_200.0])
def test_requests_are_signed_by_the_devices_own_clock(device: Served, clock_s: float) -> None:
    device.device.clock_s = clock_s
    assert asked(device).describe(LONG_S).serial == SERIAL
    assert device.device.wrong == 0


@pytest.mark.parametrize("clock_s", [-86_400.0, 7_200.0])
def test_a_device_whose_clock_is_set_meanwhile_is_signed_for_by_the_new_time(device: Served, clock_s: float) -> None:
    """An AXIS M5525-E refused every request of such a client after some time (Jazea/Onvif.Core issue 44)."""
    onvif = asked(device)
    onvif.describe(LONG_S)
    device.device.clock_s = clock_s
    assert onvif.describe(LONG_S).serial == SERIAL


def sends_changed_password(device: Served) -> int:
    """How often a password is sent after the device got another one."""
    onvif = asked(device)
    onvif.describe(LONG_S)
    device.device.password = "another"
    with pytest.raises(OnvifFailed) as failed:
        onvif.describe(LONG_S)
    assert failed.value.why == "login"
    return device.device.wrong


def test_a_password_that_was_changed_is_sent_once_while_the_device_keeps_its_time(device: Served) -> None:
    assert sends_changed_password(device) == 1


@pytest.mark.parametrize(
    ("has_media2", "expected"),
    [
        (True, [("main", "h265", 1920, 1080, 15, 30), ("sub", "h264", 640, 360, 15, 30)]),
        (False, [("sub", "h264", 640, 360, 15, 30)]),
    ],
)
def test_pictures_are_listed_by_either_media_service(
    device: Served, has_media2: bool, expected: list[tuple[str, str, int, int, int, int]]
) -> None:
    device.device.has_media2 = has_media2
    found = asked(device).profiles(3.0)
    assert [
        (profile.token, profile.codec, profile.width, profile.height, profile.rate, profile.keyframes)
        for profile in found
    ] == expected
    assert asked(device).stream_path("sub", 3.0) == (554, "/live/sub")


def test_every_address_of_an_answer_is_put_to_the_pinned_host(device: Served) -> None:
    device.device.address = device.device.rtsp = "203.0.113.9:8443"
    onvif = asked(device)
    assert onvif.stream_path("main", 3.0) == (8443, "/live/main"), "a port and a path, and no host"
    assert [path for path in device.paths if "media" in path] != [], "the media service was asked here"


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ({"password": "wrong"}, "login"),
        ({"password": ""}, "login"),
        ({"user": "other"}, "login"),
        ({"user": "", "password": ""}, "login"),
    ],
)
def test_a_wrong_login_is_sent_once(device: Served, login: dict[str, str], expected: str) -> None:
    assert why(device, **dict[str, Any](login)) == expected
    assert device.device.wrong <= 1


def test_a_device_that_wants_http_digest_gets_it(device: Served) -> None:
    device.says = Reply(401, b"")
    device.headers = {"WWW-Authenticate": 'Digest realm="d", nonce="n", qop="auth"'}
    assert why(device) == "login"
    device.headers = {"WWW-Authenticate": 'Basic realm="d"'}
    before = len(device.paths)
    assert why(device) == "login"
    assert len(device.paths) - before == 2, "the clock and one call: nothing is signed by Basic"


@pytest.mark.parametrize(
    "changes",
    [{}, {"says_stale": False}, {"one_time": True}, {"one_time": True, "says_stale": False}],
    ids=["says so", "only another nonce", "good once", "good once, only another nonce"],
)
def test_a_nonce_that_has_expired_is_no_wrong_password(changes: dict[str, Any]) -> None:
    with served(digest=True, **changes) as device:
        onvif = asked(device)
        for _ in range(3):
            assert onvif.describe(LONG_S).serial == SERIAL
            device.device.expire()
        assert device.device.wrong == 0


@pytest.mark.parametrize(
    ("realm", "user"),
    [
        ("Gärten".encode(), "admin"),
        ("Gärten".encode("latin-1"), "admin"),
        ("前门".encode("gbk"), "admin"),
        (b"still", "Jörg"),
        (b"still", "Łukasz"),
    ],
    ids=["UTF-8", "Latin-1", "GBK", "a user of Latin-1", "a user of other letters"],
)
def test_a_right_password_is_taken_whatever_letters_realm_and_user_have(realm: bytes, user: str) -> None:
    with served(digest=True, realm=realm, user=user) as device:
        assert asked(device, user).describe(LONG_S).serial == SERIAL
        assert device.device.wrong == 0


@pytest.mark.parametrize("says_stale", [True, False])
def test_a_wrong_password_is_sent_once_whatever_nonces_come(says_stale: bool) -> None:
    with served(digest=True, says_stale=says_stale) as device:
        assert why(device, password="wrong") == "login"
        assert device.device.wrong == 1


def test_a_password_that_was_changed_is_sent_with_the_old_nonce_and_with_a_new_one() -> None:
    with served(digest=True, says_stale=False) as device:
        assert sends_changed_password(device) == 2


@pytest.mark.process
def test_a_camera_of_others_says_what_it_is_and_where_its_pictures_are() -> None:
    """ipycam, which wants its login for everything, its clock too."""
    with ipycam(8554) as port:
        onvif = Onvif(
            HouseHttp(loopback=True), "127.0.0.1", f"{port}{PATH}", ipycam_device.USER, ipycam_device.PASSWORD
        )
        assert onvif.describe(LONG_S) == Described("PythonCam", "VirtualCam-1", "1.3.0", "PY-000001")
        main, sub = onvif.profiles(3.0)
        assert [(profile.codec, profile.width, profile.height, profile.rate) for profile in (main, sub)] == [
            ("h264", 1920, 1080, 30),
            ("h264", 640, 360, 30),
        ]
        paths = [onvif.stream_path(profile.token, 3.0) for profile in (main, sub)]
        assert paths == [(8554, ipycam_device.MAIN), (8554, ipycam_device.SUB)]
        other = Onvif(HouseHttp(loopback=True), "127.0.0.1", f"{port}{PATH}", ipycam_device.USER, "wrong")
        with pytest.raises(OnvifFailed) as failed:
            other.describe(LONG_S)
        assert failed.value.why == "login"


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body>&b;</s:Body></s:Envelope>"
)
OUTSIDE = b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><s>&x;</s>'


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html><body>A camera's page</body></html>", "text/html"),
        Reply(200, b"x" * (10 * 1024 * 1024)),
        Reply(200, BOMB),
        Reply(200, OUTSIDE),
        Reply(200, b"<a>" * 5000),
        Reply(200, b"<a>" + b"<b/>" * 50_000 + b"</a>"),
        Reply(200, b"\x00\xff\xfe garbage"),
        Reply(200, b""),
        Reply(302, b""),
        Reply(500, b""),
    ],
    ids=["web page", "10 MB", "bomb", "entity of a file", "deep", "wide", "garbage", "empty", "redirect", "500"],
)
def test_a_hostile_answer_ends_the_call(device: Served, reply: Reply) -> None:
    device.says = reply
    device.headers = {"Location": "http://203.0.113.9/"} if reply.status == 302 else {}
    began = time.monotonic()
    assert why(device) == "down"
    assert time.monotonic() - began < 20


def test_a_device_that_sends_a_byte_now_and_then_gains_no_time(device: Served) -> None:
    device.drip_s = 0.05
    began = time.monotonic()
    assert why(device, within_s=0.4) == "down"
    assert time.monotonic() - began < 5, "all bytes together take longer"


def test_no_device_outside_the_house_is_asked() -> None:
    for host in ("203.0.113.9", "127.0.0.1", "169.254.169.254"):
        with pytest.raises(OnvifFailed):
            Onvif(HouseHttp(loopback=False), host, f"80{PATH}", "admin", "x").describe(0.5)


@pytest.mark.parametrize("body", [BOMB, OUTSIDE, b"<a>" * 41 + b"</a>" * 41, b"", b"<a></b>"])
def test_what_is_no_plain_xml_is_refused(body: bytes) -> None:
    with pytest.raises(NotXml):
        read(body)


def test_an_element_is_written_as_it_was_read() -> None:
    element = read(b'<a xmlns="urn:x" t="1&amp;2"><b>5 &lt; 6</b><c/></a>')
    assert read(element.encode().encode()).encode() == element.encode()
    assert element.get("b") == "5 < 6"


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Two certificates that nobody vouches for."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    return server_context(tmp_path / "first"), server_context(tmp_path / "second")


def by_https(device: Served, pin: str = "") -> Onvif:
    return Onvif(HouseHttp(loopback=True), "127.0.0.1", f"{device.port}{PATH}", "admin", PASSWORD, pin=pin)


def test_by_https_the_first_certificate_is_the_devices(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    first, second = contexts
    with served(tls=first) as device, served(tls=second) as another:
        onvif = by_https(device)
        assert onvif.describe(LONG_S).serial == SERIAL
        assert len(onvif.pin or "") == 64
        assert by_https(device, onvif.pin or "").stream_path("sub", 3.0) == (554, "/live/sub")
        with pytest.raises(OnvifFailed) as failed:
            by_https(another, onvif.pin or "").describe(LONG_S)
        assert (failed.value.why, another.paths) == ("down", []), "it was sent nothing"


def test_a_device_is_asked_by_https_where_its_owner_says_so_alone(
    device: Served, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    with served(tls=contexts[0]) as secure:
        assert why(secure) == "down"
        with pytest.raises(OnvifFailed):
            by_https(device).describe(LONG_S)
