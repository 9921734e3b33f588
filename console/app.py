"""The pages a person sees beside linking: for now the front page."""

from flask import Blueprint, Response, render_template, request


def blueprint(*, practice_url: str) -> Blueprint:
    """`practice_url`: the demo's practice page, "" outside the demo."""
    pages = Blueprint(
        "console", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )

    @pages.get("/")
    def front() -> Response:
        norwegian = request.accept_languages.best_match(["en", "nb", "no", "nn"], "en") != "en"
        language = "nb" if norwegian else "en"
        response = Response(render_template("front.html", practice_url=practice_url, language=language))
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        return response

    return pages
