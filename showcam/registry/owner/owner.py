"""The owner's access to cameras: besides `Registry`, the only way to a camera. Each method takes the account."""

import math
import re
from collections.abc import Iterator
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
from showcam.registry.owner.last_stills import LastStills, drop
from showcam.registry.preferences import MQTT_MAY, Preferences, keep
from showcam.registry.readings.changes import AwaitedChanges as Changes
from showcam.registry.readings.households import Listing
from showcam.registry.readings.judge import Component, Deadline, Ground, Row, VisibleCamera
from showcam.registry.readings.views import Lists

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

    def still(self, viewer: Viewer, camera: str, *, once: bool = False) -> Snapshot | Refusal: ...


class Owner(Component):
    """Answers with a Refusal if something is wrong with a camera; raises what the store raises.

    `codes`: for cameras that are asked at home; `encrypted`: for decisions about a camera's Image Encryption.
    """

    def __init__(
        self, ground: Ground, lists: Lists, control: Control, codes: LanCodes, encrypted: Encrypted, pictures: Pictures
    ) -> None:
        super().__init__(ground)
        self._lists, self._control, self._pictures = lists, control, pictures
        self.codes, self.encrypted, self.last_stills = codes, encrypted, LastStills(ground.store, ground.clock)

    def cameras(self, account_id: str) -> Listing:
        """All cameras of the household, read now, or else as last known. Raises Unavailable."""
        return self._lists.of_account(account_id)

    def known(self, account_id: str) -> tuple[Camera, ...]:
        """All cameras of the household as last read; no vendor is asked. Raises Unavailable."""
        return tuple(visible.camera for visible in self._last_read(account_id))

    def last_readiness(self, account_id: str) -> list[Row]:
        """`readiness` of the cameras as last read; no vendor is asked. Raises Unavailable."""
        return self._lists.readiness(self._last_read(account_id))

    def _last_read(self, account_id: str) -> Iterator[VisibleCamera]:
        household = self._readings.households.of(account_id)
        for source in household.sources:
            if reading := self._readings.last(household.account, source):
                for camera in reading.cameras:
                    yield VisibleCamera(household.account, source, replace(camera, as_of=reading.as_of))

    def waiting(self, account_id: str) -> tuple[str, ...]:
        """The vendors that wait for this household's first sign-in. Raises Unavailable."""
        return self.cameras(account_id).waiting

    def camera(self, account_id: str, camera_id: str) -> Camera | None:
        """The camera as last known; the vendor is asked if nothing is known."""
        found = self._on(account_id, camera_id, lambda visible, _: visible.camera)
        return found if isinstance(found, Camera) else None

    def awaited(self, account_id: str) -> Changes:
        """The changes of the last half minute that were asked for and do not show yet."""
        return self._happenings.awaited(account_id)

    def readiness(self, account_id: str, surfaces: tuple[Surface, ...] = OF_ASSISTANTS) -> list[Row]:
        """Every camera of the household and whether each surface could show it. Raises Unavailable."""
        cameras, deadline = self.cameras(account_id).cameras, Deadline(self._rules.states_s)
        return self._lists.readiness(
            (self._judge.find(account_id, camera.id, deadline) for camera in cameras), surfaces
        )

    def open_stream(self, account_id: str, session: str, camera_id: str, request: StreamRequest) -> Stream | Refusal:
        """A camera live on an owner's page, through the gate. `session`: the console session's id. Raises BadOffer."""
        return self._pictures.open(OwnersPage(session, account_id), camera_id, request)

    def still(self, account_id: str, session: str, camera_id: str, *, once: bool = False) -> Snapshot | Refusal:
        """The address of a still picture for an owner's page, good for a minute.

        Of a camera on battery there is none, unless `once` says that the still is not asked for again and again.
        """
        return self._pictures.still(OwnersPage(session, account_id), camera_id, once=once)

    def serving(self, account_id: str) -> dict[str, tuple[str, ...]]:
        """The ways of each source to serve state and settings, by source id. Raises Unavailable."""
        return {source.id: self._control.serves(source) for source in self._readings.households.of(account_id).sources}

    def settings(self, account_id: str, camera_id: str) -> dict[Setting, SettingView] | Refusal:
        """Each setting that the manual knows, read now."""
        return self._on(account_id, camera_id, self._settings)

    def _settings(self, visible: VisibleCamera, deadline: Deadline) -> dict[Setting, SettingView] | Refusal:
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

        def set_it(visible: VisibleCamera, deadline: Deadline) -> Camera | Asked | Refusal | Step:
            if visible.camera.owner == "shared" and wanted in OWNERS_ALONE:
                return overruled("owners_alone", visible.camera)
            if not consent and ((wanted, value) == ("encryption", "off") or wanted == "storage"):
                return Step("consent")
            if (wanted, value) == ("encryption", "off"):
                return self.encrypted.switch_off(visible, code, deadline, patience_s)
            if (wanted, value) == ("encryption", "on"):
                self.encrypted.switching_on(visible)
            return self._control.change(visible, deadline, wanted, value, code, patience_s)

        return self._on(account_id, camera_id, set_it)

    def restart(self, account_id: str, camera_id: str) -> Camera | Refusal:
        return self._on(account_id, camera_id, self._control.restart)

    def turn(self, account_id: str, camera_id: str, direction: str) -> Camera | Refusal:
        """Pans or tilts the camera one step and stops the camera. Raises BadValue if that is no direction."""
        wanted = next((known for known in DIRECTIONS if known == direction), None)
        if wanted is None:
            raise BadValue(f"a camera turns {', '.join(DIRECTIONS)}")
        return self._on(account_id, camera_id, lambda visible, deadline: self._control.turn(visible, wanted, deadline))

    def presets(self, account_id: str, camera_id: str) -> tuple[Preset, ...]:
        """The positions that the camera keeps; () also while it does not answer."""
        found = self._on(account_id, camera_id, self._control.presets)
        return () if isinstance(found, Refusal) else found

    def go(self, account_id: str, camera_id: str, preset: str) -> Camera | Refusal:
        """Turns the camera to the position with this token."""
        return self._on(account_id, camera_id, lambda visible, deadline: self._control.go(visible, preset, deadline))

    def change_password(
        self, account_id: str, camera_id: str, old: str, new: str, *, patience_s: float = math.inf
    ) -> Camera | Asked | Refusal | Step:
        """Changes the password that pictures are encrypted with; `patience_s` as for `change`. Raises BadValue."""
        if not PASSWORD.fullmatch(new):
            raise BadValue("an encryption password has 6 to 12 letters and digits")

        def set_it(visible: VisibleCamera, deadline: Deadline) -> Camera | Asked | Refusal | Step:
            if visible.camera.owner == "shared":
                return overruled("owners_alone", visible.camera)
            return self.encrypted.change_password(visible, old, new, deadline, patience_s)

        return self._on(account_id, camera_id, set_it)

    def may_delete(self, account_id: str, camera_id: str) -> Camera | Refusal:
        """The camera, or why it can't be deleted here, whatever is typed."""
        return self._on(account_id, camera_id, lambda visible, _: self._not_deletable(visible) or visible.camera)

    def delete(
        self, account_id: str, camera_id: str, name: str, *, patience_s: float = math.inf
    ) -> Camera | Asked | Refusal:
        """Takes the camera off the vendor account. `name`: as the person typed it. `patience_s`: as for `change`.

        Raises BadValue if the name is not the camera's.
        """

        def delete_it(visible: VisibleCamera, deadline: Deadline) -> Camera | Asked | Refusal:
            if refusal := self._not_deletable(visible):
                return refusal
            if name != visible.camera.name:
                raise BadValue("the name typed is not the camera's: nothing was deleted")
            return self._control.delete(visible, deadline, patience_s)

        deleted = self._on(account_id, camera_id, delete_it)
        if not isinstance(deleted, Refusal):
            drop(self._store, account_id, camera_id)
            self._store.drop_asks(account_id, camera_id)
        return deleted

    def _not_deletable(self, visible: VisibleCamera) -> Refusal | None:
        if visible.camera.owner == "shared":
            return overruled("owners_alone", visible.camera)
        return self._control.may_delete(visible)

    def preferences(self, account_id: str, camera_id: str) -> Preferences:
        """Raises Unavailable if there is no such household."""
        return self._readings.households.preferences(account_id).get(camera_id, Preferences())

    def prefer(self, account_id: str, camera_id: str, preferences: Preferences) -> None:
        """Stores the preferences, except how an encrypted camera is shown: only `while_encrypted` decides that.

        Raises BadValue. Other processes follow with their next list, or in half a minute.
        """
        if strange := set(preferences.voice_may) - set(BY_VOICE):
            raise BadValue(f"a voice can't be allowed {', '.join(sorted(strange))}; of these: {', '.join(BY_VOICE)}")
        if strange := set(preferences.mqtt_may) - set(MQTT_MAY):
            raise BadValue(f"a broker can't be allowed {', '.join(sorted(strange))}; of these: {', '.join(MQTT_MAY)}")
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
            mqtt_may=tuple(setting for setting in MQTT_MAY if setting in preferences.mqtt_may),
            room=room,
            tv_scenes=tvs,
            while_encrypted=kept.while_encrypted,
            decided_at=kept.decided_at,
        )
        keep(self._store, account_id, camera_id, new)
        self._readings.households.forget(account_id)

    def favour(self, account_id: str, camera_id: str, *, favourite: bool) -> Camera | Refusal:
        """Puts the camera among the favourites, which stand first on the page of cameras, or takes it out again."""

        def put(visible: VisibleCamera, _: Deadline) -> Camera:
            kept = self._readings.households.of(account_id, fresh_preferences=True).preferences
            self.prefer(account_id, camera_id, replace(kept.get(camera_id, Preferences()), favourite=favourite))
            return visible.camera

        return self._on(account_id, camera_id, put)
