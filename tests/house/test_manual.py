"""Everything in the camera's manual is a reason, a setting, a command or a help entry here, or not ours, because …"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from click import Context

from oauth import wording
from showcam.app.cli import main
from showcam.drivers.errors import Reason
from showcam.drivers.ezviz import EZVIZ
from showcam.drivers.settings import CHOICES, Setting
from showcam.registry.gate.reasons import row_text
from showcam.registry.preferences import MotionRings, Preferences
from showcam.registry.quiet_times import NEVER
from showcam.registry.readings.changes import announcement
from tests.doubles.needs import MANUAL, MANUAL_FILE

pytestmark = pytest.mark.proves(
    "Everything in the camera's manual is a reason, a setting, a help entry, or not showcam's",
    leans_on="published: the manual of the C3TN",
)

ROOT = Path(__file__).parents[2]
EZVIZ_PAGE = (ROOT / "docs/maintainer/ezviz.md").read_text()


class Mended(NamedTuple):
    """A refusal that says this to the camera's owner."""

    reason: Reason
    words: str


class Set(NamedTuple):
    setting: Setting


class Done(NamedTuple):
    """By a command of the program."""

    command: str


class Paged(NamedTuple):
    """By a form of a camera's page, in a template of the console."""

    template: str
    says: str


class Helped(NamedTuple):
    """On a page of the owner's book, in these words."""

    page: str
    words: str


class Said(NamedTuple):
    """On the pages for linking."""

    sentence: str


class Rung(NamedTuple):
    """A value of the preference motion_rings, and the page's words for it; `sensitivity` is the camera's own mend."""

    motion_rings: MotionRings
    words: str


class NotOurs(NamedTuple):
    because: str


type Place = Mended | Set | Done | Paged | Helped | Said | Rung | NotOurs

PLACES: dict[str, Place] = {
    "led-red-solid": Helped("trouble.md", "red, solid | it is starting up"),
    "led-red-slow": Mended("offline", "Slow red: no network"),
    "led-red-fast": Mended("offline", "Fast red: the memory card or the camera has a fault"),
    "led-blue-solid": Helped("trouble.md", "blue, solid | somebody looks at it in the EZVIZ app"),
    "led-blue-slow": Mended("offline", "Slow blue: restart it"),
    "led-blue-fast": Helped("trouble.md", "blue, fast | it waits for its Wi-Fi to be set up"),
    "reset": Mended("offline", "hold RESET for four seconds"),
    "wifi-24": Mended("offline", "2.4 GHz"),
    "wired": Helped("trouble.md", "blue, slow | all is well, also by cable"),
    "sd-card": Set("storage"),
    "live-share": NotOurs("sharing is between accounts of EZVIZ; a camera that is shared is listed as such"),
    "live-history": NotOurs("showcam shows what is now; no recording is read, from card or cloud"),
    "live-picture": NotOurs("a display gets a still by the assistant; keeping pictures is for the EZVIZ app"),
    "live-record": NotOurs("showcam records nothing"),
    "live-resolution": Set("resolution"),
    "live-multi": NotOurs("an assistant shows one camera at a time"),
    "set-audio": Set("audio"),
    "set-status-light": Set("status_light"),
    "set-alarm-notification": Set("alarm_notification"),
    "set-night-vision": Set("night_vision"),
    "set-time-zone": Set("time_zone"),
    "set-date-format": Set("date_format"),
    "set-wifi": Set("wifi"),
    "set-cloud-storage": Set("cloud_storage"),
    "set-storage-status": Set("storage"),
    "set-version": Set("version"),
    "set-encryption": Set("encryption"),
    "set-encryption-password": Paged("camera/setting", "Change the password"),
    "set-flip": Set("flip"),
    "set-sleep": Set("sleep"),
    "set-offline-notification": Set("offline_notification"),
    "set-user-guide": Set("user_guide"),
    "set-about": Set("about"),
    "set-restart": Done("cameras restart"),
    "set-delete": Paged("camera/settings", "Delete from {vendor}"),
    "alexa-before-app": Mended("not_found", "If the EZVIZ app has it under that name"),
    "alexa-before-encryption": Mended("encryption_on", "Image Encryption and switch it off"),
    "alexa-before-device": Mended("no_common_protocol", "Ask on another display"),
    "alexa-before-account": NotOurs("an Alexa account is Amazon's"),
    "alexa-enable": Helped("alexa.md", "*Enable to use*. Sign in with the EZVIZ user name"),
    "alexa-sign-in": Mended("signed_out", "sign in with the EZVIZ account"),
    "alexa-authorize": Said("Check the ticks, then agree or cancel."),
    "alexa-linked": Helped("alexa.md", "discover devices"),
    "alexa-devices": Done("cameras list"),
    "alexa-voice": Helped("alexa.md", "show the garden camera"),
    "alexa-rename": Mended("not_found", "after each new name too"),
    "alexa-not-discovered": Mended("not_found", "have the assistant look for devices again"),
    "alexa-offline": Mended("offline", "check the router"),
    "alexa-countries": NotOurs("where there is an assistant is its maker's to say"),
    "google-before-app": Mended("not_found", "If the EZVIZ app has it under that name"),
    "google-before-encryption": Mended("encryption_on", "Image Encryption and switch it off"),
    "google-before-audio": Mended("audio_off", "Audio and switch it on"),
    "google-before-tv": Mended("no_common_protocol", "Ask on another display"),
    "google-before-assistant": NotOurs("the Google Home app is Google's; linking begins in it"),
    "google-setup": Helped("google.md", "*Works with Google Home*"),
    "google-sign-in": Mended("signed_out", "sign in with the EZVIZ account"),
    "google-authorize": Said("Check the ticks, then agree or cancel."),
    "google-synced": Helped("google.md", "sync my devices"),
    "google-voice": Helped("google.md", "show the garden camera on the living room TV"),
    "google-rooms": NotOurs(
        "rooms and groups are made in the Google Home app; a command for several cameras is answered for each"
    ),
    "ask-recording-offline": Mended("offline", "goes on recording to its memory card"),
    "ask-false-alarm": Rung("person", "Cats and cars then don't ring"),
    "ask-sd": Set("storage"),
    "ask-no-alarms": Set("phone_mute"),
    "ask-live-fails": Mended("media_down", "Ask again in a few seconds"),
    "use-privacy": Helped("cameras.md", "Only you decide this"),
    "use-purpose": NotOurs("what a camera is for, its owner decides"),
    "use-data": NotOurs("the law binds whoever runs the camera; showcam keeps no picture"),
    "use-security": Helped("cameras.md", "The password serves this one call, and showcam does not keep it"),
    "use-tracking": NotOurs("who looks at a camera is in the log of whoever runs the installation, without names"),
}


@MANUAL.mark
def test_the_manual_has_these_and_no_others() -> None:
    assert re.findall(r"^- ([a-z0-9-]+) · ", MANUAL_FILE.read_text(), re.MULTILINE) == list(PLACES)


@pytest.mark.parametrize("entry", PLACES)
def test_it_is_where_it_is_said_to_be(entry: str) -> None:
    match PLACES[entry]:
        case Mended(reason, words):
            assert words in " ".join(row_text(reason, "en", "Garden", EZVIZ.vendor))
        case Set(setting):
            assert setting in CHOICES
            assert f"| `{setting}` |" in EZVIZ_PAGE
        case Done(command):
            group, name = command.split()
            assert name in main.get_command(Context(main), group).commands  # type: ignore[union-attr]
        case Paged(template, says):
            assert f'_("{says}"' in (ROOT / "showcam/console" / f"{template}.html").read_text()
        case Helped(page, words):
            assert words in " ".join((ROOT / "docs" / "owner" / page).read_text().split())
        case Said(sentence):
            assert sentence == wording.NOT_AGREED
        case Rung(value, words):
            assert announcement("motion", Preferences(motion_rings=value), NEVER, 0.0) == "motion"
            assert announcement("person", Preferences(motion_rings=value), NEVER, 0.0) == "doorbell"
            assert words in (ROOT / "docs/owner/trouble.md").read_text()
            assert "sensitivity" in CHOICES
        case NotOurs(because):
            assert because


def test_every_setting_has_its_row_in_the_page_of_ezviz() -> None:
    assert {setting for setting in CHOICES if f"| `{setting}` |" not in EZVIZ_PAGE} == set()
