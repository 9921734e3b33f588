"""Password guessers at the running program, over HTTP from many addresses: what reaches the vendor, what they learn."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.doubles.linking import LOOPBACK
from tests.doubles.linking_world import Page, refusal_text
from tests.doubles.program import Program, running
from tests.doubles.simulator_process import STEADY
from tests.doubles.waiting import LONG_S

PASSWORD = "showcam-demo"
OWNER, CAREFUL, NOBODY = "demo@example.com", "mfa@example.com", "nobody@example.com"
LOGIN = "/v3/users/login/v5"


class From(HTTPAdapter):
    """Connects from a given address; all of 127.0.0.0/8 is this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, source_address=(self._address, 0))


class Window:
    """A browser at an address."""

    def __init__(self, program: Program, address: str, cookies: Any = None) -> None:
        self._http = requests.Session()
        self._http.mount("http://", From(address))
        self._http.cookies.update(cookies or {})
        query = {"response_type": "code", "client_id": "google", "redirect_uri": LOOPBACK, "state": "s"}
        self._url = f"{program.web}/oauth/authorize?{urlencode(query)}"
        self.answer = self._http.get(self._url, timeout=LONG_S)

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self._http.cookies)

    def press(self, step: str, **typed: str) -> "Window":
        fields = [field for field in Page(self.answer.text).fields if field[0] not in typed]
        form = [*fields, *typed.items(), ("step", step)]
        self.answer = self._http.post(self._url, form, timeout=LONG_S, allow_redirects=False)
        if self.answer.status_code == 303:
            self.answer = self._http.get(self._url, timeout=LONG_S)
        return self

    def sign_in(self, user: str, password: str) -> "Window":
        return self.press("sign-in", user=user, password=password)

    @property
    def steps(self) -> list[str]:
        return Page(self.answer.text).steps

    @property
    def heard(self) -> tuple[int, str, str | None]:
        return self.answer.status_code, Page(self.answer.text).text("alert"), self.answer.headers.get("Retry-After")


@dataclass
class Attacked:
    program: Program

    def tries(self, user: str, count: int, net: int) -> list[tuple[int, str, str | None]]:
        """The answers to `count` wrong passwords from as many addresses, sixteen at once."""

        def sign_in(number: int) -> tuple[int, str, str | None]:
            return Window(self.program, f"127.{net}.0.{number + 1}").sign_in(user, f"guess {number}").heard

        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(sign_in, range(count)))

    @property
    def logins(self) -> int:
        """How many sign-ins have reached the vendor."""
        control = requests.get(f"{self.program.simulator}/_control", timeout=LONG_S).json()
        return int(control["calls"].get(LOGIN, 0))


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    limits: dict[str, Any] = {"SHOWCAM_SIGN_INS_PER_USER": "3"}  # not the demo's own
    with running(tmp_path_factory.mktemp("attacked"), troubled=True, **limits) as program:
        program.configure(**STEADY)
        yield Attacked(program)


def test_fifty_strangers_reach_the_vendor_three_times_and_the_owner_gets_in(attacked: Attacked) -> None:
    home = Window(attacked.program, "127.1.0.1").sign_in(OWNER, PASSWORD)
    assert home.steps == ["switch", "agree", "cancel"]
    before = attacked.logins

    known = attacked.tries(OWNER, 50, net=2)

    assert attacked.logins - before == 3
    unknown = attacked.tries(NOBODY, 50, net=3)
    assert attacked.logins - before == 3
    assert Counter(known) == Counter(unknown) == {(403, refusal_text("wrong"), None): 50}
    # the right password from an unknown browser: the same answer, and no request to the vendor
    assert Window(attacked.program, "127.4.0.1").sign_in(OWNER, PASSWORD).heard == known[0]
    assert attacked.logins - before == 3
    # the known browser gets in from any address; the vendor has not locked the account
    known_to = {name: value for name, value in home.cookies.items() if name == "showcam-known"}
    again = Window(attacked.program, "127.2.0.7", known_to)
    assert again.sign_in(OWNER, "a slip").heard == known[0]
    assert again.sign_in(OWNER, PASSWORD).steps == ["switch", "agree", "cancel"]
    agreed = again.press("agree")
    assert agreed.answer.status_code == 302
    assert agreed.answer.headers["Location"].startswith(LOOPBACK + "?code=")
    assert attacked.logins - before == 5


def test_the_cookie_of_one_household_is_worthless_for_another(attacked: Attacked) -> None:
    other = Window(attacked.program, "127.1.0.2").sign_in("other@example.com", PASSWORD)
    assert other.steps == ["switch", "agree", "cancel"]
    attacked.tries(CAREFUL, 3, net=5)
    before = attacked.logins
    assert Window(attacked.program, "127.5.0.9", other.cookies).sign_in(CAREFUL, PASSWORD).steps == [
        "sign-in",
        "cancel",
        "fill",
    ]
    assert attacked.logins == before


def test_one_address_that_tries_twenty_names_is_throttled(attacked: Attacked) -> None:
    heard = [Window(attacked.program, "127.6.0.1").sign_in(f"u{number}@example.com", "x").heard for number in range(2)]
    with ThreadPoolExecutor(8) as pool:
        rest = pool.map(
            lambda number: Window(attacked.program, "127.6.0.1").sign_in(f"u{number}@example.com", "x").heard,
            range(2, 24),
        )
    statuses = Counter(status for status, _, _ in [*heard, *rest])
    assert statuses == {403: 20, 429: 4}
    status, _, wait = Window(attacked.program, "127.6.0.1").sign_in(OWNER, PASSWORD).heard
    assert (status, wait is not None and 0 < int(wait) <= 901) == (429, True)
