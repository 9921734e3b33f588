"""`showcam cameras`: the cameras, whether they can be shown, and all their settings."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click

from showcam.cli import installation, readable, settings_of, stop
from showcam.cli.output import as_json, report, tell
from showcam.cli.progress import progress

if TYPE_CHECKING:
    from registry.camera import Camera, Refusal
    from registry.errors import Unavailable
    from registry.settings import Step
    from showcam.compose.cameras import Household

_ASKING = "Asking EZVIZ"


@dataclass(frozen=True)
class _Named:
    """The camera that a command names, in its household."""

    home: "Household"
    camera: "Camera"

    def ask[T](self, question: Callable[..., "T | Refusal"], *values: Any, doing: str = _ASKING) -> T:
        """The answer to a question about the camera; a refusal ends the command."""
        from registry.camera import Refusal

        with progress(doing):
            answer = question(self.home.account, self.camera.id, *values)
        if isinstance(answer, Refusal):
            _refused(answer)
        return answer


def _of_household[F: Callable[..., Any]](command: F) -> F:
    user = click.option("--user", help="Whose cameras (default: the only household's; demo@example.com's in the demo).")
    return installation(user(command))


def _on_camera(command: Callable[..., None]) -> Callable[..., None]:
    """Hands the command the camera of its first argument, NAME. A value that can't be set ends it."""

    @click.argument("name")
    @_of_household
    @click.pass_context
    @readable
    @wraps(command)
    def run(context: click.Context, /, name: str, user: str | None, **more: Any) -> None:
        from registry.settings import BadValue
        from showcam.compose.cameras import household

        with household(settings_of(context), user) as home:
            try:
                command(_Named(home, _camera(home, name)), **more)
            except BadValue as error:
                stop(f"{error}.")

    return run


@click.group(invoke_without_command=True)
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves state, settings and picture.")
@as_json
@_of_household
@click.pass_context
def cameras(context: click.Context, verbose: bool, as_json: bool, user: str | None) -> None:
    """The cameras: whether they can be shown, their settings, what a voice may change.

    Without a command, the list of them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, verbose=verbose, as_json=as_json, user=user)
    elif verbose or user or as_json:
        raise click.UsageError(f"Say these options behind {context.invoked_subcommand}.")


@cameras.command("list")
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves state, settings and picture.")
@as_json
@_of_household
@click.pass_context
@readable
def list_(context: click.Context, verbose: bool, as_json: bool, user: str | None) -> None:
    """List every camera, whether Alexa and Google can show it, and names a voice has trouble with."""
    from alexa.names import friendly_names
    from registry.errors import Unavailable
    from registry.gate.voice_names import trouble
    from showcam.cli import camera_tables as tables
    from showcam.compose.cameras import household

    with household(settings_of(context), user) as home:
        try:
            with progress(_ASKING):
                rows = home.owner.readiness(home.account)
            serving = home.owner.serving(home.account) if verbose or as_json else {}
        except Unavailable as error:
            _unavailable(error)
    found = [camera for camera, _ in rows]
    names = trouble(found, friendly_names(found))
    facts = {"cameras": [tables.listed_facts(row, names, serving) for row in rows]}
    report(as_json, facts, tables.listed(rows, names, serving if verbose else None))


@cameras.command()
@_on_camera
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves each setting.")
@as_json
def show(named: _Named, verbose: bool, as_json: bool) -> None:
    """Show all settings of the camera NAME as they are now."""
    from showcam.cli import camera_tables as tables

    home, camera = named.home, named.camera
    views = named.ask(home.owner.settings)
    preferences = home.owner.preferences(home.account, camera.id)
    serving = home.owner.serving(home.account)
    lines = list(tables.shown(camera, views, preferences, verbose=verbose))
    if verbose:
        lines.append(tables.ways(camera, serving))
    report(as_json, tables.shown_facts(camera, views, preferences, serving), lines)


@cameras.command("set")
@_on_camera
@click.argument("setting")
@click.argument("value")
@click.option("--yes", is_flag=True, help="Consent to what is asked for otherwise. A code is asked for all the same.")
def set_(named: _Named, setting: str, value: str, yes: bool) -> None:
    """Set SETTING of the camera NAME to VALUE, and read it back.

    \b
    audio, sleep, status_light, alarm_notification, offline_notification, flip: on or off
    night_vision: colour, black_and_white or smart
    encryption: on or off (off wants your consent and the code on the label)
    time_zone: as +02:00; date_format: ymd, mdy or dmy
    storage: format (erases it)
    voice_may: what a voice may change, parted by commas: audio,sleep,restart … or nothing
    lan_while_encrypted, scaled: yes or no
    """
    name = named.camera.name
    if setting in ("voice_may", "lan_while_encrypted", "scaled"):
        _prefer(named, setting, value)
        return
    _change(named, setting, value, yes)
    tell(f"{name} formats its storage." if setting == "storage" else f"{name}: {setting} is {value}.")


@cameras.command()
@_on_camera
def restart(named: _Named) -> None:
    """Restart the camera NAME; it is offline for a minute or two."""
    named.ask(named.home.owner.restart)
    tell(f"{named.camera.name} restarts.")


@cameras.command()
@_on_camera
def code(named: _Named) -> None:
    """Show the camera NAME over the home network, by the code on its label, which is asked for."""
    given = click.prompt(
        "Code on the label, or the encryption password set since (nothing: no longer over the home network)",
        default="",
        show_default=False,
        hide_input=True,
    )
    done = named.ask(named.home.owner.set_code, given.strip(), doing="Asking the camera itself")
    by = "over the home network first" if "lan" in done.ways else "no longer over the home network"
    tell(f"{named.camera.name} is shown {by}.")


@cameras.command()
@_on_camera
def password(named: _Named) -> None:
    """Change the password that pictures of the camera NAME are encrypted with; old and new are asked for."""
    from registry.settings import Step

    camera = named.camera
    if camera.owner == "shared":
        stop(f"{camera.name} is shared by another EZVIZ account: only its owner changes its password.", code=1)
    old = click.prompt("Password now, or the code on the label", hide_input=True)
    new = click.prompt("New password (6 to 12 letters and digits)", hide_input=True, confirmation_prompt=True)
    if isinstance(named.ask(named.home.owner.change_password, old, new), Step):
        stop("That is not the password: nothing was changed.", code=1)
    tell(f"{camera.name} has a new encryption password.")


@cameras.command()
@_on_camera
def delete(named: _Named) -> None:
    """Take the camera NAME off the EZVIZ account. Its name is asked for again."""
    from registry.settings import BadValue

    name = named.camera.name
    tell(
        f"{name} will be deleted from the EZVIZ account, for everybody and for good. "
        "To have it back it must be added again in the EZVIZ app, with the code on its label.",
        err=True,
    )
    typed = click.prompt("Type its name to delete it")
    try:
        named.ask(named.home.owner.delete, typed)
    except BadValue as error:
        stop(f"{error}.", code=1)
    tell(f"{name} is deleted.")


def _change(named: _Named, setting: str, value: str, yes: bool) -> None:
    """Asks for what is wanted on the way: consent, the label's code, a mailed code. Each code goes out once."""
    from registry.settings import Step

    consent, code = yes, ""

    def change(account: str, camera: str) -> "Camera | Step | Refusal":
        return named.home.owner.change(account, camera, setting, value, code=code, consent=consent)

    while isinstance(done := named.ask(change, doing="Setting it and reading it back"), Step):
        consent, code = _asked(named.camera, setting, done, consent)


def _asked(camera: "Camera", setting: str, step: "Step", consent: bool) -> tuple[bool, str]:
    if step.wants == "consent":
        click.confirm(_CONSENT[setting].format(camera=camera.name), abort=True)
        return True, ""
    if step.wrong:
        stop("That code is not right, so nothing was changed. EZVIZ counts wrong codes; look it up, then try again.", 1)
    if step.wants == "mailed_code":
        tell("This camera takes no label code for that: EZVIZ has just mailed a code of four digits.", err=True)
        return consent, click.prompt("Code from the mail")
    return consent, click.prompt("Code on the camera's label, or the encryption password set since", hide_input=True)


_CONSENT = {
    "encryption": (
        "With Image Encryption off, EZVIZ can see the pictures of {camera}, and so can whoever gets at the account. "
        "Assistants can show it then. Switch it off?"
    ),
    "storage": "Formatting erases every recording in {camera}. Format it?",
}


def _prefer(named: _Named, name: str, value: str) -> None:
    from msgspec.structs import replace

    from registry.settings import BadValue

    home, camera = named.home, named.camera
    preferences = home.owner.preferences(home.account, camera.id)
    if name == "voice_may":
        words = tuple(each.strip() for each in value.split(",") if each.strip())
        preferences = replace(preferences, voice_may=() if words == ("nothing",) else words)
    elif value in ("yes", "no"):
        preferences = replace(preferences, **{name: value == "yes"})
    else:
        raise BadValue(f"{name} is yes or no")
    home.owner.prefer(home.account, camera.id, preferences)
    kept = home.owner.preferences(home.account, camera.id)
    if name == "voice_may":
        tell(f"{camera.name}: a voice may change {', '.join(kept.voice_may) or 'nothing'}.")
    else:
        tell(f"{camera.name}: {name} is {value}.")
    tell("A running showcam follows within half a minute.", err=True)
    if name != "voice_may":
        return
    tell("Say “sync my devices” to Google, “discover devices” to Alexa: each keeps to its last list.", err=True)
    if "sleep" in kept.voice_may and _lacks_pin(home):
        tell(
            f"Google turns off no camera until there is a PIN: showcam pin set {shlex.quote(home.user or 'USER')}",
            err=True,
        )


def _lacks_pin(home: "Household") -> bool:
    """Google is linked and would be refused for want of it."""
    from accounts.pins import Pins

    linked = any(link.assistant == "google" for link in home.store.links(home.account))
    return linked and not Pins(home.store).is_set(home.account)


def _camera(home: "Household", name: str) -> "Camera":
    """By its whole name, or by a beginning that only one has."""
    from registry.errors import Unavailable

    try:
        with progress(_ASKING):
            listed = home.owner.cameras(home.account).cameras
    except Unavailable as error:
        _unavailable(error)
    wanted = name.casefold()
    for matches in (
        [each for each in listed if each.name.casefold() == wanted],
        [each for each in listed if each.name.casefold().startswith(wanted)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            stop(f"{len(matches)} cameras are called like that: give them names of their own in the EZVIZ app.", code=1)
    stop(f"There is no camera {name!r}; there are {', '.join(each.name for each in listed) or 'none'}.", code=1)
    raise AssertionError


def _unavailable(error: "Unavailable") -> NoReturn:
    from registry.gate.gate import overruled

    if click.get_current_context().meta.get("showcam.demo"):
        if error.reason == "vendor_down":
            stop("The demo is not running on this machine: start it with showcam run", code=1)
        if error.reason == "signed_out":
            stop("Nobody has signed in to the demo yet: link an assistant on its practice page first.", code=1)
    _refused(overruled(error.reason, None, error.vendor))


def _refused(refusal: "Refusal") -> NoReturn:
    from registry.gate.reasons import explain

    stop(explain(refusal, "en"), code=1)
