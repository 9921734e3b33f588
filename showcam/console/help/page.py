"""Help for everybody: a page for each reason, found by what a viewer sees or an assistant says; and usable devices."""

from collections.abc import Mapping
from typing import TypedDict

from showcam.console.look.pages import ASSISTANTS
from showcam.drivers.errors import REASONS, Reason
from showcam.i18n.catalogue import NAMING, OURS, Language, mark
from showcam.registry.gate.reasons import OF_CHANGES, OF_PICTURES, row_text

# By assistant, the answer to each reason: an error's type or code.
type Heard = Mapping[str, Mapping[str, str]]
NOTHING_HEARD: Heard = {}

# The sentence that people hear for each of these words: the vendors' pages describe it, the practice page says it.
SAID: Mapping[str, Mapping[str, str]] = {
    "alexa": {
        "ENDPOINT_UNREACHABLE": mark("“… isn't responding.”"),
        "BRIDGE_UNREACHABLE": mark("“I couldn't reach the service that … is connected to.”"),
        "NO_SUCH_ENDPOINT": mark("“I couldn't find ….”"),
        "NOT_SUPPORTED_IN_CURRENT_MODE": mark("“I can't do that with … in its current mode.”"),
        "ENDPOINT_BUSY": mark("“… is busy.”"),
        "RATE_LIMIT_EXCEEDED": mark("“… has had too many requests.”"),
        "INSUFFICIENT_PERMISSIONS": mark("“I don't have permission to use ….”"),
        "INVALID_VALUE": mark("“… doesn't support that.”"),
    },
    "google": {
        "deviceOffline": mark("“… isn't available right now.”"),
        "deviceNotFound": mark("“… isn't available; try setting it up again.”"),
        "deviceNotReady": mark("“… isn't ready.”"),
        "deviceTurnedOff": mark("“… is off right now.”"),
        "deviceBusy": mark("“… is already doing something.”"),
        "streamUnavailable": mark("“The stream is unavailable from ….”"),
        "streamUnplayable": mark("“I can't play the stream from … at the moment.”"),
        "securityRestriction": mark("“… has a security restriction.”"),
        "functionNotSupported": mark("“… doesn't support that.”"),
        "actionNotAvailable": mark("“I can't do that right now.”"),
        "authFailure": mark("“I can't reach …; check in the app that it is set up.”"),
        "transientError": mark("“Something went wrong, try again.”"),
        "sceneCannotBeApplied": mark("“… can't be applied.”"),
    },
}
_WITH_SOUND = mark("With Audio on.")
# The devices in the camera's manual and others of their kind, each with what it needs.
DEVICES = (
    ("Echo Show", ""),
    ("Echo Spot", ""),
    ("Fire TV, Fire TV Stick, Fire TV Edition", ""),
    ("Google Nest Hub", _WITH_SOUND),
    ("Chromecast, Google TV", _WITH_SOUND),
)


# The places and languages of each part; Alexa's languages are those of showcam.alexa.texts.
PLACES = (
    ("showcam", mark("English, Norwegian, German.")),
    (
        "Alexa",
        mark(
            "Arabic, Dutch, English, French, German, Hindi, Italian, Japanese, Portuguese, Spanish. “Open my "
            "cameras”: English, German."
        ),
    ),
    ("Google", mark("“[test] showcam”: the display's language.")),
)


class OfReason(TypedDict):
    reason: Reason
    wrong: str
    mend: str


class Phrase(TypedDict):
    said: str
    reasons: list[OfReason]


class Help:
    """`vendor`: the vendor's name, "" for several."""

    def __init__(self, vendor: str, heard: Heard) -> None:
        self._vendor, self._heard = vendor, heard

    def all(self, language: Language) -> dict[str, object]:
        """Returns the contents of the page of all reasons."""
        return {
            "of_pictures": [self._row(reason, language) for reason in OF_PICTURES],
            "of_changes": [self._row(reason, language) for reason in REASONS if reason in OF_CHANGES],
            "phrases": [(ASSISTANTS[assistant], self._phrases(assistant, language)) for assistant in self._heard],
            "devices": DEVICES,
            "places": [(NAMING.put_into(place), languages) for place, languages in PLACES],
        }

    def of(self, reason: Reason, language: Language) -> dict[str, object]:
        """Returns the contents of the page of a single reason."""
        said = [
            (ASSISTANTS[assistant], OURS.translate(language, SAID[assistant][words[reason]]))
            for assistant, words in self._heard.items()
            if words[reason] in SAID[assistant]
        ]
        return {"row": self._row(reason, language), "said": said}

    def _row(self, reason: Reason, language: Language) -> OfReason:
        wrong, mend = row_text(reason, language, vendor=self._vendor)
        return {"reason": reason, "wrong": wrong, "mend": mend}

    def _phrases(self, assistant: str, language: Language) -> list[Phrase]:
        words = self._heard[assistant]
        return [
            {
                "said": OURS.translate(language, said),
                "reasons": [self._row(reason, language) for reason in REASONS if words[reason] == word],
            }
            for word, said in SAID[assistant].items()
            if word in words.values()
        ]
