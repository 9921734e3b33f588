"""How long rows outlive their use, and which names can be a row's key at all; the same in every engine."""

CODE_KEPT_S = 600  # after its end a code is still known, so that a replay is told from a guess
TOKEN_KEPT_S = 24 * 3600  # an assistant back from a day off hears "expired" (refresh it), not "invalid" (link again)
LINK_KEPT_S = 30 * 24 * 3600  # an ended link keeps its label this long


def addressable(*names: str) -> bool:
    """False for what no row can be called: a name from outside may be empty, huge, or not even text in UTF-8."""
    try:
        return all(0 < len(name.encode()) <= 512 for name in names)
    except UnicodeEncodeError:
        return False
