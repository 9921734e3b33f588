"""Where a try comes from."""

import pytest

from accounts.attempts import network_of

V6 = "2001:db8:1:2"


@pytest.mark.parametrize(
    ("address", "other", "one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        (f"{V6}::1", f"{V6}:ffff:ffff:ffff:ffff", True),
        (f"{V6}::1", f"{V6.upper()}:0:0:0:2", True),
        (f"{V6}::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
        ("", "unknown", False),
        ("unknown", "unknown", True),
    ],
)
def test_one_place_to_come_from(address: str, other: str, one: bool) -> None:
    assert (network_of(address) == network_of(other)) is one
