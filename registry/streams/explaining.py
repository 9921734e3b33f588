"""Why a camera can't be shown, shown in its place: where the owner wants that and the display can play it."""

import time
from collections.abc import Callable

from accounts.console_sessions import ConsoleSessions, Viewer
from media.grants import Claims
from media.messages import MediaBusy, MediaUnavailable
from media.source import SourceSpec
from net.cache import Rate
from registry.camera import Refusal, Stream, StreamRequest
from registry.gate import cards
from registry.gate.displays import PLAYABLE
from registry.readings.judge import Deadline
from registry.rules import Rules
from registry.streams.handover import Handover, Sight
from registry.streams.quota import WINDOW_S
from store.ports import Store


class Explaining:
    """Cards are counted apart from openings of cameras, so that whoever fixed the reason gets the picture. A link gets
    as many cards in a minute as it may open cameras.
    """

    def __init__(self, store: Store, handover: Handover, rules: Rules, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._shown = clock, Rate(WINDOW_S)
        self._store, self._handover, self._rules = store, handover, rules
        self._sessions = ConsoleSessions(store)
        self._wanted = rules.explain == "picture" and rules.pictures == "plane"

    def stream(
        self, viewer: Viewer, camera: str, refusal: Refusal, request: StreamRequest, deadline: Deadline
    ) -> Stream | Refusal:
        """The reason as a picture, or else the refusal as it is. Raises BadOffer."""
        source = None if request.surface in ("page", "tv") else self.card(viewer.id, request.surface, refusal)
        if source is None or not {*request.protocols} & {*PLAYABLE}:
            return refusal
        if self._shown.hit(viewer.id, self._clock()) > self._rules.opens_per_minute:
            return refusal
        try:
            return self._handover.start(viewer, camera, source, Sight.card(refusal), request, deadline)
        except (MediaBusy, MediaUnavailable):
            return refusal

    def answer(self, claims: Claims, grant: str, refusal: Refusal, sdp: str, deadline: Deadline) -> Stream | Refusal:
        source = self.card(claims.link, claims.surface, refusal)
        if source is None:
            return refusal
        answer = self._handover.answer(claims, source, sdp, claims.nonce, deadline)
        return self._handover.stream(claims, grant, Sight.card(refusal), answer.at, answer.sdp)

    def card(self, link_id: str, surface: str, refusal: Refusal) -> SourceSpec | None:
        """In the language of the link, or of the browser that tries a sentence in its place."""
        if not self._wanted or not cards.fits(refusal, surface):
            return None
        link = self._store.link(link_id)
        locale = link.locale if link else self._tried_in(link_id)
        return None if locale is None else cards.card(refusal, locale, self._rules.web_url)

    def _tried_in(self, session_id: str) -> str | None:
        """None where no session of the console has that id and tries a sentence."""
        session = self._sessions.find(session_id)
        kept = self._sessions.remembered(session, "language") if session else None
        return kept.decode() if kept else None
