"""A machine without a way out is not the vendor's fault: in a network namespace of its own, where nothing leads out."""

import json

import pytest

from tests.doubles.cut_off import run_cut_off

pytestmark = pytest.mark.proves(
    "A machine without internet is not called the vendor's fault",
    leans_on="system: a network namespace of Linux",
    also=("tests/whole/test_no_internet.py",),
)

ASKED = """
import json, re, sys
from showcam.net.exchange import Hosts
from showcam.net.exchange import Exchange
from showcam.drivers.ezviz.client import FAILURES, failure
from showcam.drivers.vendor import VendorHttp
from showcam.drivers.errors import DriverError

known = re.compile(r"[a-z0-9.:]+")
found = {}
for name, url in json.loads(sys.argv[1]).items():
    http = VendorHttp(Hosts(("127.0.0.1:1",), known))
    try:
        http.ask("GET", url, 10.0)
    except DriverError as error:
        found[name] = error.reason
    import requests
    with requests.Session() as session, Exchange(10.0):
        http.mount(session)
        try:
            session.get(url)
        except FAILURES as error:
            found[name + " by a library"] = failure(error).reason
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def reasons() -> dict[str, str]:
    urls = {
        "no name": "https://apiieu.ezvizlife.com/v3",
        "no route": "https://52.29.1.1/v3",
        "no route by IPv6": "https://[2a05:d014::1]/v3",
        "nobody listens": "https://127.0.0.1:1/v3",
    }
    return dict(json.loads(run_cut_off(ASKED, json.dumps(urls))))


@pytest.mark.parametrize("how", ["", " by a library"])
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("no name", "no_internet"),
        ("no route", "no_internet"),
        ("no route by IPv6", "no_internet"),
        ("nobody listens", "vendor_down"),
    ],
)
def test_what_a_request_that_found_no_way_out_comes_to(
    reasons: dict[str, str], asked: str, reason: str, how: str
) -> None:
    assert reasons[asked + how] == reason


LOOKED_UP = """
import socket, sys, threading
from showcam.net.exchange import NoInternet, NotAllowed
from showcam.net.exchange import Hosts

resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
resolver.bind(("127.0.0.1", 53))

def answer(code):
    while code:
        question, asker = resolver.recvfrom(512)
        resolver.sendto(question[:2] + bytes([0x81, 0x80 | code]) + question[4:], asker)

code, seconds = int(sys.argv[1]), float(sys.argv[2])
threading.Thread(target=answer, args=(code,), daemon=True).start()
try:
    Hosts().addresses("apiieu.ezvizlife.com", 443, seconds)
except (NoInternet, NotAllowed) as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("code", "seconds", "found"),
    [
        (0, 1.2, "NoInternet"),
        (0, 0.2, "NotAllowed"),
        (2, 20.0, "NoInternet"),
        (3, 20.0, "NotAllowed"),
    ],
    ids=["it is silent", "too little time to know that", "it reaches none itself", "there is no such name"],
)
def test_a_resolver_says_whether_it_is_the_name_or_the_way_out(code: int, seconds: float, found: str) -> None:
    """`code` is the answer's RCODE (RFC 1035 section 4.1.1): 2 server failure, 3 no such name; 0: no answer."""
    assert run_cut_off(LOOKED_UP, str(code), str(seconds)).strip() == found
