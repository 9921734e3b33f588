"""The pages beside linking: the front page and the page for unknown addresses."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template, request

from registry.gate.reasons import OF_PICTURES, row_text
from words.catalogue import OURS
from words.languages import chosen

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"


def blueprint(*, practice_url: str, vendor: str = "") -> Blueprint:
    """`practice_url`: the demo's practice page, "" outside the demo. `vendor`: the vendor's name, "" for several."""
    pages = Blueprint("console", __name__, template_folder="templates")

    @pages.get("/")
    def front() -> str:
        locale = chosen(request.accept_languages.values())
        reasons = [row_text(reason, locale, vendor=vendor) for reason in OF_PICTURES]
        return _page("front", vendor, practice_url=practice_url, reasons=reasons)

    @pages.app_errorhandler(404)
    def missing(_error: Exception) -> tuple[str, int]:
        return _page("missing", vendor), 404

    @pages.after_app_request
    def guarded(response: Response) -> Response:
        for name, value in (
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
        ):
            response.headers.setdefault(name, value)  # a room that sets its own header keeps it
        return response

    return pages


def _page(template: str, vendor: str, **context: Any) -> str:
    """The page in the browser's language, on the look of console.look."""
    locale = chosen(request.accept_languages.values())
    say = partial(OURS.say, locale, vendor=vendor)
    return render_template(f"{template}.html", _=say, locale=locale, vendor=vendor, **context)
