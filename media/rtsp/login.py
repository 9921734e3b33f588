"""Signing RTSP requests: Digest (RFC 7616, of which cameras mostly do RFC 2069 and 2617) and Basic (RFC 7617).

Standard library only: the web process asks cameras whether a code is right, the media process fetches the picture.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal

type Algorithm = Literal["MD5", "SHA-256"]

_PART = re.compile(r'([a-zA-Z][\w-]*)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')
_MOST = 8  # challenges that are looked at


@dataclass(frozen=True, slots=True)
class Challenge:
    """The strongest challenge of a 401."""

    scheme: Literal["digest", "basic"]
    realm: str = ""
    nonce: str = ""
    algorithm: Algorithm = "MD5"
    opaque: str | None = None
    qop: bool = False
    stale: bool = False


def challenge(headers: list[str]) -> Challenge | None:
    """From the WWW-Authenticate headers of a 401; None if none can be answered. See also Login.may."""
    found = [each for value in headers[:_MOST] if (each := _read(value)) is not None]
    return max(
        found, key=lambda challenge: (challenge.scheme == "digest", challenge.algorithm == "SHA-256"), default=None
    )


def _read(value: str) -> Challenge | None:
    scheme, _, rest = value.strip().partition(" ")
    parameters = {name.lower(): quoted or bare for name, quoted, bare in _PART.findall(rest[:4096])}
    if scheme.lower() == "basic":
        return Challenge("basic", parameters.get("realm", ""))
    algorithm = parameters.get("algorithm", "MD5").upper()
    if scheme.lower() != "digest" or not parameters.get("nonce") or algorithm not in ("MD5", "SHA-256"):
        return None
    return Challenge(
        "digest",
        parameters.get("realm", ""),
        parameters["nonce"],
        "SHA-256" if algorithm == "SHA-256" else "MD5",
        parameters.get("opaque"),
        "auth" in [word.strip() for word in parameters.get("qop", "").split(",")],
        parameters.get("stale", "").lower() == "true",
    )


class Login:
    """User and password, and the state of Digest: nonce and nonce count.

    `basic`: whether they may be sent by Basic, which everybody on the way can read.
    """

    def __init__(self, user: str, password: str, *, basic: bool = True) -> None:
        self._user, self._password, self._basic = user, password, basic
        self._asked: Challenge | None = None
        self._count = 0

    def may(self, asked: Challenge) -> bool:
        """Whether requests may be signed by this challenge."""
        return self._basic or asked.scheme != "basic"

    @property
    def is_basic(self) -> bool:
        """Whether user and password are sent as they are."""
        return self._asked is not None and self._asked.scheme == "basic"

    def take(self, asked: Challenge) -> None:
        """Sign requests by this challenge from here on."""
        assert self.may(asked)
        self._asked, self._count = asked, 0

    def sign(self, method: str, uri: str) -> str | None:
        """The value of an Authorization header; None before the first challenge."""
        asked = self._asked
        if asked is None:
            return None
        if asked.scheme == "basic":
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        self._count += 1
        return self._digest(asked, method, uri)

    def _digest(self, asked: Challenge, method: str, uri: str) -> str:
        secret = _hash(asked.algorithm, f"{self._user}:{asked.realm}:{self._password}")
        action = _hash(asked.algorithm, f"{method}:{uri}")
        parameters = {"username": self._user, "realm": asked.realm, "nonce": asked.nonce, "uri": uri}
        extra = ""
        if asked.qop:
            count, own = f"{self._count:08x}", secrets.token_hex(8)
            answer = _hash(asked.algorithm, f"{secret}:{asked.nonce}:{count}:{own}:auth:{action}")
            extra = f', qop=auth, nc={count}, cnonce="{own}"'
        else:
            answer = _hash(asked.algorithm, f"{secret}:{asked.nonce}:{action}")
        parameters["response"] = answer
        if asked.opaque is not None:
            parameters["opaque"] = asked.opaque
        joined = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
        # some cameras stumble over an algorithm that is the usual one
        return f"Digest {joined}{extra}" + ("" if asked.algorithm == "MD5" else f", algorithm={asked.algorithm}")


def _hash(algorithm: Algorithm, text: str) -> str:
    maker = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5
    return maker(text.encode(), usedforsecurity=False).hexdigest()
