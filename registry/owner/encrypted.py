"""What an owner decides about a camera whose Image Encryption is on.

It is switched off, or the camera is not shown, shown at home, or deciphered here.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from registry.camera import Camera, Refusal
from registry.driver import Driver
from registry.errors import DriverError
from registry.gate.gate import not_found, overruled
from registry.gate.ways import EXCEPTED, shows_by_code
from registry.notices.faults import Faults
from registry.owner.came_back import CameBack
from registry.owner.code_tries import CodeTries
from registry.owner.control import Control
from registry.owner.lan_codes import CODE
from registry.preferences import NONE, WHILE_ENCRYPTED, WhileEncrypted, is_while_encrypted, keep
from registry.readings.judge import Deadline, Judge, VisibleCamera, unreached
from registry.readings.readings import Readings
from registry.rules import Rules
from registry.settings import Asked, BadValue, Step
from store.ports import Store


class Encrypted:
    """A household decides for itself, also about a camera that another account shares with it."""

    def __init__(
        self,
        store: Store,
        drivers: Mapping[str, Driver],
        readings: Readings,
        judge: Judge,
        control: Control,
        tries: CodeTries,
        rules: Rules,
        came_back: CameBack,
        faults: Faults,
    ) -> None:
        self._store, self._drivers, self._readings, self._judge = store, drivers, readings, judge
        self._control, self._tries, self._rules = control, tries, rules
        self._came_back, self._faults = came_back, faults

    def is_again(self, account_id: str, camera_id: str) -> bool:
        """Whether Image Encryption was off before, and came back."""
        return self._came_back.has(account_id, camera_id)

    def switching_on(self, visible: VisibleCamera) -> None:
        """The owner is about to switch it on here, so that it does not count as a fault."""
        self._faults.switching_on(visible.account.id, visible.camera.id)

    def switch_off(
        self, visible: VisibleCamera, code: str, deadline: Deadline, patience_s: float
    ) -> Camera | Asked | Refusal | Step:
        """Switch it off, with its owner's consent, which the caller has. `code` "": the vendor is asked without one."""
        right = self._tries.take(visible.account.id) if code else None
        if code and right is None:
            return Step("pause", why="guessed")
        done = self._control.change(visible, "encryption", "off", code, deadline, patience_s)
        if right is not None and not (isinstance(done, Step) and done.wrong):
            right()
        return done

    def change_password(
        self, visible: VisibleCamera, old: str, new: str, deadline: Deadline, patience_s: float
    ) -> Camera | Asked | Refusal | Step:
        """Change the password of the pictures; a wrong `old` is counted as a wrong code is."""
        right = self._tries.take(visible.account.id)
        if right is None:
            return Step("pause", why="guessed")
        done = self._control.change_password(visible, old, new, deadline, patience_s)
        if not (isinstance(done, Step) and done.wrong):
            right()
        return done

    def may_be_deciphered(self, account_id: str, camera: Camera) -> bool:
        """Whether its code would show the camera, and nothing that was decided does. Raises Unavailable."""
        if camera.encryption != "on" or self._rules.exception("code") != "code" or not shows_by_code(camera):
            return False
        decided = self._readings.households.preferences(account_id).get(camera.id, NONE).while_encrypted
        if decided == "code":
            return camera.picture_code != "fits"
        ways = frozenset(camera.ways).difference(self._rules.closed_ways)
        return EXCEPTED[decided].isdisjoint(ways)

    def decide(
        self, account_id: str, camera_id: str, value: str, *, code: str = "", consent: bool = False
    ) -> Camera | Refusal | Step:
        """ "code" wants the owner's consent and the code, which is checked before it is kept; other values forget it.

        Raises BadValue.
        """
        if not is_while_encrypted(value):
            raise BadValue(f"while_encrypted can be set to {', '.join(WHILE_ENCRYPTED)}")
        deadline = Deadline(self._rules.owner_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        if value == "code":
            missing = self._missing(visible, code, consent=consent)
            return missing or self._deciphered(visible, code, deadline)
        self._prefer(visible, value)
        # whatever the list says, which may be from before the code was given in another process
        if visible.camera.encryption == "none" or self._is_code_used(visible):
            return visible.camera
        try:
            self._drivers[visible.source.kind].set_picture_code(visible.source, visible.camera, "", deadline.left)
        except DriverError as error:
            return unreached(error, visible.camera)
        return replace(visible.camera, picture_code="none")

    def _missing(self, visible: VisibleCamera, code: str, *, consent: bool) -> Refusal | Step | None:
        """Raises BadValue."""
        if self._rules.exception("code") != "code":
            raise BadValue(
                "showcam deciphers no picture here: that takes a media process which the web process reaches by "
                "loopback or https"
            )
        if visible.camera.encryption == "none":
            return overruled("not_this_way", visible.camera)
        if not consent:
            return Step("consent")
        if not code:
            return Step("code")
        if not CODE.fullmatch(code):
            raise BadValue("a code has up to 32 letters and digits, and no blank")
        return None

    def _deciphered(self, visible: VisibleCamera, code: str, deadline: Deadline) -> Camera | Refusal | Step:
        right = self._tries.take(visible.account.id)
        if right is None:
            return Step("pause", why="guessed")
        try:
            camera = self._kept(visible, code, deadline)
        except DriverError as error:
            if error.reason == "code_wrong":
                return Step("code", wrong=True)
            right()
            return unreached(error, visible.camera)
        right()
        self._prefer(visible, "code")
        return camera

    def _kept(self, visible: VisibleCamera, code: str, deadline: Deadline) -> Camera | Refusal:
        """The camera as it is then. Raises DriverError."""
        camera = visible.camera
        self._drivers[visible.source.kind].set_picture_code(visible.source, camera, code, deadline.left)
        # a purpose of its own, so that no read that began before the change answers it
        purpose = f"picture_code/{camera.id}"
        reading = self._readings.read(visible.account, visible.source, deadline.left, purpose=purpose)
        return reading.find(camera.id) or not_found()

    def _prefer(self, visible: VisibleCamera, value: WhileEncrypted) -> None:
        account_id, camera_id = visible.account.id, visible.camera.id
        preferences = self._readings.households.of(account_id, fresh_preferences=True).preferences
        keep(self._store, account_id, camera_id, replace(preferences.get(camera_id, NONE), while_encrypted=value))
        self._readings.households.forget(account_id)

    def _is_code_used(self, visible: VisibleCamera) -> bool:
        """Whether another channel of the same device is shown by the code."""
        reading = self._readings.last(visible.account, visible.source)
        preferences = self._readings.households.preferences(visible.account.id)
        return reading is not None and any(
            camera.ref.serial == visible.camera.ref.serial
            and preferences.get(camera.id, NONE).while_encrypted == "code"
            for camera in reading.cameras
        )
