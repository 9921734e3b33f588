"""Cameras and their settings as lines of text, and as facts for --json."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from msgspec.structs import asdict

from showcam.app.cli.output import runnable, shell_word, table
from showcam.drivers.camera import UNASKED, Camera, Refusal, is_on_battery, is_own
from showcam.drivers.errors import Reason
from showcam.drivers.settings import FIELDS, Setting, SettingView
from showcam.registry.gate.reasons import explained, row_text
from showcam.registry.preferences import Preferences

type Serving = Mapping[str, tuple[str, ...]]
type Readiness = Sequence[tuple[Camera, Mapping[Any, Any]]]

PREFERENCES = (
    *("voice_may", "while_encrypted", "room", "keep_warm", "talk", "tv", "tv_when", "tv_scenes"),
    *("phone_when", "motion_rings", "ring_pause_s", "mqtt_may"),
)
WAY = {
    "": "",
    "account": "EZVIZ account",
    "open": "Open Platform",
    "lan": "your network",
    "local": "the camera's own protocol at home",
    "cloud": "EZVIZ's cloud stream",
    "cloud_unasked": "EZVIZ's cloud stream once its owner agrees",
}
MEANS: dict[Setting, str] = {
    "alarm_notification": "arms detection; off sends nothing and sees nothing",
    "phone_mute": "on: detection goes on, this account's phones stay silent",
}
IN_APP: dict[str, str] = {"resolution": "set in the EZVIZ app, on the live view: Ultra HD, Hi-Def or Standard"}
# by reason: the commands that do in a terminal the work of the button in the reason's sentence
MENDS: Mapping[Reason, tuple[str, ...]] = {
    "asleep": ("set {camera} sleep off",),
    "encryption_on": ("set {camera} encryption off", "set {camera} while_encrypted code"),
    "audio_off": ("set {camera} audio on",),
    "not_agreed": ("code {camera}",),
    "no_way": ("code {camera}",),
    "code_wrong": ("code {camera}",),
}
AT_HOME = frozenset({"code {camera}"})  # a camera on battery has no video port that takes the code
_UNINITIALISED = "Storage is uninitialised, so nothing is recorded: showcam cameras set {camera} storage format"


class CameraFacts(TypedDict):
    id: str
    name: str
    model: str
    owner: str
    battery: int | None
    charging: str
    pictures_by: Sequence[str]
    settings_by: Sequence[str]


class ListedFacts(CameraFacts):
    refused: dict[str, list[str]]  # reasons, by assistant
    told: list[str]
    mends: list[str]
    names: list[str]


class OneFacts(CameraFacts):
    can_restart: bool


class ShownFacts(TypedDict):
    camera: OneFacts
    settings: dict[str, dict[str, object]]
    preferences: dict[str, object]


def listed(rows: Readiness, names: Mapping[str, list[str]], serving: Serving | None = None) -> Iterator[str]:
    """`serving`: the ways that serve settings, by source; with it, each camera has a line about ways."""
    if not rows:
        _, mend = row_text("not_found", "en", vendor="EZVIZ")
        yield f"There is no camera in this account. {mend}"
        return
    header, *lines = table([_cells(*row) for row in rows], ("Camera", "Model", "Alexa", "Google", ""))
    yield header
    for (camera, verdicts), line in zip(rows, lines, strict=True):
        yield line
        yield from (f"    {sentence}" for sentence in _why_not(verdicts))
        yield from (f"    Or here: {command}" for command in _mends(camera, verdicts))
        yield from (f"    Name: {trouble}" for trouble in names.get(camera.id, []))
        if serving is not None:
            yield f"    {ways(camera, serving)}"


def listed_facts(
    row: tuple[Camera, Mapping[Any, Any]], names: Mapping[str, list[str]], serving: Serving
) -> ListedFacts:
    camera, verdicts = row
    by_surface = {surface: verdicts.get(surface) for surface in ("alexa", "google")}
    return {
        **_identity(camera, serving),
        "refused": {
            surface: [row.reason for row in verdict.failed] if isinstance(verdict, Refusal) else []
            for surface, verdict in by_surface.items()
        },
        "told": _why_not(verdicts),
        "mends": [runnable(command) for command in _mends(camera, verdicts)],
        "names": names.get(camera.id, []),
    }


def _identity(camera: Camera, serving: Serving) -> CameraFacts:
    return {
        "id": camera.id,
        "name": camera.name,
        "model": camera.model,
        "owner": camera.owner,
        "battery": camera.battery,
        "charging": camera.charging,
        "pictures_by": [way for way in camera.ways if way != UNASKED],
        "settings_by": serving.get(camera.ref.source, ()),
    }


def _cells(camera: Camera, verdicts: Mapping[Any, Any]) -> tuple[str, ...]:
    more = ["shared"] if camera.owner == "shared" else []
    if camera.battery is not None:
        more.append(f"battery {camera.battery} %{', charging' if camera.charging == 'on' else ''}")
    shown = ["no" if isinstance(verdicts.get(surface), Refusal) else "yes" for surface in ("alexa", "google")]
    return camera.name, camera.model, *shown, ", ".join(more)


def _why_not(verdicts: Mapping[Any, Any]) -> list[str]:
    """Why Alexa refuses, then why Google does."""
    refusals = (verdicts.get(surface) for surface in ("alexa", "google"))
    return explained(refusal for refusal in refusals if isinstance(refusal, Refusal))


def _mends(camera: Camera, verdicts: Mapping[Any, Any]) -> list[str]:
    if camera.owner == "shared":
        return []
    refusals = [verdict for verdict in verdicts.values() if isinstance(verdict, Refusal)]
    failed = {row.reason for refusal in refusals for row in refusal.failed}
    if is_own(camera.id):
        failed &= {"audio_off"}  # its page has the rest
    name = shell_word(camera.name)
    return [
        f"showcam cameras {command.format(camera=name)}"
        for reason, commands in MENDS.items()
        if reason in failed
        for command in commands
        if not (command in AT_HOME and is_on_battery(camera))
    ]


def ways(camera: Camera, serving: Serving) -> str:
    by = [WAY.get(way, way) for way in serving.get(camera.ref.source, ())]
    pictures = ", then ".join(WAY.get(way, way) for way in camera.ways)
    what = {"State": by[0] if by else "", "Settings": ", else ".join(by), "Picture": pictures}
    return " ".join(f"{name} by: {named or 'none'}." for name, named in what.items())


def shown(
    camera: Camera,
    views: Mapping[Setting, SettingView],
    preferences: Preferences,
    awaited: Mapping[tuple[str, str], str],
    *,
    verbose: bool,
) -> Iterator[str]:
    """`awaited`: what was asked for and does not show yet, by camera id and field."""
    shared = f", shared by another {camera.manufacturer} account" if camera.owner == "shared" else ""
    yield f"{camera.name} ({camera.model}){shared}"
    rows: list[tuple[str, str]] = [
        (
            name,
            f"{_value(name, view)}{_note(name, view, awaited.get((camera.id, FIELDS.get(name, ''))), verbose=verbose)}",
        )
        for name, view in views.items()
    ]
    rows.append(("restart", "can be restarted" if camera.can_restart else "not by this way in"))
    if camera.battery is not None:
        rows.append(("battery", f"{camera.battery} %"))
    rows += [(name, _preference(getattr(preferences, name))) for name in PREFERENCES]
    yield from table(rows, indent=2)
    if views["storage"].value == "uninitialised":
        yield _UNINITIALISED.format(camera=shell_word(camera.name))


def shown_facts(
    camera: Camera, views: Mapping[Setting, SettingView], preferences: Preferences, serving: Serving
) -> ShownFacts:
    return {
        "camera": {**_identity(camera, serving), "can_restart": camera.can_restart},
        "settings": {name: asdict(view) for name, view in views.items()},
        "preferences": asdict(preferences),
    }


def _preference(value: bool | float | str | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(value) if isinstance(value, tuple) else str(value)) or "nothing"


def _value(name: Setting, view: SettingView) -> str:
    if view.value is not None:
        return view.value
    return "not told" if view.can_set or name not in FIELDS else "not by this way in"


def _note(name: Setting, view: SettingView, awaited: str | None, *, verbose: bool) -> str:
    notes = [f"{awaited} was asked for"] if awaited not in (None, view.value) else []
    if view.value is None and not view.can_set and name not in FIELDS:
        return "" if not view.way else f" ({WAY[view.way]})" * verbose
    if view.can_set and view.choices:
        notes.append("can be set: " + ", ".join(choice for choice in view.choices if choice != view.value))
    elif view.can_set:
        notes.append("can be set")
    elif view.why_not == "owners_alone":
        notes.append("its owner's alone to set")
    elif view.value is not None:
        notes.append(IN_APP.get(name, "read only"))
    notes += [MEANS[name]] if view.can_set and name in MEANS else []
    if verbose and view.way:
        notes.append(WAY[view.way])
    return f"  ({'; '.join(notes)})" if notes else ""
