"""SDP offers as displays send them, made into what aiortc understands, or refused before it stumbles over them."""

import re
from typing import Literal

from media.plane.outputs import candidates, sections
from media.plane.outputs.sections import Section

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


type Heard = Literal["opus", "g711", ""]


class NoOffer(Exception):
    """Not an SDP offer, or one without a video section that takes H.264 from us over WebRTC and UDP."""


def normalise(sdp: str) -> str:
    """The offer, its sections in their order, without those that it rejects itself. Raises NoOffer."""
    head, offered = sections.parted(sdp)
    taken = [section for section in offered if not sections.is_rejected(section)]
    if len(sdp) > OFFER_CAP or head[:1] != ["v=0"] or len(taken) > MOST_SECTIONS:
        raise NoOffer
    _judge(head, taken)
    out = [_section(head, section) for section in candidates.usable(taken)]
    mids = {sections.mid(section) for section in taken}
    return sections.joined(sections.bundling(head, [mid for mid in sections.bundled(head) if mid in mids]), out)


def heard(offer: str) -> Heard:
    """What all of its audio sections take that it does not reject itself; "" where there is none, or none is alike."""
    _, offered = sections.parted(offer)
    wanted = [section for section in offered if sections.kind(section) == "audio" and not sections.is_rejected(section)]
    kinds: set[Heard] = {"opus" if _opus(section) else "g711" if _g711(section) else "" for section in wanted}
    return kinds.pop() if len(kinds) == 1 else ""


def is_far(offer: str) -> bool:
    """Whether whoever made it names public addresses alone: a gateway or a display on the internet."""
    return candidates.are_far(offer.splitlines())


def _judge(head: Section, taken: list[Section]) -> None:
    """Raises NoOffer where nothing would be seen, or a task of aiortc's would break when all is answered."""
    video = next((accepted for accepted in taken if sections.kind(accepted) == "video"), None)
    # the first one is where pictures are sent
    if video is None or sections.direction(head, video) in ("a=sendonly", "a=inactive") or candidates.are_tcp(taken):
        raise NoOffer
    mids = [sections.mid(accepted) for accepted in taken]
    if len(set(mids)) < len(mids):
        raise NoOffer
    for section in taken:
        both = [*section, *head]
        prints = [_FINGERPRINT.fullmatch(line.removeprefix("a=fingerprint:")) for line in both]
        if (
            not _UFRAG.fullmatch(sections.value(both, "a=ice-ufrag:"))
            or not _PASSWORD.fullmatch(sections.value(both, "a=ice-pwd:"))
            or not any([found and len(found[2]) == int(found[1]) // 8 * 3 - 1 for found in prints])
            or (sections.kind(section) == "application" and not _SCTP.search("\n".join(section)))
        ):
            raise NoOffer


def _section(head: Section, section: Section) -> Section:
    section = [line for line in section if not line.startswith("a=extmap:") or _extends(line)]
    if not any([line in sections.DIRECTIONS for line in section]):
        section = [*section, sections.direction(head, section)]
    section = _bounded(section)
    if sections.kind(section) == "video":
        return _video(section)
    return _audio(section) if sections.kind(section) == "audio" else section


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
    if len(out) > MOST_LINES + candidates.MOST:
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
