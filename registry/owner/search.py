"""Looking for cameras in the house: one search at a time, whose progress and result a page reads."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry.drivers.lan.devices import Device
from registry.drivers.lan.search import Candidate, Heard

log = logging.getLogger(__name__)

type Find = Callable[[Sequence[Device], bool, Heard], Sequence[Candidate]]

KEPT_S = 600.0  # so long a result is shown: addresses change


class Progress(Struct, frozen=True):
    """`done` of `of` addresses were knocked at, where that was wanted. `found`: None while it runs."""

    account: str
    began: float
    done: int = 0
    of: int = 0
    found: tuple[Candidate, ...] | None = None
    failed: bool = False

    @property
    def runs(self) -> bool:
        return self.found is None and not self.failed


class Search:
    """`find`: takes the cameras that are known, whether to knock at every address, and what to call with how far it is.

    One for an installation: two searches at once would fill the house's network twice. `clock`: monotonic seconds.
    """

    def __init__(
        self,
        find: Find,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find, self._clock = find, clock
        self._progress: Progress | None = None
        self._lock = threading.Lock()

    def begin(self, account_id: str, known: Sequence[Device], *, look: bool) -> bool:
        """False where one runs already."""
        with self._lock:
            if self._progress is not None and self._progress.runs:
                return False
            self._progress = Progress(account_id, self._clock())
        threading.Thread(target=self._run, args=(known, look), name="search", daemon=True).start()
        return True

    def of(self, account_id: str) -> Progress | None:
        """The household's, while it runs or its result is young; None else."""
        with self._lock:
            progress = self._progress
        if progress is None or progress.account != account_id:
            return None
        return progress if progress.runs or self._clock() - progress.began < KEPT_S else None

    def _run(self, known: Sequence[Device], look: bool) -> None:
        try:
            found = tuple(self._find(known, look, self._heard))
        except Exception as error:  # the page says so, and another may be begun
            log.warning("the search for cameras in the house broke: %s", type(error).__name__)
            self._note(failed=True)
        else:
            self._note(found=found)

    def _heard(self, done: int, of: int) -> None:
        self._note(done=done, of=of)

    def _note(self, **changes: object) -> None:
        with self._lock:
            assert self._progress is not None
            self._progress = replace(self._progress, **changes)
