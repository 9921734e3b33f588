"""Amazon's chains of certificates: fetched once, kept, and fetched for nobody without end."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from showcam.alexa.spoken.signature import LIMITS, BadChain, Chains, ChainUnreached, FetchLimits, checked
from tests.doubles.tls_vendor import Vendors, silent
from tests.showcam import test_amazon
from tests.showcam.test_amazon import LEAF, MIDDLE, PATH, ROOT, Shelf, pem

shelf = test_amazon.shelf


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://s3.amazonaws.com/echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        ("https://s3.amazonaws.com:443/echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        ("HTTPS://S3.AmazonAWS.com/echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        ("https://s3.amazonaws.com/echo.api/../echo.api/echo-api-cert.pem", "/echo.api/echo-api-cert.pem"),
        ("http://s3.amazonaws.com/echo.api/echo-api-cert.pem", None),
        ("https://notamazon.com/echo.api/echo-api-cert.pem", None),
        ("https://s3.amazonaws.com/EcHo.aPi/echo-api-cert.pem", None),
        ("https://s3.amazonaws.com/invalid.path/echo-api-cert.pem", None),
        ("https://s3.amazonaws.com/echo.api/../x/echo-api-cert.pem", None),
        ("https://s3.amazonaws.com/echo.api/%2e%2e/x.pem", None),
        ("https://s3.amazonaws.com:563/echo.api/echo-api-cert.pem", None),
        ("https://s3.amazonaws.com@evil.example/echo.api/x.pem", None),
        ("https://u:p@s3.amazonaws.com/echo.api/x.pem", None),
        ("https://s3.amazonaws.com/echo.api/x.pem?y", None),
        ("https://s3.amazonaws.com/echo.api", None),
        ("https://s3.amazonaws.com:x/echo.api/x.pem", None),
        ("https://[::1/echo.api/x.pem", None),
        ("https://s3.amazonaws.com/echo.api/" + "x" * 600, None),
        ("https://s3.amazonaws.com/echo.api/é.pem", None),
        ("", None),
    ],
)
def test_where_amazon_keeps_its_chains(url: str, address: str | None) -> None:
    if address is None:
        with pytest.raises(BadChain):
            checked(url)
    else:
        assert checked(url) == f"https://s3.amazonaws.com:443{address}"


def asked_for(chains: Chains, url: str, asker: str) -> str:
    """The outcome of a fetch: "good", "bad" or "unreached"."""
    try:
        chains.key(url, asker)
    except BadChain:
        return "bad"
    except ChainUnreached:
        return "unreached"
    return "good"


def test_one_network_fetches_few_invented_chains_and_blocks_no_good_one(shelf: Shelf) -> None:
    shelf.lacks = lambda path: path != PATH
    chains = shelf.chains()
    answers = [asked_for(chains, f"{shelf.vendor.url}/echo.api/{number}.pem", "198.51.100.7") for number in range(50)]
    assert answers == ["bad"] * LIMITS.of_one_a_minute + ["unreached"] * (50 - LIMITS.of_one_a_minute)
    assert len(shelf.vendor.requests) == LIMITS.of_one_a_minute
    assert asked_for(chains, shelf.url, "203.0.113.9") == "good"
    assert asked_for(chains, shelf.url, "198.51.100.7") == "good"


@pytest.mark.parametrize("network", ["2001:db8:{0:x}:{0:x}::/64", "198.51.{0}.{0}"])
def test_neighbouring_networks_fetch_few_invented_chains_together_and_block_no_good_one(
    network: str, shelf: Shelf
) -> None:
    shelf.lacks = lambda path: path != PATH
    chains = shelf.chains()
    for number in range(80):
        asked_for(chains, f"{shelf.vendor.url}/echo.api/{number}.pem", network.format(number))
    assert len(shelf.vendor.requests) == LIMITS.of_lot_a_minute
    assert asked_for(chains, shelf.url, "203.0.113.9") == "good"


def test_a_dozen_neighbourhoods_do_not_keep_another_from_a_good_one(shelf: Shelf) -> None:
    shelf.lacks = lambda path: path != PATH
    chains = shelf.chains()
    for number in range(60):
        asked_for(chains, f"{shelf.vendor.url}/echo.api/{number}.pem", f"10.{number % 12}.0.1")
    assert asked_for(chains, shelf.url, "203.0.113.9") == "good"


def test_a_network_without_a_fetch_left_starts_none_for_others(shelf: Shelf) -> None:
    shelf.lacks = lambda path: path != PATH
    chains = shelf.chains()
    for number in range(LIMITS.of_lot_a_minute):
        asked_for(chains, f"{shelf.vendor.url}/echo.api/{number}.pem", f"198.51.{number}.7")
    assert asked_for(chains, shelf.url, "198.51.100.7") == "unreached"
    assert len(shelf.vendor.requests) == LIMITS.of_lot_a_minute


def test_all_networks_together_fetch_a_limited_number_of_chains(shelf: Shelf) -> None:
    shelf.status = "404 Not Found"
    limits = FetchLimits(lots=4)
    chains = shelf.chains(limits=limits)
    for number in range(2 * 256 * limits.of_one_a_minute):
        asker = f"{number % 2 + 1}.{number // 2 % 256}.0.1"
        asked_for(chains, f"{shelf.vendor.url}/echo.api/{number}.pem", asker)
    assert len(shelf.vendor.requests) == limits.lots * limits.of_lot_a_minute


@pytest.mark.parametrize(
    ("status", "chain", "outcome", "looks"),
    [
        ("404 Not Found", b"", "bad", 1),
        ("403 Forbidden", b"", "bad", 1),
        ("200 OK", b"hello", "bad", 1),
        ("503 Busy", b"", "unreached", 3),
        ("429 Too Many", b"", "unreached", 3),
    ],
)
def test_a_wrong_chain_is_remembered_and_a_failed_fetch_is_repeated(
    status: str, chain: bytes, outcome: str, looks: int, shelf: Shelf
) -> None:
    shelf.status, shelf.chain = status, chain
    chains = shelf.chains()
    assert [asked_for(chains, shelf.url, f"192.0.2.{number}") for number in range(3)] == [outcome] * 3
    assert len(shelf.vendor.requests) == looks
    shelf.status, shelf.chain = "200 OK", pem(LEAF, MIDDLE, ROOT)
    assert asked_for(chains, shelf.url, "192.0.2.9") == ("bad" if looks == 1 else "good")


def test_concurrent_requests_for_one_chain_cost_one_fetch(shelf: Shelf) -> None:
    shelf.takes_s = 0.2
    chains = shelf.chains()
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda number: asked_for(chains, shelf.url, f"192.0.2.{number}"), range(20)))
    assert outcomes == ["good"] * 20
    assert shelf.vendor.paths() == [PATH]


def test_a_host_that_hangs_holds_few_threads(vendors: Vendors) -> None:
    hanging = vendors.speaking(silent)
    limits, at_once = FetchLimits(timeout_s=3.0), Barrier(40)
    chains = Chains([ROOT], hanging.host, hanging.ca_file, limits=limits)

    def ask(number: int) -> str:
        at_once.wait()
        return asked_for(chains, f"{hanging.url}/echo.api/{number}.pem", f"192.0.2.{number}")

    with ThreadPoolExecutor(40) as pool:
        outcomes = list(pool.map(ask, range(40)))
    assert outcomes == ["unreached"] * 40
    assert len(hanging.opened) <= limits.at_once


def test_a_shelf_that_hangs_is_given_up(vendors: Vendors) -> None:
    hanging = vendors.speaking(silent)
    chains = Chains([ROOT], hanging.host, hanging.ca_file, limits=FetchLimits(timeout_s=0.3))
    with pytest.raises(ChainUnreached):
        chains.key(hanging.url + PATH)
