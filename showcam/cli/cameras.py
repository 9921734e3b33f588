"""`showcam cameras`: the cameras, whether they can be shown, and all their settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from showcam.cli import readable, settings_of, stop
from showcam.cli.progress import progress

if TYPE_CHECKING:
    from registry.camera import Camera, Refusal
    from registry.settings import Step
    from showcam.compose.cameras import Household

_ASKING = "Asking EZVIZ"


def _common[F: Callable[..., Any]](command: F) -> F:
    demo = click.option("--demo", is_flag=True, help="Of the running demo.")
    user = click.option("--user", help="Whose cameras, where there are several households.")
    return demo(user(command))


@click.group(invoke_without_command=True)
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves state, settings and picture.")
@_common
@click.pass_context
def cameras(context: click.Context, verbose: bool, user: str | None, demo: bool) -> None:
    """The cameras: whether they can be shown, their settings, what a voice may change.

    Without a command, the list of them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, verbose=verbose, user=user, demo=demo)
    elif verbose or user or demo:
        raise click.UsageError(f"Say these options behind {context.invoked_subcommand}.")


@cameras.command("list")
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves state, settings and picture.")
@_common
@click.pass_context
@readable
def list_(context: click.Context, verbose: bool, user: str | None, demo: bool) -> None:
    """Every camera, whether Alexa and Google can show it, and names a voice has trouble with."""
    from alexa.names import friendly_names
    from registry.errors import Unavailable
    from registry.gate.voice_names import trouble
    from showcam.cli import camera_tables as tables

    with _household(context, user) as home:
        try:
            with progress(_ASKING):
                rows = home.registry.owner_readiness(home.account)
            serving = home.registry.serving(home.account) if verbose else None
        except Unavailable as error:
            _unavailable(context, error.reason)
    found = [camera for camera, _ in rows]
    names = trouble(found, friendly_names(found))
    for line in tables.listed(rows, names, serving):
        click.echo(line)


@cameras.command()
@click.argument("name")
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves each setting.")
@_common
@click.pass_context
@readable
def show(context: click.Context, name: str, verbose: bool, user: str | None, demo: bool) -> None:
    """All settings of the camera NAME as they are now."""
    from registry.camera import Refusal
    from showcam.cli import camera_tables as tables

    with _household(context, user) as home:
        camera = _camera(context, home, name)
        with progress(_ASKING):
            views = home.registry.owner_settings(home.account, camera.id)
            preferences = home.registry.preferences(home.account, camera.id)
        serving = home.registry.serving(home.account)
    if isinstance(views, Refusal):
        _refused(views)
        return
    for line in tables.shown(camera, views, preferences, verbose=verbose):
        click.echo(line)
    if verbose:
        click.echo(tables.ways(camera, serving))


@cameras.command("set")
@click.argument("name")
@click.argument("setting")
@click.argument("value")
@click.option("--yes", is_flag=True, help="Consent to what is asked for otherwise. A code is asked for all the same.")
@_common
@click.pass_context
@readable
def set_(context: click.Context, name: str, setting: str, value: str, yes: bool, user: str | None, demo: bool) -> None:
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
    from registry.camera import Refusal
    from registry.settings import BadValue

    with _household(context, user) as home:
        camera = _camera(context, home, name)
        try:
            if setting in ("voice_may", "lan_while_encrypted", "scaled"):
                _prefer(context, home, camera, setting, value)
                return
            changed = _changed(home, camera, setting, value, yes)
        except BadValue as error:
            stop(f"{error}.")
            return
    if isinstance(changed, Refusal):
        _refused(changed)
        return
    click.echo(
        f"{camera.name}: {setting} is {value}." if setting != "storage" else f"{camera.name} formats its storage."
    )


@cameras.command()
@click.argument("name")
@_common
@click.pass_context
@readable
def restart(context: click.Context, name: str, user: str | None, demo: bool) -> None:
    """Restart the camera NAME; it is offline for a minute or two."""
    from registry.camera import Refusal

    with _household(context, user) as home:
        camera = _camera(context, home, name)
        with progress(_ASKING):
            asked = home.registry.owner_restart(home.account, camera.id)
    if isinstance(asked, Refusal):
        _refused(asked)
    click.echo(f"{camera.name} restarts.")


@cameras.command()
@click.argument("name")
@_common
@click.pass_context
@readable
def code(context: click.Context, name: str, user: str | None, demo: bool) -> None:
    """Show the camera NAME over the home network, by the code on its label."""
    from registry.camera import Refusal
    from registry.settings import BadValue

    with _household(context, user) as home:
        camera = _camera(context, home, name)
        given = click.prompt(
            "Code on the label, or the encryption password set since (nothing: no longer over the home network)",
            default="",
            show_default=False,
            hide_input=True,
        )
        try:
            with progress("Asking the camera itself"):
                done = home.registry.owner_set_code(home.account, camera.id, given.strip())
        except BadValue as error:
            stop(f"{error}.")
            return
    if isinstance(done, Refusal):
        _refused(done)
        return
    by = "over the home network first" if "lan" in done.ways else "no longer over the home network"
    click.echo(f"{camera.name} is shown {by}.")


@cameras.command()
@click.argument("name")
@_common
@click.pass_context
@readable
def password(context: click.Context, name: str, user: str | None, demo: bool) -> None:
    """Change the password that pictures of the camera NAME are encrypted with."""
    from registry.camera import Refusal
    from registry.settings import BadValue, Step

    with _household(context, user) as home:
        camera = _camera(context, home, name)
        if camera.owner == "shared":
            stop(f"{camera.name} is shared by another EZVIZ account: only its owner changes its password.", code=1)
        old = click.prompt("Password now, or the code on the label", hide_input=True)
        new = click.prompt("New password (6 to 12 letters and digits)", hide_input=True, confirmation_prompt=True)
        try:
            with progress(_ASKING):
                changed = home.registry.change_password(home.account, camera.id, old, new)
        except BadValue as error:
            stop(f"{error}.")
            return
    if isinstance(changed, Step):
        stop("That is not the password: nothing was changed.", code=1)
    if isinstance(changed, Refusal):
        _refused(changed)
    click.echo(f"{camera.name} has a new encryption password.")


@cameras.command()
@click.argument("name")
@_common
@click.pass_context
@readable
def delete(context: click.Context, name: str, user: str | None, demo: bool) -> None:
    """Take the camera NAME off the EZVIZ account. Its name is asked for again."""
    from registry.camera import Refusal
    from registry.settings import BadValue

    with _household(context, user) as home:
        camera = _camera(context, home, name)
        click.echo(
            f"{camera.name} will be deleted from the EZVIZ account, for everybody and for good. "
            "To have it back it must be added anew in the EZVIZ app, with the code on its label.",
            err=True,
        )
        typed = click.prompt("Type its name to delete it")
        try:
            with progress(_ASKING):
                gone = home.registry.delete(home.account, camera.id, typed)
        except BadValue as error:
            stop(f"{error}.", code=1)
            return
    if isinstance(gone, Refusal):
        _refused(gone)
    click.echo(f"{camera.name} is deleted.")


def _changed(home: "Household", camera: "Camera", setting: str, value: str, yes: bool) -> "Camera | Refusal":
    """Asks for what is wanted on the way: consent, the label's code, a mailed code. Each code goes out once."""
    from registry.settings import Step

    consent, code = yes, ""
    while True:
        with progress("Setting it and reading it back"):
            done = home.registry.owner_change(home.account, camera.id, setting, value, code=code, consent=consent)
        if not isinstance(done, Step):
            return done
        consent, code = _asked(camera, setting, done, consent)


def _asked(camera: "Camera", setting: str, step: "Step", consent: bool) -> tuple[bool, str]:
    if step.wants == "consent":
        click.confirm(_CONSENT[setting].format(camera=camera.name), abort=True)
        return True, ""
    if step.wrong:
        stop("That code is not right, so nothing was changed. EZVIZ counts wrong codes; look it up, then try again.", 1)
    if step.wants == "mailed_code":
        click.echo("This camera takes no label code for that: EZVIZ has just mailed a code of four digits.", err=True)
        return consent, click.prompt("Code from the mail")
    return consent, click.prompt("Code on the camera's label, or the encryption password set since", hide_input=True)


_CONSENT = {
    "encryption": (
        "With Image Encryption off, EZVIZ can see the pictures of {camera}, and so can whoever gets at the account. "
        "Assistants can show it then. Switch it off?"
    ),
    "storage": "Formatting erases every recording in {camera}. Format it?",
}


def _prefer(context: click.Context, home: "Household", camera: "Camera", name: str, value: str) -> None:
    from msgspec.structs import replace

    from registry.settings import BadValue

    preferences = home.registry.preferences(home.account, camera.id)
    if name == "voice_may":
        words = tuple(each.strip() for each in value.split(",") if each.strip())
        preferences = replace(preferences, voice_may=() if words == ("nothing",) else words)
    elif value in ("yes", "no"):
        preferences = replace(preferences, **{name: value == "yes"})
    else:
        raise BadValue(f"{name} is yes or no")
    home.registry.prefer(home.account, camera.id, preferences)
    kept = home.registry.preferences(home.account, camera.id)
    if name == "voice_may":
        click.echo(f"{camera.name}: a voice may change {', '.join(kept.voice_may) or 'nothing'}.")
    else:
        click.echo(f"{camera.name}: {name} is {value}.")
    click.echo("A running showcam follows within half a minute.", err=True)
    if name != "voice_may":
        return
    click.echo("Say “sync my devices” to Google, “discover devices” to Alexa: each keeps to its last list.", err=True)
    if "sleep" in kept.voice_may and _lacks_pin(home):
        whose = f"{home.user or 'USER'}{' --demo' if context.params['demo'] else ''}"
        click.echo(f"Google turns off no camera until there is a PIN: showcam pin set {whose}", err=True)


def _lacks_pin(home: "Household") -> bool:
    """Google is linked and would be refused for want of it."""
    from accounts.pins import Pins

    linked = any(link.assistant == "google" for link in home.store.links(home.account))
    return linked and not Pins(home.store).is_set(home.account)


@contextmanager
def _household(context: click.Context, user: str | None) -> Iterator["Household"]:
    from showcam.compose.cameras import household

    with household(settings_of(context), user) as home:
        yield home


def _camera(context: click.Context, home: "Household", name: str) -> "Camera":
    """By its whole name, or by a beginning that only one has."""
    from registry.errors import Unavailable

    try:
        with progress(_ASKING):
            listed = home.registry.account_cameras(home.account).cameras
    except Unavailable as error:
        _unavailable(context, error.reason)
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


def _unavailable(context: click.Context, reason: str) -> None:
    from registry.gate.gate import overruled

    if reason == "vendor_down" and context.params.get("demo"):
        stop("The demo is not running on this machine: start it with make run.", code=1)
    if reason == "signed_out" and context.params.get("demo"):
        stop("Nobody has signed in to the demo yet: link an assistant on its practice page first.", code=1)
    _refused(overruled(reason, None))


def _refused(refusal: "Refusal") -> None:
    from registry.gate.reasons import explain

    stop(explain(refusal, "en"), code=1)
