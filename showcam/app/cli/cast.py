"""`showcam cast`: cameras on the TVs of the house."""

import shlex
from datetime import datetime
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Command, settings_of, stop
from showcam.app.cli.named_camera import camera_named, refused
from showcam.app.cli.output import as_json, echo, progress, report, table, wants_json

if TYPE_CHECKING:
    from showcam.app.compose.command import Household
    from showcam.cast.device import Showing
    from showcam.cast.door import CastClient

WAKING = "{} is being woken, which may take 70 seconds. Its picture then comes on {}."


@click.command(cls=Command)
@click.argument("camera", required=False)
@click.option("--on", "device", default="", help="The TV or display, by its name (default: the only one).")
@click.option("--for", "seconds", type=click.FloatRange(1), help="Seconds after which it ends (default: until --stop).")
@click.option("--list", "listing", is_flag=True, help="List the Cast devices of the house.")
@click.option("--stop", "ending", is_flag=True, help="End what is shown, on one TV with --on.")
@click.option("--user", help="Whose cameras (default: the only household's; demo@example.com's in the demo).")
@as_json
def cast(camera: str | None, device: str, seconds: float | None, listing: bool, ending: bool, user: str | None) -> None:
    """Show CAMERA on a TV in the house, by the house's own network. Without CAMERA: what is shown now."""
    from showcam.app.compose import screens
    from showcam.app.compose.command import household
    from showcam.app.data import integrity
    from showcam.cast.errors import CastFailed

    if sum((camera is not None, listing, ending)) > 1:
        raise click.UsageError("Name a camera, or say --list, or --stop.")
    settings = settings_of()
    integrity.claim(settings)
    client = screens.client(settings)
    try:
        if listing:
            list_devices(client)
            return
        with household(settings, user) as home:
            if ending:
                report_showing(client.stop(home.account, device), "Nothing was shown.", "{} is no longer on {}.")
            elif camera is None:
                report_showing(client.now(home.account), "Nothing is shown.", "{} is on {} since {}.")
            else:
                show(client, home, camera, device, seconds or 0.0)
    except CastFailed as error:
        stop(error.text("en"), code=1)


def list_devices(client: "CastClient") -> None:
    with progress("Looking for Cast devices"):
        found = client.devices()
    rows = [(device.name, {"screen": "TV or display"}.get(device.kind, device.kind), device.model) for device in found]
    lines = table(rows, ("Name", "Kind", "Model")) or ["There is no Cast device in this network."]
    if not found:
        lines = ["No Cast device answers in this network. One that mDNS does not reach: setting cast_devices."]
    facts = [{"id": device.id, "name": device.name, "kind": device.kind, "model": device.model} for device in found]
    report({"devices": facts}, lines)


def show(client: "CastClient", home: "Household", camera: str, device: str, seconds: float) -> None:
    from showcam.drivers.camera import Refusal

    found = camera_named(home, camera)
    on, called = (device, device) if device else only_screen(client)
    with progress(f"Showing {found.name} on {called}"):
        shown = client.show(
            home.account, found.id, on, seconds, lambda name: echo("\n" + WAKING.format(name, called), err=True)
        )
    if isinstance(shown, Refusal):
        refused(shown)
    report_showing([shown], "", "{} is on {}.")
    if not wants_json():
        echo(f"End it: showcam cast --stop --on {shlex.quote(shown.device.name)}", err=True)


def only_screen(client: "CastClient") -> tuple[str, str]:
    """Id and name of the only Cast device with a screen. The command ends if there are several or none."""
    with progress("Looking for Cast devices"):
        found = [device for device in client.devices() if device.kind == "screen"]
    if len(found) != 1:
        names = ", ".join(device.name for device in found)
        stop(f"Say on which with --on: {names}" if found else "There is no Cast device with a screen here.", code=1)
    return found[0].id, found[0].name


def report_showing(showing: "list[Showing]", none: str, sentence: str) -> None:
    """`sentence` has gaps for the camera, the device and the time."""
    facts = [
        {
            "camera": shown.camera,
            "name": shown.name,
            "device": shown.device.name,
            "since": shown.since,
            "waking": shown.waking,
        }
        for shown in showing
    ]
    lines = [
        (WAKING if shown.waking else sentence).format(
            shown.name, shown.device.name, datetime.fromtimestamp(shown.since).astimezone().strftime("%H:%M")
        )
        for shown in showing
    ]
    report({"showing": facts}, lines or [none])
