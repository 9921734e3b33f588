"""AcceptGrant and Amazon's tokens, against servers that answer like Login with Amazon, and as it might fail."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from showcam.accounts import households
from showcam.accounts.links import authenticate
from showcam.alexa.gateway import EXCHANGE_S, SECRET, Amazon, ClientRefused, Gateway, NotGranted, Revoked
from showcam.alexa.smart_home import SmartHome
from showcam.net.exchange import Unreached
from showcam.store.ports import StoreUnavailable
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.stopwatch import Stopwatch
from tests.doubles.tls_vendor import Vendor, Vendors, answer, silent

TOKENS = {"access_token": "Atza|one", "refresh_token": "Atzr|one", "token_type": "bearer", "expires_in": 3600}
CLIENT = ("amzn1.application-oa2-client.x", "its-secret")


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Login:
    """A double of Login with Amazon. Settable: its answers, `meanwhile` (called before each token).

    `forms`: the requests it got.
    """

    def __init__(self, vendors: Vendors) -> None:
        self.status, self.tokens = "200 OK", dict(TOKENS)
        self.region: Any = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.forms: list[dict[str, str]] = []
        self.vendor: Vendor = vendors.answering(self._reply)

    def _reply(self, request_line: str, body: bytes, headers: dict[str, str]) -> bytes:
        if request_line == "POST /auth/o2/token":
            assert headers["content-type"].startswith("application/x-www-form-urlencoded")
            self.forms.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
            self.meanwhile()
            return answer(json.dumps(self.tokens).encode(), self.status)
        assert request_line == "GET /v1/alexaApiEndpoint"
        assert headers["authorization"].startswith("Bearer Atza|")
        region = self.vendor.url if self.region is None else self.region
        return answer(json.dumps({"endpoints": [region]}).encode())


@pytest.fixture
def login(vendors: Vendors) -> Login:
    return Login(vendors)


@pytest.fixture
def gateway(home: Household, login: Login, clock: Clock) -> Gateway:
    return Gateway(home.store, Amazon(login.vendor.host, login.vendor.ca_file), *CLIENT, clock=clock)


def accept(home: Household, gateway: Gateway | None, token: str | None = None, code: Any = "A1") -> dict[str, Any]:
    skill = SmartHome(partial(authenticate, home.store, assistant="alexa"), home.registry, gateway)
    header = {"namespace": "Alexa.Authorization", "name": "AcceptGrant", "payloadVersion": "3", "messageId": "m-1"}
    grant = {"type": "OAuth2.AuthorizationCode", "code": code}
    payload = {"grant": grant, "grantee": {"type": "BearerToken", "token": token or home.token()}}
    message: dict[str, Any] = json.loads(
        skill.answer(json.dumps({"directive": {"header": header, "payload": payload}}).encode())
    )
    return message


def test_a_grant_is_exchanged_kept_sealed_and_its_gateway_found(
    home: Household, gateway: Gateway, login: Login, valid_if_known: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    message = accept(home, gateway)
    assert message["event"]["header"]["namespace"] == "Alexa.Authorization"
    assert message["event"]["header"]["name"] == "AcceptGrant.Response"
    assert message["event"]["payload"] == {}
    valid_if_known(message)
    assert login.forms == [
        {"grant_type": "authorization_code", "code": "A1", "client_id": CLIENT[0], "client_secret": CLIENT[1]}
    ]
    grant = gateway.grant(home.link.id)
    assert (grant.access, grant.refresh, grant.gateway) == ("Atza|one", "Atzr|one", login.vendor.url)
    rows = b"".join(path.read_bytes() for path in tmp_path.glob("showcam.sqlite3*"))
    assert b"Atza|one" not in rows
    assert b"Atzr|one" not in rows


FAULTS: dict[str, Callable[[Login], None]] = {
    "a used code": lambda login: login.__dict__.update(status="400 Bad Request", tokens={"error": "invalid_grant"}),
    "a wrong client": lambda login: login.__dict__.update(status="401 No", tokens={"error": "invalid_client"}),
    "an error of its own": lambda login: login.__dict__.update(status="500 Oh", tokens={"error": "x" * 99}),
    "no access token": lambda login: login.tokens.__delitem__("access_token"),
    "no refresh token": lambda login: login.tokens.__delitem__("refresh_token"),
    "tokens that are none": lambda login: login.tokens.update(access_token=["x"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_grant_that_amazon_refuses_fails_and_nothing_is_kept(
    fault: str, home: Household, gateway: Gateway, login: Login, valid_if_known: Callable[[dict[str, Any]], None]
) -> None:
    FAULTS[fault](login)
    message = accept(home, gateway)
    assert message["event"]["header"]["namespace"] == "Alexa.Authorization"
    assert message["event"]["payload"]["type"] == "ACCEPT_GRANT_FAILED"
    valid_if_known(message)
    assert home.store.link_secret(home.link.id, SECRET) is None
    assert "x" * 9 not in message["event"]["payload"]["message"]


def test_a_hanging_amazon_fails_the_grant_in_time(home: Household, vendors: Vendors) -> None:
    hanging = vendors.speaking(silent)
    gateway = Gateway(home.store, Amazon(hanging.host, hanging.ca_file), *CLIENT)
    with Stopwatch() as watch:
        assert accept(home, gateway)["event"]["payload"]["type"] == "ACCEPT_GRANT_FAILED"
    assert watch.took_s < 8, "Alexa gives up then"


@pytest.mark.parametrize("given", ["no client", "no gateway", "a strange token", "no code", "a store that is down"])
def test_a_failure_of_showcam_fails_the_grant(given: str, home: Household, login: Login, gateway: Gateway) -> None:
    amazon = Amazon(login.vendor.host, login.vendor.ca_file)
    if given == "no client":
        message = accept(home, Gateway(home.store, amazon))
        assert "lwa_client_id" in message["event"]["payload"]["message"]
    elif given == "no gateway":
        message = accept(home, None)
    elif given == "a strange token":
        message = accept(home, gateway, token="sca.nobody.nothing")
    elif given == "no code":
        message = accept(home, gateway, code="")
        assert message["event"]["payload"]["type"] == "INVALID_DIRECTIVE"
        return
    else:
        message = accept(home, Gateway(Down(), amazon, *CLIENT))
    assert message["event"]["payload"]["type"] == "ACCEPT_GRANT_FAILED"
    assert home.store.link_secret(home.link.id, SECRET) is None


class Down:
    """A store that can't be written."""

    def put_link_secret(self, link_id: str, name: str, data: bytes) -> bool:
        raise StoreUnavailable

    def link_secret(self, link_id: str, name: str) -> bytes | None:
        raise StoreUnavailable


def test_an_unknown_region_keeps_the_grant_and_is_requested_again(
    home: Household, gateway: Gateway, login: Login
) -> None:
    login.region = "https://evil.example"
    assert accept(home, gateway)["event"]["header"]["name"] == "AcceptGrant.Response"
    with pytest.raises(Unreached):
        gateway.grant(home.link.id)
    login.region = None
    assert gateway.grant(home.link.id).gateway == login.vendor.url


def test_tokens_are_renewed_before_they_expire(home: Household, gateway: Gateway, login: Login, clock: Clock) -> None:
    accept(home, gateway)
    login.tokens = TOKENS | {"access_token": "Atza|two"}
    clock.now += 3200
    assert gateway.grant(home.link.id).access == "Atza|one"
    clock.now += 200
    assert gateway.grant(home.link.id).access == "Atza|two"
    assert login.forms[-1]["grant_type"] == "refresh_token"
    assert login.forms[-1]["refresh_token"] == "Atzr|one"
    assert gateway.renew(home.link.id, "Atza|one").access == "Atza|two"
    assert len(login.forms) == 2


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        ("400 Bad", "invalid_grant", Revoked),
        ("503 Busy", "server_error", Unreached),
        ("401 No", "invalid_client", ClientRefused),
        ("302 Found", "invalid_grant", Unreached),
    ],
)
def test_a_grant_is_kept_as_long_as_its_link_whatever_a_renewal_is_answered(
    status: str,
    error: str,
    raised: type[Exception],
    home: Household,
    gateway: Gateway,
    login: Login,
    clock: Clock,
) -> None:
    accept(home, gateway)
    clock.now += 4000
    login.status, login.tokens = status, {"error": error}
    with pytest.raises(raised):
        gateway.grant(home.link.id)
    assert home.store.link_secret(home.link.id, SECRET) is not None


def test_a_link_that_ends_while_amazon_answers_keeps_no_tokens(home: Household, gateway: Gateway, login: Login) -> None:
    login.meanwhile = partial(households.end, home.store, home.pictures, home.link)
    assert accept(home, gateway)["event"]["payload"]["type"] == "ACCEPT_GRANT_FAILED"
    assert home.store.link_secret(home.link.id, SECRET) is None


def test_amazons_tokens_end_with_the_link(home: Household, gateway: Gateway) -> None:
    accept(home, gateway)
    households.end(home.store, home.pictures, home.link)
    with pytest.raises(NotGranted):
        gateway.grant(home.link.id)


def test_while_amazon_hangs_for_one_link_it_is_asked_for_another(
    home: Household, gateway: Gateway, login: Login, clock: Clock
) -> None:
    links = home.link, home.another_link("alexa")
    for link in links:
        gateway.accept(link, "A1")

    def renewed_at_once() -> bool:
        """Each request is answered when both have come. On a busy machine one may come when the other has given up."""
        clock.now += 4000
        login.meanwhile = threading.Barrier(len(links), timeout=2 * EXCHANGE_S).wait
        with ThreadPoolExecutor(len(links)) as pool:
            asked = [pool.submit(gateway.grant, link.id) for link in links]
        return all(each.exception() is None and each.result().expires == clock.now + 3600 for each in asked)

    assert any(renewed_at_once() for _ in range(5))


@pytest.mark.parametrize("stored", [b'{"access": 1}', b'{"token": "Atza|one"}', b"\x00"])
def test_tokens_that_another_version_stored_are_none(home: Household, gateway: Gateway, stored: bytes) -> None:
    assert home.store.put_link_secret(home.link.id, SECRET, stored)
    assert not gateway.works(home.link)
    with pytest.raises(NotGranted, match="Another version"):
        gateway.grant(home.link.id)


@pytest.mark.parametrize(
    ("named", "taken"),
    [
        ("https://api.amazonalexa.com", True),
        ("https://api.eu.amazonalexa.com/", True),
        ("https://API.FE.amazonalexa.com", True),
        ("http://api.amazonalexa.com", False),
        ("https://api.amazonalexa.com.evil.example", False),
        ("https://u@api.amazonalexa.com", False),
        ("https://api.xx.amazonalexa.com", False),
        (None, False),
        (["https://api.amazonalexa.com"], False),
    ],
)
def test_events_go_to_amazons_gateways_and_nowhere_else(named: Any, taken: bool) -> None:
    assert bool(Amazon().gateway(named)) is taken
