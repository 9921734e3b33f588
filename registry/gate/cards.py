"""A refusal as a picture: what is written on the card that a display is shown in the camera's place."""

from urllib.parse import urlsplit

from msgspec.structs import replace

from media.source import SourceSpec
from registry.camera import Refusal, Video
from registry.gate.help import short
from registry.gate.reasons import sentences

VIDEO = Video("h264", 1280, 720)  # as media.plane.sources.card draws it

# Only lasting states of the camera itself. A camera that was not found is not described, and a transient reason, or
# one outside the camera, is better heard than read. Google itself asks for a new link, Alexa does not.
SHOWN = frozenset(
    {
        "offline",
        "asleep",
        "state_unknown",
        "encryption_on",
        "encryption_unknown",
        "audio_off",
        "audio_unknown",
        "not_agreed",
        "no_way",
        "silent",
        "not_permitted",
        "code_wrong",
        "lan_unreachable",
        "lan_closed",
        "key_server_changed",
        "not_playable",
        "beyond_displays",
    }
)
ONLY_ON_ALEXA = frozenset({"signed_out"})
MOST = 3  # rows of the gate; more can't be read from across a room


def fits(refusal: Refusal, surface: str) -> bool:
    """`surface`: of a request or a grant."""
    shown = SHOWN if surface == "google" else SHOWN | ONLY_ON_ALEXA
    return refusal.reason in shown and bool(refusal.camera)


def card(refusal: Refusal, locale: str, web_url: str) -> SourceSpec:
    """The camera's name, each reason with its mend, and the short address of the page about the first."""
    rows = sentences(replace(refusal, failed=refusal.failed[:MOST]), locale)
    address = urlsplit(web_url).netloc
    page = f"{address}{short(refusal.reason)}"
    lines = (refusal.camera, *rows, f"showcam · {page}" if address else "showcam")
    return SourceSpec("card", "", (), "none", card=lines)
