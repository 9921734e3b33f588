"""A machine with ready facts and findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from showcam.console.health.machine import Facts, Finding, NotMade

FINDINGS = (
    Finding("disk", "ok", "1000 MiB are free"),
    Finding("name home.example", "wrong", "it leads to 203.0.113.9", "Let it point at your address.", "dns_wrong"),
    Finding("camera Garden", "unsure", "asleep, of demo@example.com at fd00::7"),
)


@dataclass
class ReadyMachine:
    """Settable: `findings`, `lines` and `why_not`, for which no backup is made. `examined` are households."""

    findings: tuple[Finding, ...] = FINDINGS
    lines: list[str] = field(default_factory=lambda: ['{"event": "one"}', '{"event": "<two>"}'])
    why_not: str = ""
    live: int | None = 2
    newer: str = ""
    changed: float = 0.0
    breaks: bool = False  # its examination, at the end
    examined: list[str] = field(default_factory=list)
    start: Callable[[Callable[[], None]], None] | None = None  # how its examination begins; None: at once

    def facts(self, account_id: str) -> Facts:
        return Facts(
            version="0.2.0",
            python="3.13.5",
            address="https://home.example",
            disk_free=2**30,
            disk_size=2**32,
            database=4096,
            live=self.live,
            keeps_backups=True,
            newer=self.newer,
            changed=self.changed,
        )

    def examine(self, account_id: str) -> Iterator[Finding]:
        self.examined.append(account_id)
        yield from self.findings
        if self.breaks:
            raise ConnectionError

    def backup(self, folder: Path) -> Path:
        if self.why_not:
            raise NotMade(self.why_not)
        (folder / "made").write_bytes(b"backup of everything")
        return folder / "made"

    def log(self, most: int) -> list[str]:
        return self.lines[-most:]
