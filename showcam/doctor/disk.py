"""Examines the room on the disk of the data folder."""

import shutil
from pathlib import Path

from showcam.doctor.finding import Finding, ok, wrong

LEAST = 200 << 20  # bytes: the database, its log and a backup fit


def examine(folder: Path, least: int = LEAST) -> Finding:
    what = "disk"
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return wrong(what, f"the data folder can't be read ({type(error).__name__})", "See the setting data.")
    if free < least:
        mend = "Remove what is not needed: a full disk takes no sign-in and no link, and keeps no change."
        return wrong(what, f"{free >> 20} MB are free where showcam keeps its data", mend, "disk_full")
    return ok(what, f"{free >> 20} MB are free where showcam keeps its data")
