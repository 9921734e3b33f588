"""The data folder, which belongs either to a demo or to a real installation."""

import os

from showcam.process.supervisor import CannotStart
from showcam.settings import Settings

_MARK = "DEMO"


def claim(settings: Settings) -> None:
    """Make or check the folder. Raises CannotStart where a demo's data would serve a real start, or the reverse."""
    if settings.all_on_aws:
        return
    folder, mark = settings.data, settings.data / _MARK
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        used = any(folder.iterdir())
        if settings.demo and not mark.exists():
            if used and settings.database.exists():
                raise CannotStart(f"{folder} holds a real installation's data; the demo won't touch them.")
            mark.write_text("Practice data of the showcam demo. A real start refuses this folder.\n")
    except OSError as error:
        raise CannotStart(f"The data folder {folder} can't be written: {error.strerror}") from None
    if not settings.demo and mark.exists():
        raise CannotStart(
            f"{folder} holds the demo's data, with accounts everybody knows. Set SHOWCAM_DATA to another."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotStart(f"The data folder {folder} can't be written: permission denied")
