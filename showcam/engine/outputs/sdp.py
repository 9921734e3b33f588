"""Rewrites session descriptions (RFC 8866): a display's offer for aiortc, and aiortc's answer for the display.

An offer that would make aiortc fail is refused first.
"""

import ipaddress
import re
import secrets
from typing import Literal

from showcam.net.addresses import is_public

DIRECTIONS = ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive")
MOST_CANDIDATES = 64  # of an offer: all sections may share a transport, which tries each pair of candidates
_CANDIDATE, _NO_MORE = "a=candidate:", "a=end-of-candidates"
# aioice speaks UDP, and RTCP goes the way of RTP. Other candidates would break aioice's tasks.
_USABLE = re.compile(
    r"a=candidate:\S{1,32} 1 udp (\d{1,10}) (\S+) (\d{1,5}) typ (?:host|srflx|relay)(?: .*)?", re.I | re.A
)
OFFER_CAP = 64 * 1024
MOST_SECTIONS = 8  # each may get its own sockets
MOST_LINES = 512  # of a section, without candidates
MOST_WILD = 8  # lines of feedback for every payload
_DYNAMIC = r"9[6-9]|1[01]\d|12[0-7]"  # payload numbers that aiortc takes over from an offer
_H264 = re.compile(rf"a=rtpmap:({_DYNAMIC}) H264/90000", re.IGNORECASE)
# packetization-mode 1 and constrained baseline: aiortc knows these, and displays accept other profiles under them
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
    """The text is no SDP offer, or has no video section that accepts H.264 over WebRTC and UDP."""


def normalise(sdp: str) -> str:
    """The offer in aiortc's form, without the sections that the offer itself rejects. Raises NoOffer."""
    head, offered = parted(sdp)
    taken = [section for section in offered if not is_rejected(section)]
    if len(sdp) > OFFER_CAP or head[:1] != ["v=0"] or len(taken) > MOST_SECTIONS:
        raise NoOffer
    _judge(head, taken)
    out = [_section(head, section) for section in usable(taken)]
    mids = {mid_of(section) for section in taken}
    return joined(bundling(head, [mid for mid in bundled(head) if mid in mids]), out)


def offered_sound(offer: str) -> OfferedSound:
    """The codec that all audio sections of the offer accept; "" if there is no audio section, or they differ."""
    _, offered = parted(offer)
    wanted = [section for section in offered if kind_of(section) == "audio" and not is_rejected(section)]
    kinds: set[OfferedSound] = {"opus" if _opus(section) else "g711" if _g711(section) else "" for section in wanted}
    return kinds.pop() if len(kinds) == 1 else ""


def is_far(offer: str) -> bool:
    """True if all candidates name public addresses: the offer comes from a gateway or a display on the internet."""
    hosts = [(line.split()[4:5] or [""])[0] for line in offer.splitlines() if line.startswith(_CANDIDATE)]
    return bool(hosts) and all([_is_literal(host) and is_public(host) for host in hosts])


def as_offered(offer: str, answer: str) -> str:
    """The answer in the form that its offer demands (RFC 8829 section 5.3.1).

    Each section keeps the place and the protocol from the offer. Sections are bundled only if the offer bundled them.
    """
    offered_head, offered = parted(offer)
    head, answered = parted(answer)
    own = iter(answered)
    out = [_refused(section) if is_rejected(section) else _accepted(section, next(own)) for section in offered]
    accepted = {mid_of(section) for section in answered}
    mids = [mid for mid in bundled(offered_head) if mid in accepted]
    # aiortc's number is the second it was made in, so two sessions could have the same (RFC 8829 section 5.2.1)
    head = [f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0" if line.startswith("o=") else line for line in head]
    return joined(bundling(head, mids), out)


def _judge(head: Section, taken: list[Section]) -> None:
    """Raises NoOffer if a display would show nothing, or if a task of aiortc would break after the answer."""
    video = next((accepted for accepted in taken if kind_of(accepted) == "video"), None)
    # pictures are sent in the first video section
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
    """Limits a section's lines. aiortc joins each line of feedback with each codec: thousands would block the loop."""
    payloads: set[int] = set()
    wild, out = 0, []
    for line in section:
        if line.startswith("a=rtpmap:"):
            number = _payload(line)
            if number is None or number in payloads:
                continue  # RFC 8866 section 6.6: one line for each payload
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
    """The payload type as aiortc reads it: aiortc accepts any spelling of a number."""
    try:
        return int(line.removeprefix("a=rtpmap:").partition(" ")[0])
    except ValueError:
        return None


def _extends(line: str) -> bool:
    """True if the header extension's number fits a byte (RFC 8285 section 4.3)."""
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
    """True if aiortc accepts the format: packetization mode 1, baseline or constrained baseline of any level."""
    values = dict(part.strip().partition("=")[::2] for part in fmtp.lower().split(";"))
    return (
        values.get("packetization-mode") == "1"
        and re.fullmatch(r"42[0-9a-f]{4}", values.get("profile-level-id", "")) is not None
    )


def _audio(section: Section) -> Section:
    """Keeps only Opus if it is offered, else only G.711: aiortc would choose a codec that showcam does not send."""
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


def _accepted(offered: Section, answered: Section) -> Section:
    kind, port, _, formats = answered[0].split(" ", 3)
    return [f"{kind} {port} {offered[0].split(' ')[2]} {formats}", *answered[1:]]


def _refused(offered: Section) -> Section:
    """The answer to a section that the offer itself rejects: it stays rejected (RFC 3264 section 6)."""
    mid = mid_of(offered)
    return [offered[0], "c=IN IP4 0.0.0.0", *([f"a=mid:{mid}"] if mid else []), "a=inactive"]


def usable(offered: list[Section]) -> list[Section]:
    """The sections without candidates that can't be tried. Of the others the best by priority are kept.

    Candidates with names are left out too: aioice would ask the whole network for a name under .local, and such a
    display is found by its own checks. RFC 8445 section 6.1.2.5: an agent discards candidates beyond its limit by
    priority and does not refuse the offer. If a candidate was left out, `end-of-candidates` is left out as well.
    Firefox sends only .local candidates and then this line, and aioice would fail at once.
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
    """The priority of a candidate's line; None if the candidate can't be tried."""
    found = _USABLE.fullmatch(line)
    good = found and _is_literal(found[2]) and 0 < int(found[3]) < 65536
    return int(found[1]) if found and good else None


def are_tcp(offered: list[Section]) -> bool:
    """True if there are candidates, and all of them are for TCP, which aioice does not speak."""
    ways = [
        (line.split()[2:3] or [""])[0].lower() for section in offered for line in section if line.startswith(_CANDIDATE)
    ]
    return bool(ways) and set(ways) == {"tcp"}


def _is_literal(host: str) -> bool:
    try:
        # an address with a zone ("%eth0") works only on its link, and only the display knows the zone
        return "%" not in str(ipaddress.ip_address(host))
    except ValueError:
        return False


def parted(sdp: str) -> tuple[Section, list[Section]]:
    """Splits a description into its head and its sections, each from its m= line on. Empty lines are left out."""
    head: Section = []
    sections: list[Section] = []
    # splitlines() as in aiortc: text that is no line here must not be a line there
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
    """The rest of the first line that begins with `start`; empty if no line does."""
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), "")


def is_rejected(section: Section) -> bool:
    """True if port 0 rejects the section. With a=bundle-only, port 0 means only a bundle (RFC 8843 section 6)."""
    return section[0].split()[1:2] == ["0"] and "a=bundle-only" not in section


def direction_of(head: Section, section: Section) -> str:
    """The direction of the section; else the head's direction; else both ways (RFC 8866 section 6.7)."""
    return next((line for line in [*section, *head] if line in DIRECTIONS), "a=sendrecv")


def bundled(head: Section) -> list[str]:
    """The mids of the first bundle, each once. These sections share the transport of the first mid."""
    return list(dict.fromkeys(value_of(head, "a=group:BUNDLE").split()))


def bundling(head: Section, mids: list[str]) -> Section:
    """The head with these mids in place of its first bundle, and without a bundle if `mids` is empty."""
    bundle = [f"a=group:BUNDLE {' '.join(mids)}"] if mids else []
    out: Section = []
    for line in head:
        if line.startswith("a=group:BUNDLE"):
            out += bundle
            bundle = []
        else:
            out.append(line)
    return out
