"""The console's answers: its pages, its JSON, and the policy of what a page may load."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, cast

import msgspec
from flask import Response, current_app, g, make_response, redirect, render_template, request
from msgspec import Struct

from showcam.console.look import cookies
from showcam.drivers.camera import Camera, Refusal
from showcam.drivers.errors import Reason, Unavailable
from showcam.drivers.vendor import Sentence
from showcam.i18n.catalogue import OURS, Language, chosen, in_words, mark
from showcam.net.text import problem_of
from showcam.registry.gate.reasons import explain
from showcam.registry.owner.owner import Owner
from showcam.registry.owner.sign_in_outcome import WRITTEN, no_password
from showcam.registry.quiet_times import NEVER, QuietTimes

# by reason: the status, the heading, and a text about what happened and what to do
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "form": (400, mark("This page has expired, or cookies are off"), mark("Nothing was changed. Open the page again.")),
    "request": (400, mark("This can't be read"), mark("Nothing was changed. Open the page again.")),
    "callback": (403, mark("This sign-in can't be finished"), WRITTEN["callback"]),
    "member": (403, mark("Here you can only watch"), mark("Ask an owner.")),
    "no_camera": (404, mark("This camera is gone"), mark("It was removed.")),
    "too_often": (429, mark("Too many requests"), mark("Try again in a minute.")),
    "store": (503, mark("That did not work just now"), mark("Try again in a minute.")),
    "no_room": (503, mark("showcam can't write to its disk"), mark("Make room there, then try again.")),
    "fault": (500, mark("Something went wrong here"), mark("It is in showcam's log. Try again.")),
}

_DOCUMENT = re.compile(r"(/help/docs/[a-z-]+\.md)")
_ID = re.compile(r"[a-z]+-[a-zA-Z0-9_-]{1,40}")
PARTS = "CONSOLE_PARTS"  # key of the app's configuration: the Parts of this installation's console
VENDOR = "CONSOLE_VENDOR"  # key of the app's configuration: the vendor's name


class Parts(Struct, frozen=True):
    """The parts that not every installation's console has.

    `operated`: who is signed in also runs the installation, and so has the pages of set-up, health and trial. `adds`:
    owners may add their own cameras of the house. `tvs`: cameras may be shown on TVs of the house. `notifies`: owners
    are notified of faults. `plays`: the household's own programs may watch.
    """

    operated: bool = True
    adds: bool = False
    tvs: bool = False
    notifies: bool = False
    plays: bool = False


# The pages for somebody who is signed in, as the header lists them.
MENU = (
    ("/home", mark("Cameras")),
    ("/home/assistants", mark("Assistants")),
    ("/home/try", mark("Try it")),
    ("/home/health", mark("Health")),
    ("/home/phones", mark("Phones")),
    ("/home/setup", mark("Set-up")),
    ("/help", mark("Help")),
)
OF_MEMBERS = (MENU[0], MENU[-1])
OF_TVS = (("/home/tv", mark("TV")),)  # in the menu if cameras may be shown on TVs of the house
OF_OPERATOR = frozenset({"/home/try", "/home/health", "/home/setup"})  # in the menu if the console has these pages
SHORT_MEND = 200  # characters; if there are many cameras, a longer text is folded
ASSISTANTS = {"alexa": "Alexa", "google": "Google"}


LANGUAGES: dict[Language, str] = {"en": "English", "nb": "Norsk bokmål", "de": "Deutsch"}  # each in its own words


def day(when: float) -> str:
    """Returns the day of epoch seconds, by the household's clocks, in a form that reads the same in each language."""
    return f"{_local(when):%Y-%m-%d}"


def moment(when: float) -> str:
    """Returns the time of epoch seconds, by the household's clocks, to the minute."""
    return f"{_local(when):%Y-%m-%d %H:%M}"


def _local(when: float) -> datetime:
    """Returns the time in the signed-in household's zone, or in this machine's zone if nobody is signed in."""
    quiet: Callable[[], QuietTimes] | None = g.get("quiet_times")
    return (quiet() if quiet else NEVER).local(when)


def policy(media: str) -> str:
    """Allows a page its own script, its own requests, and video from `media`; nothing else, and no frame around it.

    A form may lead to the vendors that ask for the password on their own pages.
    """
    pictures = f"'self' {media}" if media else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures}; "
        f"manifest-src 'self'; connect-src {pictures}; media-src {pictures} blob:; "
        f"form-action {' '.join(("'self'", *g.get('leads_to', ())))}; frame-ancestors 'none'; base-uri 'none'"
    )


def problem(reason: str) -> Response:
    """`reason` is a key of PROBLEMS."""
    status, heading, text = PROBLEMS[reason]
    if request.endpoint in ("home.open", "home.try_offer"):
        return problem_json(status, heading, text)
    return rendered("look/problem", status, heading=heading, text=text)


def language() -> Language:
    """Returns the language that was pressed in this browser, else the first that the browser asks for."""
    return chosen((request.cookies.get(cookies.LANGUAGE, ""), *request.accept_languages.values()))


def vendor() -> str:
    """Returns the vendor whose form is shown, or the usual vendor."""
    return str(g.get("vendor") or current_app.config[VENDOR])


def say(sentence: str, **gaps: object) -> str:
    return OURS.say(language(), sentence, **{"vendor": vendor(), **gaps})


def why(done: object, own: Mapping[Reason, Sentence] | None = None) -> str:
    """Says why nothing was done, if that is a Refusal; else "". `own`: sentences in place of those for assistants."""
    return explain(done, language(), own or {}) if isinstance(done, Refusal) else ""


def is_id(camera: str) -> bool:
    """Tells whether the text may be a camera's id; a browser may send anything."""
    return _ID.fullmatch(camera) is not None


def rendered(template: str, status: int, /, **context: Any) -> Response:
    locale, has = language(), current_app.config.get(PARTS, Parts())
    given = {
        "menu": _menu(has, may_change=bool(context.get("may_change", True))),
        "has": has,
        "short_mend": SHORT_MEND,
        "here": request.path,
        "assistants": ASSISTANTS,
        "day": day,
        "moment": moment,
        "_": partial(OURS.say, locale, vendor=vendor()),
        "in_words": lambda text: in_words(text, locale),
        "pieces": lambda text: _DOCUMENT.split(str(in_words(text, locale))),  # each second one is a document's address
        "locale": locale,
        "language_names": LANGUAGES,
        "no_password": no_password(locale, vendor()),
    }
    return make_response(render_template(f"{template}.html", **given, **context), status)


def _menu(has: Parts, *, may_change: bool) -> tuple[tuple[str, str], ...]:
    if not may_change:
        return OF_MEMBERS
    listed = (*MENU[:1], *OF_TVS, *MENU[1:]) if has.tvs else MENU
    return tuple(entry for entry in listed if has.operated or entry[0] not in OF_OPERATOR)


def again(camera: str = "") -> Response:
    """Leads back to the page of cameras; with a camera's id, to the camera's tile."""
    return led(f"/home#{camera}" if is_id(camera) else "/home")


def led(address: str) -> Response:
    """Leads to another page of the console."""
    return cast("Response", redirect(address, 303))


def data(content: object) -> Response:
    return Response(msgspec.json.encode(content), content_type="application/json")


def saved(content: bytes | str, kind: str, name: str) -> Response:
    """An answer that the browser saves as a file of the given name. `kind` is the content type."""
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def jpeg(content: bytes) -> Response:
    return Response(content, content_type="image/jpeg", headers={"X-Content-Type-Options": "nosniff"})


def cameras(owner: Owner, account: str) -> tuple[Camera, ...]:
    """Returns the household's cameras, or none while they can't be listed."""
    try:
        return owner.cameras(account).cameras
    except Unavailable:
        return ()


def signed_out() -> Response:
    """Answers the script of a page whose session has ended."""
    return problem_json(401, "Signed out", "Open the page again and sign in.")


def problem_json(status: int, title: str, detail: str) -> Response:
    return Response(
        msgspec.json.encode(problem_of(status, title, detail)), status, content_type="application/problem+json"
    )
