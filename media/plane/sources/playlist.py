"""A vendor's playlist (RFC 8216), read and given names of our own, so that libav never sees a vendor's address."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

MOST_SEGMENTS = 2000


class NotPlaylist(Exception):
    """Not an HLS playlist, or one that is out of all proportion."""


class Encrypted(Exception):
    """Its segments are encrypted."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A media playlist. `segments` are addresses by media sequence number, `inits` those of init sections."""

    first: int
    target_s: float
    segments: dict[int, str]
    inits: tuple[str, ...]
    text: str

    @property
    def last(self) -> int:
        return self.first + len(self.segments) - 1

    def continues(self, before: "Listing") -> bool:
        """Whether whoever has read `before` to its end finds the next segment here."""
        return before.first <= self.first <= before.last + 1 and self.last >= before.last


# Lines that libav needs and that name no address.
_KEPT = re.compile(
    r"#(EXTM3U|EXT-X-VERSION|EXT-X-TARGETDURATION|EXT-X-MEDIA-SEQUENCE|EXT-X-DISCONTINUITY|EXT-X-DISCONTINUITY-SEQUENCE"
    r"|EXTINF|EXT-X-BYTERANGE|EXT-X-ENDLIST|EXT-X-INDEPENDENT-SEGMENTS|EXT-X-PROGRAM-DATE-TIME|EXT-X-GAP)(:|$)"
)
_URI = re.compile(r'URI="([^"]*)"')


def variant(text: str, base: str, index: int = 0) -> str | None:
    """The address of a master playlist's variant; None when this is a media playlist."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [
        lines[at + 1]
        for at, line in enumerate(lines[:-1])
        if line.startswith("#EXT-X-STREAM-INF") and not lines[at + 1].startswith("#")
    ]
    return urljoin(base, found[min(index, len(found) - 1)]) if found else None


def read(text: str, base: str) -> Listing:
    """Raises NotPlaylist, Encrypted."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0].lstrip("\ufeff") != "#EXTM3U":
        raise NotPlaylist
    first = _number(text, "#EXT-X-MEDIA-SEQUENCE:", 0)
    segments: dict[int, str] = {}
    inits: list[str] = []
    out: list[str] = []
    for line in lines:
        if line.startswith("#EXT-X-KEY") and "METHOD=NONE" not in line:
            raise Encrypted
        if line.startswith("#EXT-X-MAP"):
            out.append(_map(line, base, inits))
        elif not line.startswith("#"):
            number = first + len(segments)
            segments[number] = urljoin(base, line)
            out.append(f"{number}.m4s" if inits else f"{number}.ts")
        elif _KEPT.match(line):
            out.append(line)
    if len(segments) > MOST_SEGMENTS:
        raise NotPlaylist
    target = float(_number(text, "#EXT-X-TARGETDURATION:", 2))
    return Listing(first, target, segments, tuple(inits), "\n".join(out) + "\n")


def _map(line: str, base: str, inits: list[str]) -> str:
    found = _URI.search(line)
    if found is None:
        raise NotPlaylist
    address = urljoin(base, found[1])
    if address not in inits:
        inits.append(address)
    return _URI.sub(f'URI="init-{inits.index(address)}.mp4"', line)


def _number(text: str, tag: str, default: int) -> int:
    found = re.search(rf"^{tag}(\d{{1,18}})", text, re.MULTILINE)
    return int(found[1]) if found else default
