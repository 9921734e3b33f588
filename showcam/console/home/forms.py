"""The forms of a camera's tile: each removes an obstacle to the camera's picture."""

import time
from collections.abc import Callable, Mapping

from flask import request

from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.console.home.encryption import PATIENCE_S, Encryption
from showcam.console.home.sentences import PICTURE_CODE
from showcam.console.look import pages
from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Reason
from showcam.drivers.settings import BadValue, Step
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import mark
from showcam.registry.owner.owner import Owner
from showcam.registry.owner.sign_in_outcome import refused

WRONG: Mapping[Reason, Sentence] = {
    "code_wrong": (mark("{camera} does not take that code."), mark("Use the label's code, or the encryption password."))
}
NO_CODE = mark("Give the code on its label.")
# Why a camera can't be asked at home by its own protocol.
ASKED: Mapping[Reason, Sentence] = {
    "lan_closed": (mark("{camera} refuses connections at home."), mark("Its model may lack that.")),
    "lan_unreachable": (mark("{vendor} gives no home address of {camera}."), mark("Is it in showcam's network?")),
}
MOST_AT_ONCE = 300  # the most cameras that a single tick covers
STEPS = frozenset(
    {
        *("picture-code", "show-encrypted", "ask-key", "key-code", "forget-code", "home-code", "forget-home-code"),
        *("encryption-off", "encryption-code", "wake", "sound-on", "ask-camera", "forget-camera", "trust-keys"),
        *("favourite-on", "favourite-off"),
    }
)


class TileForms:
    def __init__(
        self, owner: Owner, sessions: ConsoleSessions, vendor: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._owner, self._vendor = owner, vendor
        self.encryption = Encryption(owner, sessions, clock)

    def take(self, step: str, current: ConsoleSession) -> str:
        """Takes a step of STEPS for the signed-in household. Returns why nothing was changed, as a sentence, or ""."""
        form, account, camera = request.form, current.account, request.form.get("camera", "")
        match step:
            case "picture-code":
                return self._picture_code(current, camera)
            case "show-encrypted" if "deciphered" not in form:
                return pages.say(PICTURE_CODE["consent"])
            case "show-encrypted":
                self._owner.encrypted.decide_all(account, form.getlist("encrypted")[:MOST_AT_ONCE])
                return ""
            case "ask-key":
                return self.encryption.ask_key(current, camera, "")
            case "encryption-off":
                return self.encryption.switch_off(current, camera, "")
            case "key-code" | "encryption-code":
                code = form.get(step.replace("-", "_"), "")
                if not code.strip():  # without a code the vendor would mail another
                    return refused("no_code", pages.language(), self._vendor)
                ask = self.encryption.ask_key if step == "key-code" else self.encryption.switch_off
                return ask(current, camera, code)
            case "forget-code":
                # takes back the decision, and with it the key
                done: object = self._owner.encrypted.decide(account, camera, "no")
                self.encryption.decided(current, camera, None)
                return pages.why(done)
            case "home-code":
                return self._home_code(account, camera, form.get("home_code", "").strip())
            case "forget-home-code":
                done = self._owner.codes.set(account, camera, "")
                decided = self._owner.preferences(account, camera).while_encrypted
                if not isinstance(done, Refusal) and decided == "lan":
                    done = self._owner.encrypted.decide(account, camera, "no")
                return pages.why(done)
            case "ask-camera" | "forget-camera":
                return pages.why(self._owner.codes.ask(account, camera, wanted=step == "ask-camera"), ASKED)
            case "trust-keys":
                return pages.why(self._owner.codes.trust(account, camera))
            case "favourite-on" | "favourite-off":
                return pages.why(self._owner.favour(account, camera, favourite=step == "favourite-on"))
        setting, value = ("audio", "on") if step == "sound-on" else ("sleep", "off")
        done = self._owner.change(account, camera, setting, value, patience_s=PATIENCE_S)
        assert not isinstance(done, Step)  # only Image Encryption takes steps
        return pages.why(done)

    def _picture_code(self, current: ConsoleSession, camera: str) -> str:
        """Keeps the code, or without a code the decision to show the camera although it is encrypted."""
        code, consent = request.form.get("picture_code", "").strip(), "deciphered" in request.form
        try:
            done = self._owner.encrypted.decide(current.account, camera, "code", code=code, consent=consent)
        except BadValue:
            return pages.say(PICTURE_CODE["wrong"])
        match done:
            case Refusal():
                return pages.why(done)
            case Step(wants="consent"):
                return pages.say(PICTURE_CODE["consent"])
            case Step(why="guessed") if code:
                return pages.say(PICTURE_CODE["guessed"])
        self.encryption.decided(current, camera, done if isinstance(done, Step) else None)
        return ""

    def _home_code(self, account: str, camera: str, code: str) -> str:
        """Keeps the code of a camera at home. With it the video comes over the home network.

        That video is not encrypted, and the form says whether it is shown while Image Encryption is on.
        """
        if not code:  # an empty code would delete the stored code
            return pages.say(NO_CODE)
        try:
            done = self._owner.codes.set(account, camera, code)
        except BadValue:
            return pages.say(NO_CODE)
        if isinstance(done, Step):
            return pages.say(PICTURE_CODE["guessed"])
        if not isinstance(done, Refusal) and "while_encrypted" in request.form:
            return pages.why(self._owner.encrypted.decide(account, camera, "lan"))
        return pages.why(done, WRONG)
