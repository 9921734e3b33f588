"""Changing a camera: what a voice may, what its owner may, and reading back whether the camera took it."""

import itertools
import logging
import re
import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from registry.camera import Camera, Refusal
from registry.driver import Driver
from registry.errors import DriverError, SetRefused
from registry.gate.gate import not_by_voice, overruled
from registry.preferences import Preferences, keep
from registry.readings.breaker import Breaker
from registry.readings.judge import Deadline, Judge, VisibleCamera, unreached
from registry.readings.readings import Readings
from registry.rules import Rules
from registry.settings import BY_VOICE, FIELDS, BadValue, Setting, SettingView, Step, check, told
from store.ports import Store
from store.records import Link

log = logging.getLogger(__name__)

OWNER_S = 20.0  # a person waits for it and is told so
PASSWORD = re.compile(r"[A-Za-z0-9]{6,12}")
READ_BACK_S = 0.5  # between looks at whether a setting has taken; Image Encryption needs seconds


class Control:
    """Answers with a Refusal where something is wrong; raises BadValue, and what the store raises."""

    def __init__(
        self,
        store: Store,
        drivers: Mapping[str, Driver],
        readings: Readings,
        judge: Judge,
        breaker: Breaker,
        rules: Rules,
    ) -> None:
        self._store, self._drivers, self._readings, self._judge = store, drivers, readings, judge
        self._breaker, self._rules = breaker, rules
        self._looks = itertools.count()

    def change(
        self, link: Link, camera_id: str, setting: str, value: str, within_s: float | None = None
    ) -> Camera | Refusal:
        """What a voice asks for; refused unless the owner has ticked it. Raises BadValue.

        `within_s`: what the surface has left to wait.
        """
        wanted = check(setting, value)
        deadline = Deadline(self._rules.vendor_within(within_s))
        seen = self._for_voice(link, camera_id, wanted, deadline)
        if isinstance(seen, Refusal):
            return seen
        if told(seen.camera, wanted) == "none":
            return overruled("not_this_way", seen.camera)
        changed = self._change(seen, wanted, value, "", deadline)
        # a step is a code to bring, which a voice never is asked for
        return overruled("not_set", seen.camera) if isinstance(changed, Step) else changed

    def restart(self, link: Link, camera_id: str, within_s: float | None = None) -> Camera | Refusal:
        """Likewise; the camera is offline for a minute or two from then on."""
        deadline = Deadline(self._rules.vendor_within(within_s))
        seen = self._for_voice(link, camera_id, "restart", deadline)
        return seen if isinstance(seen, Refusal) else self._restart(seen, deadline)

    def serving(self, account_id: str) -> dict[str, tuple[str, ...]]:
        """By source id. Raises Unavailable."""
        sources = self._readings.household(account_id).sources
        return {each.id: self._drivers[each.kind].serves(each) for each in sources}

    def settings(self, account_id: str, camera_id: str) -> dict[Setting, SettingView] | Refusal:
        """Each setting the manual knows, read now."""
        deadline = Deadline(OWNER_S)
        seen = self._judge.find(account_id, camera_id, deadline)
        if isinstance(seen, Refusal):
            return seen
        driver = self._drivers[seen.source.kind]
        try:
            return self._breaker.call(
                f"set/{seen.source.id}",
                deadline.left,
                lambda: driver.settings(seen.source, seen.camera, deadline.left),
            )
        except DriverError as error:
            return unreached(error, seen.camera)

    def owner_change(
        self, account_id: str, camera_id: str, setting: str, value: str, *, code: str = "", consent: bool = False
    ) -> Camera | Refusal | Step:
        """What the owner sets himself. Image Encryption goes off with his consent and the code. Raises BadValue."""
        wanted = check(setting, value)
        deadline = Deadline(OWNER_S)
        seen = self._judge.find(account_id, camera_id, deadline)
        if isinstance(seen, Refusal):
            return seen
        if seen.camera.owner == "shared" and wanted in ("encryption", "storage"):
            return overruled("not_this_way", seen.camera)  # that is for the account which owns the camera
        if not consent and ((wanted, value) == ("encryption", "off") or wanted == "storage"):
            return Step("consent")
        if (wanted, value) == ("encryption", "off") and not code:
            return Step("code")
        return self._change(seen, wanted, value, code, deadline)

    def owner_restart(self, account_id: str, camera_id: str) -> Camera | Refusal:
        deadline = Deadline(OWNER_S)
        seen = self._judge.find(account_id, camera_id, deadline)
        return seen if isinstance(seen, Refusal) else self._restart(seen, deadline)

    def change_password(self, account_id: str, camera_id: str, old: str, new: str) -> Camera | Refusal | Step:
        """The password that pictures are encrypted with. Raises BadValue."""
        if not PASSWORD.fullmatch(new):
            raise BadValue("an encryption password has 6 to 12 letters and digits")
        deadline = Deadline(OWNER_S)
        seen = self._judge.find(account_id, camera_id, deadline)
        if isinstance(seen, Refusal):
            return seen
        if seen.camera.owner == "shared":
            return overruled("not_this_way", seen.camera)
        driver = self._drivers[seen.source.kind]
        refusal = self._ask(
            seen, deadline, lambda: driver.change_password(seen.source, seen.camera, old, new, deadline.left)
        )
        return refusal or seen.camera

    def delete(self, account_id: str, camera_id: str, name: str) -> Camera | Refusal:
        """Take it off the vendor account; the person types its name. Raises BadValue."""
        deadline = Deadline(OWNER_S)
        seen = self._judge.find(account_id, camera_id, deadline)
        if isinstance(seen, Refusal):
            return seen
        if name != seen.camera.name:
            raise BadValue("the name typed is not the camera's: nothing was deleted")
        if seen.camera.owner == "shared":
            return overruled("not_this_way", seen.camera)
        driver = self._drivers[seen.source.kind]
        refusal = self._ask(seen, deadline, lambda: driver.delete(seen.source, seen.camera, deadline.left))
        if isinstance(refusal, Step):
            return overruled("not_set", seen.camera)
        return refusal or seen.camera

    def preferences(self, account_id: str, camera_id: str) -> Preferences:
        return self._readings.preferences(account_id).get(camera_id, Preferences())

    def prefer(self, account_id: str, camera_id: str, preferences: Preferences) -> None:
        """Other processes follow with their next list, or in half a minute. Raises BadValue for what no voice may."""
        if strange := set(preferences.voice_may) - set(BY_VOICE):
            raise BadValue(f"a voice can't be allowed {', '.join(sorted(strange))}; of these: {', '.join(BY_VOICE)}")
        voice_may = tuple(each for each in BY_VOICE if each in preferences.voice_may)
        keep(self._store, account_id, camera_id, replace(preferences, voice_may=voice_may))
        self._readings.forget_household(account_id)

    def _for_voice(self, link: Link, camera_id: str, what: str, deadline: Deadline) -> VisibleCamera | Refusal:
        seen = self._judge.see(link, camera_id, deadline)
        if isinstance(seen, Refusal):
            return seen
        return not_by_voice(seen.camera, what) or seen

    def _change(
        self, seen: VisibleCamera, setting: Setting, value: str, code: str, deadline: Deadline
    ) -> Camera | Refusal | Step:
        driver = self._drivers[seen.source.kind]

        def apply() -> None:
            driver.apply(seen.source, seen.camera, setting, value, deadline.left, code=code)

        refusal = self._ask(seen, deadline, apply)
        if refusal is not None:
            return refusal
        try:
            found = self._read_back(seen, setting, value, deadline)
        except DriverError as error:
            return unreached(error, seen.camera)
        return found or overruled("not_set", seen.camera)

    def _restart(self, seen: VisibleCamera, deadline: Deadline) -> Camera | Refusal:
        if not seen.camera.can_restart:
            return overruled("not_this_way", seen.camera)
        driver = self._drivers[seen.source.kind]
        refusal = self._ask(seen, deadline, lambda: driver.restart(seen.source, seen.camera, deadline.left))
        if isinstance(refusal, Step):
            return overruled("not_set", seen.camera)
        return refusal or seen.camera

    def _ask(self, seen: VisibleCamera, deadline: Deadline, write: Callable[[], None]) -> Refusal | Step | None:
        """None when the vendor took it. Never asked twice: what was refused once, or half done, is not for us."""
        try:
            self._breaker.call(f"set/{seen.source.id}", deadline.left, write)
        except DriverError as error:
            log.warning("source %s took no setting: %s", seen.source.id, error.reason, extra={"reason": error.reason})
            return unreached(error, seen.camera)
        except SetRefused as refused:
            match refused.why:
                case "wrong_code":
                    return Step("code", wrong=True)
                case "wrong_mailed_code":
                    return Step("mailed_code", wrong=True)
                case "code_mailed":
                    return Step("mailed_code")
                case "unsupported":
                    return overruled("not_this_way", seen.camera)
                case "not_taken":
                    return overruled("not_set", seen.camera)
        return None

    def _read_back(self, seen: VisibleCamera, setting: Setting, value: str, deadline: Deadline) -> Camera | None:
        """The vendor says yes before the camera has done it, and sometimes instead of it."""
        while True:
            camera = self._look(seen, setting, value, deadline)
            if camera is not None or deadline.left <= READ_BACK_S:
                return camera
            time.sleep(READ_BACK_S)

    def _look(self, seen: VisibleCamera, setting: Setting, value: str, deadline: Deadline) -> Camera | None:
        """The camera if it has taken the value: by its list, and where that holds no such setting, by `settings`."""
        if _listed(seen.camera, setting):
            # by a name of its own, so that it is not answered by a read that began before the change
            purpose = f"changed/{next(self._looks)}"
            camera = self._readings.read(seen.account, seen.source, deadline.left, purpose=purpose).find(seen.camera.id)
            if camera is None or _listed(camera, setting):
                return camera if camera is not None and told(camera, setting) == value else None
        views = self._drivers[seen.source.kind].settings(seen.source, seen.camera, deadline.left)
        # what can't be read is taken on the vendor's word; formatting ends in another state than it was asked for
        taken = views[setting].value in (value, None) or setting == "storage"
        return seen.camera if taken else None


def _listed(camera: Camera, setting: Setting) -> bool:
    """Whether the camera list tells the setting: "none" there may be the vendor's way in, not the camera."""
    return setting in FIELDS and told(camera, setting) != "none"
