"""Signing in: who may, and every verdict of the simulated vendor."""

import base64
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import msgspec
import pytest

from showcam.accounts.attempts import Limits
from showcam.drivers.camera import Camera
from showcam.drivers.ezviz import sessions
from showcam.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from showcam.drivers.ezviz.sessions import Sessions
from showcam.drivers.vendor import CodeSent, Rejected
from showcam.i18n.catalogue import Language
from showcam.registry.owner.sign_in import SignIn, SignUp
from showcam.registry.owner.sign_in_outcome import CodeWanted, SignedIn, SignInRefused, masked, refused
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.simulator_process import SimulatorProcess
from tests.doubles.tls_vendor import Vendors, answer
from tests.doubles.waiting import LONG_S

pytestmark = pytest.mark.proves(
    "Sign-in to EZVIZ takes EZVIZ's code, and each verdict has its reason",
    leans_on="double: EZVIZ's cloud",
    also=("tests/registry/test_sign_in_limits.py",),
)

PASSWORD = "showcam-demo"
HERE = "192.0.2.1"
MANY = Limits(per_user=1000, per_address=1000, per_code=5)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess(tmp_path_factory.mktemp("vendor"))
    yield running
    running.stop()


@pytest.fixture
def driver(simulator: SimulatorProcess, store: SqliteStore) -> Iterator[EzvizDriver]:
    store.meta_once("ezviz_terminal", "0123456789abcdef0123456789abcdef")
    hosts = EzvizHosts.of("eu", api=simulator.app_host, open_platform=simulator.open_host)
    yield EzvizDriver(store, hosts, ca_file=simulator.ca, demo=True)
    simulator.configure(region="", terminals=10, latency_ms=0)


@pytest.fixture
def sign_in(store: SqliteStore, driver: EzvizDriver) -> SignIn:
    for name in ("demo", "mfa"):
        sessions.add_owner(store, f"{name}@example.com", open_key=f"{name}-key", open_secret=f"{name}-secret")
    return SignIn(store, [driver], "invited", limits=MANY, vendor_s=LONG_S)


def why(outcome: object) -> str:
    assert isinstance(outcome, SignInRefused), outcome
    return outcome.why


def test_the_right_password_signs_the_household_in_and_is_not_kept(store: SqliteStore, sign_in: SignIn) -> None:
    outcome = sign_in.begin(" Demo@Example.com ".lower(), PASSWORD, HERE)

    source = sessions.find(store, "demo@example.com")
    assert source is not None
    assert isinstance(outcome, SignedIn)
    assert outcome.account.id == source.account
    held = Sessions(store).read(source)
    assert (held.state, held.secrets.user) == ("ok", "demo@example.com")
    assert held.secrets.open is not None
    row = store.read_session(source.account, source.id)
    assert row is not None
    assert PASSWORD.encode() not in row.secrets


def test_signing_in_again_is_the_same_household(sign_in: SignIn) -> None:
    outcomes = [sign_in.begin("demo@example.com", PASSWORD, HERE) for _ in range(2)]

    assert len({outcome.account.id for outcome in outcomes if isinstance(outcome, SignedIn)}) == 1


@pytest.mark.parametrize(
    ("user", "password"), [("demo@example.com", "wrong"), ("demo@example.com", ""), ("", PASSWORD), ("  ", PASSWORD)]
)
def test_a_wrong_or_missing_password(sign_in: SignIn, user: str, password: str) -> None:
    assert why(sign_in.begin(user, password, HERE)) == "wrong"
    assert isinstance(sign_in.begin("demo@example.com", PASSWORD, HERE), SignedIn)


@pytest.mark.parametrize("sign_up", ["owner", "invited"])
def test_a_stranger_is_refused_before_the_vendor_is_called(
    store: SqliteStore, vendors: Vendors, sign_up: SignUp
) -> None:
    vendor = vendors.answering(lambda *_: answer(b"{}"))
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    door = SignIn(store, [EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)], sign_up)

    assert why(door.begin("other@example.com", PASSWORD, HERE)) == "stranger"
    assert vendor.opened == []
    assert list(store.accounts()) == []


def test_where_anyone_may_sign_up_a_household_is_made_once(store: SqliteStore, driver: EzvizDriver) -> None:
    door = SignIn(store, [driver], "anyone", limits=MANY, vendor_s=LONG_S)
    assert why(door.begin("other@example.com", "wrong", HERE)) == "wrong"
    assert list(store.accounts()) == []

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda _: door.begin("other@example.com", PASSWORD, HERE), range(3)))

    assert all(isinstance(outcome, SignedIn) for outcome in outcomes)
    assert len(list(store.accounts())) == 1


# the second step


def code_wanted(sign_in: SignIn) -> CodeWanted:
    outcome = sign_in.begin("mfa@example.com", PASSWORD, HERE)
    assert isinstance(outcome, CodeWanted), outcome
    return outcome


def test_a_code_that_starts_with_zero(sign_in: SignIn) -> None:
    wanted = code_wanted(sign_in)

    assert wanted.hint == "m…@example.com"
    assert why(sign_in.submit_code(wanted.pending, "999999")) == "wrong_code"
    assert isinstance(sign_in.submit_code(wanted.pending, " 012345 "), SignedIn)


def test_what_is_no_code_is_wrong(sign_in: SignIn) -> None:
    pending = code_wanted(sign_in).pending

    for code in ("", "12345", "０12345", "012345\x00", "0" * 500):
        assert why(sign_in.submit_code(pending, code)) == "wrong_code"


def test_five_guesses(sign_in: SignIn) -> None:
    pending = code_wanted(sign_in).pending
    outcomes = [sign_in.submit_code(pending, "!") for _ in range(6)]

    assert [why(outcome) for outcome in outcomes] == ["wrong_code"] * 5 + ["guessed"]
    assert why(sign_in.submit_code(pending, "012345")) == "guessed"
    assert why(sign_in.submit_code(code_wanted(sign_in).pending, "012345")) == "guessed"  # nor a newer code


def test_five_minutes(store: SqliteStore, driver: EzvizDriver, clock: Clock) -> None:
    sessions.add_owner(store, "mfa@example.com")
    door = SignIn(store, [driver], "owner", limits=MANY, vendor_s=LONG_S, clock=clock)
    pending = code_wanted(door).pending
    clock.now += 300

    assert why(door.submit_code(pending, "012345")) == "expired"
    assert why(door.submit_code(b"of another version", "012345")) == "expired"


# regions


def test_the_region_the_vendor_names_is_followed_with_the_code_in_hand(
    simulator: SimulatorProcess, store: SqliteStore, vendors: Vendors, sign_in: SignIn
) -> None:
    region = simulator.app_host
    body = msgspec.json.encode({"meta": {"code": 1100}, "loginArea": {"apiDomain": region}})
    first_host = vendors.answering(lambda *_: answer(body))
    both = simulator.data / "both.pem"
    both.write_bytes(simulator.ca.read_bytes() + first_host.ca_file.read_bytes())
    hosts = EzvizHosts(first_host.host, simulator.open_host, extra=(first_host.host, region))
    door = SignIn(store, [EzvizDriver(store, hosts, ca_file=both, demo=True)], "owner", limits=MANY, vendor_s=LONG_S)

    wanted = code_wanted(door)
    outcome = door.submit_code(wanted.pending, "012345")

    assert isinstance(outcome, SignedIn)
    assert len(first_host.requests) == 1  # the code went straight to the region
    source = sessions.find(store, "mfa@example.com")
    assert source is not None
    session = Sessions(store).read(source).secrets.session
    assert session is not None
    assert session["api_url"] == region


def test_regions_in_a_circle_are_followed_once(simulator: SimulatorProcess, sign_in: SignIn) -> None:
    simulator.configure(region="circle")
    before = simulator.calls()

    assert why(sign_in.begin("demo@example.com", PASSWORD, HERE)) == "vendor_down"
    assert sum((simulator.calls() - before).values()) == 2


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "169.254.169.254", "", "x@evil.example/"])
def test_a_region_at_an_unknown_host_is_not_gone_to(store: SqliteStore, vendors: Vendors, host: str) -> None:
    body = msgspec.json.encode({"meta": {"code": 1100}, "loginArea": {"apiDomain": host}})
    vendor = vendors.answering(lambda *_: answer(body))
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    sessions.add_owner(store, "demo@example.com")
    door = SignIn(store, [EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)], "owner", vendor_s=LONG_S)

    assert why(door.begin("demo@example.com", PASSWORD, HERE)) == "unsupported"
    assert len(vendor.requests) == 1


class Regions:
    """The host that is asked first, and the simulator as the region in which the accounts live."""

    def __init__(
        self, store: SqliteStore, vendors: Vendors, simulator: SimulatorProcess, *, then: bytes, region: str = "eu"
    ) -> None:
        self.first = vendors.answering(lambda *_: answer(b'{"meta": {"code": 1013}}'))
        self.second = vendors.answering(lambda *_: answer(then))
        both = simulator.data / "both.pem"
        both.write_bytes(simulator.ca.read_bytes() + self.first.ca_file.read_bytes())
        self.others = (self.second.host, simulator.app_host)
        extra = (self.first.host, *self.others)
        hosts = EzvizHosts(self.first.host, simulator.open_host, extra=extra, others=self.others, region=region)
        driver = EzvizDriver(store, hosts, ca_file=both, demo=True)
        self.door = SignIn(store, [driver], "anyone", limits=MANY, vendor_s=LONG_S)


def test_a_user_that_one_region_does_not_know_is_asked_for_once_in_each_other(
    store: SqliteStore, vendors: Vendors, simulator: SimulatorProcess
) -> None:
    regions = Regions(store, vendors, simulator, then=b'{"meta": {"code": 1013}}')
    assert isinstance(regions.door.begin("demo@example.com", PASSWORD, HERE), SignedIn)
    assert (len(regions.first.requests), len(regions.second.requests)) == (1, 1)
    source = sessions.find(store, "demo@example.com")
    assert source is not None
    session = Sessions(store).read(source).secrets.session
    assert session is not None
    assert session["api_url"] == simulator.app_host


@pytest.mark.parametrize(
    ("then", "user", "password", "expected"),
    [
        (b'{"meta": {"code": 1013}}', "nobody@example.com", PASSWORD, "unknown"),
        (b'{"meta": {"code": 1013}}', "demo@example.com", "another", "wrong"),
        (b"<html>", "nobody@example.com", PASSWORD, "wrong"),  # that region may know the account
    ],
)
def test_what_all_regions_do_not_know_is_called_that(
    store: SqliteStore,
    vendors: Vendors,
    simulator: SimulatorProcess,
    then: bytes,
    user: str,
    password: str,
    expected: str,
) -> None:
    regions = Regions(store, vendors, simulator, then=then)
    assert why(regions.door.begin(user, password, HERE)) == expected


def test_a_sign_in_begins_at_the_region_of_the_settings_and_names_all_others() -> None:
    hosts = EzvizHosts.of("eu")
    assert (hosts.api, hosts.others[-1], len(hosts.others)) == ("apiieu.ezvizlife.com", "apirus.ezvizru.com", 5)


@pytest.mark.parametrize(
    ("region", "language", "sentence"),
    [
        (
            "eu",
            "en",
            "no such user name in Europe, nor in North America, South America, Asia, India, Russia.",
        ),
        (
            "ru",
            "en",
            "no such user name in Russia, nor in Europe, North America, South America, Asia, India.",
        ),
        (
            "sg",
            "nb",
            "ikke noe slikt brukernavn i Asia, heller ikke i Europa, Nord-Amerika, Sør-Amerika, India, Russland.",
        ),
        (
            "us",
            "de",
            "keinen solchen Benutzernamen in Nordamerika, auch nicht in Europa, Südamerika, Asien, Indien, Russland.",
        ),
    ],
)
def test_who_is_unknown_everywhere_reads_where_was_asked_first_and_where_then(
    store: SqliteStore,
    vendors: Vendors,
    simulator: SimulatorProcess,
    region: str,
    language: Language,
    sentence: str,
) -> None:
    regions = Regions(store, vendors, simulator, then=b'{"meta": {"code": 1013}}', region=region)
    outcome = regions.door.begin("nobody@example.com", PASSWORD, HERE)
    assert isinstance(outcome, SignInRefused)
    said = refused(outcome.why, language, "EZVIZ", region=outcome.region)
    assert sentence in said


# the vendor's other verdicts


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b'{"meta": {"code": 1013}}', "200 OK", "wrong"),
        (b'{"meta": {"code": 1226}}', "200 OK", "wrong"),
        (b'{"meta": {"code": 1014}}', "200 OK", "wrong"),
        (b'{"meta": {"code": 1015}}', "200 OK", "locked"),
        (b'{"meta": {"code": 1069}}', "200 OK", "terminals"),
        (b'{"meta": {"code": 1041}}', "200 OK", "too_often"),
        (b'{"meta": {"code": 1043}}', "200 OK", "too_often"),
        (b'{"meta": {"code": 1011}}', "200 OK", "wrong_code"),
        (b'{"meta": {"code": 1012}}', "200 OK", "expired"),
        (b'{"meta": {"code": 1016}}', "200 OK", "unsupported"),  # something more is wanted, a captcha perhaps
        (b'{"meta": {"code": 80000}}', "200 OK", "unsupported"),
        (b'{"meta": {"code": 1021}}', "200 OK", "vendor_down"),
        (b'{"meta": {"code": 500}}', "200 OK", "vendor_down"),
        (b'{"meta": {"code": 4711}}', "200 OK", "vendor_down"),
        (b'{"meta": {"code": 200}}', "200 OK", "vendor_down"),
        (b"[]", "200 OK", "vendor_down"),
        (b"<html>", "200 OK", "vendor_down"),
        (b"<html>", "500 Internal Server Error", "vendor_down"),
        (b"", "403 Forbidden", "vendor_down"),
        (b"", "429 Too Many Requests", "vendor_down"),
    ],
)
def test_every_verdict_has_its_word(
    store: SqliteStore, vendors: Vendors, body: bytes, status: str, expected: str
) -> None:
    vendor = vendors.answering(lambda *_: answer(body, status))
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    sessions.add_owner(store, "demo@example.com")
    door = SignIn(store, [EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)], "owner", vendor_s=LONG_S)

    assert why(door.begin("demo@example.com", PASSWORD, HERE)) == expected


def test_the_owner_sees_showcam_among_the_terminals_and_each_account_has_a_code_of_its_own(
    store: SqliteStore, vendors: Vendors
) -> None:
    vendor = vendors.answering(lambda *_: answer(b'{"meta": {"code": 1014}}'))
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    users = ("demo@example.com", "Demo@Example.com ", "other@example.com")
    for _ in range(2):  # two processes
        driver = EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)
        for user in users:
            driver.sign_in(user, PASSWORD, LONG_S)

    forms = [parse_qs(body.decode()) for _, body in vendor.requests]
    assert {base64.b64decode(form["cuName"][0]) for form in forms} == {b"showcam"}
    codes = [form["featureCode"][0] for form in forms]
    assert codes[:3] == codes[3:] == [codes[0], codes[0], codes[2]]
    assert codes[0] != codes[2]
    assert all(re.fullmatch("[0-9a-f]{32}", code) for code in codes)


@pytest.mark.parametrize(("code", "mailed"), [("", 1), ("012345", 0)], ids=["none in hand", "one in hand"])
def test_a_code_is_mailed_to_whom_has_none_and_no_second_one_voids_the_first(
    store: SqliteStore, vendors: Vendors, code: str, mailed: int
) -> None:
    """With one in hand that is not taken its owner is told to look again, and enter it once more."""

    def reply(requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        return answer(b'{"meta": {"code": 200}}' if "checkcode" in requested else b'{"meta": {"code": 6002}}')

    vendor = vendors.answering(reply)
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    driver = EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)
    verdict = driver.sign_in("demo@example.com", PASSWORD, 20.0, code=code, host=vendor.host)
    assert verdict == (Rejected("wrong_code") if code else CodeSent(vendor.host))
    assert sum("checkcode" in requested for requested, _ in vendor.requests) == mailed


def test_codes_requested_too_often_are_refused(store: SqliteStore, vendors: Vendors) -> None:
    def reply(requested: str, _body: bytes, _headers: dict[str, str]) -> bytes:
        return answer(b'{"meta": {"code": 1041}}' if "checkcode" in requested else b'{"meta": {"code": 6002}}')

    vendor = vendors.answering(reply)
    hosts = EzvizHosts.of("eu", api=vendor.host, open_platform=vendor.host)
    sessions.add_owner(store, "demo@example.com")
    door = SignIn(store, [EzvizDriver(store, hosts, ca_file=vendor.ca_file, demo=True)], "owner", vendor_s=LONG_S)

    assert why(door.begin("demo@example.com", PASSWORD, HERE)) == "too_often"


def test_the_vendors_terminal_limit(simulator: SimulatorProcess, sign_in: SignIn, store: SqliteStore) -> None:
    assert isinstance(sign_in.begin("demo@example.com", PASSWORD, HERE), SignedIn)
    simulator.configure(terminals=1)

    assert isinstance(sign_in.begin("demo@example.com", PASSWORD, HERE), SignedIn)  # one terminal, each time the same


@pytest.mark.parametrize(
    ("user", "expected"), [("kari@example.com", "k…@example.com"), ("+4791234567", "…67"), ("@", "…@")]
)
def test_the_address_of_the_code_is_masked(user: str, expected: str) -> None:
    assert masked(user) == expected


def test_nothing_secret_is_logged_or_raised(
    simulator: SimulatorProcess,
    sign_in: SignIn,
    store: SqliteStore,
    driver: EzvizDriver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in.begin("demo@example.com", "s3cret-password", HERE)
    simulator.configure(region="circle")
    sign_in.begin("demo@example.com", PASSWORD, HERE)
    simulator.configure(region="")
    assert isinstance(sign_in.begin("demo@example.com", PASSWORD, HERE), SignedIn)
    sign_in.submit_code(code_wanted(sign_in).pending, "987654")
    source = sessions.find(store, "demo@example.com")
    assert source is not None
    (garden, *_) = driver.read(source, LONG_S)
    minted = driver.mint(source, Camera.of(garden), "open", LONG_S)
    session = Sessions(store).read(source).secrets.session
    assert session is not None

    secrets = [
        "s3cret-password",
        PASSWORD,
        "987654",
        "demo-secret",
        "demo@example.com",
        minted.url,
        garden.ref.serial,
        session["session_id"],
        session["rf_session_id"],
        simulator.app_host,
    ]
    logged = "\n".join([record.getMessage() + str(record.__dict__) for record in caplog.records])
    assert [secret for secret in secrets if secret in logged] == []
