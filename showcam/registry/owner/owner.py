"""The owner's access to cameras: besides `Registry`, the only way to a camera. Each method takes the account."""

import math
import re
from collections.abc import Iterable
from typing import Protocol

from msgspec.structs import replace

from showcam.accounts.console_sessions import OwnersPage, Viewer
from showcam.drivers.camera import OF_ASSISTANTS, Camera, Refusal, Snapshot, Stream, StreamRequest, Surface
from showcam.drivers.driver import DIRECTIONS, Preset
from showcam.drivers.settings import BY_VOICE, Asked, BadValue, Setting, SettingView, Step, check
from showcam.net.text import line
from showcam.registry.gate.gate import overruled
from showcam.registry.owner.codes import LanCodes
from showcam.registry.owner.control import Control
from showcam.registry.owner.encrypted import Encrypted
from showcam.registry.owner.last_stills import drop
from showcam.registry.preferences import Preferences, keep
from showcam.registry.readings.changes import AwaitedChanges as Changes
from showcam.registry.readings.households import Listing
from showcam.registry.readings.judge import Deadline, Judge, Readiness, Row, VisibleCamera
from showcam.registry.readings.readings import Readings
from showcam.registry.readings.views import Lists
from showcam.store.ports import Store

OWNERS_ALONE: tuple[Setting, ...] = ("encryption", "storage")  # only the owner of a shared camera may set these
LONGEST_ROOM = 60  # characters
LONGEST_TV = 80  # characters
MOST_SCENES = 8  # of a camera
PASSWORD = re.compile(r"[A-Za-z0-9]{6,12}")


class Pictures(Protocol):
    """The pictures on an owner's page, through the gate."""

    def open(self, viewer: Viewer, camera: str, request: StreamRequest) -> Stream | Refusal:
        """Opens a live picture. Raises BadOffer."""
        ...

    def still(self, viewer: Viewer, camera: str) -> Snapshot | Refusal: ...


class Owner:
    """Answers with a Refusal if something is wrong with a camera; raises what the store raises."""

    def __init__(
        self,
        store: Store,
        lists: Lists,
        readiness: Readiness,
        readings: Readings,
        judge: Judge,
        control: Control,
        codes: LanCodes,
        encrypted: Encrypted,
        pictures: Pictures,
        within_s: float,
    ) -> None:
        self._store, self._lists, self._readiness = store, lists, readiness
        self._readings, self._judge, self._control, self._codes = readings, judge, control, codes
        self._encrypted, self._pictures, self._within_s = encrypted, pictures, within_s
        self.last_stills = encrypted.last_stills  # they go with the decisions about encrypted cameras

    def cameras(self, account_id: str) -> Listing:
        """All cameras of the household, read now, or else as last known. Raises Unavailable."""
        return self._lists.of_account(account_id)

    def known(self, account_id: str) -> tuple[Camera, ...]:
        """All cameras of the household as last read; no vendor is asked. Raises Unavailable."""
        household = self._readings.households.of(account_id)
        readings = (self._readings.last(household.account, source) for source in household.sources)
        return tuple(camera for reading in readings if reading is not None for camera in reading.cameras)

    def waiting(self, account_id: str) -> tuple[str, ...]:
        """The vendors that wait for this household's first sign-in. Raises Unavailable."""
        return self.cameras(account_id).waiting

    def camera(self, account_id: str, camera_id: str) -> Camera | None:
        """The camera as last known; the vendor is asked if nothing is known."""
        found = self._judge.find(account_id, camera_id, Deadline(self._within_s))
        return None if isinstance(found, Refusal) else found.camera

    def awaited(self, account_id: str) -> Changes:
        """The changes of the last half minute that were asked for and do not show yet."""
        return self._control.awaited(account_id)

    def is_encrypted_again(self, account_id: str, camera_id: str) -> bool:
        """Whether Image Encryption was off before, and came back."""
        return self._encrypted.is_again(account_id, camera_id)

    def readiness(self, account_id: str, surfaces: tuple[Surface, ...] = OF_ASSISTANTS) -> list[Row]:
        """Every camera of the household and whether each surface could show it. Raises Unavailable."""
        return self._readiness.of_account(account_id, self.cameras(account_id).cameras, surfaces)

    def open_stream(self, account_id: str, session: str, camera_id: str, request: StreamRequest) -> Stream | Refusal:
        """A camera live on an owner's page, through the gate. `session`: the console session's id. Raises BadOffer."""
        return self._pictures.open(OwnersPage(session, account_id), camera_id, request)

    def still(self, account_id: str, session: str, camera_id: str) -> Snapshot | Refusal:
        """The address of a still picture for an owner's page, good for a minute; never of a camera on battery."""
        return self._pictures.still(OwnersPage(session, account_id), camera_id)

    def serving(self, account_id: str) -> dict[str, tuple[str, ...]]:
        """The ways of each source to serve state and settings, by source id. Raises Unavailable."""
        return {source.id: self._control.serves(source) for source in self._readings.households.of(account_id).sources}

    def settings(self, account_id: str, camera_id: str) -> dict[Setting, SettingView] | Refusal:
        """Each setting that the manual knows, read now."""
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        views = self._control.settings(visible, deadline)
        if isinstance(views, Refusal) or visible.camera.owner != "shared":
            return views
        return views | {
            name: replace(views[name], can_set=False, choices=(), why_not="owners_alone") for name in OWNERS_ALONE
        }

    def change(
        self,
        account_id: str,
        camera_id: str,
        setting: str,
        value: str,
        *,
        code: str = "",
        consent: bool = False,
        patience_s: float = math.inf,
    ) -> Camera | Asked | Refusal | Step:
        """Changes a setting. Image Encryption goes off only with the owner's consent.

        A Step names the missing part, such as a code. `patience_s`: after this time, a change that the camera does not
        show yet is answered with Asked. Raises BadValue.
        """
        wanted = check(setting, value)
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        if visible.camera.owner == "shared" and wanted in OWNERS_ALONE:
            return overruled("owners_alone", visible.camera)
        if not consent and ((wanted, value) == ("encryption", "off") or wanted == "storage"):
            return Step("consent")
        if (wanted, value) == ("encryption", "off"):
            return self._encrypted.switch_off(visible, code, deadline, patience_s)
        if (wanted, value) == ("encryption", "on"):
            self._encrypted.switching_on(visible)
        return self._control.change(visible, wanted, value, code, deadline, patience_s)

    def restart(self, account_id: str, camera_id: str) -> Camera | Refusal:
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        return visible if isinstance(visible, Refusal) else self._control.restart(visible, deadline)

    def turn(self, account_id: str, camera_id: str, direction: str) -> Camera | Refusal:
        """Pans or tilts the camera one step and stops the camera. Raises BadValue if that is no direction."""
        wanted = next((known for known in DIRECTIONS if known == direction), None)
        if wanted is None:
            raise BadValue(f"a camera turns {', '.join(DIRECTIONS)}")
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        return visible if isinstance(visible, Refusal) else self._control.turn(visible, wanted, deadline)

    def presets(self, account_id: str, camera_id: str) -> tuple[Preset, ...]:
        """The positions that the camera keeps; () also while it does not answer."""
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        return () if isinstance(visible, Refusal) else self._control.presets(visible, deadline)

    def go(self, account_id: str, camera_id: str, preset: str) -> Camera | Refusal:
        """Turns the camera to the position with this token."""
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        return visible if isinstance(visible, Refusal) else self._control.go(visible, preset, deadline)

    def change_password(
        self, account_id: str, camera_id: str, old: str, new: str, *, patience_s: float = math.inf
    ) -> Camera | Asked | Refusal | Step:
        """Changes the password that pictures are encrypted with; `patience_s` as for `change`. Raises BadValue."""
        if not PASSWORD.fullmatch(new):
            raise BadValue("an encryption password has 6 to 12 letters and digits")
        deadline = Deadline(self._within_s)
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        if visible.camera.owner == "shared":
            return overruled("owners_alone", visible.camera)
        return self._encrypted.change_password(visible, old, new, deadline, patience_s)

    def may_delete(self, account_id: str, camera_id: str) -> Camera | Refusal:
        """The camera, or why it can't be deleted here, whatever is typed."""
        visible = self._deletable(account_id, camera_id, Deadline(self._within_s))
        return visible if isinstance(visible, Refusal) else visible.camera

    def delete(
        self, account_id: str, camera_id: str, name: str, *, patience_s: float = math.inf
    ) -> Camera | Asked | Refusal:
        """Takes the camera off the vendor account. `name`: as the person typed it. `patience_s`: as for `change`.

        Raises BadValue if the name is not the camera's.
        """
        deadline = Deadline(self._within_s)
        visible = self._deletable(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        if name != visible.camera.name:
            raise BadValue("the name typed is not the camera's: nothing was deleted")
        deleted = self._control.delete(visible, deadline, patience_s)
        if not isinstance(deleted, Refusal):
            drop(self._store, account_id, camera_id)
            self._store.drop_asks(account_id, camera_id)
        return deleted

    def _deletable(self, account_id: str, camera_id: str, deadline: Deadline) -> VisibleCamera | Refusal:
        visible = self._judge.find(account_id, camera_id, deadline)
        if isinstance(visible, Refusal):
            return visible
        if visible.camera.owner == "shared":
            return overruled("owners_alone", visible.camera)
        return self._control.may_delete(visible) or visible

    def set_code(self, account_id: str, camera_id: str, code: str) -> Camera | Refusal | Step:
        """Sets the code that opens the camera on the LAN, tried there once; "" removes it. Raises BadValue."""
        return self._codes.set(account_id, camera_id, code)

    def takes_code(self, account_id: str, camera: Camera) -> bool:
        """Whether a code could open the camera on the LAN. Raises Unavailable."""
        return self._codes.takes(account_id, camera)

    def ask_camera(self, account_id: str, camera_id: str, *, wanted: bool) -> Camera | Refusal:
        """Lets showcam ask the camera at home by its own protocol, or no longer."""
        return self._codes.ask(account_id, camera_id, wanted=wanted)

    def trust_key_server(self, account_id: str, camera_id: str) -> Camera | Refusal:
        """Trusts the certificate that the server of keys shows now, and asks the camera at home again."""
        return self._codes.trust(account_id, camera_id)

    def may_ask_camera(self, account_id: str, camera: Camera) -> bool:
        """Whether the camera may be asked at home by its own protocol. Raises Unavailable."""
        return self._codes.may_ask(account_id, camera)

    def while_encrypted(
        self, account_id: str, camera_id: str, value: str, *, code: str = "", consent: bool = False
    ) -> Camera | Refusal | Step:
        """Decides how a camera is shown while its Image Encryption is on: see `Encrypted.decide`. Raises BadValue."""
        return self._encrypted.decide(account_id, camera_id, value, code=code, consent=consent)

    def may_be_deciphered(self, account_id: str, camera: Camera) -> bool:
        """Whether assistants would show the encrypted camera if its code was given. Raises Unavailable."""
        return self._encrypted.may_be_deciphered(account_id, camera)

    def undecided(self, account_id: str, cameras: Iterable[Camera]) -> list[Camera]:
        """Own encrypted cameras that nothing was decided for. Raises Unavailable."""
        return self._encrypted.undecided(account_id, cameras)

    def show_all_encrypted(self, account_id: str, camera_ids: Iterable[str]) -> None:
        """Stores the owner's one decision for these cameras. Raises Unavailable."""
        self._encrypted.decide_all(account_id, camera_ids)

    def ask_key(self, account_id: str, camera_id: str, code: str = "") -> Camera | Refusal | Step:
        """Asks for a camera's key when the owner presses the button: see `Encrypted.ask_key`."""
        return self._encrypted.ask_key(account_id, camera_id, code)

    def fetch_keys(self, account_id: str) -> None:
        """Fetches keys after a sign-in by a code: see `Encrypted.fetch_keys`."""
        self._encrypted.fetch_keys(account_id)

    def preferences(self, account_id: str, camera_id: str) -> Preferences:
        """Raises Unavailable if there is no such household."""
        return self._readings.households.preferences(account_id).get(camera_id, Preferences())

    def prefer(self, account_id: str, camera_id: str, preferences: Preferences) -> None:
        """Stores the preferences, except how an encrypted camera is shown: only `while_encrypted` decides that.

        Raises BadValue. Other processes follow with their next list, or in half a minute.
        """
        if strange := set(preferences.voice_may) - set(BY_VOICE):
            raise BadValue(f"a voice can't be allowed {', '.join(sorted(strange))}; of these: {', '.join(BY_VOICE)}")
        room = line(preferences.room)
        if len(room) > LONGEST_ROOM:
            raise BadValue(f"a room has at most {LONGEST_ROOM} characters")
        names = (preferences.tv, *preferences.tv_scenes)
        if len(preferences.tv_scenes) > MOST_SCENES or any(len(tv) > LONGEST_TV for tv in names):
            raise BadValue(f"a camera has at most {MOST_SCENES} scenes, on TVs with names of {LONGEST_TV} characters")
        tvs = tuple({tv.casefold(): tv for tv in map(line, preferences.tv_scenes) if tv}.values())
        voice_may = tuple(setting for setting in BY_VOICE if setting in preferences.voice_may)
        kept = self._readings.households.of(account_id, fresh_preferences=True).preferences.get(
            camera_id, Preferences()
        )
        new = replace(
            preferences,
            voice_may=voice_may,
            room=room,
            tv_scenes=tvs,
            while_encrypted=kept.while_encrypted,
            decided_at=kept.decided_at,
        )
        keep(self._store, account_id, camera_id, new)
        self._readings.households.forget(account_id)

    def favour(self, account_id: str, camera_id: str, *, favourite: bool) -> Camera | Refusal:
        """Puts the camera among the favourites, which stand first on the page of cameras, or takes it out again."""
        visible = self._judge.find(account_id, camera_id, Deadline(self._within_s))
        if isinstance(visible, Refusal):
            return visible
        kept = self._readings.households.of(account_id, fresh_preferences=True).preferences
        self.prefer(account_id, camera_id, replace(kept.get(camera_id, Preferences()), favourite=favourite))
        return visible.camera
