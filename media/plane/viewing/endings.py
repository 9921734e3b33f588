"""What is over: sessions, the grants they were started with, and links. No grant opens it again."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from media.grants import Claims


class Ended(Exception):
    """The session, or the link behind it, is over. Answer 410."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _End:
    until: float  # epoch s; forgotten then, since no grant reaches beyond it
    reason: str
    final: bool  # False: a fault, after which its grant may open it again


class Endings:
    def __init__(self) -> None:
        self._ends: dict[str, _End] = {}  # by session id, nonce of a start grant, or link

    def note(self, nonces: Iterable[str], until: float, reason: str = "", *, final: bool = True) -> None:
        """`until`: epoch s, when its last grant lapses. Not `final`: a fault, after which it may be opened again.

        What ended for good stays so, whatever is noted of it later.
        """
        end = _End(until, reason, final)
        for nonce in nonces:
            known = self._ends.get(nonce)
            if final or known is None or not known.final:
                self._ends[nonce] = end

    def note_link(self, link: str, until: float) -> None:
        self._ends[_link_key(link)] = _End(until, "", final=True)

    def knows(self, nonce: str) -> bool:
        return nonce in self._ends

    def stays(self, nonce: str) -> bool:
        """Whether it ended for good or for a reason, so that a session's own address does not open it again."""
        end = self._ends.get(nonce)
        return end is not None and (end.final or end.reason != "")

    def reason(self, nonce: str) -> str:
        """Why it ended; "" where nobody gave a reason."""
        end = self._ends.get(nonce)
        return end.reason if end else ""

    def refuse(self, claims: Claims) -> None:
        """Raises Ended, for what ended for good."""
        for key in (claims.nonce, _link_key(claims.link)):
            end = self._ends.get(key)
            if end is not None and end.final:
                raise Ended(end.reason)

    def tidy(self) -> None:
        clock = time.time()
        self._ends = {key: end for key, end in self._ends.items() if end.until > clock}


def _link_key(link: str) -> str:
    return f"link/{link}"
