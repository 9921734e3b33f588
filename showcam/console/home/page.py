"""The console's page /home: enter the printed code, sign in to the vendor, and see each camera live or why not."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

import msgspec
from flask import Blueprint, Flask, Response, g, redirect, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, TooManyRequests

from showcam.accounts.attempts import REFUSAL_S, Pace
from showcam.accounts.console_sessions import ConsoleSession, ConsoleSessions
from showcam.accounts.phone_codes import PhoneCodes
from showcam.accounts.states import States
from showcam.console.door.entrance import CODE, Entrance
from showcam.console.door.in_house import STEPS, Door
from showcam.console.door.sign_in import Form, SigningIn
from showcam.console.home.forms import TileForms
from showcam.console.home.gallery import Gallery
from showcam.console.home.sentences import WAYS
from showcam.console.home.tiles import Asked, Tiles, at_own_media, shown
from showcam.console.look import cookies, pages
from showcam.console.look.area import READ, Area, EndPictures, Rule
from showcam.console.look.pages import PROBLEMS, Parts
from showcam.drivers.camera import Refusal
from showcam.engine.messages import BadOffer
from showcam.i18n.catalogue import known
from showcam.registry.gate.reasons import explain
from showcam.registry.owner.last_stills import LARGEST
from showcam.registry.owner.owner import Owner
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.owner.sign_in_outcome import refused
from showcam.store.ports import NoRoom, Store, StoreUnavailable

_asked = msgspec.json.Decoder(Asked)

EARLY = ("setup", "setup_step", "reachable", "reachable_step")  # names of views for a browser without a household
# names of views that a member may see, who changes nothing
WATCHED = ("camera", "camera_still", "last_still", "is_open", "happened", "alarm_picture", "talk")
# names of views for whoever may open the page; they get no session
FREE = ("came_back", "phone", "language")


@dataclass(frozen=True)
class HomeSettings:
    media_port: int | None  # None: pictures come from another machine, by https
    live: int  # pictures at once
    has: Parts
    back: str = ""  # the address of the vendor's callback at showcam
    most: int | None = None  # requests of a household in a minute; None: no limit
    refusal_s: float = REFUSAL_S  # least duration of a refusal whose cause must not show


class Home:
    """`end_pictures` ends the pictures of a console session, by its id."""

    def __init__(
        self,
        store: Store,
        sign_in: SignIn,
        owner: Owner,
        entrance: Entrance,
        settings: HomeSettings,
        end_pictures: EndPictures,
        states: States,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.entrance = entrance
        self._owner, self.sign_in, self._settings = owner, sign_in, settings
        self._sessions, self._tiles = ConsoleSessions(store, clock), Tiles(owner, store)
        self.area = Area(store, self._sessions, end_pictures, media_port=settings.media_port, most=settings.most)
        signing_in = partial(
            SigningIn, sessions=self._sessions, states=states, back=settings.back, names=entrance.names
        )
        at_door = signing_in(entrance.admits(sign_in), adds=False, pace=Pace(settings.refusal_s))
        # a browser that gave no printed code is no more trusted once it has signed in to its own household
        self.signing_in = signing_in(sign_in, adds=settings.has.adds) if entrance.prints_codes else at_door
        self._door = Door(self._sessions, entrance, at_door)
        self.forms = TileForms(owner, self._sessions, sign_in.vendor, clock)
        self.gallery = Gallery(self._tiles, self.forms, sign_in, owner, settings.live, clock)
        self.phone_codes = PhoneCodes(store, self._sessions, clock)
        self._opened: Callable[[str], None] = lambda account: None

    @property
    def vendor(self) -> str:
        return self.sign_in.vendor

    @property
    def has(self) -> Parts:
        return self._settings.has

    def when_open(self, callback: Callable[[str], None]) -> None:
        """`callback` gets the household of each open page, several times a minute; it must be quick."""
        self._opened = callback

    def leads_home(self) -> bool:
        """Tells whether a request for the front page is led to the cameras: in the house, or by the owner's proxy."""
        return cookies.base() is not None or (self.entrance.in_house() and self.entrance.has_households())

    # the page

    def show(self) -> Response:
        return self._due(self.area.current())

    def take(self) -> Response:
        step, current = request.form.get("step", ""), self.area.current()
        if step == "enter":
            return self._enter()
        if current is None or current.at_door:
            return self._through_door(current, step)
        if step == "sign-out":
            return self.area.signed_out(current)
        if current.role != "owner":
            return pages.problem("member")
        if self.signing_in.takes(current, step):
            return self._after(self.signing_in.take(current, step))
        if self.gallery.takes(step):
            why = self.gallery.take(current, step)
            return self._cameras(current, error=why) if why else pages.again(request.form.get("camera", ""))
        return pages.problem("request")

    def _due(self, current: ConsoleSession | None) -> Response:
        if current is None or current.at_door:
            return self._at_door(current)
        form = self.signing_in.due(current)
        return self._form(form) if form else self._cameras(current)

    def _enter(self) -> Response:
        verdict = self.entrance.enter(request.form.get("entry", "").strip())
        if verdict == "right":
            return self.area.begun(self._sessions.begin())
        status, sentence = CODE[verdict]
        return self._at_door(self.area.current(), status, code_error=pages.say(sentence))

    def _at_door(self, current: ConsoleSession | None, status: int = 200, **context: Any) -> Response:
        """The form of the household's password, with the printed code below; before the first household only the code.

        Outside the house only the code's form is shown.
        """
        may = self._door.is_open_to(current) and self.entrance.has_households()
        form = self._door.form(current) if may else None
        if form is not None and form.name == "code":
            return self._page(f"door/{form.name}", status, **form.fields)
        ended = current is None and self.area.has_ended()
        fields = form.fields if form else {}
        given = {"ended": ended, "known": form is not None, "prints_codes": self.entrance.prints_codes}
        return self._page("door/enter", status, **{**given, **fields, **context})

    def _through_door(self, current: ConsoleSession | None, step: str) -> Response:
        if step not in STEPS:
            return self._at_door(current, 403)
        if not self._door.is_open_to(current):
            return self._at_door(current, 403, code_error=pages.say(CODE["outside"][1]))
        outcome = self._door.take(current, step)
        if isinstance(outcome.due, Form):
            form = outcome.due
            return self._form(form) if form.name == "code" else self._at_door(current, form.status, **form.fields)
        if outcome.is_signed_in:
            return self.area.begun(outcome.cookie, self.area.wanted())
        response = outcome.due or pages.again()
        return self.area.with_cookie(response, outcome.cookie) if outcome.cookie else response

    def came_back(self, kind: str) -> Response:
        """Takes a browser back from a vendor's own page."""
        current = self.area.current()
        if current is None or (current.at_door and not self._door.is_open_to(current)):
            return pages.led(cookies.HOME)
        signing_in = self._door.signing_in if current.at_door else self.signing_in
        outcome = signing_in.came_back(current, kind)
        if isinstance(outcome, str):
            return self.area.begun(outcome)
        vendors, heading = self.sign_in.vendors, PROBLEMS["callback"][1]
        vendor = vendors[kind].vendor if kind in vendors else self.vendor
        return self.area.page("look/problem", 403, heading=heading, text=refused(outcome.why, pages.language(), vendor))

    def _after(self, outcome: str | Form | Response | None) -> Response:
        if isinstance(outcome, Form):
            return self._form(outcome)
        if isinstance(outcome, str):
            return self.area.begun(outcome, self.area.wanted())
        return outcome or pages.again()

    def _form(self, form: Form) -> Response:
        return self._page(f"door/{form.name}", form.status, **form.fields)

    def _cameras(self, current: ConsoleSession, error: str = "") -> Response:
        view = self.gallery.of(current)
        if view.why and view.signed_out:
            why = f"{view.why['wrong']} {view.why['mend']}"
            return self._form(self.signing_in.form(current, error=why, user=current.user))
        status = 503 if view.why else 403 if error else 200
        given = {"view": view, "live": self.gallery.live}
        return self._page("home/page", status, user=current.user, error=error, **given)

    # a camera

    def open(self, camera: str) -> Response:
        current = self.area.current()
        if current is None or not current.account:
            return pages.signed_out()
        try:
            wish = _asked.decode(request.get_data())
            found = self._tiles.open(current, camera, wish, pages.language())
        except (msgspec.MsgspecError, UnicodeDecodeError, BadOffer):
            return pages.problem_json(400, "That is no offer", "Send session and sdp as JSON.")
        if isinstance(found, dict):
            return pages.data(found)
        way = pages.say(WAYS[found.way]) if found.way in WAYS else ""
        return pages.data(shown(found, self.area.media(), way))

    def still(self, current: ConsoleSession, camera: str) -> Response:
        """Leads to a still picture of this moment."""
        found = self._owner.still(current.account, current.id, camera)
        if isinstance(found, Refusal):
            return pages.problem_json(404, "No picture", explain(found, pages.language()))
        return cast("Response", redirect(at_own_media(found.url, self.area.media()), 302))

    def last_still(self, current: ConsoleSession, camera: str) -> Response:
        """The picture that was last kept of the camera."""
        found = self._owner.camera(current.account, camera)
        jpeg = self._owner.last_stills.of(current.account, found) if found else None
        if jpeg is None:
            return pages.problem_json(404, "No picture", "None is kept of this camera.")
        return pages.jpeg(jpeg)

    def keep_still(self, current: ConsoleSession, camera: str) -> Response:
        """Keeps what a browser shows of the camera now. A page sends that without waiting for an answer."""
        found = self._owner.camera(current.account, camera)
        jpeg = request.get_data() if (request.content_length or 0) <= LARGEST else b""
        kept = found is not None and self._owner.last_stills.put(current.account, found, jpeg)
        return Response(status=204) if kept else pages.problem_json(409, "Not kept", "It may not be kept.")

    def is_open(self, current: ConsoleSession) -> Response:
        """A browser reports that somebody has a page with cameras open."""
        self._opened(current.account)
        return Response(status=204)

    def language(self) -> Response:
        """Keeps the language that was pressed, and leads back to the page."""
        at, chosen = request.form.get("at", ""), known(request.form.get("language", ""))
        response = pages.led(f"/{at.lstrip('/')}" if cookies.is_home(at) else cookies.HOME)
        if chosen is not None:
            cookies.keep_language(response, chosen)
        return response

    def rules(self) -> list[Rule]:
        """The addresses of the pages, apart from /home itself."""
        return [
            ("/home/cameras/<camera>/still.jpg", "camera_still", self.still, READ),
            ("/home/cameras/<camera>/last.jpg", "last_still", self.last_still, READ),
            ("/home/cameras/<camera>/last", "keep_still", self.keep_still, ("POST",)),
            ("/home/open", "is_open", self.is_open, READ),
            ("/home/language", "language", self.language, ("POST",)),
            ("/home/callback/<kind>", "came_back", self.came_back, READ),
        ]

    def _page(self, name: str, status: int = 200, **context: Any) -> Response:
        return self.area.page(name, status, **{"owners": self.sign_in.has_owner_users(), **context})


class Page(Protocol):
    """A page of the console, or several pages that belong together."""

    def rules(self) -> list[Rule]: ...


def bind(app: Flask, home: Home, *more: Page) -> None:
    """Adds the console to an app whose forms have CSRF protection (oauth.app.bind brings it)."""
    app.config.update({pages.VENDOR: home.vendor, pages.PARTS: home.has})
    app.session_interface = cookies.FormCookie()
    app.before_request_funcs.setdefault(None, []).insert(0, home.entrance.guard)
    room = Blueprint("home", __name__)
    room.add_url_rule("/home", view_func=home.show, methods=["GET"], endpoint="page")
    room.add_url_rule("/home", view_func=home.take, methods=["POST"], endpoint="step")
    room.add_url_rule("/home/cameras/<camera>", view_func=home.open, methods=["POST"], endpoint="open")
    for path, name, view, methods in (rule for page in (home, *more) for rule in page.rules()):
        owned = view if name in FREE else home.area.owned(view, early=name in EARLY, watched=name in WATCHED)
        room.add_url_rule(path, view_func=owned, methods=methods, endpoint=name)
    room.before_request(_same_site)
    room.after_request(_guarded)
    for kind, reason in (
        *((CSRFError, "form"), (NoRoom, "no_room"), (StoreUnavailable, "store")),
        *((HTTPException, "request"), (500, "fault")),
    ):
        room.register_error_handler(kind, partial(_failed, reason))
    room.register_error_handler(TooManyRequests, _too_often)
    app.register_blueprint(room)


def _too_often(error: TooManyRequests) -> Response:
    response = pages.problem("too_often")
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def _failed(reason: str, _error: Exception) -> Response:
    return pages.problem(reason)


def _same_site() -> Response | None:
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return pages.problem("form")
    return None


def _guarded(response: Response) -> Response:
    if g.get("hidden"):
        return response  # the same answer as for any page that does not exist
    if renewed := g.get("renewed_cookie"):
        cookies.keep(request, response, renewed)
    response.headers["Content-Security-Policy"] = g.get("home_policy") or pages.policy("")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
