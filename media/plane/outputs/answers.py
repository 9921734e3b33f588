"""An answer as its offer binds it, made from what aiortc answers (RFC 8829 section 5.3.1)."""

import secrets

from media.plane.outputs import sections
from media.plane.outputs.sections import Section


def agreed(offer: str, answer: str) -> str:
    """Each section in its place and under its own protocol; bundled is only what was offered so."""
    offered_head, offered = sections.parted(offer)
    head, answered = sections.parted(answer)
    own = iter(answered)
    out = [_refused(section) if sections.is_rejected(section) else _taken(section, next(own)) for section in offered]
    accepted = {sections.mid(section) for section in answered}
    mids = [mid for mid in sections.bundled(offered_head) if mid in accepted]
    # the library's number is the second it was made in: two sessions would have the same (RFC 8829 section 5.2.1)
    head = [f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0" if line.startswith("o=") else line for line in head]
    return sections.joined(sections.bundling(head, mids), out)


def _taken(offered: Section, answered: Section) -> Section:
    kind, port, _, formats = answered[0].split(" ", 3)
    return [f"{kind} {port} {offered[0].split(' ')[2]} {formats}", *answered[1:]]


def _refused(offered: Section) -> Section:
    """What an offer rejects itself stays so (RFC 3264 section 6)."""
    mid = sections.mid(offered)
    return [offered[0], "c=IN IP4 0.0.0.0", *([f"a=mid:{mid}"] if mid else []), "a=inactive"]
