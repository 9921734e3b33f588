"""`showcam cameras`: the cameras, whether they can be shown, and all their settings."""

import shlex
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Group, own_cameras, settings_of, stop
from showcam.app.cli.camera_settings import GUESSED, change_preference, change_setting, renew_picture_code
from showcam.app.cli.named_camera import NamedCamera, asking, of_household, on_camera, refused, unavailable
from showcam.app.cli.output import as_json, echo, progress, report, wants_json

if TYPE_CHECKING:
    from showcam.app.compose.command import Household


@click.group(cls=Group, invoke_without_command=True)
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves state, settings and picture.")
@as_json
@of_household
@click.pass_context
def cameras(context: click.Context, verbose: bool, user: str | None) -> None:
    """The cameras: whether they can be shown, their settings, what a voice may change.

    Without a command, the list of them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, verbose=verbose, user=user)
    elif verbose or user or wants_json():
        raise click.UsageError(f"Say these options behind {context.invoked_subcommand}.")


@cameras.command("list")
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves state, settings and picture.")
@as_json
@of_household
def list_(verbose: bool, user: str | None) -> None:
    """List every camera, whether Alexa and Google can show it, and names a voice has trouble with."""
    from showcam.app.compose.command import household

    with household(settings_of(), user) as home:
        report_cameras(home, verbose=verbose)


def report_cameras(home: "Household", *, verbose: bool) -> None:
    """Print the household's cameras, or why they can't be listed."""
    from showcam.alexa.discovery import friendly_names
    from showcam.app.cli import camera_tables as tables
    from showcam.drivers.errors import Unavailable
    from showcam.registry.gate.voice_names import trouble

    try:
        with progress(asking(home)):
            rows = home.owner.readiness(home.account)
        serving = home.owner.serving(home.account) if verbose or wants_json() else {}
    except Unavailable as error:
        unavailable(error)
    found = [camera for camera, _ in rows]
    names = trouble(found, friendly_names(found))
    facts = {"cameras": [tables.listed_facts(row, names, serving) for row in rows]}
    report(facts, tables.listed(rows, names, serving if verbose else None))


@cameras.command()
@on_camera
@click.option("--verbose", "-v", is_flag=True, help="Also which way serves each setting.")
@as_json
def show(named: NamedCamera, verbose: bool) -> None:
    """Show all settings of the camera NAME as they are now."""
    from showcam.app.cli import camera_tables as tables

    home, camera = named.home, named.camera
    views = named.call(home.owner.settings)
    preferences = home.owner.preferences(home.account, camera.id)
    serving = home.owner.serving(home.account)
    awaited = home.owner.awaited(home.account)
    lines = list(tables.shown(camera, views, preferences, awaited, verbose=verbose))
    if verbose:
        lines.append(tables.ways(camera, serving))
    report(tables.shown_facts(camera, views, preferences, serving), lines)


@cameras.command("set")
@on_camera
@click.argument("setting")
@click.argument("value")
@click.option("--yes", is_flag=True, help="Consent to what is asked for otherwise. A code is asked for all the same.")
def set_(named: NamedCamera, setting: str, value: str, yes: bool) -> None:
    """Set SETTING of the camera NAME to VALUE, and read it back.

    \b
    audio, sleep, status_light, offline_notification, flip: on or off
    alarm_notification: on or off (arms or disarms detection)
    phone_mute: on or off

    \b
    night_vision: colour, black_and_white or smart
    sensitivity: of detection, a number from 1 to 6 (to 100 with a battery)
    storage: format (erases it)

    \b
    encryption: on or off (off needs your consent, and a code if EZVIZ asks for one)
    time_zone: as +02:00
    date_format: ymd, mdy or dmy

    \b
    while_encrypted, for Image Encryption on: no, lan (at home the video is clear)
    or code (deciphered here, by the code, which is asked for)

    \b
    voice_may: the changes that a voice may make, parted by commas: audio,sleep,restart … or nothing
    keep_warm: yes or no

    \b
    talk: yes or no; yes lets viewers at an Echo and on showcam's page talk through the camera

    \b
    room: the camera's place, such as Garden; Google proposes it as the room. "nothing" takes it back
    tv: a TV in the house by its name, or nothing (showcam cast --list)

    \b
    tv_when: events that bring the camera to this TV for a minute: doorbell,motion,person or nothing

    \b
    phone_when: events that are sent, with a still, to the addresses for notices: doorbell,motion,person or nothing

    \b
    tv_scenes: TVs, parted by commas, or nothing; for each, assistants get a scene that shows the camera there

    \b
    motion_rings: events that ring like the bell: no, motion, or person, so that cats and
    cars don't ring (a camera that reports persons)

    \b
    ring_pause_s: seconds after an announcement without another of its kind, 0 to 3600; the bell
    itself always rings (showcam owner quiet has the household's quiet times)

    \b
    mqtt_may: what whoever may write to the MQTT broker may switch, parted by commas:
    encryption,audio,sleep or nothing
    """
    from showcam.app.cli import camera_tables as tables

    name = named.camera.name
    if setting == "scaled":
        stop("showcam converts pictures by itself now: as many at once as its setting transcodes allows.", 2)
    if setting in tables.IN_APP:
        stop(f"{setting} can be read here. It is {tables.IN_APP[setting]}.", 2)
    if setting in tables.PREFERENCES:
        change_preference(named, setting, value, yes)
        return
    if change_setting(named, setting, value, yes):
        echo(f"{name} formats its storage." if setting == "storage" else f"{name}: {setting} is {value}.")
    else:
        took = "The camera" if named.is_own else named.vendor
        echo(f"{name}: {setting} {value} was asked for. {took} took it, and the camera does not show it yet.")
        echo(f"See in half a minute: showcam cameras show {shlex.quote(name)}", err=True)


@cameras.command()
@on_camera
def restart(named: NamedCamera) -> None:
    """Restart the camera NAME; it is offline for a minute or two."""
    named.call(named.home.owner.restart)
    echo(f"{named.camera.name} restarts.")


@cameras.command()
@on_camera
def code(named: NamedCamera) -> None:
    """Show the camera NAME over the home network, by the code on its label. The code is asked for.

    If while_encrypted is code, this code also becomes the code for deciphering the camera's video.
    """
    from showcam.drivers.camera import Refusal
    from showcam.drivers.settings import Step

    given = click.prompt(
        "Code on the label, or the encryption password set since (nothing: no longer over the home network)",
        default="",
        show_default=False,
        hide_input=True,
    )
    renewed = bool(given.strip()) and renew_picture_code(named, given.strip())
    done = named.ask(named.home.owner.codes.set, given.strip(), doing="Asking the camera itself")
    if isinstance(done, Step):
        stop(GUESSED, code=1)
    if not isinstance(done, Refusal):
        by = "over the home network first" if "lan" in done.ways else "no longer over the home network"
        echo(f"{named.camera.name} is shown {by}.")
    elif not renewed:
        refused(done)


cameras.add_command(own_cameras.add)
