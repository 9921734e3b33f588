"""Certificate chains by which Amazon signs custom-skill requests: fetched from where Amazon keeps them, and kept.

Alexa Skills Kit, "Host a Custom Skill as a Web Service". cryptography judges the chain as a TLS server's.
"""

import contextlib
import hashlib
import ipaddress
import os
import re
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from alexa.spoken.kept_chains import KeptChains
from net.cache import Recent
from net.errors import Unreached
from net.exchange import Exchange
from net.hosts import Hosts
from net.http import Http
from net.rate import Rate
from registry.errors import VendorDown
from registry.readings.flights import Flights

HOST, PORT, FOLDER = "s3.amazonaws.com", 443, "/echo.api/"
SIGNER = "echo-api.amazon.com"
FETCH_S = 3.0
KEPT = 8
LONGEST_URL = 512
OF_ONE_A_MINUTE = 5  # fetches for one IPv4 address or IPv6 /64
LOTS = 32  # among which neighbourhoods (IPv4 /16, IPv6 /32) are drawn, by a secret of the process
OF_LOT_A_MINUTE = 10  # fetches for all whose neighbourhood drew it; for everybody together LOTS times as many
AT_ONCE = 4  # a host that hangs holds no more threads than these
REMEMBERED, FORGET_S = 1024, 300.0  # addresses where there was no good chain, and for how long
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
    """`anchors`: whom to trust as roots. `file`: where good chains outlast the process.

    Anybody may name an address in Amazon's folder. So one asker's made-up ones are looked for a few times a minute,
    what was not there is not looked for again soon, and a chain that was good once needs no look at all. All looks
    together are bounded by lots, not by one count, so that strangers of few neighbourhoods can't use up Amazon's.
    `double`: "host:port" that stands for Amazon's in practice and tests. `secret`: by which lots are drawn.
    """

    def __init__(
        self,
        anchors: list[x509.Certificate],
        double: str = "",
        ca_file: Path | None = None,
        file: Path | None = None,
        secret: bytes = b"",
    ) -> None:
        host, _, port = double.partition(":")
        self._host, self._port = (host, int(port or 443)) if double else (HOST, PORT)
        self._http = Http(Hosts((f"{self._host}:{self._port}",)), ca_file)
        self._anchors, self._kept = anchors, KeptChains(file)
        self._secret = secret or os.urandom(16)
        self._lock = threading.Lock()
        self._fetches, self._under_way = Rate(60), threading.BoundedSemaphore(AT_ONCE)
        self._flights: Flights[_Found] = Flights()
        self._failed: Recent[str, tuple[float, str]] = Recent(REMEMBERED)
        self._known = self._read_again()

    def key(self, url: str, asker: str = "") -> rsa.RSAPublicKey:
        """The key that Amazon signs with, if the chain at that address is good now. Raises BadChain, ChainUnreached.

        `asker`: the network that names it.
        """
        address = checked(url, self._host, self._port)
        good = self._known.get(address)
        now = datetime.now(UTC)
        if good is None or not good.leaf.not_valid_before_utc <= now <= good.leaf.not_valid_after_utc:
            good = self._found(address, asker)
        key = good.leaf.public_key()
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

    def _found(self, address: str, asker: str) -> "_Good":
        until, why = self._failed.get(address) or (0.0, "")
        if time.monotonic() < until:
            raise BadChain(why)
        # who has none left must not begin a look that others, who have, would share
        now = time.time()
        if self._fetches.count(asker, now) >= OF_ONE_A_MINUTE:
            raise ChainUnreached("too many chains were asked for from one network")
        if self._fetches.count(self._lot(asker), now) >= OF_LOT_A_MINUTE:
            raise ChainUnreached("too many chains were asked for from several networks")
        try:
            found = self._flights.share(address, FETCH_S, self._look, address, asker)
        except VendorDown:
            raise ChainUnreached("it takes too long") from None
        if isinstance(found, Exception):
            raise type(found)(*found.args)
        return found

    def _look(self, address: str, asker: str) -> "_Found":
        try:
            pem = self._fetch(address, asker)
            good = _Good(self.judge(pem, datetime.now(UTC)), pem)
        except BadChain as bad:
            self._failed.put(address, (time.monotonic() + FORGET_S, str(bad)))
            return bad
        except ChainUnreached as unreached:
            return unreached
        with self._lock:
            self._known.pop(address, None)  # so that the newest is kept longest
            self._known[address] = good
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
            self._kept.write({each: good.pem for each, good in self._known.items()})
        return good

    def _fetch(self, address: str, asker: str) -> bytes:
        import requests

        now, hit = time.time(), self._fetches.hit
        if hit(asker, now) > OF_ONE_A_MINUTE or hit(self._lot(asker), now) > OF_LOT_A_MINUTE:
            raise ChainUnreached("too many chains were asked for")
        if not self._under_way.acquire(blocking=False):
            raise ChainUnreached("too many chains are being fetched")
        try:
            with requests.Session() as session, Exchange(FETCH_S):
                self._http.mount(session)
                answer = session.get(address, headers={"User-Agent": "showcam"})
        except (requests.RequestException, Unreached) as error:
            raise ChainUnreached(type(error).__name__) from None
        finally:
            self._under_way.release()
        if answer.status_code >= 500 or answer.status_code == 429:
            raise ChainUnreached(f"status {answer.status_code}")
        if answer.status_code != 200:
            raise BadChain("there is no chain at that address")
        return answer.content

    def _lot(self, asker: str) -> str:
        """Nobody can tell which neighbourhoods drew the same one, nor choose it: only who has many can use up many."""
        drawn = hashlib.blake2b(_neighbourhood(asker).encode(), key=self._secret, digest_size=8).digest()
        return f"lot {int.from_bytes(drawn) % LOTS}"

    def _read_again(self) -> "dict[str, _Good]":
        """What of the file is still a good chain, at an address where Amazon keeps them."""
        known: dict[str, _Good] = {}
        now = datetime.now(UTC)
        for address, pem in list(self._kept.read().items())[:KEPT]:
            with contextlib.suppress(BadChain):
                if checked(address, self._host, self._port) == address:
                    known[address] = _Good(self.judge(pem, now), pem)
        return known


class _Good(NamedTuple):
    leaf: x509.Certificate
    pem: bytes


type _Found = _Good | BadChain | ChainUnreached


def _neighbourhood(network: str) -> str:
    try:
        found = ipaddress.ip_network(network)
    except ValueError:
        return network
    return str(found.supernet(new_prefix=16 if found.version == 4 else 32))


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
