"""Stream grants: who may see which camera, by which protocol, until when; signed, and carried in the URL's path.

A grant verifies by its key alone, so a media process that was just restarted honours those of the one before.
Standard library only.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal, cast

from media.proof import Proof

# "still" is a snapshot that lives longer, and opens only to a bearer of its link
type Protocol = Literal["hls", "webrtc", "snapshot", "still", "session"]
# which of a camera's streams: the whole picture, or the smaller one that most cameras send beside it
type Picture = Literal["main", "sub"]

START_S = 60  # a stream must be started within this
SNAPSHOT_S = 600

_SEPARATOR = "\n"


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
        # keyed once: to copy the state takes less than to begin with the key
        self._keyed = [hmac.new(key, digestmod="sha256") for key in keys]

    def sign(self, claims: Claims) -> str:
        # written out, and not as JSON: this is on the way of every picture
        each, expires, explains = claims, str(claims.expires), "1" if claims.explains else ""
        what = (each.account, each.link, each.camera, each.protocol, each.surface)
        body = _b64(_SEPARATOR.join((*what, expires, each.nonce, explains, each.picture)).encode())
        return f"{body}.{_b64(_tag(self._keyed[0], body))}"

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
        nonce = _b64(secrets.token_bytes(9))
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
        if not any([hmac.compare_digest(_tag(key, body), given) for key in self._keyed]):
            raise BadGrant
        claims = _claims(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode())
        if claims.protocol not in ((protocol,) if isinstance(protocol, str) else protocol):
            raise BadGrant
        if claims.expires <= now:
            raise ExpiredGrant
        return claims

    def proof(self) -> Proof:
        """Of one of our own processes towards another, under keys made from these."""
        return Proof([_tag(key, "internal/2") for key in self._keyed])


def _claims(text: str) -> Claims:
    """A field that holds a separator makes one too many, so that no two claims are written alike. Raises BadGrant."""
    values = text.split(_SEPARATOR)
    if len(values) != 9:
        raise BadGrant
    account, link, camera, protocol, surface, expires, nonce, explains, picture = values
    use, which = cast("Protocol", protocol), cast("Picture", picture)
    return Claims(account, link, camera, use, surface, int(expires), nonce, explains == "1", which)


def _tag(keyed: hmac.HMAC, text: str) -> bytes:
    mac = keyed.copy()
    mac.update(text.encode())
    return mac.digest()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
