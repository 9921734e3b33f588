"""The form of showcam's own settings for a camera: voice, what rings, its room, and the picture at home."""

import hashlib

import msgspec
from flask import request
from msgspec import Struct
from msgspec.structs import replace

from showcam.console.camera.sentences import CHANGED
from showcam.console.look import pages
from showcam.drivers.settings import BY_VOICE, BadValue
from showcam.registry.owner.owner import Owner
from showcam.registry.preferences import LONGEST_PAUSE_S, MQTT_MAY, Preferences, is_motion_rings, is_pause

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
    decided = (kept.voice_may, kept.mqtt_may, kept.while_encrypted, kept.keep_warm, kept.favourite)
    shown = (*decided, kept.room, kept.motion_rings, kept.ring_pause_s)
    return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:16]


def _seconds(typed: str) -> int:
    """Returns -1 if the text is no whole number."""
    typed = typed.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1
