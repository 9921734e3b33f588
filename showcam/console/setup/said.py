"""The page at the end of set-up: what to say now, and each request with its answer and its picture as they happen."""

from collections.abc import Sequence

from flask import Response
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.happened.page import Happening, Happenings
from showcam.console.look import pages
from showcam.console.look.area import READ, Area, Rule
from showcam.drivers.camera import OF_ASSISTANTS, Refusal, Surface
from showcam.drivers.errors import Unavailable
from showcam.i18n.catalogue import mark
from showcam.registry.gate.reasons import row_text
from showcam.registry.owner.owner import Owner
from showcam.store.records import ASKED, Assistant, Link

AT = "/home/said"
MOST = 5  # requests that are listed
_SAY: dict[Assistant, str] = {"alexa": mark("“Alexa, show {camera}”"), "google": mark("“Hey Google, show {camera}”")}


class Sentence(Struct, frozen=True):
    """A sentence for an assistant, with its camera. `why_not`: the reason if the assistant can't show that camera."""

    assistant: Assistant
    text: str
    camera: str = ""
    why_not: str = ""


class SaidPage:
    def __init__(self, owner: Owner, area: Area, happenings: Happenings) -> None:
        self._owner, self._area, self._happenings = owner, area, happenings

    def rules(self) -> list[Rule]:
        return [(AT, "said", self.show, READ)]

    def show(self, current: ConsoleSession) -> Response:
        account = current.account
        links = self._area.store.links(account)
        linked = {link.assistant for link in links}
        return self._area.page(
            "setup/said",
            sentences=[self._sentence(account, assistant, links) for assistant in _SAY if assistant in linked],
            unlinked=[assistant for assistant in _SAY if assistant not in linked],
            asks=self._asks(account),
            keeps_history=self._happenings.history.is_kept(account),
        )

    def was_seen(self, account: str) -> bool:
        """Tells whether an assistant was asked for a camera, and its picture was fetched."""
        return any(ask.live_s for ask in self._happenings.history.of(account, kind=ASKED))

    def _sentence(self, account: str, assistant: Assistant, links: Sequence[Link]) -> Sentence:
        """Names the first of a link's cameras that the assistant can show, else the first camera with the reason."""
        try:
            rows = self._owner.readiness(account, OF_ASSISTANTS)
        except Unavailable:
            return Sentence(assistant, "")
        own = [link for link in links if link.assistant == assistant]
        rows = [row for row in rows if any(link.cameras is None or row[0].id in link.cameras for link in own)]
        surface: Surface = assistant
        rows = sorted(rows, key=lambda row: isinstance(row[1][surface], Refusal))
        for camera, verdicts in rows[:1]:
            verdict, text = verdicts[surface], pages.say(_SAY[assistant], camera=camera.name)
            if not isinstance(verdict, Refusal):
                return Sentence(assistant, text, camera.id)
            why_not = " ".join(row_text(verdict.reason, pages.language(), verdict.camera, verdict.vendor))
            return Sentence(assistant, text, camera.id, why_not)
        return Sentence(assistant, "")

    def _asks(self, account: str) -> list[Happening]:
        """Lists the last requests to assistants, newest first."""
        try:
            return self._happenings.rows(account, self._owner.known(account), kind=ASKED, most=MOST).shown
        except Unavailable:
            return []
