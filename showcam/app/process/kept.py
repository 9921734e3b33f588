"""The settings that showcam keeps in its database, so that nobody must edit a file.

A file, a variable or an option that gives the same setting counts more. The demo keeps none, and with DynamoDB they
come from the environment and Secrets Manager.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from showcam.app import keys
from showcam.app.process.settings_sources import SettingsError, changed
from showcam.app.settings import KEPT, SECRETS, Settings
from showcam.store.sealing import Sealer
from showcam.store.sqlite.kept_settings import KeptSettings

CHANGED, NOW = "settings-changed", "settings-now"  # files in run/, which the supervisor watches
# the supervisor's file there: a changed setting would interrupt pictures that somebody watches, so it waits
WAITS = "settings-wait"


def keeps(settings: Settings) -> bool:
    return settings.store == "sqlite" and not settings.demo


def read(settings: Settings) -> dict[str, str]:
    """The kept texts, by the setting's name. Raises KeysUnreadable, SealedUnreadable, StoreUnavailable."""
    if not keeps(settings) or not settings.database.exists():
        return {}
    return _rows(settings).read()


@dataclass(frozen=True)
class Row:
    name: str
    text: str  # as a variable would give it; "" for a secret
    is_set: bool
    is_secret: bool
    is_kept: bool
    origin: str  # the file, variable or option that gives it and counts more than the kept value; "": none


class Installation:
    """Shows and changes the kept settings. `settings` are those in use; `origins`: their settings_sources.origins.

    Raises StoreUnavailable and SealedUnreadable.
    """

    def __init__(self, settings: Settings, origins: Mapping[str, str]) -> None:
        self._settings, self._origins = settings, origins
        self._run = settings.data / "run"

    def rows(self) -> list[Row]:
        kept = read(self._settings)
        return [self._row(name, kept) for name in KEPT]

    def change(self, texts: Mapping[str, str | None]) -> None:
        """Keeps these settings, and forgets each whose text is None. The processes that read them start again soon.

        Raises SettingsError.
        """
        for name in texts:
            if name not in KEPT:
                raise SettingsError(f"{name} is not kept by showcam. It keeps {', '.join(KEPT)}")
            if origin := self._origins.get(name):
                raise SettingsError(f"{name} comes from {origin}, which counts more: change it there")
        cleaned = {name: text.strip() if text is not None else None for name, text in texts.items()}
        changed(self._settings, self._new({**read(self._settings), **cleaned}))
        _rows(self._settings).change(cleaned)
        self._touch(CHANGED)

    def changeable(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The settings that no file, variable or option gives."""
        return {name: text for name, text in texts.items() if name not in self._origins}

    def waits(self) -> bool:
        """Whether a kept change is not in use yet."""
        return changed(self._settings, self._new(read(self._settings))) != self._settings

    def is_held_up(self) -> bool:
        """Whether a process has to start again, and waits until nobody watches."""
        return (self._run / WAITS).exists()

    def apply_now(self) -> None:
        """Applies kept changes now, also while somebody watches."""
        self._touch(NOW)

    def _row(self, name: str, kept: Mapping[str, str]) -> Row:
        value = getattr(self._settings, name)
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        if name not in self._origins:
            text = kept.get(name, text)
        is_secret = name in SECRETS
        return Row(name, "" if is_secret else text, bool(text), is_secret, name in kept, self._origins.get(name, ""))

    def _new(self, kept: Mapping[str, str | None]) -> dict[str, str | None]:
        return {name: kept.get(name) for name in KEPT if name not in self._origins}

    def _touch(self, name: str) -> None:
        self._run.mkdir(parents=True, exist_ok=True)
        (self._run / name).touch()


class Record:
    """A sealed text of a set-up in progress, kept with the settings. Raises StoreUnavailable, SealedUnreadable."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings, self._name = settings, name

    def read(self) -> bytes | None:
        held = read(self._settings).get(self._name)
        return held.encode() if held else None

    def write(self, data: bytes | None) -> None:
        _rows(self._settings).change({self._name: data.decode() if data is not None else None})


def _rows(settings: Settings) -> KeptSettings:
    return KeptSettings(Path(settings.database), Sealer(keys.of(settings).seal))
