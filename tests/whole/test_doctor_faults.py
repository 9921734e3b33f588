"""The doctor names each fault of the way to a running showcam: real ports, certificates and proxies with that fault."""

import contextlib
import datetime
import json
import secrets
import socket
import ssl
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from showcam.accounts import clients
from showcam.app import keys as key_files
from showcam.app.doctor import assistants, google
from showcam.app.doctor.reach import Visitor, World
from showcam.app.edge.machines import HEADER, sign
from showcam.app.setup.google_console import REDIRECTS
from showcam.console.health.machine import Fault, Finding
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles import records as a
from tests.doubles.fault_proxy import FaultProxy, NameService, ProxyFault
from tests.doubles.program import Program, running
from tests.doubles.waiting import LONG_S

pytestmark = [
    pytest.mark.process,
    pytest.mark.proves(
        "The doctor names 30 faults of an installation with their fix, and none without a fault",
        leans_on="second stack: OpenSSL, trustme and aioice; double: the internet, on loopback",
        also=(
            "tests/showcam/test_doctor_machine.py",
            "tests/showcam/test_doctor.py",
        ),
    ),
]

BOTH = tuple(redirect.format(project="home-1") for redirect in REDIRECTS)
HERE = "127.0.0.1"  # plays the house's public address
ELSEWHERE = "::1"  # plays an address of somebody else, where nothing listens


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("examined")
    with running(
        folder, demo=False, SHOWCAM_TRUSTED_PROXIES="127.0.0.1", SHOWCAM_ALEXA_SKILL_ID="amzn1.ask.skill.ours"
    ) as program:
        yield program


@pytest.fixture(scope="module")
def store(program: Program) -> Iterator[SqliteStore]:
    opened = SqliteStore(program.data / "showcam.sqlite3", Sealer(key_files.read_or_make(program.data / "keys").seal))
    yield opened
    opened.close()


def public(address: str) -> bool:
    """Whether an address is public: in these tests 127.0.0.0/8 is the internet, and the house is elsewhere."""
    return address.startswith("127.") or address == "::1"


class Pki:
    """An authority that is trusted, one beneath it, and a stranger."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.stranger = trustme.CA(), trustme.CA()
        self.between = self.authority.create_child_ca()
        self.trusted = folder / "trusted.pem"
        self.authority.cert_pem.write_to_path(self.trusted)

    def context(self, made: str) -> ssl.SSLContext:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        match made:
            case "over":
                leaf = self.authority.issue_cert("localhost", not_before=now - 90 * day, not_after=now - day)
            case "of another":
                leaf = self.authority.issue_cert("other.example")
            case "incomplete" | "complete":
                leaf = self.between.issue_cert("localhost")
            case "of a stranger":
                leaf = self.stranger.issue_cert("localhost")
            case _:
                leaf = self.authority.issue_cert("localhost", not_after=now + 90 * day)
        leaf.configure_cert(context)
        if made == "incomplete":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            with leaf.private_key_pem.tempfile() as key, leaf.cert_chain_pems[0].tempfile() as alone:
                context.load_cert_chain(alone, key)
        if made == "old":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context


@dataclass
class House:
    """The running program behind a proxy, as the doctor examines it."""

    program: Program
    store: SqliteStore
    pki: Pki

    def examined(
        self,
        *,
        proxy: ProxyFault = "",
        certificate: str = "good",
        outside: list[str] | None = None,
        own: str | None = HERE,
        visited: bool = False,
        redirects: tuple[str, ...] = BOTH,
        to: Callable[[str], str] = lambda url: url,
        within_s: float = LONG_S,
    ) -> list[Finding]:
        """`outside`: the addresses of the name as the world sees it. `own`: the house's address by STUN. `within_s` is
        short for what never answers.
        """
        with (
            FaultProxy(self.program.port, self.program.media_port, self.pki.context(certificate), proxy) as front,
            NameService(self.pki.context("good"), lambda: [HERE] if outside is None else outside) as names,
            clients.on_trial(self.store, "google", "https://showcam.invalid/doctor") as trial,
            registered(self.store, redirects) as known,
        ):
            url = to(front.url)
            patient = google.Patient(web=url, pictures=(url,), client=known, trial=trial, hidden=True)
            world = World(names.url, lambda: own, visited, public)
            return list(google.examine(patient, Visitor(self.pki.trusted, within_s), world))


@contextlib.contextmanager
def registered(store: SqliteStore, redirects: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    clients.register(store, "google", "google", redirects)
    yield "google", redirects
    store.drop_client("google")


@pytest.fixture(scope="module")
def house(program: Program, store: SqliteStore, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(program, store, Pki(tmp_path_factory.mktemp("pki")))


def test_without_a_fault_all_is_well(house: House) -> None:
    for certificate in ("good", "complete"):
        findings = house.examined(certificate=certificate)
        assert {finding.state for finding in findings} == {"ok"}, findings


def is_named(findings: list[Finding], fault: Fault, mend: str) -> None:
    """One fault is named, as the first that is wrong, with its mend; nothing else is named."""
    first = next(finding for finding in findings if finding.state != "ok")
    assert first.fault == fault, findings
    assert mend in first.mend
    assert {finding.fault for finding in findings if finding.fault} == {fault}


# the fault of a proxy, its name, and words of its mend
PROXIES: list[tuple[ProxyFault, Fault, str]] = [
    ("redirect", "redirect", "follow no redirect"),
    ("password", "password", "without one"),
    ("body_cut", "body_cut", "bodies of at least 256 KiB whole"),
    ("body_refused", "body_cut", "bodies of at least 256 KiB whole"),
    ("header_dropped", "header_dropped", "pass the header Authorization on"),
    ("pictures_not_forwarded", "pictures_not_forwarded", "send /s/ to the media process"),
    ("cors_stripped", "cors_stripped", "pass CORS headers as they are"),
]


@pytest.mark.parametrize(("proxy", "fault", "mend"), PROXIES, ids=[proxy for proxy, _, _ in PROXIES])
def test_a_proxy_with_a_fault(house: House, proxy: ProxyFault, fault: Fault, mend: str) -> None:
    is_named(house.examined(proxy=proxy), fault, mend)


def test_a_proxy_that_adds_no_header(house: House) -> None:
    found = {finding.what: finding for finding in house.examined(proxy="nothing_added") if finding.state != "ok"}
    assert {what: finding.state for what, finding in found.items()} == {
        "visitors' addresses, /readyz": "unsure",
        "pages of the cameras, /home": "wrong",
    }
    assert "add X-Forwarded-For with the visitor's address" in found["pages of the cameras, /home"].mend


# a certificate, its fault, and words of its mend
CERTIFICATES: list[tuple[str, Fault | None, str]] = [
    ("over", "certificate_over", "why the proxy does not renew it"),
    ("of another", "certificate_of_another", "for this very name"),
    ("incomplete", "chain_incomplete", "send the whole chain"),
    ("old", "tls_too_old", "take TLS 1.2 and 1.3"),
]


@pytest.mark.parametrize(("made", "fault", "mend"), CERTIFICATES, ids=[made for made, _, _ in CERTIFICATES])
def test_a_certificate_with_a_fault(house: House, made: str, fault: Fault, mend: str) -> None:
    is_named(house.examined(certificate=made), fault, mend)


def test_a_redirect_address_that_is_missing(house: House) -> None:
    is_named(house.examined(redirects=BOTH[:1]), "redirect_uri_missing", "give your Project ID again")


def test_a_machine_without_the_internet_is_no_fault_of_the_name() -> None:
    patient = google.Patient(web="https://no..name", pictures=(), client=None, trial=("doctor", "s"))
    [found] = google.examine(patient, Visitor(within_s=1.0), World("https://localhost:9/resolve"))
    assert (found.state, found.fault, "reaches the internet" in found.mend) == ("wrong", None, True)


def nobody(_url: str) -> str:
    return "https://localhost:9"


# what public DNS answers, the house's own address, whether somebody came lately, the way, the fault, words of its mend
NAMES: dict[str, tuple[list[str], str | None, bool, Fault, str]] = {
    "in no DNS": ([], HERE, False, "dns_wrong", "point at your public address"),
    "at somebody else's": ([ELSEWHERE], HERE, False, "dns_wrong", "keep it up to date"),
    "at an address of the house": (["192.168.1.4"], HERE, False, "dns_private", "point at your public address"),
    "of IPv6 in the house": (["fd00::4"], HERE, False, "dns_private", "point at your public address"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_that_leads_nowhere(house: House, case: str) -> None:
    outside, own, visited, fault, mend = NAMES[case]
    is_named(house.examined(outside=outside, own=own, visited=visited), fault, mend)


@pytest.mark.parametrize("own", [HERE, None])
def test_a_port_that_is_closed(house: House, own: str | None) -> None:
    is_named(house.examined(to=nobody, own=own), "port_closed", "that the router forwards the port")


def test_a_router_that_does_not_lead_back_into_the_house(house: House) -> None:
    """Its public address swallows what comes from within."""
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind((HERE, 0))
        full.listen(0)
        port = full.getsockname()[1]
        for _ in range(8):  # until its queue takes no more
            knocking = waiting.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex((HERE, port))
        time.sleep(0.1)
        findings = house.examined(to=lambda _url: f"https://localhost:{port}", visited=True, within_s=5.0)
    is_named(findings, "no_hairpin", "the house's DNS")


def test_a_house_with_a_dns_of_its_own_is_well(house: House) -> None:
    """The world is led to the public address, and the house to the proxy itself."""
    findings = house.examined(outside=[ELSEWHERE], own=ELSEWHERE)
    assert {finding.state for finding in findings} == {"ok"}, findings


# what the assistants' consoles hold, by what they send to the running program


def consoles(store: SqliteStore) -> dict[Fault, Finding]:
    found = list(assistants.examine(store, forwarded=True, spoken=True))
    return {finding.fault: finding for finding in found if finding.fault}


def forwarded(program: Program, path: str, content: dict[str, Any], key: tuple[str, bytes] | None = None) -> int:
    """Sends the content as the owner's forwarder does, by its own key or another; answers the status."""
    body = json.dumps(content).encode()
    key_id, secret = key or key_files.read_or_make(program.data / "keys").forwarder[0]
    header = sign(key_id, secret, "POST", path, body, now=int(time.time()), nonce=secrets.token_hex(16))
    headers = {HEADER: header, "Content-Type": "application/json"}
    return requests.post(f"{program.web}{path}", data=body, headers=headers, timeout=LONG_S).status_code


def test_a_client_with_another_secret(program: Program, store: SqliteStore) -> None:
    with registered(store, BOTH):
        right = clients.register(store, "google", "google", BOTH)
        form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "google"}
        for secret, status in ((right, 400), ("", 401)):
            answer = requests.post(f"{program.web}/oauth/token", data=form | {"client_secret": secret}, timeout=LONG_S)
            assert answer.status_code == status
        assert consoles(store) == {}
        answer = requests.post(f"{program.web}/oauth/token", data=form | {"client_secret": "pasted"}, timeout=LONG_S)
        assert answer.status_code == 401
        [(fault, finding)] = consoles(store).items()
    assert (fault, finding.state) == ("client_secret_wrong", "wrong")
    assert "Paste it again into the assistant's console" in finding.mend


def test_a_forwarder_with_another_key(program: Program, store: SqliteStore) -> None:
    key_id, _ = key_files.read_or_make(program.data / "keys").forwarder[0]
    assert requests.post(f"{program.web}/alexa/smart-home", json={}, timeout=LONG_S).status_code == 403
    assert "forwarder_key_wrong" not in consoles(store)  # a stranger has no signature at all
    assert forwarded(program, "/alexa/smart-home", {}, (key_id, b"o" * 32)) == 403
    assert "the key of this installation" in consoles(store)["forwarder_key_wrong"].mend


def test_a_skill_with_another_id(program: Program, store: SqliteStore) -> None:
    for skill, status in (("amzn1.ask.skill.ours", 200), ("amzn1.ask.skill.theirs", 400)):
        assert "skill_id_wrong" not in consoles(store)
        application = {"applicationId": skill}
        content: dict[str, Any] = {"version": "1.0"}
        content["session"] = {"new": True, "sessionId": "s", "application": application}
        content["context"] = {"System": {"application": application, "user": {"userId": "u"}}}
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        content["request"] = {"type": "LaunchRequest", "requestId": "r", "timestamp": now, "locale": "en-GB"}
        assert forwarded(program, "/alexa/skill", content) == status
    assert "Copy the Skill ID" in consoles(store)["skill_id_wrong"].mend


def test_a_forwarder_where_no_directive_comes(store: SqliteStore) -> None:
    account = a.account()
    store.add_account(account)
    link = a.link(account, assistant="alexa", created=time.time() - 600)
    store.add_link(link)
    assert "the forwarder's region" in consoles(store)["no_directive"].mend
    store.touch_link(link.id, time.time())
    assert "no_directive" not in consoles(store)
    store.drop_household(account.id)


def test_a_client_of_alexas_that_lacks_a_redirect_address(store: SqliteStore) -> None:
    hosts = ("pitangui.amazon.com", "layla.amazon.com", "alexa.amazon.co.jp")
    three = tuple(f"https://{host}/api/skill/link/M1" for host in hosts)
    for redirects, fault in ((three, None), (three[:2], "redirect_uri_missing")):
        clients.register(store, "alexa", "alexa", redirects)
        [found] = [
            finding
            for finding in assistants.examine(store, forwarded=False, spoken=False)
            if "redirect" in finding.what
        ]
        assert found.fault == fault
    store.drop_client("alexa")
