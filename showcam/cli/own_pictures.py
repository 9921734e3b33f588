"""What a camera of one's own sends, as it was watched, and what would be better set in it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from showcam.cli import stop
from showcam.cli.output import echo, table
from showcam.cli.progress import progress

if TYPE_CHECKING:
    from media.plane.sources.probe import Probed
    from registry.drivers.lan.adding import Found
    from registry.drivers.lan.devices import Device, Pictured
    from showcam.compose.own_cameras import OwnCameras

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


def probed(own: "OwnCameras", found: "Found", still: Path | None) -> "Device":
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
    from registry.drivers.lan.soap import OnvifFailed

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
