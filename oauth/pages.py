"""Renders the pages: which assistant, in which language, and where a form on them may lead."""

import math
from dataclasses import dataclass
from typing import Any, cast

from flask import Response, g, make_response, redirect, render_template, request, url_for

from oauth import wording
from oauth.language import words_for
from store.records import Assistant


@dataclass(frozen=True)
class Named:
    name: str
    company: str
    privacy: str
    manage: str  # where its user unlinks


ASSISTANTS: dict[Assistant, Named] = {
    "alexa": Named("Alexa", "Amazon", "https://www.amazon.com/privacy", "https://alexa.amazon.com"),
    "google": Named("Google", "Google", "https://policies.google.com/privacy", "https://myaccount.google.com"),
}


def page(template: str, status: int = 200, **context: Any) -> Response:
    words = words_for(request)
    text = render_template(f"oauth/{template}.html", _=words, locale=words.locale, **context)
    response = make_response(text, status)
    response.headers["Content-Language"] = words.locale
    return response


def linking_page(template: str, assistant: Assistant, status: int = 200, **context: Any) -> Response:
    return page(template, status, assistant=ASSISTANTS[assistant], kind=assistant, **context)


def refusal(why: str, retry_after_s: int = 0) -> tuple[int, str]:
    """Status and translated text."""
    status, text = wording.SIGN_IN[why]
    return status, words_for(request)(text, minutes=minutes(retry_after_s))


def minutes(seconds: int) -> int:
    return max(1, math.ceil(seconds / 60))


def again() -> Response:
    """To the same address, by GET."""
    return cast(Response, redirect(_same(), 303))


def problem(reason: str) -> Response:
    """Our own page, which leads nowhere but, where that is worth a try, to the step that is due at the same address."""
    g.form_action = "'self'"
    status, heading, text = wording.PROBLEMS[reason]
    onward = _same() if reason == "form" and request.endpoint == "oauth.authorize" else ""
    return page("problem", status, heading=heading, text=text, onward=onward)


def _same() -> str:
    return f"{url_for('oauth.authorize')}?{request.query_string.decode(errors='replace')}"
