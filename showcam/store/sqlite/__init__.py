"""The store on one SQLite file; migrations/ has its schema, database.py its transactions."""

from pathlib import Path

from showcam.store.outbox import LAID_KEPT_S, OUTBOX_KEPT_S
from showcam.store.records import ASK_KEPT_S, CODE_KEPT_S, HAPPENING_KEPT_S, LINK_KEPT_S, TOKEN_KEPT_S, WAIT_S
from showcam.store.sealing import Sealer
from showcam.store.sqlite.accounts import AccountRows
from showcam.store.sqlite.database import TO_RESTORE, Database
from showcam.store.sqlite.ephemeral import EphemeralRows, Taken
from showcam.store.sqlite.links import LinkRows

__all__ = ["SqliteStore"]


class SqliteStore(AccountRows, LinkRows, EphemeralRows):
    """Any number of threads and processes may use one file. Taken keys are in a second file in the same folder.

    Raises StoreUnavailable if the file can't be opened.
    """

    def __init__(self, path: Path, sealer: Sealer, *, wait_s: float = WAIT_S) -> None:
        self._database = Database(path, wait_s, damaged=TO_RESTORE)
        self._sealer = sealer
        self._taken = Taken(path, wait_s)

    def sweep(self, now: float) -> int:
        over = (
            ("DELETE FROM code WHERE expires <= ?", now - CODE_KEPT_S),
            ("DELETE FROM token WHERE expires <= ?", now - TOKEN_KEPT_S),
            ("DELETE FROM link WHERE ended <= ?", now - LINK_KEPT_S),
            ("DELETE FROM happening WHERE at <= ?", now - HAPPENING_KEPT_S),
            ("DELETE FROM outbox WHERE laid IS NULL AND max(at, due) <= ?", now - OUTBOX_KEPT_S),
            ("DELETE FROM outbox WHERE laid <= ?", now - LAID_KEPT_S),
            ("DELETE FROM ask WHERE at <= ?", now - ASK_KEPT_S),
            ("DELETE FROM visit WHERE expires <= ?", now),
            ("DELETE FROM throttle WHERE ends <= ?", now),
            ("DELETE FROM hold WHERE ends <= ?", now),
        )
        with self._database.writing() as write:
            gone = sum(write.execute(sql, (before,)).rowcount for sql, before in over)
        self._database.checkpoint()
        self._remove_remains()
        return gone + self._taken.sweep(now)

    def ping(self) -> None:
        self._database.check()

    def close(self) -> None:
        self._database.close()
        self._taken.close()
