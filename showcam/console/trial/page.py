"""The page that tries a sentence on the household's own cameras: what Alexa and Google would be answered."""

import time
from dataclasses import dataclass

import msgspec
from flask import Response, request
from msgspec import Struct

from showcam.accounts.clients import TRIAL_S
from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.home.tiles import at_own_media
from showcam.console.look import pages
from showcam.console.look.area import READ, Area, Rule
from showcam.console.trial.echo import Echo
from showcam.console.trial.google_display import GoogleDisplay
from showcam.console.trial.heard import TRIAL, Ask, Exchanges, Heard, Messages, Reasons
from showcam.registry.owner.owner import Owner
from showcam.store.records import Assistant, Link

AT = "/home/try"
LONGEST = 200


class Offered(Struct, frozen=True, forbid_unknown_fields=True):
    """The page's request for the Echo: the camera to show, and an SDP offer, or "" for HLS."""

    camera: str
    sdp: str


class Answered(Struct, frozen=True):
    """The answer to the page: one of `sdp` and `hls` is set if a picture comes."""

    says: str
    told: str
    sdp: str
    hls: str
    messages: Messages


_offered = msgspec.json.Decoder(Offered)


@dataclass(frozen=True)
class Doors:
    """Each door answers an assistant's message as if it came with a token of the link. `skill` is the spoken half."""

    alexa: Ask
    google: Ask
    skill: Ask


class Trial:
    def __init__(self, owner: Owner, area: Area, doors: Doors) -> None:
        self._owner, self._area, self._doors = owner, area, doors

    def rules(self) -> list[Rule]:
        return [
            (AT, "try", self.show, READ),
            (AT, "try_step", self.take, ("POST",)),
            (f"{AT}/offer", "try_offer", self.offer, ("POST",)),
        ]

    def show(self, _current: ConsoleSession) -> Response:
        return self._area.page("trial/page", text="", heard=())

    def take(self, current: ConsoleSession) -> Response:
        text = " ".join(request.form.get("text", "").split())[:LONGEST]
        if not text:
            return self._area.page("trial/page", 403, text="", heard=(), error=pages.say(TRIAL["nothing_said"]))
        # the language of a picture that says why, for as long as a picture may be shown
        self._area.sessions.remember(current, pages.language().encode(), TRIAL_S, "language")
        google = GoogleDisplay(self._exchanges(current, "google"), Reasons(self._owner, current.account))
        heard = (self._echo(current).say(text), self._here(google.say(text)))
        return self._area.page("trial/page", text=text, heard=heard)

    def offer(self, current: ConsoleSession) -> Response:
        """The Echo's second step: takes the offer of the page's script, and returns the outcome."""
        try:
            offered = _offered.decode(request.get_data())
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return pages.problem_json(400, "That is no offer", "Send camera and sdp as JSON.")
        heard, answer = self._echo(current).show(offered.camera, offered.sdp)
        heard = self._here(heard)
        return pages.data(Answered(heard.says, heard.told, answer, heard.hls, heard.messages))

    def _echo(self, current: ConsoleSession) -> Echo:
        reasons = Reasons(self._owner, current.account)
        return Echo(self._exchanges(current, "alexa"), self._doors.skill, reasons)

    def _exchanges(self, current: ConsoleSession, assistant: Assistant) -> Exchanges:
        """Makes a link that is stored nowhere.

        The console's session counts as the viewer of all video through this link.
        """
        link = Link(
            current.id, current.account, "console", assistant, "", None, pages.language(), time.time(), "console"
        )
        return Exchanges(link, self._doors.alexa if assistant == "alexa" else self._doors.google)

    def _here(self, heard: Heard) -> Heard:
        """Gives the reaction's video the address where this browser reaches it."""
        hls = at_own_media(heard.hls, self._area.media()) if heard.hls else ""
        return msgspec.structs.replace(heard, hls=hls)
