"""The sessions that live: by id, by the grant they were started with, and by the name others gave them."""

from collections.abc import Iterator

from media.grants import Claims
from media.plane.viewing.pull import Pull
from media.plane.viewing.session import Session


class SessionIndex:
    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}
        self._by_start: dict[str, Session] = {}  # nonce of the grant it was started with
        self._by_name: dict[tuple[str, str], Session] = {}  # by link and name

    def __iter__(self) -> Iterator[Session]:
        """A copy: sessions may be removed meanwhile."""
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, session: Session, start: str) -> None:
        """`start`: the nonce of its start grant."""
        self._by_id[session.claims.nonce] = session
        self._by_start[start] = session
        if session.name:
            self._by_name[session.claims.link, session.name] = session

    def remove(self, session: Session) -> list[str]:
        """The nonces by which it was known."""
        self._by_id.pop(session.claims.nonce, None)
        starts = [nonce for nonce, known in self._by_start.items() if known is session]
        for nonce in starts:
            del self._by_start[nonce]
        for name in [name for name, known in self._by_name.items() if known is session]:
            del self._by_name[name]
        return [session.claims.nonce, *starts]

    def find(self, claims: Claims, name: str) -> Session | None:
        """The session of a start grant, of a session grant, or of a name."""
        session = self._by_id.get(claims.nonce) or self._by_start.get(claims.nonce)
        return session or (self._by_name.get((claims.link, name)) if name else None)

    def of_id(self, nonce: str) -> Session | None:
        return self._by_id.get(nonce)

    def named(self, link: str, name: str) -> Session | None:
        return self._by_name.get((link, name))

    def of_link(self, link: str) -> list[Session]:
        return [session for session in self if session.claims.link == link]

    def count(self, account: str) -> int:
        return sum(session.claims.account == account for session in self)

    def watched(self, now: float, account: str | None) -> int:
        """How many have a viewer that watches; with None of all accounts."""
        return sum(account in (None, session.claims.account) and session.watches(now) for session in self)

    def has_begun(self, start: str) -> bool:
        return start in self._by_start

    def holds(self, session: Session) -> bool:
        return self._by_id.get(session.claims.nonce) is session

    def watch_pull(self, pull: Pull, now: float | None = None) -> bool:
        """Whether a session has that pull; with `now` (of the loop), one whose viewer watches."""
        return any([session.pull is pull and (now is None or session.watches(now)) for session in self])

    def has_answered(self, pull: Pull) -> bool:
        """Whether a viewer by WebRTC has its answer, and waits for that picture or is shown it."""
        return any([session.pull is pull and session.peer is not None for session in self])
