"""The public pages apart from linking: the front page, help, and those for unknown addresses and for a store error."""

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from showcam.console.help.documents import Documents
from showcam.console.help.page import NOTHING_HEARD, Heard, Help
from showcam.console.look.pages import PROBLEMS, language
from showcam.drivers.errors import is_reason
from showcam.i18n.catalogue import OURS, mark
from showcam.registry.gate.reasons import of_number
from showcam.store.ports import StoreUnavailable

log = structlog.get_logger()

# The pages for everybody, as the header lists them.
MENU = (("/", mark("Start")), ("/help", mark("Help")))
NONE = Documents()
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"


def blueprint(
    *,
    practice_url: str,
    vendor: str = "",
    heard: Heard = NOTHING_HEARD,
    published: bool = False,
    leads_home: Callable[[], bool] = lambda: False,
    documents: Documents = NONE,
    has_cameras: bool = False,
) -> Blueprint:
    """`practice_url`: the demo's practice page, "" outside the demo. `vendor`: the vendor's name, "" for several.

    `heard`: the assistants' words for each reason. `published`: the assistants' apps list showcam to everybody, not
    only to its owner. `leads_home`: tells whether this request for the front page is led to the cameras. `documents`:
    the owner's, which a function on AWS lacks. `has_cameras`: everybody reaches their own page of cameras.
    """
    pages = Blueprint("console", __name__)
    helped = Help(vendor, heard)

    @pages.get("/help")
    def help_() -> str:
        return _page("help/page", vendor, **helped.all(language()))

    @pages.get("/help/<reason>")
    def help_of(reason: str) -> str:
        if not is_reason(reason):
            abort(404)
        return _page("help/reason", vendor, **helped.of(reason, language()))

    @pages.get("/help/docs/<name>")
    def document(name: str) -> str:
        sections = documents.sections(name)
        return _page("help/document", vendor, sections=sections) if sections else abort(404)

    @pages.get("/h/<int:number>")
    def short(number: int) -> BaseResponse:
        reason = of_number(number)
        return redirect(f"/help/{reason}", 302) if reason else abort(404)

    @pages.get("/")
    def front() -> BaseResponse | str:
        return redirect("/home", 302) if leads_home() else start()

    @pages.get("/start")
    def start() -> str:
        return _page("help/front", vendor, practice_url=practice_url, published=published, has_cameras=has_cameras)

    @pages.app_errorhandler(404)
    def missing(_error: Exception) -> tuple[str, int]:
        return _page("help/missing", vendor), 404

    # the console and linking handle it themselves
    @pages.app_errorhandler(StoreUnavailable)
    def unavailable(_error: StoreUnavailable) -> tuple[str, int]:
        log.warning("the store can't be reached", reason="store")
        status, heading, text = PROBLEMS["store"]
        return _page("help/unavailable", vendor, heading=heading, text=text), status

    @pages.after_app_request
    def guarded(response: Response) -> Response:
        for name, value in (
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
        ):
            response.headers.setdefault(name, value)  # a header that the page set stays
        return response

    return pages


def _page(template: str, vendor: str, **context: Any) -> str:
    """Renders the page in the browser's language, on the look of showcam.console.look."""
    locale = language()
    say = partial(OURS.say, locale, vendor=vendor)
    given = {"_": say, "locale": locale, "vendor": vendor, "menu": MENU, "here": request.path}
    return render_template(f"{template}.html", **given, **context)
