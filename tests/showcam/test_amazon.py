"""Amazon's signature on spoken requests, by chains made here: each spoiled signature or chain is refused."""

import base64
import datetime
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from showcam.alexa.spoken.signature import LIMITS, BadChain, Chains, FetchLimits, NotSigned, public_roots, verified
from showcam.alexa.spoken.skill import NotTaken
from showcam.app.edge.spoken import spoken_route
from showcam.app.http_types import Refuse, Request
from tests.doubles.tls_vendor import Vendor, Vendors, answer

pytestmark = pytest.mark.proves(
    "Spoken requests are accepted only from Amazon and from the owner's forwarder",
    leans_on="second stack: OpenSSL, with certificate chains made for the test",
    also=(
        "tests/showcam/test_amazon_chains.py",
        "tests/showcam/test_amazon_attacked.py",
    ),
)

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
KEY = rsa.generate_private_key(65537, 2048)
PATH = "/echo.api/echo-api-cert-12.pem"

type Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate(
    name: str,
    key: Key,
    issuer: tuple[x509.Certificate, Key] | None = None,
    *,
    names: tuple[str, ...] = (),
    days: tuple[float, float] = (-1, 30),
    ca: bool = False,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above = issuer[0].subject if issuer else subject
    above_key = issuer[1] if issuer else key
    usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
    usage |= dict.fromkeys(("encipher_only", "decipher_only"), False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key.public_key()), critical=False)
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    return builder.sign(above_key, hashes.SHA256())


def pem(*chain: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in chain)


ROOT_KEY, MIDDLE_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
ROOT = certificate("Root", ROOT_KEY, ca=True)
MIDDLE = certificate("Middle", MIDDLE_KEY, (ROOT, ROOT_KEY), ca=True)
SIGNER = ("echo-api.amazon.com",)
LEAF = certificate("Signer", KEY, (MIDDLE, MIDDLE_KEY), names=SIGNER)


class Shelf:
    """Where Amazon keeps its chains; settable."""

    def __init__(self, vendors: Vendors) -> None:
        self.chain, self.status, self.takes_s = pem(LEAF, MIDDLE, ROOT), "200 OK", 0.0
        self.lacks: Callable[[str], bool] = lambda _path: False
        self.vendor: Vendor = vendors.answering(self._answer)

    def _answer(self, line: str, *_: object) -> bytes:
        time.sleep(self.takes_s)
        lacks = self.lacks(line.partition(" ")[2])
        return answer(b"" if lacks else self.chain, "404 Not Found" if lacks else self.status)

    @property
    def url(self) -> str:
        return self.vendor.url + PATH

    def chains(self, *anchors: x509.Certificate, limits: FetchLimits = LIMITS) -> Chains:
        """By a secret under which the neighbourhoods named in the tests drew different lots; all in one minute."""
        known = ([*anchors] or [ROOT], self.vendor.host, self.vendor.ca_file, b"of the tests")
        return Chains(*known, limits, now=lambda: 0.0)


@pytest.fixture
def shelf(vendors: Vendors) -> Shelf:
    return Shelf(vendors)


def body(late_s: float = 0, kind: str = "IntentRequest", **more: Any) -> bytes:
    sent = datetime.datetime.fromtimestamp(time.time() - late_s, datetime.UTC)
    request = {"type": kind, "timestamp": sent.strftime("%Y-%m-%dT%H:%M:%SZ")} | more
    return json.dumps({"version": "1.0", "request": request}).encode()


OURS = "by the key"


def signed(
    text: bytes, url: str, key: rsa.RSAPrivateKey = KEY, *, tag: str | None = OURS, **changed: str | None
) -> Request:
    """`tag`: what stands in the place of the signature."""
    ours = base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
    headers = {"SignatureCertChainUrl": url, "Signature-256": ours if tag is OURS else tag} | changed
    environ = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items() if value is not None}
    return Request("r", "POST", "/alexa/skill", "", text, environ)


def test_a_request_that_amazon_signed_is_taken_and_its_chain_fetched_once(shelf: Shelf) -> None:
    chains = shelf.chains()
    for _ in range(3):
        assert verified(signed(body(), shelf.url), chains)["request"]["type"] == "IntentRequest"
    assert shelf.vendor.paths() == [PATH]


@pytest.mark.parametrize(
    ("late_s", "kind", "taken"),
    [
        (0, "IntentRequest", True),
        (140, "IntentRequest", True),
        (-140, "LaunchRequest", True),
        (160, "IntentRequest", False),
        (-160, "IntentRequest", False),
        (3500, "IntentRequest", False),
        (3500, "AlexaSkillEvent.SkillDisabled", True),
        (3700, "AlexaSkillEvent.SkillDisabled", False),
    ],
)
def test_it_is_of_now(late_s: float, kind: str, taken: bool, shelf: Shelf) -> None:
    if taken:
        assert verified(signed(body(late_s, kind), shelf.url), shelf.chains())
    else:
        with pytest.raises(NotSigned):
            verified(signed(body(late_s, kind), shelf.url), shelf.chains())
        assert not shelf.vendor.requests


OTHER = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: signed(body(), url, OTHER),
        lambda url: signed(body(), url, tag=None),
        lambda url: signed(body(), url, tag=""),
        lambda url: signed(body(), url, tag="not base64!"),
        lambda url: signed(body(), url, tag=base64.b64encode(b"x" * 256).decode()),
        lambda url: signed(body(), url, SignatureCertChainUrl=None),
        lambda url: Request("r", "POST", "/", "", body(1), signed(body(), url).environ),
        lambda url: signed(body(timestamp="yesterday"), url),
        lambda url: signed(body(timestamp="2026-01-01T00:00:00"), url),
        lambda url: signed(body(timestamp=7), url),
        lambda url: signed(b"{}", url),
        lambda url: signed(b"[]", url),
        lambda url: signed(b'{"request":[]}', url),
        lambda url: signed(b"\xff", url),
        lambda url: signed(b"[" * 100_000, url),
    ],
)
def test_what_is_not_signed_whole_is_refused(spoil: Callable[[str], Request], shelf: Shelf) -> None:
    with pytest.raises(NotSigned):
        verified(spoil(shelf.url), shelf.chains())


STRANGE_KEY = ec.generate_private_key(ec.SECP256R1())
STRANGE = certificate("Root", STRANGE_KEY, ca=True)
BAD = {
    "another's name": pem(certificate("S", KEY, (MIDDLE, MIDDLE_KEY), names=("evil.example",)), MIDDLE),
    "a name in the subject alone": pem(certificate("echo-api.amazon.com", KEY, (MIDDLE, MIDDLE_KEY)), MIDDLE),
    "over": pem(certificate("S", KEY, (MIDDLE, MIDDLE_KEY), names=SIGNER, days=(-9, -1)), MIDDLE),
    "not yet": pem(certificate("S", KEY, (MIDDLE, MIDDLE_KEY), names=SIGNER, days=(1, 9)), MIDDLE),
    "of a root nobody trusts": pem(certificate("S", KEY, (STRANGE, STRANGE_KEY), names=SIGNER), STRANGE),
    "signed by itself": pem(certificate("S", KEY, names=SIGNER)),
    "without its middle": pem(LEAF),
    "signed by a leaf": pem(certificate("T", KEY, (LEAF, KEY), names=SIGNER), LEAF, MIDDLE),
    "no chain": b"hello",
    "nothing": b"",
    "of another kind of key": pem(
        certificate("S", STRANGE_KEY, (MIDDLE, MIDDLE_KEY), names=SIGNER), MIDDLE
    ),
}  # fmt: skip


@pytest.mark.parametrize("chain", BAD)
def test_a_bad_chain_proves_nothing(chain: str, shelf: Shelf) -> None:
    shelf.chain = BAD[chain]
    with pytest.raises(NotSigned):
        verified(signed(body(), shelf.url), shelf.chains())


def test_a_missing_chain_verifies_nothing(shelf: Shelf) -> None:
    shelf.status = "404 Not Found"
    with pytest.raises(NotSigned):
        verified(signed(body(), shelf.url), shelf.chains())


def test_the_public_roots_are_many_and_accept_no_chain_of_ours() -> None:
    roots = public_roots()
    assert len(roots) > 50
    with pytest.raises(BadChain):
        Chains(roots).judge(pem(LEAF, MIDDLE, ROOT), NOW)


def door(shelf: Shelf, *, skill_id: str = "amzn1.ask.skill.x", forwarded: bool = False) -> Callable[[Request], int]:
    answered = threading.Event()

    def reply(_event: dict[str, Any], _received: float) -> dict[str, Any]:
        answered.set()
        return {"version": "1.0"}

    endpoint = spoken_route(
        skill_id, reply, shelf.chains, lambda request: request.received if forwarded else None
    ).endpoint

    def status_of(request: Request) -> int:
        answered.clear()
        try:
            status = endpoint(request).status
        except Refuse as refused:
            status = refused.response.status
        assert answered.is_set() is (status == 200)
        return status

    return status_of


def test_the_door_takes_what_is_signed(shelf: Shelf) -> None:
    assert door(shelf)(signed(body(), shelf.url)) == 200
    assert door(shelf)(signed(body(), shelf.url, OTHER)) == 400
    assert door(shelf, skill_id="")(signed(body(), shelf.url)) == 404
    shelf.status = "404 Not Found"
    assert door(shelf)(signed(body(), shelf.url)) == 400
    shelf.status = "503 Busy"
    assert door(shelf)(signed(body(), shelf.url)) == 503


def test_an_event_that_was_not_dealt_with_is_answered_so_that_amazon_sends_it_again(shelf: Shelf) -> None:
    def failing(event: dict[str, Any], _received: float) -> dict[str, Any]:
        raise NotTaken(event["request"]["type"])

    endpoint = spoken_route("amzn1.ask.skill.x", failing, shelf.chains, lambda _request: None).endpoint
    with pytest.raises(Refuse) as refused:
        endpoint(signed(body(kind="AlexaSkillEvent.SkillDisabled"), shelf.url))
    assert refused.value.response.status == 503


def test_the_door_takes_what_the_owners_forwarder_signed(shelf: Shelf) -> None:
    plain = Request("r", "POST", "/alexa/skill", "", body(), {})
    assert door(shelf, forwarded=True)(plain) == 200
    assert door(shelf, forwarded=False)(plain) == 400
    assert not shelf.vendor.requests
