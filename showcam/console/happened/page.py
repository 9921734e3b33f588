"""The page of sightings and asks, newest first, its part on a camera's page, and the vendor's pictures."""

import time
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from flask import Response, request
from msgspec import Struct

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.look import pages
from showcam.console.look.area import PAGE, READ, Area, Rule
from showcam.drivers.camera import Camera
from showcam.drivers.errors import Unavailable, is_reason
from showcam.engine.grants import START_S
from showcam.i18n.catalogue import OURS, Language, mark
from showcam.registry.gate.reasons import explain, row_text
from showcam.registry.owner.alarm_pictures import KINDS, AlarmPictures
from showcam.registry.owner.owner import Owner
from showcam.registry.streams.history import TALK, History
from showcam.store.records import ASKED, DAY_S, Ask, Link

# Outcomes of an ask, in the history of a camera.
HISTORY = {
    "shown": mark("Shown after {took} s, for {long} min."),
    "waiting": mark("Picture not fetched yet."),
    "unfetched": mark("Picture never fetched."),
    "sent": mark("Sent after {took} s."),  # if nothing learns whether it was fetched
}
# Sightings in the history, and the vendor's picture of a sighting.
SEEN = {
    "motion": mark("Motion"),
    "person": mark("A person"),
    "doorbell": mark("Somebody rang"),
    "tamper": mark("Turned away, covered or blinded."),
    "phone": mark("Sent to the phone after {took} s."),
    "no_phone": mark("Sent to no phone."),
    TALK: mark("Somebody talked through it"),
    "no_picture": mark("No picture"),
    "no_picture_here": mark("No picture"),
}

AT = "/home/happened"
AT_ONCE = 50  # rows of a page
FEW = 4  # rows on a camera's own page
FILTERS = {
    "": mark("All"),
    "doorbell": mark("Rings"),
    "person": mark("Persons"),
    "motion": mark("Motion"),
    ASKED: mark("Assistants"),
    "tamper": mark("Tampering"),
}
ICONS = {
    "doorbell": "bell",
    "person": "person",
    "motion": "motion",
    ASKED: "sound",
    "tamper": "alert",
    "phone": "bell",
    "no_phone": "alert",
    TALK: "microphone",
}


class Happening(Struct, frozen=True):
    """`who` is the assistant that was asked, or "". `has_picture`: the vendor may keep a picture."""

    id: str
    camera: str
    name: str
    icon: str
    at: str
    when: str
    who: str
    what: str
    has_picture: bool


class Rows(Struct, frozen=True):
    """`more` is the address of the older rows, or "". `renewed`: the address of only the newest rows."""

    shown: list[Happening]
    more: str
    renewed: str


class Happenings:
    def __init__(
        self,
        owner: Owner,
        area: Area,
        history: History,
        pictures: AlarmPictures,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._owner, self._area, self.history, self._pictures = owner, area, history, pictures
        self._clock = clock

    def rules(self) -> list[Rule]:
        picture = "/home/cameras/<camera>/happened/<sighting>.jpg"
        return [(AT, "happened", self.show, READ), (picture, "alarm_picture", self.picture, READ)]

    def show(self, current: ConsoleSession) -> Response:
        """The page; with `part`, only its rows, for the script."""
        given = request.args
        camera, kind, before = (given.get(name, "")[:64] for name in ("camera", "kind", "before"))
        try:
            cameras = self._owner.known(current.account)
            most = FEW if given.get("part") == "few" else AT_ONCE
            rows = self.rows(current.account, cameras, camera=camera, kind=kind, before=before, most=most)
        except Unavailable:
            return pages.again()  # the page of all cameras says why
        one = next((each for each in cameras if each.id == camera), None)
        context = {
            "rows": rows,
            "one": one,
            "kind": kind,
            "filters": [(each, pages.say(name), _address(camera, each)) for each, name in FILTERS.items()],
            "keeps_history": self.history.is_kept(current.account),
        }
        return self._area.page("happened/rows" if given.get("part") else "happened/page", **context)

    def picture(self, current: ConsoleSession, camera: str, sighting: str) -> Response:
        """The vendor's picture of a sighting, fetched now."""
        found = self.history.sighting(current.account, camera, sighting)
        picture = self._pictures.of(current.account, found) if found else None
        if isinstance(picture, bytes):
            return pages.jpeg(picture)
        why = explain(picture, pages.language()) if picture else pages.say(SEEN["no_picture"])
        if PAGE in request.headers.get("Accept", ""):
            return self._area.page("look/problem", 404, heading=SEEN["no_picture_here"], text=why)
        return pages.problem_json(404, "No picture", why)

    def rows(
        self, account: str, cameras: Iterable[Camera], *, camera: str = "", kind: str = "", before: str = "", most: int
    ) -> Rows:
        """Returns at most `most` rows of the history. Raises Unavailable."""
        found = self.history.of(account, camera=camera, kind=kind, before=before, most=most + 1)
        by_id = {each.id: each for each in cameras}
        rendered = _Rendered(
            self._links(found),
            self._pictures.sources_with(account),
            self._clock(),
            pages.language(),
            has_times=self.history.keeps == "times",
        )
        shown = [rendered.of(ask, by_id[ask.camera]) for ask in found[:most] if ask.camera in by_id]
        more = _address(camera, kind, found[most - 1].id) if len(found) > most else ""
        part = "few" if most == FEW else "all"
        return Rows(shown, more, "" if before else f"{AT}?{urlencode({'part': part, 'camera': camera, 'kind': kind})}")

    def _links(self, asks: Iterable[Ask]) -> dict[str, Link]:
        """The links by id, also ones that have ended."""
        ids = {ask.link for ask in asks if ask.link}
        return {link.id: link for link_id in ids if (link := self._area.store.link(link_id))}


class _Rendered(Struct, frozen=True):
    links: dict[str, Link]
    keeping: frozenset[str]  # ids of sources whose vendor keeps pictures
    now: float
    language: Language
    has_times: bool

    def of(self, ask: Ask, camera: Camera) -> Happening:
        return Happening(
            id=ask.id,
            camera=camera.id,
            name=camera.name,
            icon=ICONS.get(ask.kind, "camera"),
            at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ask.at)),
            when=self._when(ask.at),
            who=self._who(ask),
            what=self._what(ask, camera),
            has_picture=ask.kind in KINDS and camera.ref.source in self.keeping,
        )

    def _when(self, at: float) -> str:
        """The time of a sighting of the last day, else with its date."""
        said = pages.moment(at)
        return said.partition(" ")[2] if self.now - at < DAY_S and pages.day(at) == pages.day(self.now) else said

    def _who(self, ask: Ask) -> str:
        if not ask.link:
            return ""
        assistant = "Google" if ask.surface == "google" else "Alexa"
        link = self.links.get(ask.link)
        return f"{assistant}, {link.label}" if link and link.label else assistant

    def _what(self, ask: Ask, camera: Camera) -> str:
        if not ask.link:
            took = f"{ask.took_s:.1f}"
            return OURS.say(self.language, SEEN[ask.kind], took=took) if ask.kind in SEEN else ask.kind
        if ask.reason:
            if not is_reason(ask.reason):
                return ask.reason
            wrong, _ = row_text(ask.reason, self.language, camera.name, camera.manufacturer)
            return wrong
        if not self.has_times:
            return OURS.say(self.language, HISTORY["sent"], took=f"{ask.took_s:.1f}")
        if ask.live_s:
            minutes, seconds = divmod(round(ask.live_s), 60)
            long = f"{minutes}:{seconds:02}"
            return OURS.say(self.language, HISTORY["shown"], took=f"{ask.took_s:.1f}", long=long)
        word = "waiting" if self.now - ask.at < START_S else "unfetched"
        return OURS.say(self.language, HISTORY[word])


def _address(camera: str, kind: str, before: str = "") -> str:
    query = {name: value for name, value in (("camera", camera), ("kind", kind), ("before", before)) if value}
    return f"{AT}?{urlencode(query)}" if query else AT
