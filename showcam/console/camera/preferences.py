"""The form of showcam's own settings for a camera: voice, what rings, its room, the picture at home; and talking."""

import hashlib
from collections.abc import Mapping

import msgspec
from flask import Response, request
from msgspec import Struct
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.camera.sentences import CHANGED
from showcam.console.look import pages
from showcam.console.look.area import FORM, Rule
from showcam.drivers.settings import BY_VOICE, BadValue
from showcam.i18n.catalogue import mark
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import LONGEST_PAUSE_S, MQTT_MAY, Preferences, is_motion_rings, is_pause
from showcam.registry.streams.history import Talking

ENCRYPTED = "encrypted"  # the part of the form that decides only about an encrypted camera


class NotKept(Struct, frozen=True):
    """Says why nothing was kept, as a sentence; holds the typed values for the form that comes back."""

    why: str
    preferences: Preferences
    pause: str


class PreferenceForms:
    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def take(self, account: str, camera: str) -> NotKept | None:
        """Returns None if the form is kept. A missing field keeps its value, but a missing tick is taken away.

        If two owners have the page open, the second learns of the first's change, and overwrites nothing unseen.
        """
        form, kept = request.form, self._owner.preferences(account, camera)
        if form.get("shown", mark_of(kept)) != mark_of(kept):
            return NotKept(pages.say(CHANGED["meanwhile"]), kept, str(kept.ring_pause_s))
        rings, pause = form.get("motion_rings", kept.motion_rings), form.get("ring_pause_s", str(kept.ring_pause_s))
        pause_s, encrypted = _seconds(pause), form.get("while_encrypted", "")
        chosen = (
            kept
            if form.get("part", "") == ENCRYPTED
            else replace(
                kept,
                voice_may=tuple(form.getlist("voice_may")),
                room=form.get("room", ""),
                keep_warm="keep_warm" in form,
                talk="talk" in form,
                favourite="favourite" in form,
                mqtt_may=tuple(form.getlist("mqtt_may")) if "mqtt" in form else kept.mqtt_may,
                motion_rings=rings if is_motion_rings(rings) else kept.motion_rings,
                ring_pause_s=pause_s if is_pause(pause_s) else kept.ring_pause_s,
            )
        )
        why = ""
        if not is_motion_rings(rings):
            why = pages.say(CHANGED["no_value"])
        elif not is_pause(pause_s):
            why = pages.say(CHANGED["no_pause"], most=LONGEST_PAUSE_S)
        else:
            why = self._store(account, camera, chosen)
            if not why and encrypted in ("no", "lan") and encrypted != kept.while_encrypted:
                why = pages.why(self._owner.encrypted.decide(account, camera, encrypted))
        may = tuple(setting for setting in chosen.voice_may if setting in BY_VOICE)
        switched = tuple(setting for setting in chosen.mqtt_may if setting in MQTT_MAY)
        return NotKept(why, replace(chosen, voice_may=may, mqtt_may=switched), pause) if why else None

    def _store(self, account: str, camera: str, chosen: Preferences) -> str:
        try:
            self._owner.prefer(account, camera, chosen)
        except BadValue:
            return pages.say(CHANGED["no_value"])
        return ""


def mark_of(kept: Preferences) -> str:
    """Returns a mark of the values in the form: the same values have the same mark."""
    decided = (kept.voice_may, kept.mqtt_may, kept.while_encrypted, kept.keep_warm, kept.talk, kept.favourite)
    shown = (*decided, kept.room, kept.motion_rings, kept.ring_pause_s)
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:16]


def _seconds(typed: str) -> int:
    """Returns -1 if the text is no whole number."""
    typed = typed.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1


TALKS = {
    "you": mark("You are heard."),
    "other": mark("Somebody is talking."),
}
# Why a talk ended, by the word of the media process. Any other word is the gate's, which has closed.
ENDED: Mapping[str, str] = {
    "talk_busy": mark("Somebody else is talking."),
    "talk_long": mark("Too long. Press again."),
    "talk_failed": mark("The camera takes no sound."),
}
CLOSED = mark("Talking is not allowed now.")


class Talk:
    """The light of a camera's page, which its script asks for while people may talk."""

    def __init__(self, owner: Owner, talking: Talking) -> None:
        self._owner, self._talking = owner, talking

    def rules(self, path: str) -> list[Rule]:
        return [(f"{path}/talk", "talk", self.answer, FORM)]

    def answer(self, current: ConsoleSession, camera: str) -> Response:
        if request.method == "POST":
            return self._forbid(current, camera)
        talk = self._talking.of(current.account, camera)
        # a browser's other windows have the same session, and do not hold the button
        is_own = talk is not None and talk.link == current.id and "held" in request.args
        who = "" if talk is None else "you" if is_own else "other"
        reason = self._talking.why_ended(current.id, camera)
        why = pages.say(ENDED.get(reason, CLOSED)) if reason else ""
        return pages.data({"who": who, "light": pages.say(TALKS[who]) if who else "", "why": why})

    def _forbid(self, current: ConsoleSession, camera: str) -> Response:
        """Takes the permission back; a talk ends at the next question of the media process."""
        if self._owner.camera(current.account, camera) is None:
            return pages.problem("no_camera")
        kept = self._owner.preferences(current.account, camera)
        self._owner.prefer(current.account, camera, replace(kept, talk=False))
        return pages.led(f"/home/cameras/{camera}" if pages.is_id(camera) else "/home")
