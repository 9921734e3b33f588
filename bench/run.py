"""One run of the benchmark: its effort, and its peer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.peer import environment
from bench.peer.environment import NoPeer
from bench.table import LeftOut, Row
from bench.timing import QUICK, Effort

__all__ = ["Group", "NoPeer", "Run"]


@dataclass
class Run:
    quick: bool = False
    peers: bool = True
    _no_peer: str | None = field(default=None, init=False)
    _tried: bool = field(default=False, init=False)

    @property
    def effort(self) -> Effort:
        return QUICK if self.quick else Effort()

    def need_peer(self) -> None:
        """Raises NoPeer; the environment is made or tried once in a run."""
        if not self.peers:
            raise NoPeer("--no-peers was given")
        if not self._tried:
            self._tried = True
            try:
                environment.ensure()
            except NoPeer as error:
                self._no_peer = str(error)
        if self._no_peer is not None:
            raise NoPeer(self._no_peer)


type Results = Iterator[Row | LeftOut]


@dataclass(frozen=True)
class Group:
    """A part of the bench; `--only` takes its name.

    Neighbours with the same word in `beside` are measured at the same time. `rows`: the names of the rows that a whole
    run prints for it.
    """

    name: str
    about: str
    measure: Callable[[Run], Results]
    beside: str = ""
    rows: Sequence[str] = ()
