"""The data folder: whose it is (a demo's or a real installation's), and the settings handed to a child process."""

import os
from pathlib import Path

import msgspec

from showcam.settings import Settings
from showcam.supervisor import CannotStart

_MARK = "DEMO"
VARIABLE = "SHOWCAM_SETTINGS"


def claim(settings: Settings) -> None:
    """Makes the folder, or raises CannotStart: demo data never serve a real start, nor the other way round."""
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


def hand_over(settings: Settings) -> dict[str, str]:
    """The environment by which a child process has exactly these settings."""
    return {VARIABLE: msgspec.json.encode(settings, enc_hook=str).decode()}


def handed_over() -> Settings | None:
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    return msgspec.json.decode(text, type=Settings, dec_hook=lambda hint, value: Path(value))
