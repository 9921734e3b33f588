"""Which origin a vendor's own page leads the browser back to, after the callback."""

import pytest

from showcam.console.door.sign_in import own_origin

BACK = "https://home.example/oauth/callback"


@pytest.mark.parametrize(
    ("reached_at", "expected"),
    [
        ("http://192.168.1.5:8080/", "http://192.168.1.5:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://home.example/", "https://home.example"),
        ("https://stranger.example/", ""),
        ("https://home.example.stranger.example/", ""),
        ("https://home.exampl/", ""),
        ("https://home.example:8443/", ""),
    ],
)
def test_by_https_only_the_origin_of_the_callback_is_led_back_to(reached_at: str, expected: str) -> None:
    assert own_origin(reached_at, BACK) == expected
