"""SDP offers as displays send them, made into what aiortc understands."""

import re

OFFER_CAP = 64 * 1024
MOST_CANDIDATES = 64
_H264 = re.compile(r"a=rtpmap:(\d+) H264/90000$", re.IGNORECASE)
# packetization-mode 1 and constrained baseline: what aiortc knows, and what displays take other profiles under too
_FMTP = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
_OPUS = re.compile(r"a=rtpmap:(\d+) opus/48000/2$", re.IGNORECASE)
_OF_PAYLOAD = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ")
_STATIC = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000"}


class NoOffer(Exception):
    """Not an SDP offer, or one without a video section that takes H.264."""


def normalise(sdp: str) -> str:
    """The same offer, its sections in their order. Raises NoOffer."""
    # at every sign at which aiortc parts lines: what is passed over here must not be one there
    lines = [line.rstrip() for line in sdp.splitlines() if line.strip()]
    if len(sdp) > OFFER_CAP or not lines or lines[0] != "v=0":
        raise NoOffer
    head, sections = _split(lines)
    if not any([section[0].startswith("m=video ") for section in sections]):
        raise NoOffer
    out = head
    for section in sections:
        section = _candidates(section)
        if section[0].startswith("m=video "):
            section = _video(section)
        elif section[0].startswith("m=audio "):
            section = _audio(section)
        out = out + section
    return "\r\n".join(out) + "\r\n"


def takes_opus(offer: str) -> bool:
    """Whether each of its audio sections does, and there is one that is not rejected itself (port 0)."""
    sections = [section for section in _split(offer.splitlines())[1] if section[0].startswith("m=audio ")]
    wanted = [section for section in sections if section[0].split()[1:2] != ["0"]]
    return bool(wanted) and all([_opus(section) for section in wanted])


def without_audio(answer: str) -> str:
    """The same answer with its audio sections rejected: an offer's section can't be left out (RFC 3264 section 6)."""
    head, sections = _split(answer.splitlines())
    bundled = next((line.split()[1:] for line in head if line.startswith("a=group:BUNDLE")), [])
    out = []
    for section in sections:
        mid = next((line[6:] for line in section if line.startswith("a=mid:")), "")
        # a section with a transport of its own would be waited for; it stays, and is inactive
        if section[0].startswith("m=audio ") and mid in bundled and len(bundled) > 1:
            bundled.remove(mid)
            kind, _, rest = section[0].split(" ", 2)
            kept = [line for line in section[1:] if not line.startswith(("a=candidate", "a=end-of-candidates"))]
            section = [f"{kind} 0 {rest}", *kept]
        out += section
    head = [f"a=group:BUNDLE {' '.join(bundled)}" if line.startswith("a=group:BUNDLE") else line for line in head]
    return "\r\n".join([*head, *out]) + "\r\n"


def _split(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    head: list[str] = []
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        (sections[-1] if sections else head).append(line)
    return head, sections


def _candidates(section: list[str]) -> list[str]:
    """Names under .local would be asked of the whole network; a display behind one is found by its own checks."""
    kept, count = [], 0
    for line in section:
        if line.startswith("a=candidate:"):
            count += 1
            if count > MOST_CANDIDATES or any([word.lower().endswith(".local") for word in line.split()]):
                continue
        kept.append(line)
    return kept


def _video(section: list[str]) -> list[str]:
    listed = section[0].split()[3:]
    payloads = [found[1] for line in section if (found := _H264.match(line)) and found[1] in listed]
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
        found = _H264.match(line)
        if found and found[1] == chosen:
            out.append(f"a=fmtp:{chosen} {_FMTP}")
    return out


def _fmtp(section: list[str], payload: str) -> str | None:
    return next((line.partition(" ")[2] for line in section if line.startswith(f"a=fmtp:{payload} ")), None)


def _known(fmtp: str) -> bool:
    """Whether aiortc takes it: mode 1, baseline or constrained baseline of any level."""
    values = dict(part.strip().partition("=")[::2] for part in fmtp.lower().split(";"))
    return (
        values.get("packetization-mode") == "1"
        and re.match(r"42[0-9a-f]{4}$", values.get("profile-level-id", "")) is not None
    )


def _audio(section: list[str]) -> list[str]:
    """Opus alone where it is offered: aiortc would take the first codec it knows, and send Opus under that name."""
    start, listed = section[0].split()[:3], section[0].split()[3:]
    opus = _opus(section)
    if opus is not None:
        kept = [line for line in section[1:] if not (found := _OF_PAYLOAD.match(line)) or found[1] == opus]
        return [" ".join([*start, opus]), *kept]
    out = list(section)
    for payload, name in _STATIC.items():
        if payload in listed and not any([line.startswith(f"a=rtpmap:{payload} ") for line in section]):
            out.append(f"a=rtpmap:{payload} {name}")
    return out


def _opus(section: list[str]) -> str | None:
    listed = section[0].split()[3:]
    return next((found[1] for line in section if (found := _OPUS.match(line)) and found[1] in listed), None)
