"""Certificate chains by which Amazon signs custom-skill requests: fetched from where Amazon keeps them, and kept.

Alexa Skills Kit, "Host a Custom Skill as a Web Service". cryptography judges the chain as a TLS server's.
"""

import contextlib
import re
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from registry.drivers.http import Exchange, Hosts, Http
from registry.errors import VendorDown
from registry.rate import Rate

HOST, PORT, FOLDER = "s3.amazonaws.com", 443, "/echo.api/"
SIGNER = "echo-api.amazon.com"
FETCH_S = 3.0
KEPT = 8
LONGEST_URL = 512
FETCHES_A_MINUTE = 20  # anybody may name an address there, and each unknown one costs a fetch
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")


class BadChain(Exception):
    """The chain is not where Amazon keeps it, not Amazon's, or over; the text holds nothing of the request."""


class ChainUnreached(Exception):
    """It could not be fetched just now."""


def checked(url: str, host: str = HOST, port: int = PORT) -> str:
    """The address in one spelling. Raises BadChain."""
    try:
        parts = urlsplit(url)
        named = (parts.hostname or "").lower(), parts.port or 443
    except ValueError:
        raise BadChain("the chain's address is none") from None
    if len(url) > LONGEST_URL or not url.isascii():
        raise BadChain("the chain's address is none")
    path = _normal(parts.path)
    if parts.scheme.lower() != "https" or named != (host, port) or not path.startswith(FOLDER):
        raise BadChain("the chain is not where Amazon keeps it")
    if "@" in parts.netloc or parts.query or parts.fragment or not _PLAIN.fullmatch(path):
        raise BadChain("the chain is not where Amazon keeps it")
    return f"https://{host}:{port}{path}"


def _normal(path: str) -> str:
    """RFC 3986 section 5.2.4: "/../echo.api/x" is in the folder, "/echo.api/../x" is not."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    return "/" + "/".join(kept)


class Chains:
    """`anchors`: whom to trust as roots. `double`: "host:port" that stands for Amazon's in practice and tests."""

    def __init__(self, anchors: list[x509.Certificate], double: str = "", ca_file: Path | None = None) -> None:
        host, _, port = double.partition(":")
        self._host, self._port = (host, int(port or 443)) if double else (HOST, PORT)
        self._http = Http(Hosts((f"{self._host}:{self._port}",), only_extra=True), ca_file)
        self._anchors = anchors
        self._lock = threading.Lock()
        self._known: dict[str, x509.Certificate] = {}
        self._fetches = Rate(60)

    def key(self, url: str) -> rsa.RSAPublicKey:
        """The key that Amazon signs with, if the chain at that address is good now. Raises BadChain, ChainUnreached."""
        address = checked(url, self._host, self._port)
        leaf = self._known.get(address)
        now = datetime.now(UTC)
        if leaf is None or not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            leaf = self.judge(self._fetch(address), now)
            with self._lock:
                self._known[address] = leaf
                while len(self._known) > KEPT:
                    del self._known[next(iter(self._known))]
        key = leaf.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise BadChain("the certificate does not hold an RSA key")
        return key

    def judge(self, pem: bytes, now: datetime) -> x509.Certificate:
        """The chain's leaf, if it leads from a root we trust to Amazon's signer. Raises BadChain."""
        try:
            leaf, *others = x509.load_pem_x509_certificates(pem)
            verifier = PolicyBuilder().store(Store(self._anchors)).time(now.replace(tzinfo=None))
            verifier.build_server_verifier(x509.DNSName(SIGNER)).verify(leaf, others)
        except (ValueError, VerificationError):
            raise BadChain("the chain is not Amazon's, or over") from None
        return leaf

    def _fetch(self, address: str) -> bytes:
        import requests

        if self._fetches.hit("", time.time()) > FETCHES_A_MINUTE:
            raise ChainUnreached("too many chains were asked for")
        try:
            with requests.Session() as session, Exchange(FETCH_S):
                self._http.mount(session)
                answer = session.get(address, headers={"User-Agent": "showcam"})
        except (requests.RequestException, VendorDown) as error:
            raise ChainUnreached(type(error).__name__) from None
        if answer.status_code != 200:
            raise BadChain("there is no chain at that address")
        return answer.content


def public_roots() -> list[x509.Certificate]:
    """Those a browser would trust, without the few that break RFC 5280 and will one day not be read any more."""
    import certifi

    roots = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for pem in _PEM.findall(Path(certifi.where()).read_bytes()):
            with contextlib.suppress(ValueError, CryptographyDeprecationWarning):
                roots.append(x509.load_pem_x509_certificate(pem))
    return roots
