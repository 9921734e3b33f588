"""The health page: what the doctor finds, the machine, a backup to download, the log, and a diagnosis to copy."""

import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, request

from accounts.console_sessions import ConsoleSession
from console import diagnosis, pages
from console.area import READ, Area, Rule
from console.machine import Found, Machine, NotMade
from registry.errors import Unavailable
from registry.owner.owner import Owner

AT = "/home/health"
LINES = 300
MIB = 2**20


class Health:
    """`folder` is where a backup is for the moment of its download."""

    def __init__(self, owner: Owner, area: Area, machine: Machine, folder: Path) -> None:
        self._owner, self._area, self._machine, self._folder = owner, area, machine, folder

    def rules(self) -> list[Rule]:
        return [
            (AT, "health", self.show, READ),
            (AT, "health_step", self.take, ("POST",)),
            (f"{AT}/log", "log", self.log, READ),
        ]

    def show(self, current: ConsoleSession, findings: tuple[Found, ...] | None = None, error: str = "") -> Response:
        facts = self._machine.facts(current.account)
        host = urlsplit(facts.address).hostname or ""
        return self._area.page(
            "health",
            403 if error else 200,
            facts=facts,
            mib=MIB,
            findings=findings,
            wrong=sum(found.state == "wrong" for found in findings or ()),
            diagnosis=diagnosis.written(facts, findings, self._names(current), host) if findings else "",
            error=error,
        )

    def take(self, current: ConsoleSession) -> Response:
        match request.form.get("step", ""):
            case "examine":
                return self.show(current, tuple(self._machine.examine(current.account)))
            case "backup":
                return self._backup(current)
        return pages.problem("request")

    def log(self, _current: ConsoleSession) -> Response:
        return self._area.page("log", lines=self._machine.log(LINES))

    def _backup(self, current: ConsoleSession) -> Response:
        self._folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="backup-", dir=self._folder))
        try:
            made = self._machine.backup(place)
            content = made.read_bytes()
        except NotMade as why:
            return self.show(current, error=str(why))
        finally:
            shutil.rmtree(place, ignore_errors=True)
        response = Response(content, content_type="application/octet-stream")
        day = time.strftime("%Y-%m-%d")
        response.headers["Content-Disposition"] = f'attachment; filename="showcam-{day}.backup"'
        return response

    def _names(self, current: ConsoleSession) -> list[str]:
        try:
            cameras = [camera.name for camera in self._owner.cameras(current.account).cameras]
        except Unavailable:
            cameras = []
        labels = [link.label for link in self._area.store.links(current.account)]
        return [current.user, *cameras, *labels]
