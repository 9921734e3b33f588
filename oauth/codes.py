"""Encrypted cameras at consent: one decision for the own ones, and codes that were typed."""

from collections.abc import Iterable

from flask import request
from werkzeug.datastructures import MultiDict

from oauth import language, pages, wording
from registry.camera import Camera, Refusal
from registry.errors import Unavailable
from registry.gate.reasons import explain
from registry.owner.owner import Owner
from registry.settings import BadValue, Step

FIELD = "code-"  # and the camera's id
TICK = "deciphered"
ALL, NAMED = "show_encrypted", "encrypted"  # the tick for all own cameras, and the ids of those that it names


class CodeRefused(Exception):
    """A code was not kept; the text says why, in the language of the request."""


class Codes:
    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    @staticmethod
    def are_given(form: MultiDict[str, str]) -> bool:
        return any(name.startswith(FIELD) and form[name].strip() for name in form)

    def wanted(self, account_id: str, cameras: Iterable[Camera]) -> list[Camera]:
        """The cameras that assistants would show if their owner gave the code."""
        return [camera for camera in cameras if self._owner.may_be_deciphered(account_id, camera)]

    def own(self, account_id: str, cameras: Iterable[Camera]) -> list[Camera]:
        """Own encrypted cameras that nothing was decided for, which one tick covers."""
        return self._owner.undecided(account_id, cameras)

    def decide(self, form: MultiDict[str, str], account_id: str, offered: tuple[str, ...]) -> None:
        """Takes the one decision for the cameras that the page named, if it was ticked."""
        if ALL in form:
            named = set(form.getlist(NAMED))
            self._owner.show_all_encrypted(account_id, [camera for camera in offered if camera in named])

    def keep(self, form: MultiDict[str, str], account_id: str, offered: tuple[str, ...]) -> None:
        """Keeps the codes that were typed, each as its camera's owner's decision. Raises CodeRefused."""
        codes = {camera_id: form.get(f"{FIELD}{camera_id}", "").strip() for camera_id in offered}
        given = {camera_id: code for camera_id, code in codes.items() if code}
        if given and TICK not in form:
            raise CodeRefused(pages.say(wording.NOT_CONSENTED))
        for camera_id, code in given.items():
            self._keep(account_id, camera_id, code)

    def _keep(self, account_id: str, camera_id: str, code: str) -> None:
        try:
            done = self._owner.while_encrypted(account_id, camera_id, "code", code=code, consent=True)
        except BadValue:
            done = Step("code", wrong=True)
        match done:
            case Refusal():
                raise CodeRefused(explain(done, language.read(request)))
            case Step(why="guessed"):
                raise CodeRefused(pages.say(wording.TOO_MANY_CODES))
            case Step():
                raise CodeRefused(pages.say(wording.WRONG_CODE, camera=self._name(account_id, camera_id)))

    def _name(self, account_id: str, camera_id: str) -> str:
        try:
            listed = self._owner.cameras(account_id).cameras
        except Unavailable:
            return "…"
        return next((camera.name for camera in listed if camera.id == camera_id), "…")
