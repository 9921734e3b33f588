"""The text of a refusal for a person: the fault, and what to do about it, in the languages of showcam.i18n.

These sentences are for the cameras of all vendors and for all assistants. A vendor brings other sentences with its
driver (`showcam.drivers.SPEECHES`), and a door hands in the sentences that differ for its assistant.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from showcam.drivers import SPEECHES
from showcam.drivers.camera import Refusal, Video
from showcam.drivers.errors import REASONS, Reason, complete
from showcam.drivers.vendor import Sentence, Speech
from showcam.engine.source import Card
from showcam.i18n.catalogue import NAMING, OURS, Language, chosen, mark

# {camera} and {vendor} are names; no sentence holds a command. German has {camera} only as subject or object, or behind
# “für”: “die Kamera” fits there too.
WRITTEN: Mapping[Reason, Sentence] = {
    "not_found": (
        mark("There is no camera of that name here."),
        mark("Have the assistant look for devices again, or link again and tick the camera."),
    ),
    "signed_out": (
        mark("showcam is signed out of the {vendor} account."),
        mark("In the assistant's app disconnect showcam, link it again and sign in with the {vendor} account."),
    ),
    "no_internet": (
        mark("This showcam can't reach the internet just now."),
        mark("If other devices in the house can't either, restart the router; if they can, restart showcam's machine."),
    ),
    "vendor_down": (mark("The {vendor} service does not answer just now."), mark("Try again in a few minutes.")),
    "vendor_busy": (
        mark("The {vendor} service is getting too many requests just now."),
        mark("Wait a minute, then ask again."),
    ),
    "offline": (
        mark("{camera} is offline."),
        mark("Check its power, the Wi-Fi and the router. If all work, restart the camera."),
    ),
    "asleep": (
        mark("{camera} is in Sleep Mode."),
        mark("In the {vendor} app open {camera} and switch Sleep Mode off."),
    ),
    "state_unknown": (
        mark("Whether {camera} is awake and online could not be verified."),
        mark("Open {camera} in the {vendor} app once, then ask again."),
    ),
    "encryption_on": (
        mark("Image Encryption is on for {camera}, so no assistant can show its picture."),
        mark("In the {vendor} app open {camera} and switch Image Encryption off."),
    ),
    "encryption_unknown": (
        mark("Whether Image Encryption is on for {camera} could not be verified."),
        mark("In the {vendor} app open {camera}, see that Image Encryption is off, then ask again."),
    ),
    "audio_off": (
        mark("Audio is off for {camera}, and this assistant shows only cameras with sound."),
        mark("In the {vendor} app open {camera} and switch its sound on."),
    ),
    "audio_unknown": (
        mark("Whether Audio is on for {camera} could not be verified."),
        mark("In the {vendor} app open {camera}, see that its sound is on, then ask again."),
    ),
    "not_agreed": (
        mark("{camera} comes over an open connection, not allowed yet."),
        mark("At its picture on showcam's page press “Allow the open connection”, or link again and tick it."),
    ),
    "no_way": (
        mark("There is no way yet to fetch the picture of {camera}."),
        mark("If another {vendor} account owns the camera, link with that account."),
    ),
    "not_permitted": (
        mark("The {vendor} account used here may not see {camera} live."),
        mark("Ask its owner to share it again with live pictures, or link the owner's account."),
    ),
    "code_wrong": (
        mark("{camera} does not take the code given to showcam."),
        mark("Give the right one at its picture on showcam's page."),
    ),
    "silent": (
        mark("{camera} sent {vendor}'s cloud no video, at least three times in a row."),
        mark("See whether the {vendor} app shows it live."),
    ),
    "lan_unreachable": (
        mark("{camera} does not answer on the home network."),
        mark("Check that it is on and in showcam's network."),
    ),
    "lan_closed": (
        mark("{camera} is on the home network, and its video port (RTSP) is closed."),
        mark("Open it in the {vendor} app if that can, or choose another way to the picture."),
    ),
    "key_server_changed": (
        mark(
            "{vendor}'s server of keys shows a new certificate. So showcam sent it nothing and can't "
            "ask {camera} at home."
        ),
        mark(
            "{vendor} replaced it, or somebody pretends to be {vendor}. If you trust your internet "
            "connection, press “Trust the new certificate” at its picture on showcam's page."
        ),
    ),
    "not_playable": (
        mark("{camera} sends H.265 or Motion JPEG, which this display can't play and showcam is too busy to convert."),
        mark("In the {vendor} app open {camera} and set the video encoding to H.264."),
    ),
    "beyond_displays": (
        mark("{camera} sends more than Full HD, which displays can't play and showcam is too busy to convert."),
        mark("In the {vendor} app open {camera} and set 1920×1080 or lower. Then ask twice."),
    ),
    "not_passable": (
        mark("{camera} sends a picture that can't be shown here as it is."),
        mark(
            "Ask on another display, or look in the {vendor} app. showcam's operator can add a "
            "media process, which converts it."
        ),
    ),
    "no_common_protocol": (
        mark("{camera} can't be shown by any protocol this display asked for."),
        mark("Ask on another display. showcam serves HLS, and WebRTC if it has a media process."),
    ),
    "too_large": (
        mark("{camera} sends more than 1280×720, which this display can't show and showcam is too busy to convert."),
        mark(
            "Close another converted picture, set a lower resolution in the {vendor} app, or raise "
            "showcam's setting transcodes."
        ),
    ),
    "busy": (mark("{camera} is already on as many screens as allowed."), mark("Close one, then ask again.")),
    "too_often": (
        mark("{camera} was not opened: too many cameras in the last minute."),
        mark("Wait a minute, then ask again."),
    ),
    "household_full": (
        mark("{camera} was not opened: this household already watches as many as it may."),
        mark("Close another camera, then ask again."),
    ),
    "machine_full": (
        mark("{camera} was not opened: showcam's machine is too busy for another."),
        mark("Close another camera, then ask again."),
    ),
    "waking": (
        mark("{camera} runs on battery and was asleep. It is being woken."),
        mark("Ask again in half a minute."),
    ),
    "media_down": (mark("The picture of {camera} could not be started."), mark("Ask again in a few seconds.")),
    "voice_may_not": (
        mark("A voice is not allowed to change that on {camera}."),
        mark("Its owner can tick it on showcam's page under “A voice may change”, or use the {vendor} app."),
    ),
    "encryption_by_voice": (
        mark("Image Encryption is never changed by voice."),
        mark("Set it in the {vendor} app, or switch it off on the camera's page of showcam."),
    ),
    "owners_alone": (
        mark("{camera} belongs to another {vendor} account, and only its owner can change that."),
        mark("Ask the owner to change it in the {vendor} app."),
    ),
    "not_this_way": (
        mark("{camera} has no such setting, or showcam can't reach it."),
        mark("Look for it in the {vendor} app."),
    ),
    "not_set": (
        mark("{camera} did not take the change."),
        mark("Look in the {vendor} app if it is online and how it is set. Try again."),
    ),
    "no_tv": (
        mark("The TV that was chosen for {camera} does not answer."),
        mark("Check that the TV is on, in showcam's network and not renamed."),
    ),
}
complete(WRITTEN)
# in place of these and of the vendor's, if no media process fetches video: nobody can bring it by a code or at home
UNRELAYED: Mapping[Reason, Sentence] = {
    "no_way": (
        "",
        mark("Watch it in the {vendor} app. showcam's operator can add a media process, which fetches it."),
    ),
}
_ANY_CAMERA = mark("the camera")  # if the camera's name must not be disclosed
_ANY_VENDOR = mark("camera")  # if the vendor's name is not known: the camera app
_NONE: Mapping[Reason, Sentence] = MappingProxyType({})

OF_CHANGES: frozenset[Reason] = frozenset(
    {"voice_may_not", "encryption_by_voice", "owners_alone", "not_this_way", "not_set", "no_tv"}
)  # never of a picture on an assistant's own display
OF_PICTURES = tuple(reason for reason in REASONS if reason not in OF_CHANGES)  # in the gate's order
OF_VIDEO: frozenset[Reason] = frozenset({"too_large"})  # only for the surface “video”


class Facts(Struct, frozen=True):
    """The properties of a reason. `of_one_way`: another way may do better. `passes`: the same request may succeed soon.

    `number`: in the short address of its help page, such as /h/5, which is typed from a television. A reason keeps its
    number, which is shown on pictures and printed in letters.

    `on_card`: a card shows only lasting states of the camera itself. A camera that was not found is not described. A
    transient reason, or one outside the camera, is better heard than read.
    """

    number: int
    on_card: bool = False
    of_one_way: bool = False
    passes: bool = False


FACTS: Mapping[Reason, Facts] = {
    "not_found": Facts(1),
    "signed_out": Facts(2),
    "vendor_down": Facts(3, passes=True),
    "vendor_busy": Facts(4, passes=True),
    "offline": Facts(5, on_card=True),
    "asleep": Facts(6, on_card=True),
    "state_unknown": Facts(7, on_card=True),
    "encryption_on": Facts(8, on_card=True),
    "encryption_unknown": Facts(9, on_card=True),
    "audio_off": Facts(10, on_card=True),
    "audio_unknown": Facts(11, on_card=True),
    "no_way": Facts(12, on_card=True, of_one_way=True),
    "not_permitted": Facts(13, on_card=True, of_one_way=True),
    "code_wrong": Facts(14, on_card=True, of_one_way=True),
    "lan_unreachable": Facts(15, on_card=True, of_one_way=True),
    "lan_closed": Facts(16, on_card=True, of_one_way=True),
    "not_playable": Facts(17, on_card=True, of_one_way=True),
    "beyond_displays": Facts(18, on_card=True),
    "not_passable": Facts(19),
    "no_common_protocol": Facts(20),
    "too_large": Facts(21, of_one_way=True),
    "busy": Facts(22, of_one_way=True, passes=True),
    "waking": Facts(23, passes=True),
    "media_down": Facts(24, passes=True),
    "voice_may_not": Facts(25),
    "encryption_by_voice": Facts(26),
    "owners_alone": Facts(27),
    "not_this_way": Facts(28),
    "not_set": Facts(29),
    "no_tv": Facts(30),
    "too_often": Facts(31, passes=True),
    "household_full": Facts(32, passes=True),
    "machine_full": Facts(33, passes=True),
    "no_internet": Facts(34, passes=True),
    "not_agreed": Facts(35, on_card=True),
    "silent": Facts(36, on_card=True, of_one_way=True),
    "key_server_changed": Facts(37, on_card=True, of_one_way=True),
}
complete(FACTS)
_BY_NUMBER = {FACTS[reason].number: reason for reason in REASONS}
CARD = Video("h264", 1280, 720)  # as showcam.engine.sources.card draws it
MOST_ROWS = 3  # of the gate on a card; more can't be read from across a room


def explain(refusal: Refusal, locale: str = "en", own: Mapping[Reason, Sentence] = _NONE) -> str:
    """All failed rows as sentences, each with its fix, in the link's language. `own`: the door's own sentences."""
    return " ".join(sentences(refusal, locale, own))


def sentences(refusal: Refusal, locale: str, own: Mapping[Reason, Sentence] = _NONE) -> tuple[str, ...]:
    """A text for each failed row: the fault, and how to fix it."""
    rows = (
        row_text(
            row.reason,
            locale,
            refusal.camera,
            refusal.vendor,
            own,
            shared=refusal.shared,
            battery=refusal.battery,
            relays=refusal.relays,
        )
        for row in refusal.failed
    )
    return tuple(" ".join(row) for row in rows)


def explained(refusals: Iterable[Refusal]) -> list[str]:
    """The sentences of all refusals in English, in their order and without repeats."""
    return list(dict.fromkeys(sentence for refusal in refusals for sentence in sentences(refusal, "en")))


def row_text(
    reason: Reason,
    locale: str,
    camera: str = "",
    vendor: str = "",
    own: Mapping[Reason, Sentence] = _NONE,
    *,
    shared: bool = False,
    battery: bool = False,
    relays: bool = True,
) -> tuple[str, str]:
    """A sentence about the fault, and another about its fix. `camera` "": any camera; `vendor` "": any vendor."""
    language, own = chosen([locale]), own if relays else {**own, **UNRELAYED}
    wrong, mend = translated(
        reason, language, WRITTEN, vendor, lambda speech: speech.of_written(shared=shared, battery=battery), own
    )
    names = {"camera": camera or OURS.translate(language, _ANY_CAMERA), "vendor": named(vendor, language)}
    problem = wrong.format(**names)
    # a sentence may begin with the stand-in for a name
    begins = (not camera and wrong.startswith("{camera}")) or (not vendor and wrong.startswith("{vendor}"))
    return problem[0].upper() + problem[1:] if begins else problem, mend.format(**names)


def named(vendor: str, language: Language) -> str:
    """The name before “app”, “account” and “service”: the vendor's, or a stand-in for it."""
    return vendor or OURS.translate(language, _ANY_VENDOR)


def translated(
    reason: Reason,
    language: Language,
    all_vendors: Mapping[Reason, Sentence],
    vendor: str,
    of: Callable[[Speech], Mapping[Reason, Sentence]],
    own: Mapping[Reason, Sentence] = _NONE,
) -> Sentence:
    """The sentences for a reason, their gaps left open: the door's own, else the vendor's, else those for all.

    If a sentence is "", the next in this order is used.
    """
    speech = SPEECHES.get(vendor)
    of_vendor = of(speech).get(reason, ("", "")) if speech else ("", "")

    def chosen_of(at: int) -> str:
        if ours := own.get(reason, ("", ""))[at]:
            return OURS.translate(language, ours)
        if speech and of_vendor[at]:
            return speech.catalogue.translate(language, of_vendor[at])
        return OURS.translate(language, all_vendors[reason][at])

    return chosen_of(0), chosen_of(1)


def short(reason: Reason) -> str:
    """The path of the reason's help page on this installation's address."""
    return f"/h/{FACTS[reason].number}"


def of_number(number: int) -> Reason | None:
    return _BY_NUMBER.get(number)


def has_card(refusal: Refusal, surface: str) -> bool:
    """Whether a display is shown the refusal as a card. `surface`: of a request or a grant."""
    on_card = FACTS[refusal.reason].on_card
    if refusal.reason == "signed_out":
        on_card = surface != "google"  # Google itself asks for a new link, Alexa does not
    return on_card and bool(refusal.camera)


def card(refusal: Refusal, locale: str, web_url: str) -> Card:
    """The camera's name, each reason with its fix, and the short address of the page about the first reason."""
    rows = sentences(replace(refusal, failed=refusal.failed[:MOST_ROWS]), locale)
    address = urlsplit(web_url).netloc
    page = f"{address}{short(refusal.reason)}"
    lines = (refusal.camera, *rows, f"{NAMING.name} · {page}" if address else NAMING.name)
    return Card(card=lines)
