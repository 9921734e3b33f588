"""What the double of a vendor leaves behind when its test is over."""

import ssl
import threading
from pathlib import Path

from showcam.net.exchange import Hosts
from showcam.net.http import Http
from tests.doubles.tls_vendor import SERVES, Vendors, answer


def threads() -> int:
    """Of all vendors' doubles; others of an earlier test may begin or end at any time."""
    return [thread.name for thread in threading.enumerate()].count(SERVES)


def test_a_client_that_its_vendor_keeps_leaves_no_thread(authority: tuple[Path, ssl.SSLContext]) -> None:
    before, vendors, kept = threads(), Vendors(*authority), list[Http]()
    # as the double of a whole cloud has its client, which keeps the connection
    there = vendors.answering(lambda *_: answer(b'{"kept": %d}' % len(kept)))
    kept.append(Http(Hosts((there.host,)), there.ca_file))
    assert kept[0].ask("GET", there.url, 20).status == 200
    assert threads() > before
    vendors.end()
    assert threads() == before
