"""Builds what the console asks of the machine: the doctor, sizes, a backup and the log."""

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from showcam.app.compose import doctor
from showcam.app.compose.ground import Ground
from showcam.app.data import backup
from showcam.app.keys import KeysUnreadable
from showcam.app.on_disk import OnDisk, version_of
from showcam.app.process.handover import started
from showcam.app.process.supervisor import CannotStart
from showcam.app.redaction import redact
from showcam.app.settings import Settings
from showcam.console.machine import Facts, Found, NotMade
from showcam.engine.messages import MediaUnavailable
from showcam.store.ports import StoreUnavailable

TAIL = 256 * 1024  # bytes of each log file that are read


@dataclass(frozen=True)
class OwnMachine:
    settings: Settings
    base: Ground
    disk: OnDisk = field(default_factory=lambda: OnDisk(version_of(), started()))

    def facts(self, account_id: str) -> Facts:
        disk = shutil.disk_usage(self.settings.data)
        database = self.settings.database
        return Facts(
            version=self.disk.version,
            newer=self.disk.newer(),
            changed=self.disk.changed(),
            python=platform.python_version(),
            address=self.settings.public_url,
            disk_free=disk.free,
            disk_size=disk.total,
            database=database.stat().st_size if database.exists() else 0,
            live=self._live(account_id),
            keeps_backups=self.settings.store == "sqlite",
        )

    def examine(self, account_id: str) -> Iterator[Found]:
        yield from doctor.running(self.settings, self.base, household=account_id)

    def backup(self, folder: Path) -> Path:
        target = folder / "showcam.backup"
        try:
            backup.write(self.settings, target, None, force=False)
        except (CannotStart, StoreUnavailable, KeysUnreadable) as error:
            raise NotMade(str(error)) from None
        return target

    def log(self, most: int) -> list[str]:
        lines = [line for file in (self.settings.data / "log").glob("*.jsonl") for line in _tail(file)]
        return sorted(map(redact, lines), key=_moment)[-most:]

    def _live(self, account_id: str) -> int | None:
        try:
            return self.base.pictures.live(account_id)
        except MediaUnavailable:
            return None


def _tail(file: Path) -> list[str]:
    """The last whole lines of a log file, from its last TAIL bytes."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - TAIL))
            whole = opened.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return whole[1:] if file.stat().st_size > TAIL else whole


def _moment(line: str) -> str:
    """The time in a line of the log, as a text that sorts."""
    return line.partition('"timestamp":')[2].strip()[:40]
