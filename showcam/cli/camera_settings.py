"""Changes a camera's settings and preferences for `showcam cameras set`, and prompts for consent and codes."""

import shlex
from typing import TYPE_CHECKING

import click

from showcam.cli import stop
from showcam.cli.named_camera import NamedCamera
from showcam.cli.output import echo

if TYPE_CHECKING:
    from registry.camera import Camera, Refusal
    from registry.settings import Step
    from showcam.compose.cameras import Household

PREFERENCES = ("voice_may", "lan_while_encrypted", "scaled", "keep_warm")


def change_setting(named: NamedCamera, setting: str, value: str, yes: bool) -> None:
    """Prompts for what the camera demands: consent, the label's code, a mailed code. Each code is sent once."""
    from registry.settings import Step

    consent, code = yes, ""

    def change(account: str, camera: str) -> "Camera | Step | Refusal":
        return named.home.owner.change(account, camera, setting, value, code=code, consent=consent)

    while isinstance(done := named.call(change, doing="Setting it and reading it back"), Step):
        consent, code = _next_step(named.camera, setting, done, consent)


def _next_step(camera: "Camera", setting: str, step: "Step", consent: bool) -> tuple[bool, str]:
    if step.wants == "consent":
        click.confirm(_CONSENT[setting].format(camera=camera.name), abort=True)
        return True, ""
    if step.wrong:
        stop("That code is not right, so nothing was changed. EZVIZ counts wrong codes; look it up, then try again.", 1)
    if step.wants == "mailed_code":
        echo("This camera takes no label code for that: EZVIZ has just mailed a code of four digits.", err=True)
        return consent, click.prompt("Code from the mail")
    return consent, click.prompt("Code on the camera's label, or the encryption password set since", hide_input=True)


_CONSENT = {
    "encryption": (
        "With Image Encryption off, EZVIZ can see the pictures of {camera}, and so can whoever gets at the account. "
        "Assistants can show it then. Switch it off?"
    ),
    "storage": "Formatting erases every recording in {camera}. Format it?",
}


def change_preference(named: NamedCamera, name: str, value: str) -> None:
    from msgspec.structs import replace

    from registry.settings import BadValue

    home, camera = named.home, named.camera
    preferences = home.owner.preferences(home.account, camera.id)
    if name == "voice_may":
        words = tuple(word.strip() for word in value.split(",") if word.strip())
        preferences = replace(preferences, voice_may=() if words == ("nothing",) else words)
    elif value in ("yes", "no"):
        preferences = replace(preferences, **{name: value == "yes"})
    else:
        raise BadValue(f"{name} is yes or no")
    home.owner.prefer(home.account, camera.id, preferences)
    kept = home.owner.preferences(home.account, camera.id)
    if name == "voice_may":
        echo(f"{camera.name}: a voice may change {', '.join(kept.voice_may) or 'nothing'}.")
    else:
        echo(f"{camera.name}: {name} is {value}.")
    echo("A running showcam follows within half a minute.", err=True)
    if name != "voice_may":
        return
    echo("Say “sync my devices” to Google, “discover devices” to Alexa: each keeps to its last list.", err=True)
    if "sleep" in kept.voice_may and _lacks_pin(home):
        echo(
            f"Google turns off no camera until there is a PIN: showcam pin set {shlex.quote(home.user or 'USER')}",
            err=True,
        )


def _lacks_pin(home: "Household") -> bool:
    """Whether Google is linked, and the household has no PIN to turn cameras off with."""
    from accounts.pins import Pins

    linked = any(link.assistant == "google" for link in home.store.links(home.account))
    return linked and not Pins(home.store).is_set(home.account)
