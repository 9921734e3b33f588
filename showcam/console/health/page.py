"""The health page: the doctor's findings, the machine, who is signed in, a backup to download, and a diagnosis."""

import re
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from flask import Response, request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.health.examinations import Examinations, Examined
from showcam.console.health.machine import Facts, Finding, NotMade
from showcam.console.look import pages
from showcam.console.look.area import READ, Area, Rule
from showcam.i18n.catalogue import mark
from showcam.registry.owner.owner import Owner

NO_BACKUP = mark("Not written. Is there room, and may showcam write there?")

MOST = 30  # the most troubles from the log
LEVELS: dict[str, Literal["warning", "error"]] = {"warning": "warning", "error": "error", "critical": "error"}
_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "(account)"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b"), "(address)"),
    (re.compile(r"(?<![\w:])[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(?![\w:])"), "(address)"),
    (re.compile(r"amzn1\.[\w.-]+"), "(id)"),
    (re.compile(r"\b[a-z2-7]{16,}\b"), "(id)"),
)
MARKS = {"ok": "ok", "wrong": "WRONG", "unsure": "?"}
AT = "/home/health"
LINES = 300  # the most lines of the log
MIB = 2**20


class Health:
    """`folder` holds a backup only while it is being downloaded."""

    def __init__(self, owner: Owner, area: Area, examinations: Examinations, folder: Path) -> None:
        self._owner, self._area, self._examinations, self._folder = owner, area, examinations, folder
        self._machine = examinations.machine

    def rules(self) -> list[Rule]:
        return [
            (AT, "health", self.show, READ),
            (AT, "health_step", self.take, ("POST",)),
            (f"{AT}/log", "log", self.log, READ),
            (f"{AT}/progress", "progress", self.progress, READ),
        ]

    def show(self, current: ConsoleSession, error: str = "", technically: str = "") -> Response:
        """`error` is a sentence to say. `technically` is the cause, in English."""
        facts, examined = self._machine.facts(current.account), self._examinations.of(current.account)
        return self._area.page(
            "health/page",
            403 if error else 200,
            facts=facts,
            mib=MIB,
            examined=examined,
            diagnosis=self._diagnosis(current, facts, examined) if examined and examined.ended else "",
            error=pages.say(error) if error else "",
            technically=technically,
        )

    def take(self, current: ConsoleSession) -> Response:
        match request.form.get("step", ""):
            case "examine":
                self._examinations.begin(current.account)
                return pages.led(AT)
            case "backup":
                return self._backup(current)
        return pages.problem("request")

    def log(self, _current: ConsoleSession) -> Response:
        lines = self._machine.log(LINES)
        return self._area.page("health/log", lines=lines, troubles=troubles(lines))

    def progress(self, current: ConsoleSession) -> Response:
        """Answers the script of a page that waits for the doctor."""
        examined = self._examinations.of(current.account)
        running = examined is not None and examined.running
        return pages.data({"running": running, "found": len(examined.findings) if examined else 0})

    def _diagnosis(self, current: ConsoleSession, facts: Facts, examined: Examined) -> str:
        host = urlsplit(facts.address).hostname or ""
        return diagnosed(facts, examined.findings, self._names(current), host)

    def _backup(self, current: ConsoleSession) -> Response:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="backup-", dir=self._folder, ignore_cleanup_errors=True) as place:
                content = self._machine.backup(Path(place)).read_bytes()
        except (NotMade, OSError) as why:
            return self.show(current, NO_BACKUP, str(why))
        return pages.saved(content, "application/octet-stream", f"showcam-{pages.day(time.time())}.backup")

    def _names(self, current: ConsoleSession) -> list[str]:
        cameras = [camera.name for camera in pages.cameras(self._owner, current.account)]
        labels = [link.label for link in self._area.store.links(current.account)]
        return [current.user, *cameras, *labels]


class Trouble(Struct, frozen=True):
    """A kind of line in the log. `last` is when it was last written, in epoch seconds; `line` is its text then.

    `part` is the process behind the line.
    """

    level: Literal["warning", "error"]
    part: str
    count: int
    last: float
    line: str


class _Line(Struct):
    event: str
    level: str
    timestamp: str
    part: str = ""


_decoder = msgspec.json.Decoder(_Line)


def troubles(lines: Iterable[str]) -> list[Trouble]:
    """Returns the log's warnings and errors for an owner to read, the last first, and how often each was written.

    `lines` are as in the files, the oldest first; lines of other programs are left out.
    """
    found: dict[tuple[str, str, str], Trouble] = {}
    for line in lines:
        try:
            read = _decoder.decode(line)
            at = datetime.fromisoformat(read.timestamp).timestamp()
        except (msgspec.MsgspecError, ValueError, OverflowError, OSError):
            continue
        if level := LEVELS.get(read.level):
            key = level, read.part, read.event
            before = found.pop(key, None)
            found[key] = Trouble(level, read.part, before.count + 1 if before else 1, at, line)
    return list(reversed(found.values()))[:MOST]


def diagnosed(facts: Facts, findings: Iterable[Finding], names: Iterable[str], host: str) -> str:
    """Returns the diagnosis for others to read, without any of `names` (cameras, people) and the public `host`."""
    lines = [
        f"showcam {facts.version}, Python {facts.python}",
        f"disk {facts.disk_free // 2**20} of {facts.disk_size // 2**20} MiB free",
        *(
            f"{MARKS[found.state]}  {found.fault or ''}  {found.what}: {found.text}".replace("    ", "  ")
            for found in findings
        ),
    ]
    return masked("\n".join(lines), names, host)


def masked(text: str, names: Iterable[str], host: str) -> str:
    if host:
        text = text.replace(host, "(host)")
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "(name)", text)
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text
