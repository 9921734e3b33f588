"""The forms of a camera's tile: each removes an obstacle to the camera's picture."""

import time
from collections.abc import Callable, Mapping

from flask import request

from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.console.encryption import PATIENCE_S, Encryption, PictureCodes
from showcam.console.home_codes import HomeCodes
from showcam.drivers.camera import Refusal
from showcam.drivers.errors import Reason
from showcam.drivers.settings import Step
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import Language, mark
from showcam.registry.gate.reasons import explain
from showcam.registry.owner.owner import Owner
from showcam.registry.owner.sign_in_outcome import refused

# Why a camera can't be asked at home by its own protocol.
ASKED: Mapping[Reason, Sentence] = {
    "lan_closed": (
        mark("{camera} refuses connections at home."),
        mark("Its model may lack that."),
    ),
    "lan_unreachable": (
        mark("{vendor} gives no home address of {camera}."),
        mark("Is it in showcam's network?"),
    ),
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
        self._codes, self._home_codes = PictureCodes(owner, self.encryption), HomeCodes(owner)

    def take(self, step: str, current: ConsoleSession, language: Language) -> str:
        """Takes a step of STEPS for the signed-in household. Returns why nothing was changed, as a sentence, or ""."""
        form, account, camera = request.form, current.account, request.form.get("camera", "")
        match step:
            case "picture-code":
                code, consent = form.get("picture_code", ""), "deciphered" in form
                return self._codes.give(current, camera, code, language, consent=consent)
            case "show-encrypted":
                cameras, consent = form.getlist("encrypted")[:MOST_AT_ONCE], "deciphered" in form
                return self._codes.give_all(current, cameras, language, consent=consent)
            case "ask-key":
                return self.encryption.ask_key(current, camera, "", language)
            case "key-code":
                code = form.get("key_code", "")
                if not code.strip():  # without a code the vendor would mail another
                    return refused("no_code", language, self._vendor)
                return self.encryption.ask_key(current, camera, code, language)
            case "forget-code":
                return self._codes.take_back(current, camera, language)
            case "home-code":
                code, is_clear = form.get("home_code", ""), "while_encrypted" in form
                return self._home_codes.give(account, camera, code, language, while_encrypted=is_clear)
            case "forget-home-code":
                return self._home_codes.forget(account, camera, language)
            case "encryption-code":
                code = form.get("encryption_code", "")
                if not code.strip():  # without a code the vendor would mail another
                    return refused("no_code", language, self._vendor)
                return self.encryption.switch_off(current, camera, code, language)
            case "encryption-off":
                return self.encryption.switch_off(current, camera, "", language)
            case "ask-camera" | "forget-camera":
                done = self._owner.codes.ask(account, camera, wanted=step == "ask-camera")
                return explain(done, language, ASKED) if isinstance(done, Refusal) else ""
            case "trust-keys":
                found = self._owner.codes.trust(account, camera)
                return explain(found, language) if isinstance(found, Refusal) else ""
            case "favourite-on" | "favourite-off":
                favoured = self._owner.favour(account, camera, favourite=step == "favourite-on")
                return explain(favoured, language) if isinstance(favoured, Refusal) else ""
            case "sound-on":
                return self._set(account, camera, "audio", "on", language)
        return self._set(account, camera, "sleep", "off", language)

    def _set(self, account: str, camera: str, setting: str, value: str, language: Language) -> str:
        done = self._owner.change(account, camera, setting, value, patience_s=PATIENCE_S)
        assert not isinstance(done, Step)  # only Image Encryption takes steps
        return explain(done, language) if isinstance(done, Refusal) else ""
