"""`showcam cameras add`: adds an owner's own camera by its address at home."""

import sys
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Command, settings_of, stop
from showcam.app.cli.named_camera import of_household
from showcam.app.cli.output import echo, progress, table
from showcam.app.cli.owner_password import hint_at_password

if TYPE_CHECKING:
    from showcam.drivers.lan.trial import Tried
    from showcam.engine.source import Watched
    from showcam.registry.owner.own_cameras import OwnCameras

ADDRESS = "Address: rtsp://…, or the camera's IP address"


@click.command(cls=Command)
@click.argument("address", required=False)
@click.option("--name", help="What people call it (default: asked for).")
@click.option("--doorbell", is_flag=True, help="It has a bell that is pressed.")
@of_household
def add(address: str | None, name: str | None, doorbell: bool, user: str | None) -> None:
    """Add your own camera by ADDRESS: rtsp://192.168.1.20/stream1, or only its IP address.

    Its user name and password are asked for, kept sealed, and sent to no other address.
    """
    from showcam.app.compose.own_cameras import add as add_camera
    from showcam.app.compose.own_cameras import endpoint_at, own_cameras
    from showcam.drivers.lan.devices import BadAddress
    from showcam.drivers.settings import BadValue

    settings = settings_of()
    with own_cameras(settings, user) as (own, store, account):
        try:
            address = address or str(click.prompt(ADDRESS, err=True))
            shown = _tried(own, address, endpoint_at(settings, address))
            _describe(shown)
            shown = _improved(own, shown)
            device = shown.device
            given = name or click.prompt(
                "Name, as you will say it", default=device.name or device.model or None, err=True
            )
            account = add_camera(own, store, account, shown, given, doorbell=doorbell)
        except (BadAddress, BadValue) as error:
            stop(f"{error}.")
        echo(f"{given.strip()} is added.")
        hint_at_password(store, account)
    echo("See it: showcam home. Then have your assistants look for new devices.", err=True)


def _tried(own: "OwnCameras", address: str, endpoint: str) -> "Tried":
    """Asks at the terminal for the camera's user name and password, tries both, and returns the camera."""
    from showcam.console.adding.sentences import GUESSED, WHY
    from showcam.drivers.errors import Refused
    from showcam.registry.owner.own_cameras import WRONG, NotNow

    for left in range(WRONG - 1, -1, -1):
        user, password = _prompt_login()
        try:
            with progress("Watching its picture"):
                return own.tried(address, user, password, endpoint=endpoint)
        except NotNow:
            stop(GUESSED, code=1)
        except Refused as refused:
            why = WHY.get(refused.reason, WHY["lan_unreachable"])
            if refused.reason != "code_wrong":
                stop(why, code=1)
            echo(why if left else GUESSED, err=True)
    sys.exit(1)


def _prompt_login() -> tuple[str, str]:
    user = click.prompt("User name at the camera (nothing: none)", default="", show_default=False, err=True)
    if not user:
        return "", ""
    return user, click.prompt("Password", default="", show_default=False, hide_input=True, err=True)


def _describe(shown: "Tried") -> None:
    for line in table(_rows(shown), ("", "Video", "Size", "Pictures", "Keyframes", "Sound"), indent=2):
        echo(line, err=True)
    if shown.found.onvif == "login":
        echo("Its ONVIF wants another user: what it brings (a second picture, events) is left out.", err=True)


def _improved(own: "OwnCameras", shown: "Tried") -> "Tried":
    """Says which settings would make the camera's pictures better, and sets them by ONVIF after a yes."""
    if not shown.better:
        return shown
    echo("It would be better with:", err=True)
    for setting in shown.better:
        echo(f"  {setting.sentence}.", err=True)
    if not shown.settable:
        echo("Set it on the camera's own page; it is shown as it is until then.", err=True)
        return shown
    if not click.confirm("Set it in the camera now?", default=False, err=True):
        return shown
    with progress("Setting the camera"):
        again, missed = own.improved(shown)
    for setting in shown.settable:
        echo(f"  {setting.sentence}: {'the camera did not take it' if setting in missed else 'set'}.", err=True)
    return again


def _rows(shown: "Tried") -> list[tuple[str, ...]]:
    device = shown.found.device
    rows = [_row("whole", shown.whole, device.main.sound, shown.gop_s(shown.whole, device.main))]
    if isinstance(shown.smaller, str):
        rows.append(("smaller", "does not come", "", "", "", ""))
    elif shown.smaller is not None and device.sub is not None:
        rows.append(_row("smaller", shown.smaller, device.sub.sound, shown.gop_s(shown.smaller, device.sub)))
    return rows


def _row(name: str, watched: "Watched", sound: str, gop_s: float) -> tuple[str, ...]:
    from showcam.console.adding.sentences import CODECS, SOUNDS

    keyframes = f"every {gop_s:.1f} s" if gop_s else "not seen"
    size, rate = f"{watched.width}×{watched.height}", f"{watched.rate:.0f} a second"
    return name, CODECS[watched.codec], size, rate, keyframes, SOUNDS.get(sound, "none")
