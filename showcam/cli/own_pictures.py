"""What a camera of one's own sends, as it was watched, and what would be better set in it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from showcam.cli import stop
from showcam.cli.output import echo, table
from showcam.cli.progress import progress

if TYPE_CHECKING:
    from media.source import Watched
    from registry.drivers.lan.adding import Found
    from registry.drivers.lan.devices import Device
    from registry.drivers.lan.trial import Tried
    from showcam.compose.own_cameras import OwnCameras

_CODECS = {"h264": "H.264", "h265": "H.265", "mjpeg": "Motion JPEG"}
_SOUNDS = {"aac": "AAC", "g711u": "G.711", "g711a": "G.711", "opus": "Opus"}
# why a camera can't be added, and what mends it
WHY = {
    "lan_unreachable": "Nothing answers there: see that the camera is on, in this network, and has that address.",
    "lan_closed": "The camera is there, and its video port is closed: switch RTSP (or ONVIF) on, on its own page.",
    "no_way": "Something answers there, and it has no picture by RTSP at that address: look the path up in its manual.",
    "code_wrong": "The camera refuses this user name or password.",
    "not_playable": "Its video is neither H.264, H.265 nor Motion JPEG: set H.264 on its own page.",
    "media_down": "The camera answered, and no picture came.",
    "busy": "The camera is shown on as many screens as it can: close one, then try again.",
}


def probed(own: "OwnCameras", found: "Found", still: Path | None) -> "Device":
    """The device with what came of its pictures, which are shown to the owner; what could be better is asked about."""
    from registry.drivers.lan.trial import tried
    from registry.errors import Refused

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
    """Says what would be better set in the camera, and sets it by ONVIF on a yes."""
    from registry.drivers.lan.onvif import OnvifFailed
    from registry.drivers.lan.trial import improve

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
