"""The page of one camera: its picture, settings, a voice's permissions, its names at assistants, what happened here."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps

from flask import Response, request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.camera.preferences import NotKept, PreferenceForms, Talk, mark_of
from showcam.console.camera.sentences import ALERTS, CHANGED, GROUPS, HINTS, NAMES, RESTART, RINGS, TYPED, VALUES
from showcam.console.happened.page import FEW, Happenings
from showcam.console.home.encryption import PATIENCE_S, EncryptionPassword
from showcam.console.home.forms import STEPS, TileForms
from showcam.console.home.sentences import WAYS
from showcam.console.home.tiles import Tile, Tiles
from showcam.console.look import pages
from showcam.console.look.area import FORM, Area, Rule, View
from showcam.drivers.camera import Camera, Refusal, is_own, kind_of
from showcam.drivers.errors import Unavailable
from showcam.drivers.settings import BY_VOICE, FIELDS, Asked, BadValue, Setting, SettingView, Step, field_of
from showcam.i18n.catalogue import OURS
from showcam.registry.gate.gate import is_larger, may_talk, plain
from showcam.registry.gate.voice_names import trouble
from showcam.registry.owner.owner import LONGEST_ROOM, Owner
from showcam.registry.preferences import MOTION_RINGS, MQTT_MAY, Preferences
from showcam.registry.streams.history import Talking

SMALLER = (1280, 720)  # the largest size that counts as the smaller picture, if its own is not known

type Called = Callable[[Iterable[Camera]], Mapping[str, str]]


class Row(Struct, frozen=True):
    """A setting as the page shows it. `kind` names the control that changes the setting."""

    setting: Setting
    name: str
    hint: str
    kind: str  # switch, choice, text, format, encryption, read
    value: str
    shown: str
    choices: tuple[tuple[str, str], ...]
    note: str


class CameraPage:
    """`alexa` and `google` are the names of cameras at these assistants, by id.

    `traces`: the kind of sources with traces. `talking`: who talks through cameras, if anybody can. `has_broker`:
    whether cameras are published at an MQTT broker now.
    """

    def __init__(
        self,
        owner: Owner,
        area: Area,
        forms: TileForms,
        happenings: Happenings,
        *,
        alexa: Called,
        google: Called,
        traces: str = "",
        talking: Talking | None = None,
        has_broker: Callable[[], bool] = lambda: False,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._traces, self._talk = traces, Talk(owner, talking) if talking else None
        self._has_broker = has_broker
        self._owner, self._area, self._forms, self._happenings = owner, area, forms, happenings
        self._alexa, self._google, self._patience_s = alexa, google, patience_s
        self._tiles, self._preferences = Tiles(owner, area.store), PreferenceForms(owner)
        self._password = EncryptionPassword(owner, patience_s)

    def rules(self) -> list[Rule]:
        at = "/home/cameras/<camera>"
        return [
            (at, "camera", self.show, ("GET",)),
            (f"{at}/settings", "setting", _posted(self.set), FORM),
            (f"{at}/preferences", "preferences", _posted(self.prefer), FORM),
            (f"{at}/password", "camera_password", _posted(self.change_password), FORM),
            (f"{at}/restart", "restart", _posted(self.restart), FORM),
            (f"{at}/turn", "turn", _posted(self.turn), FORM),
            (f"{at}/history", "history", _posted(self.keep_history), FORM),
            (f"{at}/mend", "mend", _posted(self.mend), FORM),
            *(self._talk.rules(at) if self._talk else ()),
        ]

    def show(self, current: ConsoleSession, camera: str, error: str = "", not_kept: NotKept | None = None) -> Response:
        account, language = current.account, pages.language()
        try:
            listed = self._owner.cameras(account).cameras
            steps = self._forms.encryption.steps(current, language, pages.vendor())
            tiles = self._tiles.of(current, language, steps)
        except Unavailable:
            return pages.again()  # the page of all cameras says why
        shown = next((row for row in listed if row.id == camera), None)
        at = next((number for number, row in enumerate(tiles) if row.id == camera), None)
        if shown is None or at is None:
            return pages.problem("no_camera")
        preferences = not_kept.preferences if not_kept else self._owner.preferences(account, camera)
        views = self._owner.settings(account, camera)
        rows = [] if isinstance(views, Refusal) else self._rows(shown, views, account)
        return self._area.page(
            "camera/page",
            403 if error else 200,
            camera=shown,
            tile=tiles[at],
            before=tiles[at - 1] if len(tiles) > 1 else None,
            after=tiles[(at + 1) % len(tiles)] if len(tiles) > 1 else None,
            groups=_grouped(rows),
            opens=_opens(tiles[at], error),
            unread=pages.why(views),
            error=error,
            preferences=preferences,
            mark=mark_of(self._owner.preferences(account, camera)),
            pause=not_kept.pause if not_kept else preferences.ring_pause_s,
            by_voice=_voiced(shown, preferences),
            by_mqtt=_by_mqtt(shown, preferences) if self._has_broker() else (),
            longest_room=LONGEST_ROOM,
            rings=[(value, pages.say(RINGS[value])) for value in MOTION_RINGS if _rings(shown, value, preferences)],
            ways=[OURS.say(language, WAYS[way], vendor=pages.vendor()) for way in shown.ways if way in WAYS],
            alexa=self._alexa(listed)[camera],
            google=self._google(listed)[camera],
            troubles=trouble(listed, self._alexa(listed), language).get(camera, []),
            rows=self._happenings.rows(account, listed, camera=camera, most=FEW),
            traces=kind_of(camera) == self._traces,
            smaller=_smaller(shown),
            presets=self._owner.presets(account, camera) if shown.can_turn and current.role == "owner" else (),
            deletes=not is_own(camera) and isinstance(self._owner.may_delete(account, camera), Camera),
            talks=self._talk is not None and may_talk(shown, "page"),
            keeps_history=self._happenings.history.is_kept(account),
        )

    def mend(self, current: ConsoleSession, camera: str) -> Response:
        """Takes a form of the camera's tile, which is also on the page of all cameras."""
        step = request.form.get("step", "")
        if step not in STEPS or request.form.get("camera", "") != camera:
            return pages.problem("request")
        why = self._forms.take(step, current)
        return self.show(current, camera, why) if why else _at(camera)

    def set(self, current: ConsoleSession, camera: str) -> Response:
        setting, value = request.form.get("setting", ""), request.form.get("value", "").strip()[:100]
        consent = "consent" in request.form
        try:
            done = self._owner.change(
                current.account, camera, setting, value, consent=consent, patience_s=self._patience_s
            )
        except BadValue:
            return self.show(current, camera, pages.say(CHANGED["no_value"]))
        if isinstance(done, Refusal):
            return self.show(current, camera, pages.why(done))
        if isinstance(done, Step):
            # the camera's tile asks for the missing code or consent
            return _at(camera, f"#{camera}" if pages.is_id(camera) else "")
        how = "asked" if isinstance(done, Asked) else "set"
        return _at(camera, f"?{how}={setting}#{setting}")

    def change_password(self, current: ConsoleSession, camera: str) -> Response:
        changed = self._password.take(current.account, camera)
        if changed.why:
            return self.show(current, camera, changed.why)
        return _at(camera, f"?{'asked' if changed.is_asked else 'set'}=password#password")

    def restart(self, current: ConsoleSession, camera: str) -> Response:
        why = pages.why(self._owner.restart(current.account, camera))
        return self.show(current, camera, why) if why else _at(camera)

    def turn(self, current: ConsoleSession, camera: str) -> Response:
        """Turns the camera one step, or to a kept position. A script asks again and again while a button is held."""
        preset = request.form.get("preset", "")
        try:
            if preset:
                done = self._owner.go(current.account, camera, preset)
            else:
                done = self._owner.turn(current.account, camera, request.form.get("direction", ""))
            why = pages.why(done)
        except BadValue:
            why = pages.say(CHANGED["no_value"])
        if request.headers.get("Accept") == "application/json":
            return pages.data({"why": why})
        return self.show(current, camera, why) if why else _at(camera)

    def prefer(self, current: ConsoleSession, camera: str) -> Response:
        if self._owner.camera(current.account, camera) is None:
            return pages.problem("no_camera")
        not_kept = self._preferences.take(current.account, camera)
        if not_kept is not None:
            return self.show(current, camera, not_kept.why, not_kept)
        return _at(camera, "?kept=1#preferences")

    def keep_history(self, current: ConsoleSession, camera: str) -> Response:
        self._happenings.history.keep(current.account, kept=request.form.get("history") == "on")
        return _at(camera, "#history")

    def _rows(self, camera: Camera, views: Mapping[Setting, SettingView], account: str) -> list[Row]:
        awaited = self._owner.awaited(account)
        rows = []
        for setting, view in views.items():
            awaited_value = awaited.get((camera.id, FIELDS.get(setting, "")))
            if view.value is None and not view.can_set and awaited_value is None:
                continue  # the camera lacks this setting, or no way reads it
            rows.append(_row(setting, view, awaited_value))
        return rows


def _posted(view: View) -> View:
    """Leads whoever opens the address of a form to the camera's page."""

    @wraps(view)
    def on_post(current: ConsoleSession, camera: str) -> Response:
        return view(current, camera) if request.method == "POST" else _at(camera)

    return on_post


def _grouped(rows: Iterable[Row]) -> list[tuple[str, str, list[Row]]]:
    """Returns each group's name, its heading and its settings in the order of the page."""
    by_name = {row.setting: row for row in rows}
    return [
        (name, pages.say(heading), [by_name[setting] for setting in settings if setting in by_name])
        for name, heading, settings in GROUPS
        if name != ALERTS or not by_name.keys().isdisjoint(settings)
    ]


def _opens(tile: Tile, error: str) -> bool:
    """Tells whether the settings stand open: something was just set there, was refused, or takes another step."""
    if error and request.path.endswith("/mend"):  # the player has forms with this address, too
        step = request.form.get("step", "")
        return (step == "home-code" and "home_code" not in tile.mends) or (
            step.startswith("encryption") and "off" not in tile.mends
        )
    is_set = not {"set", "asked", "kept"}.isdisjoint(request.args)
    return bool(error) or is_set or (tile.switching is not None and "off" not in tile.mends)


def _smaller(camera: Camera) -> str:
    """Returns the size to ask for when the smaller of two pictures is wanted, as 640x360; "" if there is no choice."""
    if camera.sub is None or plain(camera) == "sub" or camera.sub.is_foreign:
        return ""
    width, height = camera.sub.width, camera.sub.height
    if not width:
        is_large = is_larger(camera.video, SMALLER)
        width, height = SMALLER if is_large else (camera.video.width // 2, camera.video.height // 2)
    if not width:
        return ""
    return f"{width}x{height}" if is_larger(camera.video, (width, height)) else ""


def _voiced(camera: Camera, preferences: Preferences) -> list[tuple[str, str]]:
    """Returns what a voice could change of this camera, and what the owner has ticked, each with its name."""
    could = {"restart"} if camera.can_restart else set()
    could |= {setting for setting in BY_VOICE if setting in FIELDS and field_of(camera, setting) != "none"}
    shown = [name for name in BY_VOICE if name in could or name in preferences.voice_may]
    return [(name, pages.say(RESTART if name == "restart" else NAMES[name])) for name in shown]  # type: ignore[index]


def _by_mqtt(camera: Camera, preferences: Preferences) -> list[tuple[str, str]]:
    """Returns what the broker could switch of this camera, and what the owner has ticked, each with its name."""
    shown = [name for name in MQTT_MAY if field_of(camera, name) != "none" or name in preferences.mqtt_may]
    return [(name, pages.say(NAMES[name])) for name in shown]  # type: ignore[index]


def _rings(camera: Camera, value: str, preferences: Preferences) -> bool:
    """Tells whether the camera reports these events, or the owner has chosen them."""
    reports = {"motion": camera.motion, "person": camera.person}.get(value, "on")
    return reports != "none" or preferences.motion_rings == value


def _row(setting: Setting, view: SettingView, awaited_value: str | None) -> Row:
    value = view.value or ""
    kind = "read"
    if view.can_set:
        kind = "text" if not view.choices else "switch" if set(view.choices) == {"on", "off"} else "choice"
    if setting == "storage":
        kind = "format" if view.can_set else "read"
    if setting == "encryption" and kind == "switch" and value == "on":
        kind = "encryption" if awaited_value != "off" else "read"  # the owner asked to switch it off
    note = ""
    if awaited_value is not None and awaited_value != value:
        note = f"{_value(awaited_value)}: {pages.say(CHANGED['asked_for'])}"
    elif request.args.get("set") == setting:
        note = pages.say(CHANGED["confirmed"])
    elif request.args.get("asked") == setting:
        note = pages.say(CHANGED["asked_for"])
    hint = pages.say(HINTS[setting]) if setting in HINTS and not (kind == "read" and setting in TYPED) else ""
    choices = tuple((choice, _value(choice)) for choice in view.choices)
    return Row(setting, pages.say(NAMES[setting]), hint, kind, value, _value(value), choices, note)


def _value(value: str) -> str:
    return pages.say(VALUES[value]) if value in VALUES else value


def _at(camera: str, more: str = "") -> Response:
    return pages.led(f"/home/cameras/{camera}{more}" if pages.is_id(camera) else "/home")
