"""Verifies Amazon's signature on a custom-skill request: of the received bytes, by Amazon's chain, and recent.

The certificate chains that sign them are fetched from Amazon's folder, verified like a TLS server's, and kept.
Alexa Skills Kit, "Host a Custom Skill as a Web Service".
"""

import base64
import binascii
import contextlib
import hashlib
import ipaddress
import logging
import os
import re
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from showcam.drivers.errors import VendorDown
from showcam.net.cache import Rate, Recent
from showcam.net.exchange import Exchange, Hosts, Unreached
from showcam.net.http import Http
from showcam.net.text import JsonObject, too_deep
from showcam.registry.readings.vendor_calls import Flights
from showcam.registry.rules import REQUEST_S

log = logging.getLogger(__name__)

HOST, PORT, FOLDER = "s3.amazonaws.com", 443, "/echo.api/"
SIGNER = "echo-api.amazon.com"
KEPT = 16  # trusted chains in memory
LONGEST_URL = 512
REMEMBERED, FORGET_S = 1024, 300.0  # addresses without a good chain, and the seconds before they are fetched again
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class BadChain(Exception):
    """The address is not in Amazon's folder, or the chain is not Amazon's or has expired.

    The text holds nothing of the request.
    """


class ChainUnreached(Exception):
    """The chain could not be fetched now; a later attempt may succeed."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits on the fetches that a stranger can cause."""

    timeout_s: float = REQUEST_S  # Alexa waits 8 s for the answer that this is fetched for
    of_one_a_minute: int = 5  # fetches for one network: an IPv4 address or an IPv6 /64
    lots: int = 32  # a neighbourhood (IPv4 /16, IPv6 /32) belongs to one of these, drawn by a secret of the process
    of_lot_a_minute: int = 10  # fetches for all networks of one lot; `lots` times as many for all networks together
    at_once: int = 4  # a host that hangs holds no more threads


LIMITS = FetchLimits()


def checked(url: str, host: str = HOST, port: int = PORT) -> str:
    """The normalized address, if it lies in Amazon's folder. Raises BadChain."""
    try:
        split = urlsplit(url)
        named = (split.hostname or "").lower(), split.port or 443
    except ValueError:
        raise BadChain("the chain's address is not a URL") from None
    if len(url) > LONGEST_URL or not url.isascii():
        raise BadChain("the chain's address is not a URL")
    path = _without_dots(split.path)
    if split.scheme.lower() != "https" or named != (host, port) or not path.startswith(FOLDER):
        raise BadChain("the chain's address is not in Amazon's folder")
    if "@" in split.netloc or split.query or split.fragment or not _PLAIN.fullmatch(path):
        raise BadChain("the chain's address is not in Amazon's folder")
    return f"https://{host}:{port}{path}"


def _without_dots(path: str) -> str:
    """The path without "." and ".." (RFC 3986 section 5.2.4): only this path shows the folder that is meant."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)


class Chains:
    """Fetches, verifies and keeps chains. Safe to use from many threads.

    Anybody may send a request that names an address in Amazon's folder. So each network may cause few fetches a minute,
    an address without a good chain is not fetched again for FORGET_S, and a trusted chain is not fetched at all. The
    fetches of all networks are limited per lot: strangers from few neighbourhoods can't use up the fetches that
    Amazon's own requests need.

    `anchors`: trusted roots. `double`: "host:port" that replaces Amazon's host in the demo and in tests. `secret`:
    draws the lots. `now`: a clock, in seconds.
    """

    def __init__(
        self,
        anchors: list[x509.Certificate],
        double: str = "",
        ca_file: Path | None = None,
        secret: bytes = b"",
        limits: FetchLimits = LIMITS,
        now: Callable[[], float] = time.time,
    ) -> None:
        host, _, port = double.partition(":")
        self._host, self._port = (host, int(port or 443)) if double else (HOST, PORT)
        self._http = Http(Hosts((f"{self._host}:{self._port}",)), ca_file)
        self._anchors = anchors
        self._secret = secret or os.urandom(16)
        self._limits, self._now = limits, now
        self._fetches, self._under_way = Rate(60), threading.BoundedSemaphore(limits.at_once)
        self._flights: Flights[_Outcome] = Flights()
        self._failed: Recent[str, tuple[float, str]] = Recent(REMEMBERED)
        self._trusted: Recent[str, x509.Certificate] = Recent(KEPT)

    def key(self, url: str, network: str = "") -> rsa.RSAPublicKey:
        """Amazon's public key, if the chain at that address is good now. Raises BadChain, ChainUnreached.

        `network`: the network that the request comes from.
        """
        address = checked(url, self._host, self._port)
        good = self._trusted.get(address)
        now = datetime.now(UTC)
        if good is None or not good.not_valid_before_utc <= now <= good.not_valid_after_utc:
            good = self._fetch_shared(address, network)
        key = good.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise BadChain("the certificate does not hold an RSA key")
        return key

    def judge(self, pem: bytes, now: datetime) -> x509.Certificate:
        """The leaf of a chain from a trusted root to Amazon's signer. Raises BadChain."""
        try:
            leaf, *others = x509.load_pem_x509_certificates(pem)
            verifier = PolicyBuilder().store(Store(self._anchors)).time(now.replace(tzinfo=None))
            verifier.build_server_verifier(x509.DNSName(SIGNER)).verify(leaf, others)
        except (ValueError, VerificationError):
            raise BadChain("the chain is not Amazon's, or has expired") from None
        return leaf

    def _fetch_shared(self, address: str, network: str) -> x509.Certificate:
        until, why = self._failed.get(address) or (0.0, "")
        if time.monotonic() < until:
            raise BadChain(why)
        # a network without fetches left must not start one that would fail for others who share it
        now = self._now()
        if self._fetches.count(network, now) >= self._limits.of_one_a_minute:
            raise ChainUnreached("too many fetches for one network")
        if self._fetches.count(self._lot(network), now) >= self._limits.of_lot_a_minute:
            raise ChainUnreached("too many fetches for several networks")
        try:
            found = self._flights.share(address, self._limits.timeout_s, self._load, address, network)
        except VendorDown:
            raise ChainUnreached("no answer in time") from None
        if isinstance(found, Exception):
            raise type(found)(*found.args)
        return found

    def _load(self, address: str, network: str) -> "_Outcome":
        try:
            good = self.judge(self._fetch(address, network), datetime.now(UTC))
        except BadChain as bad:
            self._failed.put(address, (time.monotonic() + FORGET_S, str(bad)))
            return bad
        except ChainUnreached as unreached:
            return unreached
        self._trusted.put(address, good)
        return good

    def _fetch(self, address: str, network: str) -> bytes:
        import requests

        now, hit, limits = self._now(), self._fetches.hit, self._limits
        if hit(network, now) > limits.of_one_a_minute or hit(self._lot(network), now) > limits.of_lot_a_minute:
            raise ChainUnreached("too many fetches in this minute")
        if not self._under_way.acquire(blocking=False):
            raise ChainUnreached("too many fetches at once")
        try:
            with requests.Session() as session, Exchange(self._limits.timeout_s):
                self._http.mount(session)
                answer = session.get(address, headers={"User-Agent": "showcam"})
        except (requests.RequestException, Unreached) as error:
            raise ChainUnreached(type(error).__name__) from None
        finally:
            self._under_way.release()
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ChainUnreached(f"status {answer.status_code}")
        if answer.status_code != 200:
            raise BadChain("the address holds no chain")
        return answer.content

    def _lot(self, network: str) -> str:
        """A network's lot. It can be neither predicted nor chosen: using up many lots takes many neighbourhoods."""
        drawn = hashlib.blake2b(_neighbourhood(network).encode(), key=self._secret, digest_size=8).digest()
        return f"lot {int.from_bytes(drawn) % self._limits.lots}"


type _Outcome = x509.Certificate | BadChain | ChainUnreached


def _neighbourhood(network: str) -> str:
    try:
        found = ipaddress.ip_network(network)
    except ValueError:
        return network
    return str(found.supernet(new_prefix=16 if found.version == 4 else 32))


def public_roots() -> list[x509.Certificate]:
    """certifi's roots, without the few that break RFC 5280 and that cryptography will refuse to load."""
    import certifi

    roots = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for pem in _PEM.findall(Path(certifi.where()).read_bytes()):
            with contextlib.suppress(ValueError, CryptographyDeprecationWarning):
                roots.append(x509.load_pem_x509_certificate(pem))
    return roots


TOLERANCE_S = 150  # Amazon's own limit for a request's age
EVENT_TOLERANCE_S = 3600  # Amazon repeats skill events for up to an hour


class Signed(Protocol):
    """The request, as far as verification reads it: its raw body, its headers, and the network it comes from."""

    @property
    def body(self) -> bytes: ...

    @property
    def network(self) -> str: ...

    def header(self, name: str) -> str | None: ...


class NotSigned(Exception):
    """The request is not signed by Amazon, or not recent. The text holds nothing of the request."""


def verified(request: Signed, chains: Chains, clock: Callable[[], float] = time.time) -> JsonObject:
    """The request's JSON. Raises NotSigned, ChainUnreached. Checks without I/O run first."""
    event = event_of(request.body)
    _recent(event, clock())
    url, signature = request.header("SignatureCertChainUrl"), request.header("Signature-256")
    if not url or not signature:
        raise NotSigned("the signature's headers are missing")
    try:
        signed = base64.b64decode(signature, validate=True)
        chains.key(url, request.network).verify(signed, request.body, padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, ValueError):
        raise NotSigned("the signature is not base64") from None
    except InvalidSignature:
        raise NotSigned("the signature is not this body's") from None
    except BadChain as bad:
        raise NotSigned(str(bad)) from None
    return event


def event_of(body: bytes) -> JsonObject:
    """The body as a custom-skill request, unverified. Raises NotSigned."""
    try:
        event = None if too_deep(body) else msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("request"), dict):
        raise NotSigned("the body is not a custom-skill request")
    return event


def _recent(event: JsonObject, now: float) -> None:
    try:
        sent = datetime.fromisoformat(event["request"]["timestamp"])
        seconds = sent.timestamp() if sent.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        seconds = None
    is_event = str(event["request"].get("type", "")).startswith("AlexaSkillEvent.")
    if seconds is None or abs(now - seconds) > (EVENT_TOLERANCE_S if is_event else TOLERANCE_S):
        raise NotSigned("the request's timestamp is missing or not recent")
