"""`showcam say`: speaks to a simulated assistant of the demo, as its practice page does."""

import base64
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click

from showcam.app.cli import Command, settings_of, stop
from showcam.app.cli.output import as_json, echo, report, wants_json
from showcam.net.text import JsonObject

_USER, _PASSWORD = "demo@example.com", "showcam-demo"


@click.command(cls=Command)
@click.option("--to", "assistant", type=click.Choice(["alexa", "google"]), required=True, help="Whom to speak to.")
@click.option(
    "--via", type=click.Choice(["webrtc", "hls"]), help="Insist on a protocol (default: what the display prefers)."
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what was shown into this JPEG (default: no file).",
)
@click.option("--user", default=_USER, show_default=True, help="Who links, if nothing is linked yet.")
@click.option("--trace", is_flag=True, help="Also print every message.")
@as_json
@click.argument("text")
def say(assistant: str, via: str | None, snapshot: Path | None, user: str, trace: bool, text: str) -> None:
    """Say TEXT to a simulated Echo or Google display of the running demo, and see what happens.

    Exit code 0: a picture was shown, the question answered, the wish done. 1: it was not, and the reason is printed. A
    picture is the camera's or, unless explain is "no", the reason in its place: --snapshot shows which.
    """
    settings = settings_of()
    if not text.strip():
        stop('Say something, for example: showcam say --to alexa "show the garden camera"')
    if snapshot and not snapshot.absolute().parent.is_dir():
        stop(f"There is no folder {snapshot.absolute().parent} to write the picture to.")
    base = f"http://127.0.0.1:{settings.simulator_port}/assistants/{assistant}"
    now = _call("GET", base)
    if not now["linked"]:
        echo(f"Linking {assistant} as {user} …", err=True)
        linked = _call("POST", f"{base}/link", {"user": user, "password": _PASSWORD})
        _trace(linked, trace and not wants_json())
        if not linked.get("linked"):
            stop(f"Linking failed: {linked.get('error') or linked.get('outcome')}", code=1)
    elif user != _USER and now.get("user") not in (None, user):
        stop(f"{assistant} is linked as {now['user']}. Unlink it on the practice page to link as {user}.", code=1)
    echo("Asking …", err=True)
    answer = _call("POST", f"{base}/watch", {"text": text, "via": via})
    _trace(answer, trace and not wants_json())
    if trace and not wants_json():
        echo("")
    report({"outcome": answer["outcome"], "shown": answer.get("shown")}, _lines(answer))
    if snapshot and answer.get("jpeg"):
        try:
            snapshot.write_bytes(base64.b64decode(answer["jpeg"]))
        except OSError as error:
            stop(f"The picture could not be written to {snapshot}: {error.strerror}")
        echo(f"Picture written to {snapshot}", err=wants_json())
    sys.exit(1 if _refused(answer["outcome"]) else 0)


def _refused(outcome: JsonObject) -> bool:
    told = any(outcome.get(key) for key in ("told", "person", "spoken", "broken"))
    return told and not outcome["shown"] and not outcome["answered"]


def _ended(outcome: JsonObject) -> str:
    if outcome["shown"]:
        return "Shown."
    if _refused(outcome):
        return "Not shown."
    return "Answered." if outcome["answered"] else "Done."


def _trace(answer: JsonObject, wanted: bool) -> None:
    for step in answer.get("trace", []) if wanted else []:
        click.echo(f"\n── {step['title']}: {step['method']} {step['url']} → {step['status']}, {step['ms']} ms")
        for side in ("request", "response"):
            if step.get(side):
                text = (
                    step[side] if isinstance(step[side], str) else json.dumps(step[side], indent=2, ensure_ascii=False)
                )
                click.echo(text)


def _lines(answer: JsonObject) -> Iterator[str]:
    outcome, shown = answer["outcome"], answer.get("shown") or {}
    yield _ended(outcome)
    if shown:
        sound = "with sound" if shown.get("audio") else "without sound"
        size = f"{shown.get('width')}×{shown.get('height')}"
        yield f"  {shown.get('protocol')}, {size}, {shown.get('frames')} frames, {sound}"
    for key, title in (("spoken", "The assistant says"), ("told", "It was told"), ("person", "For a person")):
        if outcome.get(key):
            value = outcome[key] if isinstance(outcome[key], str) else json.dumps(outcome[key], ensure_ascii=False)
            yield f"  {title}: {value}"


def _call(method: str, url: str, body: JsonObject | None = None) -> JsonObject:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  (loopback; a display is watched for 15 s)
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        try:
            return dict(json.load(error))
        except ValueError:
            stop(f"The demo answered {error.code}.", code=1)
    except OSError:
        is_said = click.get_current_context().meta.get("showcam.demo")
        stop(f"The demo is not running on this machine: start it with showcam run{'' if is_said else ' --demo'}")
    raise AssertionError
