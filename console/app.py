"""The pages a person sees beside linking: the front page, and what is said where there is none."""

from flask import Blueprint, Response, render_template, request

from registry.gate.reasons import OF_PICTURES, row_text

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"


def blueprint(*, practice_url: str) -> Blueprint:
    """`practice_url`: the demo's practice page, "" outside the demo."""
    pages = Blueprint(
        "console", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )

    @pages.get("/")
    def front() -> str:
        language = _language()
        reasons = [row_text(reason, language) for reason in OF_PICTURES]
        return render_template("front.html", practice_url=practice_url, language=language, reasons=reasons)

    @pages.app_errorhandler(404)
    def missing(_error: Exception) -> tuple[str, int]:
        return render_template("missing.html", language=_language()), 404

    @pages.after_app_request
    def guarded(response: Response) -> Response:
        for name, value in (
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
        ):
            response.headers.setdefault(name, value)  # a room that says more keeps its own
        return response

    return pages


def _language() -> str:
    return "nb" if request.accept_languages.best_match(["en", "nb", "no", "nn"], "en") != "en" else "en"
