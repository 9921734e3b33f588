"""What the web and the media processes prove to each other with every request, also over the internet.

An HMAC over time, path and body under a key made from the grant key: good for a minute, for that one request, and
verified before the body is read. Standard library only.
"""

import hashlib
import hmac

HEADER = "X-Showcam-Internal"  # v1;{epoch s};{sha256 of the body, hex};{hmac, hex}
WINDOW_S = 60  # how far two clocks may differ


class ProcessAuth:
    """Made with the first key, taken by every key of the list."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = keys

    def make(self, path: str, body: bytes, now: float) -> str:
        sent, digest = str(int(now)), hashlib.sha256(body).hexdigest()
        return f"v1;{sent};{digest};{_tag(self._keys[0], sent, path, digest)}"

    def opens(self, header: str, path: str, now: float) -> bool:
        """Whether one of ours wrote the header just now, for this path; its body is still to be compared."""
        parts = header.split(";")
        if len(header) > 256 or len(parts) != 4 or parts[0] != "v1" or not header.isascii():
            return False
        _, sent, digest, tag = parts
        # every key is tried, so that the time taken does not show which one fits
        known = any([hmac.compare_digest(_tag(key, sent, path, digest), tag) for key in self._keys])
        return known and abs(now - int(sent)) <= WINDOW_S

    def covers(self, header: str, path: str, body: bytes, now: float) -> bool:
        """Whether one of ours wrote the header just now, for this path and this body."""
        return self.opens(header, path, now) and holds(header, body)


def holds(header: str, body: bytes) -> bool:
    """Whether this is the body of a header that `opens`."""
    return hmac.compare_digest(header.split(";")[2], hashlib.sha256(body).hexdigest())


def _tag(key: bytes, sent: str, path: str, digest: str) -> str:
    return hmac.digest(key, f"v1\n{sent}\n{path}\n{digest}".encode(), hashlib.sha256).hex()
