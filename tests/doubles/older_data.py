"""Data folders as two older versions left them, each with one household of the demo that its owner had set up.

40dcf04 is a showcam 0.1, 6dbed8eb a 0.2. `tests/whole/kept` has what each of them kept, as SQL and JSON.
"""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[1] / "whole" / "kept"
VERSIONS = ("40dcf04", "6dbed8eb")
USER = "demo@example.com"
PARKED = "AddOrUpdateReport: the event gateway answered 413 REQUEST_ENTITY_TOO_LARGE_EXCEPTION"
FAILED = "refused: the event gateway answered 403"


def facts(version: str, engine: str = "sqlite") -> dict[str, Any]:
    """Returns the keys, the tokens that the assistants hold, and the sessions that the simulated EZVIZ knows."""
    return dict(json.loads((KEPT / f"{version}.{engine}.json").read_text()))


def put_keys(data: Path, kept: dict[str, Any]) -> None:
    keys = data / "keys"
    keys.mkdir(mode=0o700, parents=True)
    for name, text in kept["keys"].items():
        (keys / name).write_text(text)
        (keys / name).chmod(0o600)


def put_demo(version: str, data: Path) -> dict[str, Any]:
    """Makes `data` the folder of that version's demo on SQLite. Returns its facts."""
    kept = facts(version)
    put_keys(data, kept)
    (data / "DEMO").write_text("Practice data of the showcam demo. A real start refuses this folder.\n")
    with closing(sqlite3.connect(data / "showcam.sqlite3")) as database:
        database.executescript((KEPT / f"{version}.sqlite.sql").read_text())
        if version == "6dbed8eb":
            _put_failures(database)
    put_sessions(data / "simulator", kept)
    return kept


def put_sessions(folder: Path, kept: dict[str, Any]) -> None:
    folder.mkdir()
    sessions = kept["vendor_sessions"]
    for session in sessions["sessions"].values():
        session["expires"] = time.time() + 3600
    (folder / "sessions.json").write_text(json.dumps(sessions))


def _put_failures(database: sqlite3.Connection) -> None:
    """Puts a parked report and a refused link as 6dbed8eb wrote them, whose tables have no kind of failure."""
    ((link, account),) = database.execute("SELECT id, account FROM link WHERE assistant = 'alexa'").fetchall()
    at = time.time() - 60
    row = (f"{link}/look/all", account, link, "alexa", "look", "all", at, at, 1, at, PARKED)
    database.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    waiting = (f"{link}/look", account, link, "alexa", "look", "", at, at, 1, None, None)
    database.execute("INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", waiting)
    later = time.time() + 3600
    held = "UPDATE telling SET reason = ?, tries = 9, free = ?, wanted = ? WHERE link = ?"
    database.execute(held, (FAILED, later, later, link))
    database.commit()
