"""The owner's decision to show an encrypted camera, made or taken back at its tile, with or without its code."""

from accounts.console_sessions import ConsoleSession
from console.encryption import Encryption
from console.sentences import PICTURE_CODE
from registry.camera import Refusal
from registry.gate.reasons import explain
from registry.owner.owner import Owner
from registry.settings import BadValue, Step
from words.catalogue import OURS, Language


class PictureCodes:
    def __init__(self, owner: Owner, encryption: Encryption) -> None:
        self._owner, self._encryption = owner, encryption

    def give(self, current: ConsoleSession, camera: str, code: str, language: Language, *, consent: bool) -> str:
        """Why it was not kept, as a sentence; "" where it was. Without a code the decision is kept."""
        try:
            done = self._owner.while_encrypted(current.account, camera, "code", code=code.strip(), consent=consent)
        except BadValue:
            return OURS.say(language, PICTURE_CODE["wrong"])
        match done:
            case Refusal():
                return explain(done, language)
            case Step(wants="consent"):
                return OURS.say(language, PICTURE_CODE["consent"])
            case Step(why="guessed") if code.strip():
                return OURS.say(language, PICTURE_CODE["guessed"])
        self._encryption.decided(current, camera, done if isinstance(done, Step) else None)
        return ""

    def give_all(self, current: ConsoleSession, cameras: list[str], language: Language, *, consent: bool) -> str:
        """One decision for all of these. Why it was not kept, as a sentence; "" where it was."""
        if not consent:
            return OURS.say(language, PICTURE_CODE["consent"])
        self._owner.show_all_encrypted(current.account, cameras)
        return ""

    def take_back(self, current: ConsoleSession, camera: str, language: Language) -> str:
        """The decision, and with it the key. Why not, as a sentence; "" where it was."""
        done = self._owner.while_encrypted(current.account, camera, "no")
        self._encryption.decided(current, camera, None)
        return explain(done, language) if isinstance(done, Refusal) else ""
