"""`showcam cameras find`, `add`, `login`, `move` and `rename`: cameras of one's own, by their address in the house."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from showcam.cli import readable, settings_of, stop
from showcam.cli.named_camera import NamedCamera, of_household, on_camera
from showcam.cli.output import as_json, echo, report, table
from showcam.cli.owner_password import hint_at_password
from showcam.cli.progress import progress

if TYPE_CHECKING:
    from media.plane.sources.probe import Probed
    from registry.drivers.lan.adding import Found
    from registry.drivers.lan.address import Address
    from registry.drivers.lan.devices import Device, Pictured
    from registry.drivers.lan.finding import Candidate
    from showcam.compose.own_cameras import OwnCameras

TRIES = 3  # of user and password: some cameras lock after more
ADDRESS = "Address: rtsp://…, or the camera's IP address"
_CODECS = {"h264": "H.264", "h265": "H.265"}
_SOUNDS = {"aac": "AAC", "g711u": "G.711", "g711a": "G.711", "opus": "Opus"}
# why a camera can't be added, and what mends it
WHY = {
    "lan_unreachable": "Nothing answers there: see that the camera is on, in this network, and has that address.",
    "lan_closed": "The camera is there, and its video port is closed: switch RTSP (or ONVIF) on, on its own page.",
    "no_way": "Something answers there, and it has no picture by RTSP at that address: look the path up in its manual.",
    "code_wrong": "The camera refuses this user name or password.",
    "not_playable": "Its picture is neither H.264 nor H.265: set one of them on its own page.",
    "media_down": "The camera answered, and no picture came.",
    "busy": "The camera is shown on as many screens as it can: close one, then try again.",
}


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
    """Add a camera of your own by ADDRESS: rtsp://192.168.1.20/stream1, or its IP address alone.

    Its user name and password are asked for, kept sealed, and sent to no other address.
    """
    from registry.drivers.lan.adding import settled
    from showcam.compose.own_cameras import own_cameras

    with own_cameras(settings_of(context), user) as own:
        found = _found(own, _address(own, address))
        device = _probed(own, found, still)
        known = own.devices.read(own.source)
        device = own.with_endpoint(settled(device, known))
        given = name or click.prompt("Name, as you will say it", default=device.name or device.model or None, err=True)
        device = _named(device, given, doorbell=doorbell)
        own.devices.put(own.source, device)
        echo(f"{device.name} is added.")
        hint_at_password(own.home.store, own.home.account)
    echo("See it: showcam home. Then have your assistants look for new devices.", err=True)


@click.command()
@click.option("--look", is_flag=True, help="Also knock at the video ports of every address of your networks.")
@as_json
@of_household
@click.pass_context
@readable
def find(context: click.Context, look: bool, as_json: bool, user: str | None) -> None:
    """List what could be a camera in the house: what answers ONVIF's discovery or mDNS and, with --look, open ports.

    No password is sent.
    """
    from showcam.compose.own_cameras import found

    settings = settings_of(context)
    if settings.demo:
        stop("The demo asks nothing of your house. Its own camera Barn is added already: showcam cameras list", code=1)
    with progress("Asking the house"):
        candidates = found(settings, user, look=look, heard=_heard)
    facts = [{"address": each.host, "name": each.name, "onvif": each.onvif, "added": each.added} for each in candidates]
    report(as_json, {"found": facts}, _found_lines(candidates, look=look))


def _heard(done: int, of: int) -> None:
    click.echo(f"{done} of {of} addresses", err=True)


def _found_lines(found: "list[Candidate]", *, look: bool) -> list[str]:
    if not found:
        more = "" if look else " Cameras without ONVIF are found with --look."
        return [f"Nothing answered.{more} Any camera is added by its address: showcam cameras add ADDRESS"]
    rows = [(each.host, each.name, _found_by(each), each.added) for each in found]
    return [*table(rows, ("Address", "Says it is", "Found by", "Here as")), "Add one: showcam cameras add ADDRESS"]


def _found_by(candidate: "Candidate") -> str:
    return "ONVIF" if candidate.onvif else "mDNS" if candidate.announced else "video port"


@click.command()
@on_camera
def login(named: NamedCamera) -> None:
    """Give another user name and password of the camera NAME, one of your own; both are asked for and tried."""
    from registry.drivers.lan.adding import settled
    from registry.drivers.lan.address import Address

    own, device = _own(named)
    found = _found(own, Address("rtsp", device.host, device.port, device.main.path))
    own.devices.put(own.source, _moved(device, settled(found.device, (), like=device)))
    echo(f"{device.name} takes them.")


@click.command()
@on_camera
@click.argument("address", required=False)
def move(named: NamedCamera, address: str | None) -> None:
    """Say that the camera NAME, one of your own, has another ADDRESS now. Its name and settings stay."""
    from registry.drivers.lan.adding import settled

    own, device = _own(named)
    given = _address(own, address)
    found = _found(own, given, (device.user, device.password))
    own.devices.put(own.source, _moved(device, settled(found.device, (), like=device)))
    echo(f"{device.name} is at its new address.")


@click.command()
@on_camera
@click.argument("new")
def rename(named: NamedCamera, new: str) -> None:
    """Call the camera NAME, one of your own, NEW. Then have your assistants look for devices again."""
    from msgspec.structs import replace

    own, device = _own(named)
    changed = _named(device, new, doorbell=device.doorbell)
    own.devices.alter(own.source, device, lambda stored: replace(stored, name=changed.name))
    echo(f"{device.name} is called {changed.name} now.")


def _address(own: "OwnCameras", given: str | None) -> "Address":
    from registry.drivers.lan.address import BadAddress, read

    try:
        return read(given or str(click.prompt(ADDRESS, err=True)), loopback=own.loopback)
    except BadAddress as error:
        stop(f"{error}.")


def _found(own: "OwnCameras", address: "Address", login: tuple[str, str] | None = None) -> "Found":
    """How the camera is reached, with a user name and a password that it takes."""
    from registry.errors import Refused

    for left in range(TRIES - 1, -1, -1):
        user, password = login or _asked()
        try:
            with progress("Asking the camera"):
                return own.adding.look(address, user, password)
        except Refused as refused:
            if refused.reason != "code_wrong" or not left or login:
                why = WHY.get(refused.reason, WHY["lan_unreachable"])
                more = " Three tries are enough for now, since some cameras lock." if not left else ""
                stop(why + more, code=1)
            echo(WHY["code_wrong"], err=True)
    raise AssertionError


def _asked() -> tuple[str, str]:
    user = click.prompt("User name at the camera (nothing: none)", default="", show_default=False, err=True)
    if not user:
        return "", ""
    return user, click.prompt("Password", default="", show_default=False, hide_input=True, err=True)


def _probed(own: "OwnCameras", found: "Found", still: Path | None) -> "Device":
    """The device with what came of its pictures, which are shown to the owner; what could be better is asked about."""
    from media.plane.codec.keyframe import jpeg

    device = found.device
    with progress("Watching its picture"):
        main, sub = own.probe(device)
    if isinstance(main, str):
        stop(WHY.get(main, WHY["media_down"]), code=1)
    if still:
        still.write_bytes(jpeg(main.keyframe))
    for line in table(_rows(found, main, sub), ("", "Video", "Size", "Pictures", "Keyframes", "Sound"), indent=2):
        echo(line, err=True)
    if found.onvif == "login":
        echo("Its ONVIF wants another user: what it brings (a second picture, events) is left out.", err=True)
    device = _measured(device, main, sub)
    _improved(own, found, device, main, sub)
    return device


def _improved(own: "OwnCameras", found: "Found", device: "Device", main: "Probed", sub: "Probed | str | None") -> None:
    """Says what would be better set in the camera, and sets it by ONVIF on a yes."""
    from registry.drivers.lan.better import Seen, better, improve
    from registry.drivers.lan.onvif import OnvifFailed

    def seen(probed: "Probed", picture: "Pictured") -> Seen:
        form, codec = probed.form, "h265" if probed.form.is_h265 else "h264"
        return Seen(codec, form.width, form.height, probed.rate, _gop_s(found, probed, picture), picture.sound)

    smaller = seen(sub, device.sub) if device.sub and sub is not None and not isinstance(sub, str) else None
    wanted = better(seen(main, device.main), smaller)
    if not wanted:
        return
    echo("It would be better with:", err=True)
    for each in wanted:
        echo(f"  {each.sentence}.", err=True)
    can = tuple(each for each in wanted if each.sets) if found.onvif == "in" else ()
    if not can:
        echo("Set it on the camera's own page; it is shown as it is until then.", err=True)
        return
    if not click.confirm("Set it in the camera now?", default=False, err=True):
        return
    tokens = {"main": device.main.profile, "sub": device.sub.profile if device.sub else ""}
    try:
        with progress("Setting the camera"):
            done = improve(own.adding.onvif(device), can, tokens, 3.0)
    except OnvifFailed:
        done = ()
    for each in can:
        echo(f"  {each.sentence}: {'set' if each in done else 'the camera did not take it'}.", err=True)


def _gop_s(found: "Found", probed: "Probed", picture: "Pictured") -> float:
    """Between keyframes, as they came, or as far as they were watched, or as ONVIF says; 0.0: not known."""
    from registry.drivers.lan.better import SLOW_S

    if probed.gop_s or probed.watched_s > SLOW_S:
        return probed.gop_s or probed.watched_s
    told = next((each for each in found.profiles if each.token == picture.profile), None)
    return told.keyframes / told.rate if told and told.rate else 0.0


def _rows(found: "Found", main: "Probed", sub: "Probed | str | None") -> list[tuple[str, ...]]:
    device = found.device
    rows = [_row("whole", main, device.main.sound, _gop_s(found, main, device.main))]
    if isinstance(sub, str):
        rows.append(("smaller", "does not come", "", "", "", ""))
    elif sub is not None and device.sub is not None:
        rows.append(_row("smaller", sub, device.sub.sound, _gop_s(found, sub, device.sub)))
    return rows


def _row(name: str, probed: "Probed", sound: str, gop_s: float) -> tuple[str, ...]:
    form = probed.form
    keyframes = f"every {gop_s:.1f} s" if gop_s else "not seen"
    codec = _CODECS["h265" if form.is_h265 else "h264"]
    size, rate = f"{form.width}×{form.height}", f"{probed.rate:.0f} a second"
    return name, codec, size, rate, keyframes, _SOUNDS.get(sound, "none")


def _measured(device: "Device", main: "Probed", sub: "Probed | str | None") -> "Device":
    """A smaller picture that did not come is left out."""
    from msgspec.structs import replace

    def of(probed: "Probed") -> dict[str, object]:
        codec = "h265" if probed.form.is_h265 else "h264"
        return {"codec": codec, "width": probed.form.width, "height": probed.form.height}

    smaller = None
    if device.sub is not None and sub is not None and not isinstance(sub, str):
        smaller = replace(device.sub, **of(sub))
    return replace(device, main=replace(device.main, **of(main)), sub=smaller)


def _named(device: "Device", name: str, *, doorbell: bool) -> "Device":
    from msgspec.structs import replace

    from net.text import line

    plain = line(name)[:64]
    if not plain:
        stop("A camera needs a name.")
    return replace(device, name=plain, doorbell=doorbell or device.doorbell)


def _moved(known: "Device", found: "Device") -> "Device":
    """The camera at the address and with the login of `found`, and what its owner decided about it before."""
    from msgspec.structs import replace

    same = known.main.path == found.main.path
    pictures = {"main": known.main, "sub": known.sub or found.sub} if same else {}
    told = {name: getattr(found, name) or getattr(known, name) for name in ("model", "firmware", "mac", "onvif")}
    return replace(found, **pictures, **told)


def _own(named: NamedCamera) -> "tuple[OwnCameras, Device]":
    """The camera as one of the owner's own, or the end of the command."""
    from showcam.compose.own_cameras import own_of

    own, ref = own_of(named.home, settings_of(click.get_current_context())), named.camera.ref
    device = own.devices.find(own.source, ref.serial, ref.channel) if own.source.id == ref.source else None
    if device is None:
        stop(f"{named.camera.name} is not a camera of your own: it is managed in the EZVIZ app.", code=1)
    return own, device
