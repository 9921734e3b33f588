"""Session descriptions (RFC 8866): a display's offer made into what aiortc understands, and aiortc's answer made into
what that offer wants.

An offer that aiortc would stumble over is refused before.
"""

import ipaddress
import re
import secrets
from typing import Literal

from showcam.net.addresses import is_public

DIRECTIONS = ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive")
MOST_CANDIDATES = 64  # of an offer, whose sections may all end at one transport, which tries each with each of ours
_CANDIDATE, _NO_MORE = "a=candidate:", "a=end-of-candidates"
# aioice speaks UDP, and RTCP goes the way of RTP. What is beyond these bounds would break aioice's tasks.
_USABLE = re.compile(
    r"a=candidate:\S{1,32} 1 udp (\d{1,10}) (\S+) (\d{1,5}) typ (?:host|srflx|relay)(?: .*)?", re.I | re.A
)
OFFER_CAP = 64 * 1024
MOST_SECTIONS = 8  # each may get sockets of its own
MOST_LINES = 512  # of a section, candidates beside
MOST_WILD = 8  # lines of feedback for every payload
_DYNAMIC = r"9[6-9]|1[01]\d|12[0-7]"  # payload numbers that aiortc takes over from an offer
_H264 = re.compile(rf"a=rtpmap:({_DYNAMIC}) H264/90000", re.IGNORECASE)
# packetization-mode 1 and constrained baseline: what aiortc knows, and what displays take other profiles under too
_FMTP = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
_OPUS = re.compile(rf"a=rtpmap:({_DYNAMIC}) opus/48000/2", re.IGNORECASE)
_OF_PAYLOAD = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ")
_G711 = {"0": "PCMU/8000", "8": "PCMA/8000"}  # by payload (RFC 3551 section 6), which needs no rtpmap
_UFRAG, _PASSWORD = re.compile(r"[!-~]{4,256}"), re.compile(r"[!-~]{22,256}")  # RFC 8839 section 5.4
_FINGERPRINT = re.compile(r"sha-(256|384|512) ([0-9a-f]{2}(?::[0-9a-f]{2})*)", re.IGNORECASE)
_EXTENSION = re.compile(r"a=extmap:([1-9]\d{0,2})(?:/\w+)? \S+", re.ASCII)
_SCTP = re.compile(r"^a=sctp-port:\d{1,5}$|^m=application \d+ DTLS/SCTP \d{1,5}$", re.MULTILINE | re.ASCII)  # RFC 8841

type Section = list[str]

type OfferedSound = Literal["opus", "g711", ""]


class NoOffer(Exception):
    """Not an SDP offer, or one without a video section that takes H.264 from us over WebRTC and UDP."""


def normalise(sdp: str) -> str:
    """The offer, its sections in their order, without those that it rejects itself. Raises NoOffer."""
    head, offered = parted(sdp)
    taken = [section for section in offered if not is_rejected(section)]
    if len(sdp) > OFFER_CAP or head[:1] != ["v=0"] or len(taken) > MOST_SECTIONS:
        raise NoOffer
    _judge(head, taken)
    out = [_section(head, section) for section in usable(taken)]
    mids = {mid_of(section) for section in taken}
    return joined(bundling(head, [mid for mid in bundled(head) if mid in mids]), out)


def offered_sound(offer: str) -> OfferedSound:
    """What all of its audio sections take that it does not reject itself; "" where there is none, or none is alike."""
    _, offered = parted(offer)
    wanted = [section for section in offered if kind_of(section) == "audio" and not is_rejected(section)]
    kinds: set[OfferedSound] = {"opus" if _opus(section) else "g711" if _g711(section) else "" for section in wanted}
    return kinds.pop() if len(kinds) == 1 else ""


def is_far(offer: str) -> bool:
    """Whether all of its candidates name public addresses: a gateway or a display on the internet made it."""
    hosts = [(line.split()[4:5] or [""])[0] for line in offer.splitlines() if line.startswith(_CANDIDATE)]
    return bool(hosts) and all([_is_literal(host) and is_public(host) for host in hosts])


def as_offered(offer: str, answer: str) -> str:
    """The answer as its offer binds it (RFC 8829 section 5.3.1).

    Each section is in its place and under its own protocol; bundled is only what was offered so.
    """
    offered_head, offered = parted(offer)
    head, answered = parted(answer)
    own = iter(answered)
    out = [_refused(section) if is_rejected(section) else _taken(section, next(own)) for section in offered]
    accepted = {mid_of(section) for section in answered}
    mids = [mid for mid in bundled(offered_head) if mid in accepted]
    # the library's number is the second it was made in: two sessions would have the same (RFC 8829 section 5.2.1)
    head = [f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0" if line.startswith("o=") else line for line in head]
    return joined(bundling(head, mids), out)


def _judge(head: Section, taken: list[Section]) -> None:
    """Raises NoOffer where nothing would be seen, or a task of aiortc's would break when all is answered."""
    video = next((accepted for accepted in taken if kind_of(accepted) == "video"), None)
    # the first one is where pictures are sent
    if video is None or direction_of(head, video) in ("a=sendonly", "a=inactive") or are_tcp(taken):
        raise NoOffer
    mids = [mid_of(accepted) for accepted in taken]
    if len(set(mids)) < len(mids):
        raise NoOffer
    for section in taken:
        both = [*section, *head]
        prints = [_FINGERPRINT.fullmatch(line.removeprefix("a=fingerprint:")) for line in both]
        if (
            not _UFRAG.fullmatch(value_of(both, "a=ice-ufrag:"))
            or not _PASSWORD.fullmatch(value_of(both, "a=ice-pwd:"))
            or not any([found and len(found[2]) == int(found[1]) // 8 * 3 - 1 for found in prints])
            or (kind_of(section) == "application" and not _SCTP.search("\n".join(section)))
        ):
            raise NoOffer


def _section(head: Section, section: Section) -> Section:
    section = [line for line in section if not line.startswith("a=extmap:") or _extends(line)]
    if not any([line in DIRECTIONS for line in section]):
        section = [*section, direction_of(head, section)]
    section = _bounded(section)
    if kind_of(section) == "video":
        return _video(section)
    return _audio(section) if kind_of(section) == "audio" else section


def _bounded(section: Section) -> Section:
    """aiortc joins each line of feedback with each codec, so thousands of both would hold up everybody's picture."""
    payloads: set[int] = set()
    wild, out = 0, []
    for line in section:
        if line.startswith("a=rtpmap:"):
            number = _payload(line)
            if number is None or number in payloads:
                continue  # RFC 8866 section 6.6: one for each
            payloads.add(number)
        elif line.startswith("a=rtcp-fb:*"):
            wild += 1
            if wild > MOST_WILD:
                continue
        out.append(line)
    if len(out) > MOST_LINES + MOST_CANDIDATES:
        raise NoOffer
    return out


def _payload(line: str) -> int | None:
    """The payload type as aiortc reads it, which takes any spelling of a number."""
    try:
        return int(line.removeprefix("a=rtpmap:").partition(" ")[0])
    except ValueError:
        return None


def _extends(line: str) -> bool:
    """RFC 8285 section 4.3: a number of one byte."""
    found = _EXTENSION.fullmatch(line)
    return found is not None and int(found[1]) < 256


def _video(section: Section) -> Section:
    listed = section[0].split()[3:]
    payloads = [found[1] for line in section if (found := _H264.fullmatch(line)) and found[1] in listed]
    if not payloads:
        raise NoOffer
    formats = {number: _fmtp(section, number) for number in payloads}
    if any([text is not None and _known(text) for text in formats.values()]):
        return section
    chosen = payloads[0]
    out = []
    for line in section:
        if line.startswith(f"a=fmtp:{chosen} "):
            continue
        out.append(line)
        found = _H264.fullmatch(line)
        if found and found[1] == chosen:
            out.append(f"a=fmtp:{chosen} {_FMTP}")
    return out


def _fmtp(section: Section, payload: str) -> str | None:
    return next((line.partition(" ")[2] for line in section if line.startswith(f"a=fmtp:{payload} ")), None)


def _known(fmtp: str) -> bool:
    """Whether aiortc takes it: mode 1, baseline or constrained baseline of any level."""
    values = dict(part.strip().partition("=")[::2] for part in fmtp.lower().split(";"))
    return (
        values.get("packetization-mode") == "1"
        and re.fullmatch(r"42[0-9a-f]{4}", values.get("profile-level-id", "")) is not None
    )


def _audio(section: Section) -> Section:
    """Opus alone where it is offered, else G.711: aiortc would take the first codec it knows, also one not sent."""
    chosen = _opus(section) or _g711(section)
    if chosen is None:
        return section
    kept = [line for line in section[1:] if not (found := _OF_PAYLOAD.match(line)) or found[1] == chosen]
    if chosen in _G711 and not any([line.startswith(f"a=rtpmap:{chosen} ") for line in kept]):
        kept.append(f"a=rtpmap:{chosen} {_G711[chosen]}")
    return [" ".join([*section[0].split()[:3], chosen]), *kept]


def _g711(section: Section) -> str | None:
    return next((payload for payload in section[0].split()[3:] if payload in _G711), None)


def _opus(section: Section) -> str | None:
    listed = section[0].split()[3:]
    return next((found[1] for line in section if (found := _OPUS.fullmatch(line)) and found[1] in listed), None)


def _taken(offered: Section, answered: Section) -> Section:
    kind, port, _, formats = answered[0].split(" ", 3)
    return [f"{kind} {port} {offered[0].split(' ')[2]} {formats}", *answered[1:]]


def _refused(offered: Section) -> Section:
    """What an offer rejects itself stays so (RFC 3264 section 6)."""
    mid = mid_of(offered)
    return [offered[0], "c=IN IP4 0.0.0.0", *([f"a=mid:{mid}"] if mid else []), "a=inactive"]


def usable(offered: list[Section]) -> list[Section]:
    """The sections without candidates that can't be tried, and of the others with the most wanted ones of the offer.

    Names too are left out: one under .local would be asked of the whole network, and a display behind one is found by
    its own checks. RFC 8445 section 6.1.2.5: what is beyond an agent's limit is discarded by priority, not refused.
    Where one was left out, so is the line that says that there are no more: Firefox names .local candidates only and
    then that line, and aioice fails at once when it has nothing to try and expects nothing.
    """
    found = [
        (-priority, number, place)
        for number, section in enumerate(offered)
        for place, line in enumerate(section)
        if line.startswith(_CANDIDATE) and (priority := _priority(line)) is not None
    ]
    kept = {(number, place) for _, number, place in sorted(found)[:MOST_CANDIDATES]}
    is_whole = len(kept) == sum(line.startswith(_CANDIDATE) for section in offered for line in section)
    return [
        [
            line
            for place, line in enumerate(section)
            if (line != _NO_MORE or is_whole) and (not line.startswith(_CANDIDATE) or (number, place) in kept)
        ]
        for number, section in enumerate(offered)
    ]


def _priority(line: str) -> int | None:
    """None where it can't be tried."""
    found = _USABLE.fullmatch(line)
    good = found and _is_literal(found[2]) and 0 < int(found[3]) < 65536
    return int(found[1]) if found and good else None


def are_tcp(offered: list[Section]) -> bool:
    """Whether there are some and all of them are of TCP, which aioice does not speak."""
    ways = [
        (line.split()[2:3] or [""])[0].lower() for section in offered for line in section if line.startswith(_CANDIDATE)
    ]
    return bool(ways) and set(ways) == {"tcp"}


def _is_literal(host: str) -> bool:
    try:
        # one with a zone ("%eth0") is of a link, and the zone is the display's own
        return "%" not in str(ipaddress.ip_address(host))
    except ValueError:
        return False


def parted(sdp: str) -> tuple[Section, list[Section]]:
    """The head, and each section from its m= line on; empty lines are left out."""
    head: Section = []
    sections: list[Section] = []
    # at every sign at which aiortc parts lines: what is passed over here must not be one there
    for line in [line.rstrip() for line in sdp.splitlines() if line.strip()]:
        if line.startswith("m="):
            sections.append([])
        (sections[-1] if sections else head).append(line)
    return head, sections


def joined(head: Section, sections: list[Section]) -> str:
    return "\r\n".join([*head, *(line for section in sections for line in section)]) + "\r\n"


def kind_of(section: Section) -> str:
    return section[0][2:].partition(" ")[0]


def mid_of(section: Section) -> str:
    return value_of(section, "a=mid:")


def value_of(lines: Section, start: str) -> str:
    """What follows `start` in the first line that begins so; empty where none does."""
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), "")


def is_rejected(section: Section) -> bool:
    """By port 0, which also says that a section is there in a bundle only (RFC 8843 section 6)."""
    return section[0].split()[1:2] == ["0"] and "a=bundle-only" not in section


def direction_of(head: Section, section: Section) -> str:
    """The direction of the section, else that of all, else both ways (RFC 8866 section 6.7)."""
    return next((line for line in [*section, *head] if line in DIRECTIONS), "a=sendrecv")


def bundled(head: Section) -> list[str]:
    """The mids that share a transport, that of the first one; each once, and of the first bundle alone."""
    return list(dict.fromkeys(value_of(head, "a=group:BUNDLE").split()))


def bundling(head: Section, mids: list[str]) -> Section:
    """The head with these in its bundle, where the first was; without one where there are none."""
    bundle = [f"a=group:BUNDLE {' '.join(mids)}"] if mids else []
    out: Section = []
    for line in head:
        if line.startswith("a=group:BUNDLE"):
            out += bundle
            bundle = []
        else:
            out.append(line)
    return out
