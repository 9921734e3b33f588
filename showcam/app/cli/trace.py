"""`showcam trace`: writes a file to send to a developer, with the facts about a camera that no developer has."""

import contextlib
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from showcam.app.cli import Command, settings_of, stop
from showcam.app.cli.named_camera import camera_named, of_household
from showcam.app.cli.output import echo

if TYPE_CHECKING:
    from showcam.app.settings import Settings
    from showcam.app.trace.offers import Assistant

BESIDE = (
    "May a second session be opened while the first one runs, to see whether EZVIZ then ends the first? Whoever "
    "watches the camera meanwhile, in the EZVIZ app too, may lose the video for a moment."
)


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option(
    "--assistant", type=click.Choice(["alexa", "google"]), help="Its last offers. By default a camera is watched."
)
@click.option("--sign-in", is_flag=True, help="In place of a camera: sign in, and tell what EZVIZ answers to that.")
@click.option("--minutes", type=click.IntRange(1, 60), default=10, show_default=True, help="How long to watch it.")
@click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False), help="Where to save it; by default a new file here."
)
@click.option("--yes", is_flag=True, help="Ask nothing: save it, and open no second session.")
@of_household
def trace(
    name: str | None,
    assistant: "Assistant | None",
    sign_in: bool,
    minutes: int,
    file: Path | None,
    yes: bool,
    user: str | None,
) -> None:
    """Watch the camera NAME and write down how it behaves, without a picture, a name, a serial or an address.

    With --sign-in it signs in with your user name and password, and tells the codes of EZVIZ's answers. With
    --assistant it tells the shape of the last offers of Alexa's or Google's displays, and of the answers.

    All that would be saved is shown first. While it runs, whoever watches the camera may lose the video.
    """
    from showcam.app.compose.command import built, household_of
    from showcam.app.compose.trace import OwnTracer
    from showcam.console.camera.tracing import NoTrace
    from showcam.drivers.ezviz.trace.camera import Doing

    save = partial(_save, file or Path(f"trace-{time.strftime('%Y%m%d-%H%M%S')}.ndjson"), yes=yes)
    if [name is not None, assistant is not None, sign_in].count(True) != 1:
        stop("Say one of these: showcam trace NAME, showcam trace --assistant alexa, showcam trace --sign-in")
    if assistant is not None:
        save(_of_assistant(settings_of(), assistant))
        return
    if sign_in:
        save(_of_sign_in(settings_of(), user))
        return
    assert name is not None
    settings = settings_of()
    with built(settings) as base:
        household = household_of(settings, base, user)
        camera = camera_named(household, name)
        if camera.manufacturer != "EZVIZ":
            stop("Traces are of EZVIZ cameras. For this camera, send what showcam doctor prints.", code=1)
        beside = not yes and click.confirm(BESIDE, err=True)

        def doing(step: Doing) -> None:
            echo(DOING[step].format(minutes=minutes), err=True)

        try:
            text = OwnTracer(settings, base).take(household.account, camera, minutes, beside=beside, doing=doing)
        except NoTrace:
            stop("EZVIZ did not answer with the list of cameras. Try again in a few minutes: showcam doctor", code=1)
    save(text)


DOING = {
    "list": "Reading what EZVIZ lists of it …",
    "wake": "Waking it …",
    "sub": "Watching its smaller picture …",
    "main": "Watching its whole picture …",
    "beside": "Opening a second session …",
    "long": "Watching until {minutes} minutes are over …",
    "at_home": "Watching it by the ways at home …",
    "home": "Trying its ports at home …",
}


def _of_assistant(settings: "Settings", assistant: "Assistant") -> bytes:
    """The shapes of the last offers of an assistant, and of the answers."""
    from showcam.app.compose.trace import program
    from showcam.app.trace.offers import read
    from showcam.app.trace.text import Trace, written

    lines, now = read(settings.data / "run", assistant), time.gmtime()
    if not lines:
        stop(
            f"No offer of {ASSISTANTS[assistant]} has come here. Have a display show a camera, then try again.", code=1
        )
    return written([Trace(1, assistant, program(), now.tm_year, now.tm_mon), *lines])


def _of_sign_in(settings: "Settings", user: str | None) -> bytes:
    """A trace of the vendor's answers to a sign-in, whether it succeeds or not."""
    from showcam.app.cli.login import signed_in
    from showcam.app.compose.trace import program, signing_in
    from showcam.app.trace.text import Trace, written

    now = time.gmtime()
    with signing_in(settings) as (attempts, calls):
        with contextlib.suppress(SystemExit):  # the calls show a refused sign-in too
            signed_in(attempts, user, attempts.usual)
        return written([Trace(1, "sign_in", program(), now.tm_year, now.tm_mon), *calls()])


ASSISTANTS = {"alexa": "Alexa", "google": "Google"}


def _save(file: Path, text: bytes, *, yes: bool) -> None:
    """Shows the whole trace, and writes the file if the person agrees."""
    if not yes:
        click.echo_via_pager(text.decode())
        if not click.confirm(f"That is all of it, {len(text)} bytes. Save it to {file}?", err=True):
            stop("Nothing was saved.", code=1)
    try:
        file.write_bytes(text)
    except OSError as error:
        stop(f"The trace could not be written to {file}: {error.strerror}")
    echo(f"Trace written to {file}, {len(text)} bytes")
