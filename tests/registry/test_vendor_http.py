"""Every failed request to a vendor is the vendor's failure to the registry."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from showcam.drivers.errors import VendorDown
from showcam.drivers.vendor import VendorHttp
from showcam.net.exchange import Hosts

NOBODY = "https://127.0.0.1:1"  # no port that anybody listens at


@pytest.mark.parametrize(
    "call",
    [
        lambda http: http.post(f"{NOBODY}/x", {}, 1.0),
        lambda http: http.ask("GET", f"{NOBODY}/x", 1.0),
        lambda http: http.fetch(f"{NOBODY}/x", 1.0, {}),
        lambda http: http.fetch("https://elsewhere.example/x", 1.0, {}),
        lambda http: http.check("https://elsewhere.example"),
        lambda http: http.addresses("10.0.0.1", 443, 1.0),
    ],
    ids=[
        "a form",
        "a question",
        "a look",
        "a look at a host that is not known",
        "a host that is not known",
        "a private place",
    ],
)
def test_it_is_the_vendor_that_is_down(call: Callable[[VendorHttp], object]) -> None:
    with pytest.raises(VendorDown):
        call(VendorHttp(Hosts(("127.0.0.1:1",))))


def test_unreadable_authorities_are_vendor_down(tmp_path: Path) -> None:
    http = VendorHttp(Hosts(("127.0.0.1:1",)), ca_file=tmp_path / "missing.pem")
    with pytest.raises(VendorDown, match=r"missing\.pem"), requests.Session() as session:
        http.mount(session)
