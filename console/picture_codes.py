"""The code of an encrypted camera, given or taken back at its tile."""

from console.sentences import PICTURE_CODE
from registry.camera import Refusal
from registry.gate.reasons import explain
from registry.owner.owner import Owner
from registry.settings import BadValue, Step
from words.catalogue import OURS
from words.languages import Language


class PictureCodes:
    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def give(self, account: str, camera: str, code: str, language: Language, *, consent: bool) -> str:
        """Why it was not kept, as a sentence; "" where it was."""
        try:
            done = self._owner.while_encrypted(account, camera, "code", code=code.strip(), consent=consent)
        except BadValue:
            done = Step("code", wrong=True)
        match done:
            case Refusal():
                return explain(done, language)
            case Step(wants="consent"):
                return OURS.say(language, PICTURE_CODE["consent"])
            case Step(why="guessed"):
                return OURS.say(language, PICTURE_CODE["guessed"])
            case Step():
                return OURS.say(language, PICTURE_CODE["wrong"])
        return ""

    def forget(self, account: str, camera: str, language: Language) -> str:
        """Why it was not forgotten, as a sentence; "" where it was."""
        done = self._owner.while_encrypted(account, camera, "no")
        return explain(done, language) if isinstance(done, Refusal) else ""
