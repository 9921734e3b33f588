"""Python imports it when it starts with this folder on its path: it writes down whose code a part of showcam runs.

From the file "begin" beside it on, and until "end" is there. `tests/doubles/walk.py` copies it and makes both.
"""

import os
import sys
import threading
import time
from pathlib import Path
from types import CodeType

FOLDER = Path(__file__).parent
PARTS = {"serve", "media"}  # web and engine
LOOK_S = 0.01


def watch() -> None:
    monitoring, ran = sys.monitoring, set[str]()
    either = monitoring.events.PY_START | monitoring.events.PY_RESUME

    def runs(code: CodeType, _offset: int) -> object:
        ran.add(code.co_filename)
        return monitoring.DISABLE  # once says it

    def until(name: str) -> None:
        while not (FOLDER / name).exists():
            time.sleep(LOOK_S)

    tool = monitoring.PROFILER_ID
    if not monitoring.get_tool(tool):  # a process that was forked has it already
        monitoring.use_tool_id(tool, "walk")
    for event in (monitoring.events.PY_START, monitoring.events.PY_RESUME):
        monitoring.register_callback(tool, event, runs)
    (FOLDER / f"{os.getpid()}.up").touch()
    until("begin")
    monitoring.set_events(tool, either)
    (FOLDER / f"{os.getpid()}.begun").touch()
    until("end")
    monitoring.set_events(tool, 0)
    written = FOLDER / f"{os.getpid()}.part"
    written.write_text("\n".join(sorted(ran)))
    written.rename(written.with_suffix(".ran"))


def begin() -> None:
    threading.Thread(target=watch, daemon=True).start()


if PARTS & {*sys.orig_argv}:
    os.register_at_fork(after_in_child=begin)
    begin()
