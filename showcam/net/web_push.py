"""Sends a message to a browser by its vendor's push service, which can't read it: RFC 8030, 8188, 8291 and 8292.

A browser gives the address of its service. Only the services of the known browsers are asked, by https.
"""

import base64
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from showcam.net.exchange import Hosts, Unreached
from showcam.net.http import Http

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# Chromium's and Android's, Firefox's, Apple's and Microsoft's, as each names it in its documents for senders.
SERVICES = re.compile(
    r"fcm\.googleapis\.com|(?:[a-z0-9-]+\.)?push\.services\.mozilla\.com|(?:[a-z0-9-]+\.)?push\.apple\.com"
    r"|[a-z0-9-]+\.notify\.windows\.com"
)
LONGEST = 1024  # characters of an address
MOST = 3993  # bytes of a message, so that it fits into the 4096 that each service takes (RFC 8291, 4)
VAPID_S = 43_200  # a signature is good for at most a day (RFC 8292, 2)
_RECORD = 4096
_POINT, _SECRET = 65, 16  # bytes of a browser's key and of its secret
GONE = frozenset({404, 410})  # the subscription has ended (RFC 8030, 7.3)


class Services(Hosts):
    """`loopback`: in the demo a push service may be on this machine, at any port."""

    def __init__(self, *, loopback: bool = False) -> None:
        super().__init__(known=SERVICES)
        self._loopback = loopback

    def check(self, url: str) -> tuple[str, int]:
        at = urlsplit(url)
        if self._loopback and (at.scheme, at.hostname, at.username) == ("https", "127.0.0.1", None) and at.port:
            return "127.0.0.1", at.port
        return super().check(url)

    def addresses(self, host: str, port: int, timeout_s: float) -> list[str]:
        return [host] if self._loopback and host == "127.0.0.1" else super().addresses(host, port, timeout_s)


class BadSubscription(ValueError):
    """The values that a browser gave are no subscription."""


class Ended(Exception):
    """The browser has ended the subscription, or its user has."""


class Subscription(Struct, frozen=True):
    """`key`: the browser's point on P-256. `secret`: 16 bytes of the browser's, unknown to its service."""

    address: str
    key: bytes
    secret: bytes

    def __repr__(self) -> str:
        return "<Subscription>"


def subscription(address: str, key: str, secret: str, hosts: Hosts) -> Subscription:
    """The subscription that a browser gave as text. Raises BadSubscription."""
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        point, shared = unarmoured(key), unarmoured(secret)
        if len(point) != _POINT or len(shared) != _SECRET or len(address) > LONGEST or not address.isprintable():
            raise BadSubscription("not the key, the secret and the address of a subscription")
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        hosts.check(address)
    except (ValueError, Unreached):
        raise BadSubscription("not a subscription at a known push service") from None
    return Subscription(address, point, shared)


def armoured(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unarmoured(text: str) -> bytes:
    """The bytes in URL-safe Base64, with or without its padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


class Sender:
    """`key`: the sender's key as PEM, which signs for the push service. `contact`: an https address, or ""."""

    def __init__(
        self,
        key: bytes,
        contact: str,
        hosts: Hosts,
        ca_file: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key, self._contact, self._clock = key, contact, clock
        self._http = Http(hosts, ca_file)

    def send(self, to: Subscription, message: bytes, life_s: int, within_s: float) -> bool:
        """Whether the service took the message, which it keeps for `life_s`. Raises Ended."""
        headers = {
            "Authorization": f"vapid t={self._signature(to.address)}, k={armoured(public_of(self._key))}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(life_s),
            "Urgency": "high",
        }
        try:
            reply = self._http.ask("POST", to.address, within_s, body=encrypted(message, to), headers=headers)
        except Unreached:
            return False
        if reply.status in GONE:
            raise Ended
        return reply.status in (200, 201, 202)

    def _signature(self, address: str) -> str:
        """The token for the service of this address (RFC 8292, 2)."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        at = urlsplit(address)
        claims = {"aud": f"{at.scheme}://{at.netloc}", "exp": int(self._clock()) + VAPID_S}
        claims |= {"sub": self._contact} if self._contact else {}
        parts = ({"typ": "JWT", "alg": "ES256"}, claims)
        signed = ".".join(armoured(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        r, s = decode_dss_signature(_private(self._key).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{armoured(r.to_bytes(32) + s.to_bytes(32))}"


def new_key() -> bytes:
    """A sender's key as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_of(key: bytes) -> bytes:
    """The point of a sender's key, which a browser subscribes for."""
    return _point(_private(key))


def encrypted(message: bytes, to: Subscription) -> bytes:
    """The body of one record that only the browser opens (RFC 8291, 3 and 4). Raises ValueError if it is too long."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if len(message) > MOST:
        raise ValueError(f"a message has at most {MOST} bytes")

    def derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)

    ours, salt = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to.key)
    shared, point = ours.exchange(ec.ECDH(), theirs), _point(ours)
    secret = derived(shared, to.secret, b"WebPush: info\0" + to.key + point, 32)
    key = derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, message + b"\x02", None)  # 2: the last record
    return salt + _RECORD.to_bytes(4) + bytes([len(point)]) + point + sealed


def _private(key: bytes) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    loaded = serialization.load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return loaded


def _point(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
