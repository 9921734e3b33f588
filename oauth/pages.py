"""Renders the pages for an assistant, in the language of the request."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from flask import Request, Response, current_app, g, make_response, redirect, render_template, request, url_for

from oauth import wording
from oauth.visits import Visits
from showcam.i18n.catalogue import OURS, Language, chosen
from showcam.registry.owner import sign_in_outcome
from showcam.registry.owner.sign_in_outcome import refused
from showcam.store.ports import Store
from showcam.store.records import Account, Assistant

# The languages of the assistants. A household that names none of them is taken to speak English.
_ALEXA = ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt")
_GOOGLE_BESIDE = ("da", "id", "ko", "nb", "pl", "ru", "sv", "th", "tr", "zh")
_SPOKEN = frozenset(_ALEXA + _GOOGLE_BESIDE)
_BOKMAL = ("no", "nn")
_TAG = re.compile(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?(?:[-_]|$)")


def read(request: Request) -> Language:
    """The language of the page: by `ui_locales`, else Google's `user_locale`, else Accept-Language."""
    return chosen(_tags(request))


def spoken(request: Request) -> str:
    """The household's language for speaking to its assistant: "de", or "de-DE" if the country is known."""
    return next((locale for tag in _tags(request) if (locale := _spoken(tag))), "en")


def _tags(request: Request) -> list[str]:
    try:
        tags = [*request.args.get("ui_locales", "").split(), request.args.get("user_locale", "")]
    except UnicodeDecodeError:
        tags = []
    return [*tags, *request.accept_languages.values()]


def _spoken(tag: str) -> str | None:
    matched = _TAG.match(tag)
    if matched is None:
        return None
    language = matched[1].lower()
    language = "nb" if language in _BOKMAL else language
    if language not in _SPOKEN:
        return None
    return f"{language}-{matched[2].upper()}" if matched[2] else language


VENDOR = "SHOWCAM_VENDOR"  # key of the app's configuration: the vendor's name


@dataclass(frozen=True)
class AssistantTexts:
    name: str
    company: str
    privacy: str
    manage: str  # address of the assistant's page for unlinking


ASSISTANTS: dict[Assistant, AssistantTexts] = {
    "alexa": AssistantTexts("Alexa", "Amazon", "https://www.amazon.com/privacy", "https://alexa.amazon.com"),
    "google": AssistantTexts("Google", "Google", "https://policies.google.com/privacy", "https://myaccount.google.com"),
}


def vendor() -> str:
    """The chosen vendor, or the usual one."""
    return str(g.get("vendor") or current_app.config[VENDOR])


def page(template: str, status: int = 200, **context: Any) -> Response:
    locale = read(request)
    translate = partial(OURS.say, locale, vendor=vendor())
    text = render_template(f"oauth/{template}.html", _=translate, locale=locale, **context)
    response = make_response(text, status)
    response.headers["Content-Language"] = locale
    return response


def say(sentence: str, /, **gaps: Any) -> str:
    """The sentence in the language of the request."""
    return OURS.say(read(request), sentence, vendor=vendor(), **gaps)


def linking_page(template: str, assistant: Assistant, status: int = 200, **context: Any) -> Response:
    return page(template, status, assistant=ASSISTANTS[assistant], kind=assistant, **context)


def refusal(why: str, retry_after_s: int = 0, sentence: str = "", region: str = "") -> tuple[int, str]:
    """HTTP status and translated text. `sentence` replaces the usual sentence for `why`."""
    status, usual = wording.SIGN_IN[why]
    return status, refused(why, read(request), vendor(), retry_after_s, sentence or usual, region=region)


def no_password() -> str:
    """The advice for a person whose account has no password; "" if the vendor knows no such accounts."""
    return sign_in_outcome.no_password(read(request), vendor())


def again() -> Response:
    """Redirects to the same address by GET."""
    return cast(Response, redirect(_same(), 303))


def problem(reason: str) -> Response:
    """A page with a problem. After a bad form it links to the step that is due at the same address."""
    g.form_action = "'self'"
    status, heading, text = wording.PROBLEMS[reason]
    onward = _same() if reason == "form" and request.endpoint == "oauth.authorize" else ""
    return page("problem", status, heading=heading, text=text, onward=onward)


def _same() -> str:
    return authorize_at(request.query_string.decode(errors="replace"))


def authorize_at(query: str) -> str:
    """The address of the authorization request."""
    return f"{url_for('oauth.authorize')}?{query}"


class Privacy:
    """The page about kept data. A person who has just signed in may delete the household there.

    `delete` removes a household by id. `kept_days`: the days between a household's last link and its deletion. Only a
    household that began by linking can be deleted here.
    """

    def __init__(self, store: Store, visits: Visits, delete: Callable[[str], object], kept_days: int) -> None:
        self._store, self._visits, self._delete, self._kept_days = store, visits, delete, kept_days

    def privacy(self) -> Response:
        """GET shows the page, POST deletes the household of the browser's visit."""
        account, user = self._signed_in()
        if request.method != "POST":
            return self._page(user)
        if account is None:
            return self._page("", 403, wording.SIGN_IN["away"][1])
        if "sure" not in request.form:
            return self._page(user, 400, wording.NOT_SURE)
        self._delete(account.id)
        response = page("deleted")
        self._visits.end(request, response)
        return response

    def _page(self, user: str, status: int = 200, error: str = "") -> Response:
        return page("privacy", status, user=user, days=self._kept_days, error=error and say(error))

    def _signed_in(self) -> tuple[Account | None, str]:
        """The household that this browser may delete, and the user's name."""
        visit = self._visits.read(request)
        account = self._store.account(visit.account) if visit is not None and visit.account else None
        if visit is None or account is None or account.origin != "linking":
            return None, ""
        return account, visit.user
