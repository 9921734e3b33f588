"""One session for three processes: who renews it first wins, and nobody signs the household out by losing."""

import base64
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest

from showcam.drivers.errors import DriverError, SignedOut, VendorBusy, VendorDown
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.open_platform import Key
from showcam.drivers.ezviz.sessions import Sessions
from showcam.store.records import Source
from showcam.store.sqlite import SqliteStore
from tests.doubles.tls_vendor import Vendor, Vendors, answer
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "A list or stream token that EZVIZ refuses renews the session once before anybody hears of it",
    leans_on="double: EZVIZ's cloud",
)

EMPTY = {"meta": {"code": 200}, "page": {"hasNext": False}, "deviceInfos": [], "resourceInfos": []}


def token(host: str, number: int) -> dict[str, Any]:
    """What the library exports as its session."""
    return {
        "session_id": f"session-{number}",
        "rf_session_id": f"refresh-{number}",
        "username": "demo",
        "api_url": host,
        "service_urls": {"sysConf": []},
    }


class AppApi:
    """The vendor's sessions: one is good; a refresh id works once and makes the next one good."""

    def __init__(self, vendors: Vendors) -> None:
        self.good, self.refresh = 1, 1
        self.refreshes = 0
        self.signed_out: list[str] = []
        self.refused_by = 0  # a code in the body for a session that is over; 0: by HTTP
        self.before_refreshing: Callable[[], object] = lambda: None
        self.lists: Callable[[], str] = lambda: ""  # the one session that the list takes, in place of the good one
        self._lock = threading.Lock()
        self.vendor = vendors.answering(self._reply)

    def _reply(self, requested: str, body: bytes, headers: dict[str, str]) -> bytes:
        if requested.startswith("PUT /v3/apigateway/login"):
            self.before_refreshing()
            with self._lock:
                self.refreshes += 1
                given = parse_qs(body.decode())["refreshSessionId"][0]
                if given != f"refresh-{self.refresh}":
                    return answer(b'{"meta": {"code": 403}}')
                self.good = self.refresh = self.refresh + 1
                ids = {"sessionId": f"session-{self.good}", "refreshSessionId": f"refresh-{self.good}"}
                return answer(json.dumps({"meta": {"code": 200}, "sessionInfo": ids}).encode())
        if requested.startswith("DELETE /v3/users/logout"):
            self.signed_out.append(headers.get("sessionid", ""))
            return answer(b'{"meta": {"code": 200}}')
        if headers.get("sessionid") != (self.lists() or f"session-{self.good}"):
            if self.refused_by:
                return answer(json.dumps({"meta": {"code": self.refused_by}}).encode())
            return answer(b'{"meta": {"code": 401}}', "401 Unauthorized")
        return answer(json.dumps(EMPTY).encode())


@pytest.fixture
def api(vendors: Vendors) -> AppApi:
    return AppApi(vendors)


@pytest.fixture
def source(store: SqliteStore, api: AppApi) -> Source:
    account = sessions.add_owner(store, "demo@example.com", open_key="key", open_secret="secret")
    (source,) = store.sources(account.id)
    Sessions(store).signed_in(source, "demo@example.com", token(api.vendor.host, 1))
    return source


def process(store: SqliteStore, vendor: Vendor) -> EzvizDriver:
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    return EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)


def session_id(store: SqliteStore, source: Source) -> str:
    session = Sessions(store).read(source).secrets.session
    assert session is not None
    return str(session["session_id"])


def test_three_processes_renew_at_once_and_all_go_on(store: SqliteStore, api: AppApi, source: Source) -> None:
    processes = [process(store, api.vendor) for _ in range(3)]
    for driver in processes:
        driver.read(source, LONG_S)
    together = threading.Barrier(3)
    api.before_refreshing = lambda: together.wait(LONG_S)  # all three have read the old session before any renews it
    api.good = 0

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda driver: driver.read(source, LONG_S), processes)) == [()] * 3

    assert api.refreshes == 3
    assert session_id(store, source) == "session-2"
    assert Sessions(store).read(source).state == "ok"


def test_who_finds_a_newer_session_uses_it_and_renews_nothing(store: SqliteStore, api: AppApi, source: Source) -> None:
    first, second = process(store, api.vendor), process(store, api.vendor)
    first.read(source, LONG_S)
    second.read(source, LONG_S)
    api.good = 0
    first.read(source, LONG_S)

    second.read(source, LONG_S)

    assert api.refreshes == 1


@pytest.mark.parametrize("code", [401, 1006, 10002, 99999])
def test_a_list_refused_in_its_body_renews_the_session_before_anybody_hears_of_it(
    store: SqliteStore, api: AppApi, source: Source, code: int
) -> None:
    driver = process(store, api.vendor)
    api.good, api.refused_by = 0, code

    assert driver.read(source, LONG_S) == ()
    assert (api.refreshes, session_id(store, source)) == (1, "session-2")


def test_a_list_that_stays_refused_takes_one_session_and_not_one_with_each_try(
    store: SqliteStore, api: AppApi, source: Source
) -> None:
    driver = process(store, api.vendor)
    api.refused_by, api.lists = 500, lambda: "no session at all"
    for _ in range(4):
        with pytest.raises(VendorDown, match="code 500"):
            driver.read(source, LONG_S)
    assert api.refreshes == 1

    api.lists = lambda: ""
    assert driver.read(source, LONG_S) == ()
    api.good = 0  # and the next end of a session is met as the first was
    assert driver.read(source, LONG_S) == ()
    assert api.refreshes == 2


def test_a_busy_vendor_gets_no_new_session_asked_of_it(store: SqliteStore, api: AppApi, source: Source) -> None:
    driver = process(store, api.vendor)
    api.good, api.refused_by = 0, 10029

    with pytest.raises(VendorBusy):
        driver.read(source, LONG_S)
    assert api.refreshes == 0


class StreamTokenApi:
    """The vendor's stream tokens: its session 1 is over, and `refusal` says so; `gives` tokens in any later one."""

    def __init__(self, vendors: Vendors, refusal: bytes, *, gives: bool = True, place: str = "") -> None:
        """`place`: where it says that tokens are; "": here."""
        self._refusal, self._gives, self._place = refusal, gives, place
        self.refreshes = self.asked = 0
        self.vendor = vendors.answering(self._reply)

    @staticmethod
    def session(number: int) -> str:
        claims = json.dumps({"s": "sign", "number": number}).encode()
        return f"head.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.tag"

    def _reply(self, requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        if requested.startswith("PUT /v3/apigateway/login"):
            self.refreshes += 1
            ids = {"sessionId": self.session(2), "refreshSessionId": "refresh-2"}
            return answer(json.dumps({"meta": {"code": 200}, "sessionInfo": ids}).encode())
        if requested.startswith("GET /v3/configurations/system/info"):
            info = {"authAddr": self._place or self.vendor.url, "sysConf": "0"}
            return answer(json.dumps({"meta": {"code": 200}, "systemConfigInfo": info}).encode())
        self.asked += 1
        if self._gives and self.session(2) in requested:
            return answer(b'{"retcode": 0, "tokens": ["ut.1"]}')
        return self._refusal


NO_TOKEN = {
    "401": answer(b"", "401 Unauthorized"),
    "403": answer(b"", "403 Forbidden"),
    "a code": answer(b'{"retcode": 10002, "msg": "no"}'),
}


def with_tokens(store: SqliteStore, api: StreamTokenApi) -> Source:
    (source,) = store.sources(sessions.add_owner(store, "demo@example.com").id)
    Sessions(store).signed_in(source, "demo@example.com", token(api.vendor.host, 1) | {"session_id": api.session(1)})
    return source


@pytest.mark.parametrize("refusal", NO_TOKEN)
def test_a_stream_token_that_is_refused_renews_the_session_before_anybody_hears_of_it(
    store: SqliteStore, vendors: Vendors, refusal: str
) -> None:
    api = StreamTokenApi(vendors, NO_TOKEN[refusal])
    source = with_tokens(store, api)
    assert process(store, api.vendor).account.stream_token(source, LONG_S) == "ut.1"
    assert (api.refreshes, session_id(store, source)) == (1, api.session(2))


@pytest.mark.parametrize("refusal", ["403", "a code"])
def test_one_that_stays_refused_takes_one_session(store: SqliteStore, vendors: Vendors, refusal: str) -> None:
    api = StreamTokenApi(vendors, NO_TOKEN[refusal], gives=False)
    with pytest.raises(VendorDown):
        process(store, api.vendor).account.stream_token(with_tokens(store, api), LONG_S)
    assert (api.refreshes, api.asked) == (1, 2)


@pytest.mark.parametrize(
    ("refusal", "expected", "asked"),
    [
        (answer(b"<html>"), VendorDown, 1),
        (answer(b"", "500 Internal Server Error"), VendorDown, 2),  # a read that fails by the server is repeated once
        (answer(b'{"retcode": 10007}'), VendorBusy, 1),
    ],
)
def test_a_vendor_in_trouble_gets_no_new_session_asked_of_it_for_a_stream_token(
    store: SqliteStore, vendors: Vendors, refusal: bytes, expected: type[DriverError], asked: int
) -> None:
    api = StreamTokenApi(vendors, refusal)
    with pytest.raises(expected):
        process(store, api.vendor).account.stream_token(with_tokens(store, api), LONG_S)
    assert (api.refreshes, api.asked) == (0, asked)


@pytest.mark.parametrize("place", ["https://null", "null", "https://auth.example.com"])
def test_a_place_of_stream_tokens_that_is_none_is_no_reason_for_a_new_session(
    store: SqliteStore, vendors: Vendors, place: str
) -> None:
    """The vendor names the place in an answer that is a success."""
    api = StreamTokenApi(vendors, NO_TOKEN["401"], place=place)
    with pytest.raises(VendorDown):
        process(store, api.vendor).account.stream_token(with_tokens(store, api), LONG_S)
    assert (api.refreshes, api.asked) == (0, 0)


def test_a_dead_session_signs_out_until_a_person_signs_in(store: SqliteStore, api: AppApi, source: Source) -> None:
    driver = process(store, api.vendor)
    api.good = api.refresh = 7

    with pytest.raises(SignedOut):
        driver.read(source, LONG_S)
    before = len(api.vendor.requests)
    with pytest.raises(SignedOut):  # without asking the vendor again
        driver.read(source, LONG_S)

    held = Sessions(store).read(source)
    assert (held.state, held.secrets.open) == ("needs_login", Key("key", "secret"))
    assert len(api.vendor.requests) == before
    Sessions(store).signed_in(source, "demo@example.com", token(api.vendor.host, 7))
    assert driver.read(source, LONG_S) == ()


def test_the_renewed_session_beats_a_sign_out_written_meanwhile(store: SqliteStore, source: Source) -> None:
    sessions = Sessions(store)
    held = sessions.read(source)
    # another process was refused the same refresh id a moment too early
    assert held.secrets.session is not None
    blob = json.dumps({"user": "demo@example.com", "session": held.secrets.session, "open": None}).encode()
    assert store.swap_session(source.account, source.id, version=held.version, secrets=blob, state="needs_login")

    kept = sessions.renewed(source, "session-1", token("host", 2))

    assert kept["session_id"] == "session-2"
    assert sessions.read(source).state == "ok"


def test_a_lost_swap_uses_the_winners_session(store: SqliteStore, source: Source) -> None:
    sessions = Sessions(store)
    assert sessions.renewed(source, "session-1", token("host", 2))["session_id"] == "session-2"

    assert sessions.renewed(source, "session-1", token("host", 3))["session_id"] == "session-2"
    assert session_id(store, source) == "session-2"


def test_a_refused_refresh_waits_for_the_process_that_had_it(
    store: SqliteStore, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Sessions(store)
    monkeypatch.setattr(time, "sleep", lambda _s: sessions.renewed(source, "session-1", token("h", 2)))

    assert sessions.dead(source, "session-1", 5.0)["session_id"] == "session-2"
    assert sessions.read(source).state == "ok"


def test_a_session_that_is_renewed_in_the_moment_of_the_sign_out_is_used(
    store: SqliteStore, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, swap = Sessions(store), store.swap_session

    def after_another(*given: Any, **named: Any) -> bool:
        monkeypatch.undo()
        sessions.renewed(source, "session-1", token("h", 2))
        return swap(*given, **named)

    monkeypatch.setattr(store, "swap_session", after_another)

    assert sessions.dead(source, "session-1", 0.0)["session_id"] == "session-2"
    assert sessions.read(source).state == "ok"


def test_signing_in_beats_whatever_stands_and_keeps_the_key(store: SqliteStore, source: Source) -> None:
    sessions = Sessions(store)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: sessions.signed_in(source, "demo@example.com", token("h", number)), range(2, 6)))

    held = sessions.read(source)
    assert session_id(store, source) in {f"session-{number}" for number in range(2, 6)}
    assert (held.secrets.open, held.state) == (Key("key", "secret"), "ok")


def test_no_session_and_unreadable_secrets_are_signed_out(store: SqliteStore, source: Source) -> None:
    sessions = Sessions(store)
    held = sessions.read(source)
    store.swap_session(source.account, source.id, version=held.version, secrets=b"not json", state="ok")

    with pytest.raises(SignedOut):
        sessions.read(source)


def test_what_is_sealed_has_these_names(store: SqliteStore, source: Source) -> None:
    """They stand in every installation's database."""
    row = store.read_session(source.account, source.id)
    assert row is not None
    assert json.loads(row.secrets) == {
        "user": "demo@example.com",
        "session": Sessions(store).read(source).secrets.session,
        "open": {"key": "key", "secret": "secret"},
        "codes": {},
        "picture_codes": {},
        "by_video": {},
        "keys_refused": [],
        "local": [],
        "elevated": "",
        "open_air": False,
        "sub_account": "",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"meta": 5}',
        b'{"meta": {"code": 200}}',
        b'{"meta": {"code": 200}, "deviceInfos": [{}], "resourceInfos": []}',
        b'{"meta": {"code": 200}, "deviceInfos": {"a": 1}, "resourceInfos": []}',
        b'{"meta": {"code": 200}, "deviceInfos": [], "resourceInfos": [1]}',
        b'{"meta": {"code": 200}, "page": {"hasNext": true}, "deviceInfos": [], "resourceInfos": []}',
        b'{"meta": {"code": 500}, "deviceInfos": [], "resourceInfos": []}',
        b"[" * 100_000,
    ],
)
def test_an_answer_that_makes_no_sense_is_the_vendor_being_down_and_never_an_empty_list(
    store: SqliteStore, vendors: Vendors, body: bytes
) -> None:
    vendor = vendors.answering(lambda *_: answer(body))
    account = sessions.add_owner(store, "demo@example.com")
    (source,) = store.sources(account.id)
    Sessions(store).signed_in(source, "demo@example.com", token(vendor.host, 1))

    with pytest.raises(VendorDown):
        process(store, vendor).read(source, LONG_S)


def test_signing_out_ends_the_session_there(store: SqliteStore, api: AppApi, source: Source) -> None:
    process(store, api.vendor).sign_out(source, LONG_S)
    assert api.signed_out == ["session-1"]


def test_signing_out_where_nobody_is_signed_in_asks_nothing(store: SqliteStore, api: AppApi) -> None:
    account = sessions.add_owner(store, "new@example.com")
    [waiting] = store.sources(account.id)
    with pytest.raises(SignedOut):
        process(store, api.vendor).sign_out(waiting, LONG_S)
    assert api.signed_out == []
