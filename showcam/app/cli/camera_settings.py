"""Changes a camera's settings and preferences for `showcam cameras set`, and prompts for consent and codes."""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from showcam.app.cli import stop
from showcam.app.cli.named_camera import NamedCamera, refused
from showcam.app.cli.output import echo

if TYPE_CHECKING:
    from showcam.app.compose.command import Household
    from showcam.drivers.camera import Camera, Refusal
    from showcam.drivers.settings import Asked, Step
    from showcam.registry.preferences import Preferences


def change_setting(named: NamedCamera, setting: str, value: str, yes: bool) -> bool:
    """Changes the setting, and prompts for consent and then a code if the camera demands them. Each code is sent once.

    Returns False if the vendor took the change, and the camera does not show it yet.
    """
    from showcam.drivers.settings import Asked

    owner = named.home.owner

    def change(account: str, camera: str, code: str, consent: bool) -> "Camera | Asked | Step | Refusal":
        return owner.change(account, camera, setting, value, code=code, consent=consent)

    return not isinstance(_step_by_step(named, setting, change, yes, "Setting it and reading it back"), Asked)


def _step_by_step(
    named: NamedCamera,
    what: str,
    take: "Callable[[str, str, str, bool], Camera | Asked | Step | Refusal]",
    yes: bool,
    doing: str,
) -> "Camera | Asked":
    from showcam.drivers.camera import Refusal
    from showcam.drivers.settings import Step

    consent, code = yes, ""
    while True:
        done = named.ask(take, code, consent, doing=doing)
        if isinstance(done, Refusal):
            refused(done)
        if not isinstance(done, Step):
            return done
        if done.wants == "consent":
            if not click.confirm(_CONSENT[what].format(camera=named.camera.name, vendor=named.vendor)):
                stop("Nothing was changed.", code=1)
            consent = True
        else:
            code = _code(named.camera, what, done)


def _code(camera: "Camera", what: str, step: "Step") -> str:
    """Prompts for the code that the step wants; ends the command if no code would help."""
    from showcam.console.home.sentences import KEY, PICTURE_CODE, SWITCHING_OFF

    sentences = SWITCHING_OFF if what == "encryption" else PICTURE_CODE | KEY
    if step.key in sentences:
        sentence = sentences[step.key].format(vendor=camera.manufacturer)
        if step.wrong or step.wants == "pause" or step.why not in ("", "too_soon", "not_given"):
            stop(sentence, 1)
        if step.key != "code":
            echo(sentence, err=True)
    if step.wants == "mailed_code":
        return str(click.prompt("Code from the mail, or on the label", hide_input=True))
    asked = "Code on the camera's label, or the encryption password set since"
    if what == "while_encrypted":
        asked += f" (nothing: ask {camera.manufacturer} for the key, which mails you a code)"
        return str(click.prompt(asked, default="", show_default=False, hide_input=True))
    return str(click.prompt(asked, hide_input=True))


_CONSENT = {
    "encryption": (
        "With Image Encryption off, {vendor} can see the pictures of {camera}, and so can whoever gets at the account. "
        "Assistants can show it then. Switch it off?"
    ),
    "storage": "Formatting erases every recording in {camera}. Format it?",
    "while_encrypted": (
        "The plain way is to switch Image Encryption of {camera} off. Instead, showcam can keep its key, sealed, and "
        "decipher its video here when an assistant asks for it: the video then reaches Amazon or Google deciphered. "
        "Do that?"
    ),
}
GUESSED = "There were too many wrong codes. Wait an hour, look up the right one, then try again."


def _decide_while_encrypted(named: NamedCamera, value: str, yes: bool) -> None:
    from showcam.drivers.settings import Step

    owner = named.home.owner
    wants = ""  # the kind of code that the last step asked for

    def decide(account: str, camera: str, code: str, consent: bool) -> "Camera | Step | Refusal":
        nonlocal wants
        if wants == "mailed_code" or (wants == "code" and not code):
            done = owner.encrypted.ask_key(account, camera, code)
        else:
            done = owner.encrypted.decide(account, camera, value, code=code, consent=consent)
        wants = done.wants if isinstance(done, Step) else ""
        return done

    done = _step_by_step(named, "while_encrypted", decide, yes, "Checking it")
    if getattr(done, "picture_code", "") == "unknown":
        echo(f"{named.vendor} does not list that code. The next video shows whether it is right.", err=True)
    echo(f"{named.camera.name}: while_encrypted is {value}.")


def renew_picture_code(named: NamedCamera, code: str) -> bool:
    """Has the camera's pictures deciphered by this code, if they are deciphered by a code. Returns whether they are."""
    from showcam.drivers.settings import Step

    home, camera = named.home, named.camera
    if home.owner.preferences(home.account, camera.id).while_encrypted != "code":
        return False

    def renew(account: str, camera_id: str) -> "Camera | Step | Refusal":
        return home.owner.encrypted.decide(account, camera_id, "code", code=code, consent=True)

    done = named.call(renew, doing="Checking it")
    if isinstance(done, Step):
        _code(camera, "while_encrypted", done)
    echo(f"The picture of {camera.name} is deciphered by this code.")
    return True


def change_preference(named: NamedCamera, name: str, value: str, yes: bool) -> None:
    if name == "while_encrypted":
        _decide_while_encrypted(named, value, yes)
        return
    home, camera = named.home, named.camera
    home.owner.prefer(home.account, camera.id, _chosen(home.owner.preferences(home.account, camera.id), name, value))
    kept = home.owner.preferences(home.account, camera.id)
    if name == "voice_may":
        echo(f"{camera.name}: a voice may change {', '.join(kept.voice_may) or 'nothing'}.")
    elif name == "mqtt_may":
        echo(f"{camera.name}: whoever may write to the MQTT broker may switch {', '.join(kept.mqtt_may) or 'nothing'}.")
    elif name == "room":
        echo(f"{camera.name} is in the room {kept.room}." if kept.room else f"{camera.name} is in no room.")
    else:
        echo(f"{camera.name}: {name} is {value}.")
    echo("A running showcam follows within half a minute.", err=True)
    if name == "room":
        echo("Google hears of it at “sync my devices”, for a camera that is in no room of its app yet.", err=True)
    elif name == "motion_rings" and value == "person" and camera.person == "none":
        echo(f"{camera.name} does not report persons: with that value only its bell rings.", err=True)
    elif name == "motion_rings" and value == "motion":
        echo("Cats and cars ring too, unless the camera reports persons and the value is person.", err=True)
    elif name == "talk" and value == "yes" and not camera.has_speaker:
        echo(f"{camera.name} offers no speaker, or was added by an older showcam: then add it again.", err=True)
    elif name == "talk":
        echo("Say “discover devices” to Alexa, which keeps to its last list.", err=True)
    elif name in ("voice_may", "tv_scenes"):
        echo("Say “sync my devices” to Google, “discover devices” to Alexa: each keeps to its last list.", err=True)
    if name == "voice_may" and "sleep" in kept.voice_may and _lacks_pin(home):
        user = shlex.quote(home.user or "USER")
        echo(f"Google turns off no camera until there is a PIN: showcam pin set {user}", err=True)


def _chosen(kept: "Preferences", name: str, value: str) -> "Preferences":
    """The preferences with a value as it was typed. Raises BadValue."""
    from msgspec.structs import replace

    from showcam.drivers.settings import BadValue
    from showcam.registry.preferences import LONGEST_PAUSE_S, MOTION_RINGS, TV_WHEN, is_motion_rings, is_pause

    text = "" if value.strip() == "nothing" else value.strip()
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    match name:
        case "room" | "tv":
            return replace(kept, **{name: text})
        case "tv_when" | "phone_when" if strange := [word for word in words if word not in TV_WHEN]:
            raise BadValue(f"{name} is nothing, or some of {', '.join(TV_WHEN)}, and not {', '.join(strange)}")
        case "voice_may" | "tv_scenes" | "tv_when" | "phone_when" | "mqtt_may":
            return replace(kept, **{name: words})
        case "motion_rings" if is_motion_rings(value):
            return replace(kept, motion_rings=value)
        case "motion_rings":
            raise BadValue(f"motion_rings is one of {', '.join(MOTION_RINGS)}, and not {value}")
        case "ring_pause_s":
            seconds = int(value) if value.isascii() and value.isdigit() and len(value) <= 4 else -1
            if not is_pause(seconds):
                raise BadValue(f"ring_pause_s is a number of seconds from 0 to {LONGEST_PAUSE_S}")
            return replace(kept, ring_pause_s=seconds)
    if value not in ("yes", "no"):
        raise BadValue(f"{name} is yes or no")
    return replace(kept, **{name: value == "yes"})


def _lacks_pin(home: "Household") -> bool:
    """Whether Google is linked, and the household has no PIN to turn cameras off with."""
    from showcam.accounts.pins import Pins

    linked = any(link.assistant == "google" for link in home.store.links(home.account))
    return linked and not Pins(home.store).is_set(home.account)
