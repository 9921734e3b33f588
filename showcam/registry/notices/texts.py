"""The text of a notice: the fault, its cause, and what to do, with one address, in the owner's language."""

from typing import NotRequired, TypedDict

from msgspec import Struct

from showcam.i18n.catalogue import OURS, Language, mark
from showcam.registry.gate.reasons import named
from showcam.registry.notices.faults import Fault, Kind

# {camera}, {vendor}, {assistant} and {link} are names, {address} is an address of showcam's.


class _Sentences(TypedDict):
    title: str
    began: str
    mend: str
    ended: NotRequired[str]  # if showcam notices the fix of this fault


_TEXTS: dict[Kind, _Sentences] = {
    "encryption": {
        "title": mark("{camera}: Image Encryption is on again"),
        "began": mark(
            "Image Encryption of {camera} was switched on, so no assistant can show its picture. Cameras do that by "
            "themselves, as after an update of their firmware."
        ),
        "mend": mark(
            "Switch it off at the camera's picture on {address}. If you switched it on yourself, all is well."
        ),
        "ended": mark("Image Encryption of {camera} is off: assistants can show its picture."),
    },
    "session": {
        "title": mark("{vendor}: showcam is signed out"),
        "began": mark(
            "showcam is signed out of the {vendor} account, so no camera of it can be shown. {vendor} ended the "
            "session, as it does after a new password."
        ),
        "mend": mark("Sign in to {vendor} on {address}."),
        "ended": mark("showcam is signed in to the {vendor} account: its cameras can be shown."),
    },
    "lost": {
        "title": mark("{camera} can't be found"),
        "began": mark(
            "For ten minutes {camera} has answered at no address in the house. It is off, or the router gave it "
            "another address and it does not say which."
        ),
        "mend": mark(
            "See that it has power and network. If its address is another one, give that on {address}, at its picture "
            "under “Name, password, address”."
        ),
        "ended": mark("{camera} answers again."),
    },
    "tamper": {
        "title": mark("{camera} was tampered with"),
        "began": mark("{camera} reports that it was turned away, covered or blinded."),
        "mend": mark("See what it shows now on {address}. Dirt on the lens or a sudden light can be all that it was."),
    },
    "grant": {
        "title": mark("{assistant} takes no more reports"),
        "began": mark(
            "{assistant} refuses the reports of the link “{link}”, or showcam has no permission for them any more. So "
            "{assistant} does not learn when somebody rings, or when a camera changes."
        ),
        "mend": mark(
            "See the reason under Assistants on {address}. If it stays, disable or disconnect showcam in the "
            "{assistant} app and link it again."
        ),
        "ended": mark("{assistant} takes reports of the link “{link}” again."),
    },
    "ending": {
        "title": mark("{assistant}: did you unlink showcam?"),
        "began": mark(
            "{assistant} says that the link “{link}” has ended. It said the same of more than ten links within a "
            "minute, which is more likely a fault there. So showcam keeps the link and asks again every hour."
        ),
        "mend": mark(
            "If you unlinked showcam in the {assistant} app, end the link under Assistants on {address}. Otherwise do "
            "nothing."
        ),
        "ended": mark("{assistant} takes reports of the link “{link}” again."),
    },
    "key": {
        "title": mark("Nothing is reported to {assistant}"),
        "began": mark(
            "showcam’s key for reports to {assistant} is damaged, or belongs to another project than the "
            "one that you link with. So {assistant} does not learn when a camera changes."
        ),
        "mend": mark("See under Health on {address} what is wrong with the key, then give showcam the right one."),
        "ended": mark("showcam reports to {assistant} again."),
    },
    "outbox": {
        "title": mark("Reports to {assistant} could not be sent"),
        "began": mark("{assistant} did not take reports of the link “{link}”, and showcam has put them aside."),
        "mend": mark("See why, and send them again, under Assistants on {address}."),
        "ended": mark("No report of the link “{link}” to {assistant} is put aside any more."),
    },
}
_ANY_CAMERA = mark("the camera")
_TEST_TITLE = mark("A test by showcam")
_TEST = mark("showcam can notify you here: when something is wrong with a camera of yours, and when it is mended.")
_MENDED = mark("Mended: {title}")


class Names(Struct, frozen=True):
    """The names in a notice; "" if a name is not known."""

    camera: str = ""
    vendor: str = ""
    assistant: str = ""
    link: str = ""


def notice(fault: Fault, names: Names, address: str, language: Language) -> tuple[str, str]:
    """The title and text for a fault that lasts or was fixed."""
    sentences = _TEXTS[fault.kind]
    gaps = {
        "camera": names.camera or OURS.translate(language, _ANY_CAMERA),
        "vendor": named(names.vendor, language),
        "assistant": names.assistant,
        "link": names.link,
        "address": address,
    }
    title = _begun(OURS.say(language, sentences["title"], **gaps))
    if not fault.lasts:
        ended = _begun(OURS.say(language, sentences["ended"], **gaps))
        return OURS.say(language, _MENDED, title=title), ended
    began = _begun(OURS.say(language, sentences["began"], **gaps))
    return title, f"{began}\n\n{OURS.say(language, sentences['mend'], **gaps)}"


def trial(language: Language) -> tuple[str, str]:
    return OURS.translate(language, _TEST_TITLE), OURS.translate(language, _TEST)


def _begun(text: str) -> str:
    """Capitalizes a text: it may begin with the stand-in for a name."""
    return text[:1].upper() + text[1:]
