"""Stream grants: who may see which camera, by which protocol, until when; signed, and carried in the URL's path.

A grant verifies by its key alone, so a media process that was just restarted honours those of the one before.
Standard library only.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, fields
from typing import Literal

from media.proof import Proof

# "still" is a snapshot that lives longer, and opens only to a bearer of its link
type Protocol = Literal["hls", "webrtc", "snapshot", "still", "session"]
# which of a camera's streams: the whole picture, or the smaller one that most cameras send beside it
type Picture = Literal["main", "sub"]

START_S = 60  # a stream must be started within this
SNAPSHOT_S = 600

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class BadGrant(Exception):
    """Not signed by us, or not for this use. Answer 403 and do nothing else."""


class ExpiredGrant(Exception):
    """Signed by us, and over. Answer 410."""


@dataclass(frozen=True, slots=True)
class Claims:
    account: str
    link: str
    camera: str
    protocol: Protocol
    surface: str  # "alexa", "google" or "page"
    expires: int  # epoch s
    nonce: str
    explains: bool = False  # a card with the reason, in place of a camera that can't be shown
    picture: Picture = "main"


class Grants:
    """Signs with the first key, verifies with every key of the list, so that keys can be rotated."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys or any(len(key) < 32 for key in keys):
            raise ValueError("a grant key has at least 32 bytes, and there is at least one")
        self._keys = keys

    def sign(self, claims: Claims) -> str:
        each = claims  # written out: dataclasses.astuple copies deeply, and this is on the way of every picture
        who = (each.account, each.link, each.camera)
        values = (*who, each.protocol, each.surface, each.expires, each.nonce, each.explains, each.picture)
        body = _b64(_encode(values).encode())
        return f"{body}.{_b64(self._tag(self._keys[0], body))}"

    def issue(
        self,
        *,
        account: str,
        link: str,
        camera: str,
        protocol: Protocol,
        surface: str,
        now: float,
        life_s: int,
        explains: bool = False,
        picture: Picture = "main",
    ) -> tuple[str, Claims]:
        nonce = secrets.token_urlsafe(9)
        claims = Claims(account, link, camera, protocol, surface, int(now) + life_s, nonce, explains, picture)
        return self.sign(claims), claims

    def verify(self, grant: str, protocol: Protocol | tuple[Protocol, ...], now: float) -> Claims:
        """For this use, or one of these. Raises BadGrant or ExpiredGrant. Costs no I/O whatever it is given."""
        body, _, tag = grant.partition(".")
        if len(grant) > 1024 or not grant.isascii():
            raise BadGrant
        try:
            given = base64.urlsafe_b64decode(tag + "=" * (-len(tag) % 4))
        except (binascii.Error, ValueError):
            raise BadGrant from None
        # every key is tried, so that the time taken tells nothing of which one fits
        if not any([hmac.compare_digest(self._tag(key, body), given) for key in self._keys]):
            raise BadGrant
        values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if len(values) != len(fields(Claims)):
            raise BadGrant
        claims = Claims(*values)
        if claims.protocol not in ((protocol,) if isinstance(protocol, str) else protocol):
            raise BadGrant
        if claims.expires <= now:
            raise ExpiredGrant
        return claims

    def proof(self) -> Proof:
        """Of one of our own processes towards another, under keys made from these."""
        return Proof([self._tag(key, "internal/2") for key in self._keys])

    @staticmethod
    def _tag(key: bytes, text: str) -> bytes:
        return hmac.digest(key, text.encode(), hashlib.sha256)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
