"""The code of a camera at home, given or taken back at its tile. With it the video comes over the home network."""

from collections.abc import Mapping
from typing import Literal

from showcam.console.sentences import HERE, PICTURE_CODE
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.errors import Reason
from showcam.drivers.settings import BadValue, Step
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import OURS, Language, mark
from showcam.registry.gate.reasons import explain
from showcam.registry.owner.owner import Owner

# takes: a code may be given. has: a code is stored; another may be given, or it may be deleted. "": no code is taken.
type HomeCode = Literal["", "takes", "has"]

WRONG: Mapping[Reason, Sentence] = {
    "code_wrong": (
        mark("{camera} does not take that code."),
        mark("Use the label's code, or the encryption password."),
    )
}
# Why a camera is not shown, if its tile takes a code.
AT_TILE: Mapping[Reason, Sentence] = {
    "code_wrong": HERE["code_wrong"],
    "no_way": ("", mark("Give the code on its label.")),
}
NO_CODE = mark("Give the code on its label.")


class HomeCodes:
    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def of(self, account: str, camera: Camera) -> HomeCode:
        """Tells whether the tile takes a code or already has a code. Raises Unavailable."""
        if not self._owner.codes.takes(account, camera):
            return ""
        return "has" if "lan" in camera.ways else "takes"

    def own(self, account: str, camera: Camera) -> Mapping[Reason, Sentence]:
        """Returns the sentences that a camera's tile shows in place of the sentences for assistants.

        Raises Unavailable.
        """
        return AT_TILE if self._owner.codes.takes(account, camera) else {}

    def give(self, account: str, camera: str, code: str, language: Language, *, while_encrypted: bool) -> str:
        """Returns why the code was not kept, as a sentence, or "".

        `while_encrypted`: the video at home is not encrypted, and is shown while Image Encryption is on.
        """
        code = code.strip()
        if not code:  # an empty code would delete the stored code
            return OURS.say(language, NO_CODE)
        try:
            done = self._owner.codes.set(account, camera, code)
        except BadValue:
            return OURS.say(language, NO_CODE)
        if isinstance(done, Step):
            return OURS.say(language, PICTURE_CODE["guessed"])
        if isinstance(done, Refusal):
            return explain(done, language, WRONG)
        return self._decided(account, camera, "lan", language) if while_encrypted else ""

    def forget(self, account: str, camera: str, language: Language) -> str:
        """Returns why the code was not forgotten, as a sentence, or ""."""
        done = self._owner.codes.set(account, camera, "")
        if isinstance(done, Refusal):
            return explain(done, language)
        decided = self._owner.preferences(account, camera).while_encrypted
        return self._decided(account, camera, "no", language) if decided == "lan" else ""

    def _decided(self, account: str, camera: str, value: str, language: Language) -> str:
        done = self._owner.encrypted.decide(account, camera, value)
        return explain(done, language) if isinstance(done, Refusal) else ""
