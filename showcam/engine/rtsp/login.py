"""Signs RTSP requests by Digest (RFC 7616; cameras mostly use RFC 2069 and 2617) and Basic (RFC 7617).

Standard library only: the web process asks cameras whether a code is right, the media process fetches the video.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal

type Algorithm = Literal["MD5", "SHA-256"]

_PART = re.compile(r'([a-zA-Z][\w-]*)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')
_MOST = 8  # challenges that are read


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
    """Reads the WWW-Authenticate headers of a 401; None if no challenge can be answered. See also Login.may."""
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
        self._challenge: Challenge | None = None
        self._count = 0

    def may(self, challenge: Challenge) -> bool:
        """Whether requests may be signed by this challenge."""
        return self._basic or challenge.scheme != "basic"

    @property
    def is_basic(self) -> bool:
        """Whether user and password are sent as they are."""
        return self._challenge is not None and self._challenge.scheme == "basic"

    def is_outdated_by(self, challenge: Challenge) -> bool:
        """Whether a refusal with this challenge may be about the nonce, and not about user and password.

        `stale` says so (RFC 7616 section 3.3); many devices only send another nonce.
        """
        return challenge.stale or self._challenge is None or challenge.nonce != self._challenge.nonce

    def take(self, challenge: Challenge) -> None:
        """Signs requests by this challenge from here on."""
        assert self.may(challenge)
        self._challenge, self._count = challenge, 0

    def sign(self, method: str, uri: str) -> str | None:
        """The value of an Authorization header; None before the first challenge."""
        challenge = self._challenge
        if challenge is None:
            return None
        if challenge.scheme == "basic":
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        self._count += 1
        return self._digest(challenge, method, uri)

    def _digest(self, challenge: Challenge, method: str, uri: str) -> str:
        secret = _hash(challenge.algorithm, f"{self._user}:{challenge.realm}:{self._password}")
        action = _hash(challenge.algorithm, f"{method}:{uri}")
        parameters = {"username": self._user, "realm": challenge.realm, "nonce": challenge.nonce, "uri": uri}
        extra = ""
        if challenge.qop:
            count, own = f"{self._count:08x}", secrets.token_hex(8)
            answer = _hash(challenge.algorithm, f"{secret}:{challenge.nonce}:{count}:{own}:auth:{action}")
            extra = f', qop=auth, nc={count}, cnonce="{own}"'
        else:
            answer = _hash(challenge.algorithm, f"{secret}:{challenge.nonce}:{action}")
        parameters["response"] = answer
        if challenge.opaque is not None:
            parameters["opaque"] = challenge.opaque
        joined = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
        # some cameras stumble over the name of the usual algorithm
        return f"Digest {joined}{extra}" + (
            "" if challenge.algorithm == "MD5" else f", algorithm={challenge.algorithm}"
        )


def _hash(algorithm: Algorithm, text: str) -> str:
    """The hash in hex. Surrogates in `text` are hashed as the bytes that a device sent."""
    maker = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5
    return maker(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
