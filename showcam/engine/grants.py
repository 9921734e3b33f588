"""Stream grants: they state the viewer, the camera, the protocol and the end, are signed, and are part of a URL's path.

A key is enough to verify a grant, so a media process that was just restarted honours the grants of the process before
it. The proofs that the web and the media processes send with every request use the same keys. Standard library only.
"""

import hashlib
import hmac
import os
from typing import Literal, NamedTuple, NotRequired, TypedDict, cast

# "still" is a snapshot that lives longer, and opens only to a bearer of its link. After the start a viewer uses a
# further grant for the same protocol: "session" of HLS, "webrtc_session" of WebRTC. No grant is made for "rtsp", whose
# clients begin with a grant for HLS.
type Protocol = Literal["hls", "webrtc", "snapshot", "still", "session", "webrtc_session", "rtsp"]
SESSION_OF: dict[Protocol, Protocol] = {"hls": "session", "webrtc": "webrtc_session"}
# one of a camera's streams: the whole video, or the smaller one that most cameras send as well
type Picture = Literal["main", "sub"]

START_S = 60  # a stream must be started within this time
SNAPSHOT_S = 600  # an assistant fetches a still repeatedly within this time
CHECK_S = 2.0  # between two checks whether a live video may go on: a video whose gate closes ends within 3 s
IDLE_S = 30  # a session without a request ends: a player asks for its list every target duration (RFC 8216, 6.3.4)
# a session's grant lasts this long if it is not renewed; while a viewer watches, the gate's check renews the session
SESSION_S = 86_400


# the flag of a grant; a process of the version before reads a flag that it does not know as none
_EXPLAINS, _TALKS = "1", "t"

# Begins the surface of a grant for a still of what happened at a camera; its kind and its time in epoch seconds follow.
EVENT = "event-"

HEADER = "X-Showcam-Internal"  # v1;{epoch s};{sha256 of the body, hex};{hmac, hex}
WINDOW_S = 60  # how far two clocks may differ


class BadGrant(Exception):
    """The grant is not signed by us, or not for this use. Answer 403 and do nothing else."""


class ExpiredGrant(Exception):
    """The grant is signed by us but has expired. Answer 410, unless the session that `claims` names was renewed."""

    def __init__(self, claims: "Claims") -> None:
        super().__init__()
        self.claims = claims


class WireClaims(TypedDict):
    """Claims in the JSON that showcam's processes exchange."""

    account: str
    link: str
    camera: str
    protocol: Protocol
    surface: str
    expires: int
    nonce: str
    explains: NotRequired[bool]
    picture: NotRequired[Picture]
    talks: NotRequired[bool]


class Claims(NamedTuple):
    """The ids and words in a grant. Each can be put into a URL unchanged and holds no dot."""

    account: str
    link: str
    camera: str
    protocol: Protocol
    surface: str  # "alexa", "google", "tv", "page", "player", "video", or EVENT for the still of an event
    expires: int  # epoch s
    nonce: str
    explains: bool = False  # a card with the reason, in place of a camera that can't be shown
    picture: Picture = "main"
    talks: bool = False  # the viewer may talk through the camera; the gate is asked again when they do

    def as_json(self) -> WireClaims:
        return cast("WireClaims", self._asdict())


class Grants:
    """Signs with the first key, verifies with every key of the list, so that keys can be rotated."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys or any(len(key) < 32 for key in keys):
            raise ValueError("a grant key has at least 32 bytes, and there is at least one")
        self._keys = keys
        self._begun = [hmac.new(key, digestmod="sha256") for key in keys]  # a copy takes half as long as a new one

    def sign(self, claims: Claims) -> str:
        return self._signed(claims, claims.protocol, claims.nonce)

    def for_session(self, claims: Claims, expires: int) -> Claims:
        """The claims of the session that a start grant begins; a session's own claims stay."""
        protocol = SESSION_OF.get(claims.protocol)
        return claims._replace(protocol=protocol, expires=expires, nonce=_nonce()) if protocol else claims

    def beside(self, claims: Claims, protocol: Protocol) -> str:
        """A further grant with the same claims for another protocol."""
        return self._signed(claims, protocol, _nonce())

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
        talks: bool = False,
    ) -> tuple[str, Claims]:
        nonce = _nonce()
        claims = Claims(account, link, camera, protocol, surface, int(now) + life_s, nonce, explains, picture, talks)
        return self._signed(claims, protocol, nonce), claims

    def verify(self, grant: str, protocol: Protocol | tuple[Protocol, ...], now: float) -> Claims:
        """The claims of a grant for this use, or one of these, without I/O. Raises BadGrant or ExpiredGrant."""
        if len(grant) > 1024 or not grant.isascii():
            raise BadGrant
        body, _, tag = grant.rpartition(".")
        # every key is tried, so that the time taken does not show which one fits
        if not any([hmac.compare_digest(_tag(begun, body), tag) for begun in self._begun]):
            raise BadGrant
        claims = _claims(body)
        if claims.protocol not in ((protocol,) if isinstance(protocol, str) else protocol):
            raise BadGrant
        if claims.expires <= now:
            raise ExpiredGrant(claims)
        return claims

    def proof(self) -> "ProcessAuth":
        """Makes proofs for requests from one process of showcam to another. The keys are made from the grant keys."""
        return ProcessAuth([hmac.digest(key, b"internal/2", "sha256") for key in self._keys])

    def _signed(self, claims: Claims, protocol: Protocol, nonce: str) -> str:
        account, link, camera, _, surface, expires, _, explains, picture, talks = claims
        flag = _EXPLAINS if explains else _TALKS if talks else ""
        body = f"{account}.{link}.{camera}.{protocol}.{surface}.{expires}.{nonce}.{flag}.{picture}"
        return f"{body}.{_tag(self._begun[0], body)}"


def _nonce() -> str:
    return os.urandom(8).hex()


def _claims(body: str) -> Claims:
    """Reads the claims of a grant; a field with a dot adds a field, which is refused. Raises BadGrant."""
    values = body.split(".")
    if len(values) != 9:
        raise BadGrant
    account, link, camera, protocol, surface, expires, nonce, flag, picture = values
    use, which = cast("Protocol", protocol), cast("Picture", picture)
    explains, talks = flag == _EXPLAINS, flag == _TALKS
    return Claims(account, link, camera, use, surface, int(expires), nonce, explains, which, talks)


def _tag(begun: hmac.HMAC, body: str) -> str:
    mac = begun.copy()
    mac.update(body.encode())
    return mac.hexdigest()


class ProcessAuth:
    """Proves to a process of showcam that a request comes from another one, also over the internet.

    The proof is an HMAC over time, path and body: good for a minute, for that one request, and verified before the body
    is read. The first key makes the proof; every key of the list verifies it.
    """

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = keys

    def make(self, path: str, body: bytes, now: float) -> str:
        sent, digest = str(int(now)), hashlib.sha256(body).hexdigest()
        return f"v1;{sent};{digest};{_auth_tag(self._keys[0], sent, path, digest)}"

    def opens(self, header: str, path: str, now: float) -> bool:
        """Whether a process of ours wrote the header just now, for this path; its body is still to be compared."""
        parts = header.split(";")
        if len(header) > 256 or len(parts) != 4 or parts[0] != "v1" or not header.isascii():
            return False
        _, sent, digest, tag = parts
        # every key is tried, so that the time taken does not show which one fits
        known = any([hmac.compare_digest(_auth_tag(key, sent, path, digest), tag) for key in self._keys])
        return known and abs(now - int(sent)) <= WINDOW_S

    def covers(self, header: str, path: str, body: bytes, now: float) -> bool:
        """Whether a process of ours wrote the header just now, for this path and this body."""
        return self.opens(header, path, now) and holds(header, body)


def holds(header: str, body: bytes) -> bool:
    """Whether this is the body of a header that `opens`."""
    return hmac.compare_digest(header.split(";")[2], hashlib.sha256(body).hexdigest())


def _auth_tag(key: bytes, sent: str, path: str, digest: str) -> str:
    return hmac.digest(key, f"v1\n{sent}\n{path}\n{digest}".encode(), hashlib.sha256).hex()
