"""What a browser is called, by its User-Agent."""

import pytest

from showcam.console.door.sign_in import browser_name

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox, Android"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Safari/537.36", "Chrome, Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Safari/537.36 Edg/140.0.0.0", "Edge, Windows"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Safari/537.36", "Chrome, ChromeOS"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Mobile Safari/537.36 OPR/90.0", "Opera, Android"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} SamsungBrowser/28.0 Safari/537.36", "Samsung Internet, Android"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.5 Safari/605.1.15", "Safari, Mac"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {WEBKIT} Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {WEBKIT} FxiOS/140.0 Safari/605.1.15", "Firefox, iPad"),
        ("curl/8.14.1", ""),
        ("Mozilla/5.0 (Linux; <script>)", "Linux"),
        ("", ""),
    ],
)
def test_a_browser_is_called(agent: str, name: str) -> None:
    assert browser_name(agent) == name
