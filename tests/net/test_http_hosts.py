"""Where the HTTP client for vendors goes: known hosts by https, and no private address."""

import re

import pytest
import requests

from showcam.engine.ezviz.address import KNOWN
from showcam.net.exchange import Exchange, Hosts, NotAllowed
from showcam.net.http import Http
from tests.doubles.tls_vendor import Vendors, answer
from tests.doubles.waiting import LONG_S
from tests.net.test_http import client, says


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

    with Exchange(LONG_S):
        assert session.get(there.url, timeout=LONG_S, verify=False).status_code == 200
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

    with Exchange(LONG_S), pytest.raises(requests.exceptions.SSLError):
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

    with Exchange(LONG_S), pytest.raises(requests.ConnectionError, match="the host is not at a public address"):
        session.get(url)
