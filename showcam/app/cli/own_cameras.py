"""`showcam cameras find`, `add`, `login`, `move` and `rename`: the owner's own cameras, by their address at home."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from showcam.app.cli import readable, settings_of, stop
from showcam.app.cli.named_camera import NamedCamera, of_household, on_camera
from showcam.app.cli.output import as_json, echo, progress, report, table
from showcam.app.cli.owner_password import hint_at_password

if TYPE_CHECKING:
    from showcam.app.compose.own_cameras import OwnCameras
    from showcam.drivers.lan.adding import Found
    from showcam.drivers.lan.devices import Address, Device
    from showcam.drivers.lan.search import Candidate
    from showcam.drivers.lan.trial import Tried
    from showcam.engine.source import Watched
    from showcam.store.records import Source

_CODECS = {"h264": "H.264", "h265": "H.265", "mjpeg": "Motion JPEG"}
_SOUNDS = {"aac": "AAC", "g711u": "G.711", "g711a": "G.711", "opus": "Opus"}
# by reason: why a camera can't be added, and how to fix it
WHY = {
    "lan_unreachable": "Nothing answers there: see that the camera is on, in this network, and has that address.",
    "lan_closed": "The camera is there, and its video port is closed: switch RTSP (or ONVIF) on, on its own page.",
    "no_way": "Something answers there, and it has no picture by RTSP at that address: look the path up in its manual.",
    "code_wrong": "The camera refuses this user name or password.",
    "not_playable": "Its video is neither H.264, H.265 nor Motion JPEG: set H.264 on its own page.",
    "media_down": "The camera answered, and no picture came.",
    "busy": "The camera is shown on as many screens as it can: close one, then try again.",
}
TRIES = 3  # of user and password: some cameras lock after more
ONLY_BASIC = (
    "What answers there wants the password as it is (Basic), which the camera did not before: it is not sent. "
    "If that is your camera all the same, delete it and add it again."
)
ADDRESS = "Address: rtsp://…, or the camera's IP address"


@click.command()
@click.argument("address", required=False)
@click.option("--name", help="What people call it (default: asked for).")
@click.option("--doorbell", is_flag=True, help="It has a bell that is pressed.")
@click.option(
    "--still",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a picture of now into this JPEG (default: no file).",
)
@of_household
@click.pass_context
@readable
def add(
    context: click.Context, address: str | None, name: str | None, doorbell: bool, still: Path | None, user: str | None
) -> None:
    """Add your own camera by ADDRESS: rtsp://192.168.1.20/stream1, or only its IP address.

    Its user name and password are asked for, kept sealed, and sent to no other address.
    """
    from showcam.app.compose.own_cameras import own_cameras
    from showcam.drivers.lan.devices import settled

    with own_cameras(settings_of(context), user) as own:
        found = _found(own, _address(own, address))
        device = probed(own, found, still)
        device = own.with_endpoint(settled(device, own.known()))
        given = name or click.prompt("Name, as you will say it", default=device.name or device.model or None, err=True)
        device = _named(device, given, doorbell=doorbell)
        account = own.keep(device)
        echo(f"{device.name} is added.")
        hint_at_password(own.store, account)
    echo("See it: showcam home. Then have your assistants look for new devices.", err=True)


@click.command()
@click.option("--look", is_flag=True, help="Also knock at the video ports of every address of your networks.")
@as_json
@of_household
@click.pass_context
@readable
def find(context: click.Context, look: bool, as_json: bool, user: str | None) -> None:
    """List devices in the house that could be cameras: by ONVIF's discovery, mDNS and, with --look, open ports.

    No password is sent.
    """
    from showcam.app.compose.own_cameras import found

    settings = settings_of(context)
    if settings.demo:
        stop("The demo asks nothing of your house. Its own camera Barn is added already: showcam cameras list", code=1)
    with progress("Asking the house"):
        candidates = found(settings, user, look=look, heard=_show_progress)
    facts = [
        {"address": candidate.host, "name": candidate.name, "onvif": candidate.onvif, "added": candidate.added}
        for candidate in candidates
    ]
    report(as_json, {"found": facts}, _found_lines(candidates, look=look))


def _show_progress(done: int, of: int) -> None:
    click.echo(f"{done} of {of} addresses", err=True)


def _found_lines(found: "list[Candidate]", *, look: bool) -> list[str]:
    if not found:
        more = "" if look else " Cameras without ONVIF are found with --look."
        return [f"Nothing answered.{more} Any camera is added by its address: showcam cameras add ADDRESS"]
    rows = [(candidate.host, candidate.name, _found_by(candidate), candidate.added) for candidate in found]
    return [*table(rows, ("Address", "Says it is", "Found by", "Here as")), "Add one: showcam cameras add ADDRESS"]


def _found_by(candidate: "Candidate") -> str:
    return "ONVIF" if candidate.onvif else "mDNS" if candidate.announced else "video port"


@click.command()
@on_camera
def login(named: NamedCamera) -> None:
    """Give another user name and password for your own camera NAME; both are asked for and tried."""
    from showcam.drivers.lan.devices import Address, moved

    own, _, device = _own(named)
    found = _found(own, Address("rtsp", device.host, device.port, device.main.path), known=device)
    own.keep(moved(device, found.device))
    echo(f"{device.name} takes them.")


@click.command()
@on_camera
@click.argument("address", required=False)
def move(named: NamedCamera, address: str | None) -> None:
    """Say that your own camera NAME has another ADDRESS now. Its name and settings stay."""
    from showcam.drivers.lan.devices import moved

    own, _, device = _own(named)
    given = _address(own, address, device.moved)
    found = _found(own, given, (device.user, device.password), known=device)
    own.keep(moved(device, found.device))
    echo(f"{device.name} is at its new address.")


@click.command()
@on_camera
@click.argument("new")
def rename(named: NamedCamera, new: str) -> None:
    """Give your own camera NAME the name NEW. Then have your assistants look for devices again."""
    from msgspec.structs import replace

    own, source, device = _own(named)
    changed = _named(device, new, doorbell=device.doorbell)
    own.devices.alter(source, device, lambda stored: replace(stored, name=changed.name))
    echo(f"{device.name} is called {changed.name} now.")


def _address(own: "OwnCameras", given: str | None, default: str = "") -> "Address":
    from showcam.drivers.lan.devices import BadAddress
    from showcam.drivers.lan.devices import read_address as read

    try:
        return read(given or str(click.prompt(ADDRESS, default=default or None, err=True)), loopback=own.loopback)
    except BadAddress as error:
        stop(f"{error}.")


def _found(
    own: "OwnCameras", address: "Address", login: tuple[str, str] | None = None, *, known: "Device | None" = None
) -> "Found":
    """The way to the camera, with a user name and a password that the camera takes; both are prompted for."""
    from showcam.drivers.errors import Refused
    from showcam.drivers.probes.rtsp import OnlyBasic

    for left in range(TRIES - 1, -1, -1):
        user, password = login or _prompt_login()
        try:
            with progress("Asking the camera"):
                return own.adding.look(address, user, password, known=known)
        except OnlyBasic:
            stop(ONLY_BASIC, code=1)
        except Refused as refused:
            if refused.reason != "code_wrong" or not left or login:
                why = WHY.get(refused.reason, WHY["lan_unreachable"])
                more = " Three tries are enough for now, since some cameras lock." if not left else ""
                stop(why + more, code=1)
            echo(WHY["code_wrong"], err=True)
    raise AssertionError


def _prompt_login() -> tuple[str, str]:
    user = click.prompt("User name at the camera (nothing: none)", default="", show_default=False, err=True)
    if not user:
        return "", ""
    return user, click.prompt("Password", default="", show_default=False, hide_input=True, err=True)


def _named(device: "Device", name: str, *, doorbell: bool) -> "Device":
    from showcam.drivers.lan.devices import named

    return named(device, name, doorbell=doorbell) or stop("A camera needs a name.")


def probed(own: "OwnCameras", found: "Found", still: Path | None) -> "Device":
    """Tries the camera's pictures, shows the owner the result, and asks about better settings. Returns the device."""
    from showcam.drivers.errors import Refused
    from showcam.drivers.lan.trial import tried

    try:
        with progress("Watching its picture"):
            shown = tried(found, own.watch)
    except Refused as refused:
        stop(WHY.get(refused.reason, WHY["media_down"]), code=1)
    if still:
        still.write_bytes(shown.whole.still)
    for line in table(_rows(shown), ("", "Video", "Size", "Pictures", "Keyframes", "Sound"), indent=2):
        echo(line, err=True)
    if found.onvif == "login":
        echo("Its ONVIF wants another user: what it brings (a second picture, events) is left out.", err=True)
    _improved(own, shown)
    return shown.device


def _improved(own: "OwnCameras", shown: "Tried") -> None:
    """Says which settings would make the camera's pictures better, and sets them by ONVIF after a yes."""
    from showcam.drivers.lan.onvif import OnvifFailed
    from showcam.drivers.lan.trial import improve

    if not shown.better:
        return
    echo("It would be better with:", err=True)
    for setting in shown.better:
        echo(f"  {setting.sentence}.", err=True)
    if not shown.settable:
        echo("Set it on the camera's own page; it is shown as it is until then.", err=True)
        return
    if not click.confirm("Set it in the camera now?", default=False, err=True):
        return
    try:
        with progress("Setting the camera"):
            done = improve(own.adding.onvif(shown.found.device), shown.settable, shown.profiles, 3.0)
    except OnvifFailed:
        done = ()
    for setting in shown.settable:
        echo(f"  {setting.sentence}: {'set' if setting in done else 'the camera did not take it'}.", err=True)


def _rows(shown: "Tried") -> list[tuple[str, ...]]:
    device = shown.found.device
    rows = [_row("whole", shown.whole, device.main.sound, shown.gop_s(shown.whole, device.main))]
    if isinstance(shown.smaller, str):
        rows.append(("smaller", "does not come", "", "", "", ""))
    elif shown.smaller is not None and device.sub is not None:
        rows.append(_row("smaller", shown.smaller, device.sub.sound, shown.gop_s(shown.smaller, device.sub)))
    return rows


def _row(name: str, watched: "Watched", sound: str, gop_s: float) -> tuple[str, ...]:
    keyframes = f"every {gop_s:.1f} s" if gop_s else "not seen"
    size, rate = f"{watched.width}×{watched.height}", f"{watched.rate:.0f} a second"
    return name, _CODECS[watched.codec], size, rate, keyframes, _SOUNDS.get(sound, "none")


def _own(named: NamedCamera) -> "tuple[OwnCameras, Source, Device]":
    """The owner's own camera, with its source. The command ends for any other camera."""
    from showcam.app.compose.own_cameras import own_of

    own, ref = own_of(named.home, settings_of(click.get_current_context())), named.camera.ref
    source = own.source
    device = own.devices.find(source, ref.serial, ref.channel) if source and source.id == ref.source else None
    if source is None or device is None:
        stop(f"{named.camera.name} is not a camera of your own: it is managed in the {named.vendor} app.", code=1)
    return own, source, device
