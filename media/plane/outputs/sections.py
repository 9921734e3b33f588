"""A session description as lines: what stands before its sections, and the sections (RFC 8866)."""

type Section = list[str]

DIRECTIONS = ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive")


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


def kind(section: Section) -> str:
    return section[0][2:].partition(" ")[0]


def mid(section: Section) -> str:
    return value(section, "a=mid:")


def value(lines: Section, start: str) -> str:
    """What follows `start` in the first line that begins so; empty where none does."""
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), "")


def is_rejected(section: Section) -> bool:
    """By port 0, which also says that a section is there in a bundle only (RFC 8843 section 6)."""
    return section[0].split()[1:2] == ["0"] and "a=bundle-only" not in section


def direction(head: Section, section: Section) -> str:
    """The direction of the section, else that of all, else both ways (RFC 8866 section 6.7)."""
    return next((line for line in [*section, *head] if line in DIRECTIONS), "a=sendrecv")


def bundled(head: Section) -> list[str]:
    """The mids that share a transport, that of the first one; each once, and of the first bundle alone."""
    return list(dict.fromkeys(value(head, "a=group:BUNDLE").split()))


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
