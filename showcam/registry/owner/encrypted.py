"""The decisions of an owner about a camera whose Image Encryption is on.

It is switched off, or the camera is not shown, shown at home, or deciphered here. A key carries out such a decision and
never makes it: the vendor is asked for a key only if the owner decided that the camera is deciphered. It is asked only
when the owner presses the button, or in a session that was signed in by a code, since asking may mail the owner.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.driver import GivesKeys, cipher
from showcam.drivers.errors import DriverError, Unavailable
from showcam.drivers.settings import Asked, BadValue, Step
from showcam.registry.gate.gate import EXCEPTED, not_found, overruled, shows_by_code
from showcam.registry.notices.faults import Faults
from showcam.registry.owner import last_stills
from showcam.registry.owner.codes import CODE, LanCodes
from showcam.registry.owner.control import Control
from showcam.registry.preferences import NONE, WHILE_ENCRYPTED, WhileEncrypted, is_while_encrypted, keep
from showcam.registry.readings.changes import Change
from showcam.registry.readings.judge import Component, Deadline, Ground, VisibleCamera, unreached


def _came_back(camera_id: str) -> str:
    return f"came_back/{camera_id}"


class Encrypted(Component):
    """A household decides for itself, also about a camera that another account shares with it."""

    def __init__(self, ground: Ground, control: Control, codes: LanCodes, faults: Faults) -> None:
        super().__init__(ground)
        self._control, self._codes, self._faults = control, codes, faults

    def note(self, change: Change) -> None:
        """Notes that Image Encryption went on automatically, as after an update, or off again; subscribes to Changes.

        The note is in the store, since one process finds the change and another shows it. Raises what the store raises.
        """
        if change.kind == "encryption_on":
            self._store.put_account_secret(change.account, _came_back(change.camera), b"1")
        elif change.kind == "encryption_off":
            self._store.drop_account_secret(change.account, _came_back(change.camera))

    def is_again(self, account_id: str, camera_id: str) -> bool:
        """Whether Image Encryption was off before, and came back."""
        return self._store.account_secret(account_id, _came_back(camera_id)) is not None

    def switching_on(self, visible: VisibleCamera) -> None:
        """Notes that the owner is about to switch Image Encryption on here, which is then no fault."""
        self._faults.switching_on(visible.account.id, visible.camera.id)

    def switch_off(
        self, visible: VisibleCamera, code: str, deadline: Deadline, patience_s: float
    ) -> Camera | Asked | Refusal | Step:
        """Switches Image Encryption off; the caller has the owner's consent. `code` "": asks the vendor without one."""

        def attempt() -> Camera | Asked | Refusal | Step:
            return self._control.change(visible, deadline, "encryption", "off", code, patience_s)

        return self._codes.counted(visible.account.id, attempt) if code else attempt()

    def change_password(
        self, visible: VisibleCamera, old: str, new: str, deadline: Deadline, patience_s: float
    ) -> Camera | Asked | Refusal | Step:
        """Changes the password of the pictures; a wrong `old` is counted like a wrong code."""
        return self._codes.counted(
            visible.account.id, lambda: self._control.change_password(visible, old, new, deadline, patience_s)
        )

    def may_be_deciphered(self, account_id: str, camera: Camera) -> bool:
        """Whether a code or key would show the camera, while no decision so far does. Raises Unavailable."""
        if camera.encryption != "on" or self._rules.exception("code") != "code" or not shows_by_code(camera):
            return False
        decided = self._readings.households.preferences(account_id).get(camera.id, NONE).while_encrypted
        if decided == "code":
            return camera.picture_code in ("none", "wrong")
        ways = frozenset(camera.ways).difference(self._rules.closed_ways)
        return EXCEPTED[decided].isdisjoint(ways)

    def decide(
        self, account_id: str, camera_id: str, value: str, *, code: str = "", consent: bool = False
    ) -> Camera | Refusal | Step:
        """Decides how the encrypted camera is shown. The value "code" needs the owner's consent. Raises BadValue.

        A given `code` is stored, and the video judges it. Without a `code` the vendor is asked for the key if that
        mails nobody; otherwise the Step says what is missing. Other values forget the stored code.
        """
        if not is_while_encrypted(value):
            raise BadValue(f"while_encrypted can be set to {', '.join(WHILE_ENCRYPTED)}")
        return self._on(
            account_id,
            camera_id,
            lambda visible, deadline: (
                self._decided_code(visible, code, deadline, consent=consent)
                if value == "code"
                else self._decided_otherwise(visible, value, deadline)
            ),
        )

    def _decided_code(
        self, visible: VisibleCamera, code: str, deadline: Deadline, *, consent: bool
    ) -> Camera | Refusal | Step:
        missing = self._missing(visible, code, consent=consent)
        if missing is None and code:
            return self._given(visible, code, deadline)
        return missing or self._decided(visible, deadline)

    def _decided_otherwise(self, visible: VisibleCamera, value: WhileEncrypted, deadline: Deadline) -> Camera | Refusal:
        self._prefer(visible, value)
        # the list does not count: it may be from before the code was given in another process
        if visible.camera.encryption == "none" or self._is_code_used(visible):
            return visible.camera
        try:
            cipher(self._drivers[visible.source.kind]).set_picture_code(
                visible.source, visible.camera, "", deadline.left
            )
        except DriverError as error:
            return unreached(error, visible.camera)
        return replace(visible.camera, picture_code="none")

    def _missing(self, visible: VisibleCamera, code: str, *, consent: bool) -> Refusal | Step | None:
        """The reason why "code" can't be decided yet. Raises BadValue."""
        if self._rules.exception("code") != "code":
            raise BadValue(
                "showcam deciphers no picture here: that takes a media process which the web process reaches by "
                "loopback or https"
            )
        if visible.camera.encryption == "none":
            return overruled("not_this_way", visible.camera)
        if not consent:
            return Step("consent")
        if code and not CODE.fullmatch(code):
            raise BadValue("a code has up to 32 letters and digits, and no blank")
        return None

    def _decided(self, visible: VisibleCamera, deadline: Deadline) -> Camera | Refusal | Step:
        """Stores the owner's decision, without a code."""
        self._prefer(visible, "code")
        if visible.camera.picture_code in ("fits", "unknown"):
            return visible.camera
        driver = self._silent(visible)
        return self._request_key(visible, driver, "", deadline) if driver else Step("code")

    def _given(self, visible: VisibleCamera, code: str, deadline: Deadline) -> Camera | Refusal | Step:
        """Stores the owner's decision and a code. The code counts as wrong unless the vendor's list confirms it."""

        def attempt() -> Camera | Refusal:
            try:
                driver = cipher(self._drivers[visible.source.kind])
                driver.set_picture_code(visible.source, visible.camera, code, deadline.left)
            except DriverError as error:
                return unreached(error, visible.camera)
            self._prefer(visible, "code")
            return self._read(visible, deadline)

        return self._codes.counted(
            visible.account.id, attempt, lambda found: isinstance(found, Camera) and found.picture_code != "fits"
        )

    def _read(self, visible: VisibleCamera, deadline: Deadline) -> Camera | Refusal:
        """The camera with the key that was just stored."""
        try:
            reading = self._readings.reread(visible.account, visible.source, deadline.left)
        except DriverError:
            return replace(visible.camera, picture_code="unknown")
        return reading.find(visible.camera.id) or not_found()

    def _prefer(self, visible: VisibleCamera, value: WhileEncrypted) -> None:
        account_id, camera_id = visible.account.id, visible.camera.id
        preferences = self._readings.households.of(account_id, fresh_preferences=True).preferences
        kept = preferences.get(camera_id, NONE)
        since = kept.decided_at if kept.while_encrypted == value and kept.decided_at else self._clock()
        at = since if value != "no" else 0.0
        keep(self._store, account_id, camera_id, replace(kept, while_encrypted=value, decided_at=at))
        if value != "code":
            last_stills.drop(self._store, account_id, camera_id)
        self._readings.households.forget(account_id)

    # the vendor's keys

    def undecided(self, account_id: str, cameras: Iterable[Camera]) -> list[Camera]:
        """The household's own encrypted cameras that a key would show, and that have no decision yet.

        Raises Unavailable.
        """
        decided = self._readings.households.preferences(account_id)
        return [
            camera
            for camera in cameras
            if camera.owner == "own"
            and decided.get(camera.id, NONE).while_encrypted == "no"
            and self.may_be_deciphered(account_id, camera)
        ]

    def decide_all(self, account_id: str, camera_ids: Iterable[str]) -> None:
        """Stores the owner's one decision for all of these cameras that are own, encrypted and undecided."""
        deadline, wanted = Deadline(self._rules.owner_s), frozenset(camera_ids)
        found = [self._judge.find(account_id, camera_id, deadline) for camera_id in wanted]
        visible = [one for one in found if isinstance(one, VisibleCamera)]
        undecided = {camera.id for camera in self.undecided(account_id, [one.camera for one in visible])}
        for one in visible:
            if one.camera.id in undecided:
                self._prefer(one, "code")
        self.fetch_keys(account_id, deadline)

    def ask_key(self, account_id: str, camera_id: str, code: str = "") -> Camera | Refusal | Step:
        """Asks for a key when the owner presses the button. The vendor may mail a code; `code`: the mailed code.

        If the vendor took a code, the keys of the other cameras to be deciphered are fetched too.
        """
        return self._on(account_id, camera_id, lambda visible, deadline: self._asked_key(visible, code, deadline))

    def _asked_key(self, visible: VisibleCamera, code: str, deadline: Deadline) -> Camera | Refusal | Step:
        account_id, driver = visible.account.id, self._drivers[visible.source.kind]
        decided = self._readings.households.of(account_id, fresh_preferences=True).preferences
        if self._rules.exception(decided.get(visible.camera.id, NONE).while_encrypted) != "code":
            return Step("consent")
        if visible.camera.encryption == "none" or not isinstance(driver, GivesKeys):
            return overruled("not_this_way", visible.camera)
        if not code:
            return self._request_key(visible, driver, "", deadline)
        done = self._codes.counted(account_id, lambda: self._request_key(visible, driver, code, deadline))
        if isinstance(done, Camera):
            self.fetch_keys(account_id, deadline)
        return done

    def fetch_keys(self, account_id: str, deadline: Deadline | None = None) -> None:
        """Asks for the missing keys of own cameras that are to be deciphered, if asking mails nobody.

        Called after a sign-in by a code, and after the owner's decision or press.
        """
        deadline = deadline or Deadline(self._rules.owner_s)
        try:
            preferences = self._readings.households.of(account_id, fresh_preferences=True).preferences
        except Unavailable:
            return
        decided = [
            camera_id
            for camera_id, preference in preferences.items()
            if self._rules.exception(preference.while_encrypted) == "code"
        ]
        fetched: set[tuple[str, str]] = set()
        for camera_id in decided:
            visible = self._judge.find(account_id, camera_id, deadline)
            if (
                isinstance(visible, Refusal)
                or visible.camera.encryption != "on"
                or visible.camera.picture_code != "none"
            ):
                continue
            driver, device = self._silent(visible), (visible.source.id, visible.camera.ref.serial)
            if driver is None or device in fetched:
                continue
            fetched.add(device)
            done = self._request_key(visible, driver, "", deadline)
            if isinstance(done, Refusal) or (isinstance(done, Step) and done.why not in ("silent", "not_given")):
                return  # a code was mailed, or the vendor wants a pause: another question would void the code

    def _silent(self, visible: VisibleCamera) -> GivesKeys | None:
        """The camera's driver, if asking for the key mails nobody."""
        driver = self._drivers[visible.source.kind]
        if visible.camera.owner != "own" or not isinstance(driver, GivesKeys):
            return None
        try:
            return driver if driver.asks_silently(visible.source) else None
        except DriverError:
            return None

    def _request_key(
        self, visible: VisibleCamera, driver: GivesKeys, code: str, deadline: Deadline
    ) -> Camera | Refusal | Step:
        return self._control.ask_key(visible, driver, code, deadline) or self._read(visible, deadline)

    def judge_key(self, account_id: str, camera_id: str, mark: str, *, fits: bool) -> None:
        """Stores whether the video showed that the handed-out key fits. `mark`: showcam.engine.source.mark_of."""
        visible = self._judge.find(account_id, camera_id, Deadline(0.0))
        if isinstance(visible, Refusal):
            return
        driver = self._drivers[visible.source.kind]
        decided = self._readings.households.preferences(account_id).get(camera_id, NONE).while_encrypted
        if decided != "code" or not isinstance(driver, GivesKeys):
            return
        try:
            driver.judge_key(visible.source, visible.camera, mark, fits=fits)
        except DriverError:
            return  # the next video judges it again

    def _is_code_used(self, visible: VisibleCamera) -> bool:
        """Whether the code also shows another channel of the same device."""
        reading = self._readings.last(visible.account, visible.source)
        preferences = self._readings.households.preferences(visible.account.id)
        return reading is not None and any(
            camera.ref.serial == visible.camera.ref.serial
            and preferences.get(camera.id, NONE).while_encrypted == "code"
            for camera in reading.cameras
        )
