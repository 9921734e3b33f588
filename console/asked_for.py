"""The last asks of a camera as sentences: who asked when, and what came of it; tampering with it stands among them."""

from collections.abc import Mapping

from msgspec import Struct

from console.pages import moment
from console.sentences import HISTORY
from media.grants import START_S
from registry.camera import Camera
from registry.errors import is_reason
from registry.gate.reasons import row_text
from store.records import Ask, Link
from words.catalogue import OURS, Language

SHOWN = 30  # as many are listed


class Said(Struct, frozen=True):
    when: str
    who: str
    what: str


class AskedFor:
    def __init__(self, links: Mapping[str, Link], now: float) -> None:
        """`links` by id, those that have ended too."""
        self._links, self._now = links, now

    def of(self, camera: Camera, asks: list[Ask], language: Language) -> list[Said]:
        mine = [ask for ask in asks if ask.camera == camera.id][:SHOWN]
        return [Said(moment(ask.at), self._who(ask, camera), self._what(ask, camera, language)) for ask in mine]

    def _who(self, ask: Ask, camera: Camera) -> str:
        if not ask.link:
            return camera.name
        assistant = "Google" if ask.surface == "google" else "Alexa"
        link = self._links.get(ask.link)
        return f"{assistant}, {link.label}" if link and link.label else assistant

    def _what(self, ask: Ask, camera: Camera, language: Language) -> str:
        if not ask.link:
            return OURS.say(language, HISTORY["tampered"])
        if ask.reason:
            if not is_reason(ask.reason):
                return ask.reason
            wrong, _ = row_text(ask.reason, language, camera.name, camera.manufacturer)
            return wrong
        if ask.live_s:
            minutes, seconds = divmod(round(ask.live_s), 60)
            return OURS.say(language, HISTORY["shown"], took=f"{ask.took_s:.1f}", long=f"{minutes}:{seconds:02}")
        word = "waiting" if self._now - ask.at < START_S else "unfetched"
        return OURS.say(language, HISTORY[word])
