"""Talking through a camera from its page: who talks now, why a talk ended, and one press that forbids it."""

from collections.abc import Mapping

from flask import Response, request
from msgspec.structs import replace

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.look import pages
from showcam.console.look.area import FORM, Rule
from showcam.i18n.catalogue import mark
from showcam.registry.owner.owner import Owner
from showcam.registry.streams.history import Talking

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
