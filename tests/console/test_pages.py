"""The front page and the page for unknown addresses: path, language, status and text."""

import json

import pytest
from flask import Flask

from showcam.console.help.public import blueprint
from showcam.console.look import files
from tests.doubles.program import ROOT


@pytest.mark.parametrize(
    ("path", "language", "status", "text"),
    [
        ("/", "en", 200, "Link it"),
        ("/", "nb-NO,nb;q=0.9", 200, "Koble til"),
        ("/", "no", 200, "Koble til"),
        ("/", "de-AT", 200, "Sage „zeige die Gartenkamera“. Geht das nicht, hörst du, warum"),
        ("/", "fr", 200, "Link it"),
        ("/nothing", "en", 404, "There is no such page"),
        ("/nothing", "nn", 404, "Denne siden finnes ikke"),
        ("/nothing", "de", 404, "Diese Seite gibt es nicht"),
    ],
)
def test_a_page_speaks_the_visitors_language(path: str, language: str, status: int, text: str) -> None:
    app = Flask("test", static_folder=None)
    app.register_blueprint(files.blueprint())
    app.register_blueprint(blueprint(practice_url=""))
    answer = app.test_client().get(path, headers={"Accept-Language": language})
    assert (answer.status_code, text in answer.text) == (status, True)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "practice" not in answer.text


@pytest.mark.parametrize(
    ("sign_up_open", "alexa", "google"),
    [
        (False, "Skills &amp; Games › Your Skills › Dev › showcam", "Works with Google Home › [test] showcam"),
        (True, "Skills &amp; Games › showcam", "Devices › Add › Works with Google Home ›"),
    ],
)
def test_where_the_skill_is_found_in_the_apps(sign_up_open: bool, alexa: str, google: str) -> None:
    """An owner's own is among the skills in development; one for everybody is published."""
    app = Flask("test", static_folder=None)
    app.register_blueprint(files.blueprint())
    app.register_blueprint(blueprint(practice_url="", published=sign_up_open))
    page = app.test_client().get("/").text
    assert (alexa in page, google in page) == (True, True)


def test_the_demo_leads_to_its_practice_page() -> None:
    app = Flask("test", static_folder=None)
    app.register_blueprint(files.blueprint())
    app.register_blueprint(blueprint(practice_url="http://127.0.0.1:8082/"))
    assert 'href="http://127.0.0.1:8082/"' in app.test_client().get("/").text


def test_without_a_product_the_app_is_showcams_and_there_is_no_other_logo() -> None:
    app = Flask("test", static_folder=None)
    app.register_blueprint(files.blueprint())
    described = app.test_client().get("/static/app.webmanifest")
    assert described.json == json.loads((ROOT / "showcam/console/static/app.webmanifest").read_text())
    assert described.content_type == "application/manifest+json"
    assert app.test_client().get("/static/logo").status_code == 404
