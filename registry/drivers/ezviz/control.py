"""Reading and changing a camera's settings: by the app's API, and by the Open Platform what the first lacks."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from registry.camera import Camera
from registry.drivers.ezviz.account import EzvizAccount
from registry.drivers.ezviz.keys import Keys
from registry.drivers.ezviz.open import settings as of_open
from registry.drivers.ezviz.open.calls import Calls
from registry.drivers.ezviz.sessions import Sessions
from registry.drivers.ezviz.settings import Clock
from registry.errors import DriverError, SetRefused
from registry.settings import CHOICES, Setting, SettingView
from store.records import Source


class Control:
    """Raises registry.errors.DriverError, and SetRefused where something is set."""

    def __init__(self, account: EzvizAccount, sessions: Sessions, keys: Keys) -> None:
        self._account, self._sessions, self._keys = account, sessions, keys

    def settings(self, source: Source, camera: Camera, deadline_s: float) -> dict[Setting, SettingView]:
        """By the app's API; what that doesn't report or can't set, by the Open Platform where there is a key."""
        held, began = self._sessions.read(source), time.monotonic()
        views = {} if self._keys.alone(held) else self._account.settings(source, camera, deadline_s)
        if self._keys.reaches(held, camera):
            try:
                with self._keys.calls(held, camera, deadline_s - (time.monotonic() - began)) as calls:
                    views = _both(views, of_open.views(calls))
            except DriverError:
                if not views:
                    raise
        nothing = SettingView(None, False, why_not="not_this_way")
        return {name: views.get(name, nothing) for name in CHOICES}

    def apply(
        self, source: Source, camera: Camera, setting: Setting, value: str, deadline_s: float, *, code: str = ""
    ) -> None:
        began = time.monotonic()
        clock = self._clock(source, camera, setting, deadline_s)
        self._either(
            source,
            camera,
            deadline_s - (time.monotonic() - began),
            lambda left_s: self._account.apply(source, camera, setting, value, left_s, code=code),
            lambda calls: of_open.write(calls, camera, setting, value, code, clock),
        )

    def restart(self, source: Source, camera: Camera, deadline_s: float) -> None:
        self._either(
            source,
            camera,
            deadline_s,
            lambda left_s: self._account.restart(source, camera, left_s),
            of_open.restart,
        )

    def change_password(self, source: Source, camera: Camera, old: str, new: str, deadline_s: float) -> None:
        self._either(
            source,
            camera,
            deadline_s,
            lambda left_s: self._account.change_password(source, camera, old, new, left_s),
            lambda calls: of_open.change_password(calls, old, new),
        )

    def delete(self, source: Source, camera: Camera, deadline_s: float) -> None:
        held = self._sessions.read(source)
        if not self._keys.reaches(held, camera):
            raise SetRefused("unsupported")
        with self._keys.calls(held, camera, deadline_s) as calls:
            of_open.delete(calls)

    def _clock(self, source: Source, camera: Camera, setting: Setting, deadline_s: float) -> Clock | None:
        """What would be lost by setting a part of it; a sub-account alone can't know."""
        held = self._sessions.read(source)
        if setting not in of_open.TIME or self._keys.alone(held) or not self._keys.reaches(held, camera):
            return None
        return self._account.clock(source, camera, deadline_s)

    def _either(
        self,
        source: Source,
        camera: Camera,
        deadline_s: float,
        by_account: Callable[[float], None],
        by_open: Callable[[Calls], None],
    ) -> None:
        """By the app's API; by the Open Platform only what the first can't do at all."""
        held, began = self._sessions.read(source), time.monotonic()
        if not self._keys.alone(held):
            try:
                by_account(deadline_s)
            except SetRefused as refused:
                if refused.why not in ("unsupported", "not_permitted") or not self._keys.reaches(held, camera):
                    raise
            else:
                return
        with self._keys.calls(held, camera, deadline_s - (time.monotonic() - began), again=False) as calls:
            by_open(calls)


def _both(first: dict[Setting, SettingView], second: dict[Setting, SettingView]) -> dict[Setting, SettingView]:
    """What the first can't report or set is taken from the second."""
    both = dict(first)
    for name, other in second.items():
        one = first.get(name)
        if one is None or (one.value is None and not one.can_set):
            both[name] = other
        elif other.can_set and not one.can_set:
            both[name] = replace(one, can_set=True, choices=other.choices, why_not="")
        elif one.value is None:
            both[name] = replace(one, value=other.value, way=other.way)
    return both
