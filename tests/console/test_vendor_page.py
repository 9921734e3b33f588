"""Which origin a vendor's own page leads the browser back to, after the callback."""

import pytest

from showcam.console.door.sign_in import own_origin
from showcam.net.addresses import own_addresses

BACK = "https://home.example/oauth/callback"


@pytest.mark.parametrize(
    ("reached_at", "expected"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://nas.local:8080/", "http://nas.local:8080"),
        ("http://NAS.local/", "http://NAS.local"),
        ("http://192.168.77.5:8080/", ""),
        ("http://10.0.0.1/", ""),
        ("http://[fd00::5]:8080/", ""),
        ("http://stranger.nas.local/", ""),
        ("http://127.0.0.1@192.168.77.5/", ""),
        ("http://192.168.77.5\\@127.0.0.1/", ""),
        ("http://home.example/", ""),
        ("https://home.example/", "https://home.example"),
        ("https://stranger.example/", ""),
        ("https://home.example.stranger.example/", ""),
        ("https://home.exampl/", ""),
        ("https://home.example:8443/", ""),
    ],
)
def test_only_an_origin_of_this_machine_is_led_back_to(reached_at: str, expected: str) -> None:
    assert own_origin(reached_at, BACK, ("Nas.local",)) == expected


def test_every_address_of_this_machine_is_its_own() -> None:
    addresses = own_addresses()
    assert "127.0.0.1" in addresses
    assert [own_origin(f"http://{address}:8080/", BACK, ()) for address in addresses] == [
        f"http://{address}:8080" for address in addresses
    ]
