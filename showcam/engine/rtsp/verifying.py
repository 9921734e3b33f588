"""Verifies that an RTSP client knows a password, by Digest (RFC 2617 without qop, as most cameras ask for it).

The nonce belongs to one connection: a signature heard on another connection proves nothing. Standard library only.
"""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

REALM = "showcam"
LIFE_S = 60.0  # of a nonce: a person may type the password meanwhile, and is asked for nothing twice
_LONGEST = 2048  # bytes of a header
_PART = re.compile(r'([a-zA-Z]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


class Signature(NamedTuple):
    """The header of a signed request."""

    user: str
    realm: str
    nonce: str
    uri: str
    response: str

    def fits(self, method: str, secret: str) -> bool:
        """Whether the signer knows the password. `secret` is the hash of user, realm and password, in hex (HA1)."""
        wanted = _md5(f"{secret}:{self.nonce}:{_md5(f'{method}:{self.uri}')}")
        return hmac.compare_digest(wanted.encode(), self.response.encode("utf-8", "surrogateescape"))


def read_signature(header: str) -> Signature | None:
    """Reads an Authorization header; None if it is no Digest or lacks a part."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest" or len(header) > _LONGEST:
        return None
    told = {name.lower(): quoted or bare for name, quoted, bare in _PART.findall(rest)}
    parts = [told.get(name, "") for name in ("username", "realm", "nonce", "uri", "response")]
    return Signature(*parts) if all(parts) else None


def secret_of(user: str, password: str) -> str:
    """The hash (HA1) that stands for a password in this realm: whoever has it can sign, so it is kept sealed."""
    return _md5(f"{user}:{REALM}:{password}")


class Nonce:
    """The nonce of one connection. `now` is in monotonic seconds."""

    def __init__(self) -> None:
        self._text, self._until = "", 0.0

    def challenge(self, now: float, *, stale: bool = False) -> str:
        """The value of a WWW-Authenticate header with a new nonce. `stale`: the password may well have been right."""
        self._text, self._until = secrets.token_hex(16), now + LIFE_S
        return f'Digest realm="{REALM}", nonce="{self._text}"' + (", stale=true" if stale else "")

    def is_over(self, now: float) -> bool:
        return now > self._until

    def is_of(self, signature: Signature) -> bool:
        """Whether the signature was made for this connection and realm."""
        is_same = hmac.compare_digest(self._text.encode(), signature.nonce.encode("utf-8", "surrogateescape"))
        return is_same and bool(self._text) and signature.realm == REALM


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
