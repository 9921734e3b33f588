"""The rule that judges addresses, and everything that must follow it."""

import pytest

from showcam.net.addresses import are_public, is_confidential, is_in_house, is_public, is_spelled
from showcam.net.exchange import Hosts, NotAllowed

PUBLIC, HOUSE, HERE, NOBODY = "public", "house", "this machine", "nobody's"

# address, whose it is
ADDRESSES = [
    ("8.8.8.8", PUBLIC),
    ("93.184.215.14", PUBLIC),
    ("2606:4700::1111", PUBLIC),
    ("2A00:1450:4001:82F::200E", PUBLIC),
    # this machine
    ("127.0.0.1", HERE),
    ("127.255.255.254", HERE),
    ("::1", HERE),
    ("::ffff:127.0.0.1", HERE),
    # a house's
    ("10.0.0.5", HOUSE),
    ("172.16.3.4", HOUSE),
    ("172.31.255.1", HOUSE),
    ("192.168.1.20", HOUSE),
    ("fd00::20", HOUSE),
    ("fc00::1", HOUSE),
    ("::ffff:192.168.1.20", HOUSE),
    # beside a house's
    ("fd7a:115c:a1e0::1", NOBODY),  # a tailnet's, whose machines are anywhere
    ("fd7a:115c:a1e0:ffff:ffff:ffff:ffff:ffff", NOBODY),
    ("fd7a:115c:a1e1::1", HOUSE),
    ("172.15.255.255", PUBLIC),
    ("172.32.0.1", PUBLIC),
    ("::ffff:8.8.8.8", PUBLIC),
    # kept for a purpose (IANA's special-purpose registries)
    ("0.0.0.0", NOBODY),  # noqa: S104
    ("0.1.2.3", NOBODY),
    ("::", NOBODY),
    ("100.64.0.1", NOBODY),
    ("100.127.255.255", NOBODY),
    ("169.254.169.254", NOBODY),
    ("fe80::1", NOBODY),
    ("fec0::1", NOBODY),
    ("192.0.0.1", NOBODY),
    ("192.0.0.9", NOBODY),
    ("192.0.2.1", NOBODY),
    ("198.51.100.7", NOBODY),
    ("203.0.113.9", NOBODY),
    ("2001:db8::1", NOBODY),
    ("3fff::1", NOBODY),
    ("198.18.0.1", NOBODY),
    ("198.19.255.255", NOBODY),
    ("2001:2::1", NOBODY),
    ("2001:1::1", NOBODY),
    ("224.0.0.1", NOBODY),
    ("232.1.1.1", NOBODY),
    ("239.255.255.250", NOBODY),
    ("ff02::1", NOBODY),
    ("ff0e::1", NOBODY),
    ("240.0.0.1", NOBODY),
    ("255.255.255.255", NOBODY),
    ("100::1", NOBODY),
    ("4000::1", NOBODY),
    ("5f00::1", NOBODY),
    # an IPv4 address inside: only a translator's well-known prefix is read
    ("64:ff9b::8.8.8.8", PUBLIC),
    ("64:ff9b::7f00:1", NOBODY),
    ("64:ff9b::10.0.0.1", NOBODY),
    ("64:ff9b::a9fe:a9fe", NOBODY),
    ("64:ff9b::224.0.0.1", NOBODY),
    ("64:ff9b:0:1::8.8.8.8", NOBODY),
    ("64:ff9b:1::8.8.8.8", NOBODY),
    ("64:ff9b:1:fffe::a00:1", NOBODY),
    ("2002:a00:1::", NOBODY),
    ("2002:808:808::1", NOBODY),
    ("192.88.99.1", NOBODY),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", NOBODY),
    ("::7f00:1", NOBODY),
    ("::8.8.8.8", NOBODY),
    ("::ffff:0:127.0.0.1", NOBODY),
    ("2606:4700::5efe:10.0.0.1", NOBODY),
    ("2606:4700::200:5efe:10.0.0.1", NOBODY),
    # zones
    ("fe80::1%eth0", NOBODY),
    ("2606:4700::1111%eth0", NOBODY),
    ("::1%lo", NOBODY),
    ("::ffff:127.0.0.1%lo", NOBODY),
    # other spellings, and what is no address
    ("127.1", NOBODY),
    ("2130706433", NOBODY),
    ("0x7f000001", NOBODY),
    ("0177.0.0.1", NOBODY),
    ("8.8.8.08", NOBODY),
    ("8.8.8.8 ", NOBODY),
    ("8.8.8.8/32", NOBODY),
    ("[2606:4700::1111]", NOBODY),
    ("٨.8.8.8", NOBODY),
    ("camera.local", NOBODY),
    ("", NOBODY),
]


@pytest.mark.parametrize(("address", "whose"), ADDRESSES)
def test_whose_an_address_is(address: str, whose: str) -> None:
    verdicts = (
        is_public(address),
        is_public(address, loopback=True),
        is_in_house(address),
        is_in_house(address, loopback=True),
    )
    assert (
        verdicts
        == {
            PUBLIC: (True, True, False, False),
            HOUSE: (False, False, True, True),
            HERE: (False, True, False, True),
            NOBODY: (False, False, False, False),
        }[whose]
    )


@pytest.mark.parametrize(
    ("addresses", "public"),
    [
        ([], False),
        (["8.8.8.8"], True),
        (["8.8.8.8", "2606:4700::1111"], True),
        (["8.8.8.8", "10.0.0.1"], False),
        (["64:ff9b::7f00:1", "8.8.8.8"], False),
        (["8.8.8.8", "127.0.0.1"], False),
    ],
)
def test_a_name_is_judged_by_all_it_leads_to(addresses: list[str], public: bool) -> None:
    assert are_public(addresses) is public


@pytest.mark.parametrize(
    ("host", "spelled"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("127.1", True),
        ("2130706433", True),
        ("0x7f000001", True),
        ("0X7F.0.0.1", True),
        ("0177.0.0.1", True),
        ("127.0.0.1.", True),
        ("127.0.0x1", True),
        ("127。0。0。1", True),
        ("①②⑦.0.0.①", True),
        ("camera\u00ad.example", True),
        ("1.example", False),
        ("0x7f.example", False),
        ("open.ezviz.com", False),
        ("dead.beef", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_an_address_in_any_spelling_is_distinguished_from_a_name(host: str, spelled: bool) -> None:
    assert is_spelled(host) is spelled


@pytest.mark.parametrize(("address", "whose"), [row for row in ADDRESSES if ":" in row[0] or row[1] == PUBLIC])
def test_the_way_to_a_vendor_keeps_the_rule(address: str, whose: str) -> None:
    """With the host given exactly, as practice is: even then only this machine and the public are connected to."""
    hosts = Hosts((f"{address}:443",))
    if whose in (PUBLIC, HERE):
        assert hosts.addresses(address, 443, 5)
    else:
        with pytest.raises(NotAllowed):
            hosts.addresses(address, 443, 5)


@pytest.mark.parametrize(
    ("url", "confidential"),
    [
        ("https://media.example", True),
        ("https://192.168.1.5:8081", True),
        ("http://127.0.0.1:8081", True),
        ("http://127.8.9.10:8081", True),
        ("http://[::1]:8081", True),
        ("http://[::ffff:127.0.0.1]:8081", True),
        ("http://localhost:8081", True),
        ("http://192.168.1.5:8081", False),
        ("http://[fd00::5]:8081", False),
        ("http://0.0.0.0:8081", False),
        ("http://media.example", False),
        ("http://localhost.example", False),
        ("http://127.1", False),
        ("http://", False),
        ("", False),
    ],
)
def test_who_may_read_what_is_sent(url: str, confidential: bool) -> None:
    assert is_confidential(url) is confidential
