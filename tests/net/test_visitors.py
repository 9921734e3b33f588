"""Whom an address counts as, wherever something is counted by address."""

import ipaddress

import pytest

from showcam.net.addresses import counted_as, within


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_house_counts_as_one(address: str, counts_as: str) -> None:
    assert counted_as(address) == counts_as


@pytest.mark.parametrize(
    ("address", "network", "is_within"),
    [
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("::a01:203", "10.0.0.0/8", False),
        ("10.1.2.3, 10.1.2.4", "10.0.0.0/8", False),
        ("unix", "0.0.0.0/0", False),
    ],
)
def test_an_address_is_within_a_trusted_network(address: str, network: str, is_within: bool) -> None:
    assert within(address, (ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network(network))) is is_within
