"""Examines the room on the disk of the data folder."""

import shutil
from pathlib import Path

from showcam.app.doctor.finding import Finding, ok, wrong
from showcam.i18n.catalogue import worded

LEAST = 200 << 20  # bytes: the database, its log and a backup fit


def examine(folder: Path, least: int = LEAST) -> Finding:
    what = worded("disk")
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return wrong(
            what,
            worded("the data folder can't be read ({error})", error=type(error).__name__),
            worded("See the setting data."),
        )
    if free < least:
        mend = worded(
            "Remove what is not needed: a full disk takes no sign-in and no link, and keeps no change.",
        )
        return wrong(
            what, worded("{free} MB are free where showcam keeps its data", free=free >> 20), mend, "disk_full"
        )
    return ok(what, worded("{free} MB are free where showcam keeps its data", free=free >> 20))
