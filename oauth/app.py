"""Account linking as one Flask blueprint, which `bind` adds to an app."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, g, jsonify, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from oauth import machines, pages
from oauth.clients import Untrusted
from oauth.consent import Agreement
from oauth.linking import Linking
from oauth.machines import refuse
from oauth.server import Server, metadata
from oauth.sign_in import SigningIn
from oauth.visits import KnownBrowser, Visits
from showcam.accounts.attempts import REFUSAL_S
from showcam.accounts.states import States
from showcam.i18n.catalogue import LANGUAGES
from showcam.registry.owner.owner import Owner
from showcam.registry.owner.sign_in import SignIn
from showcam.registry.readings.judge import REQUEST_S
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.records import Link


def policy(form_action: str) -> str:
    """Allows no script, nothing from another origin, and no frame around the pages."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    )


def apply(response: Response, form_action: str, https: bool) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = policy(form_action)
    headers["X-Frame-Options"] = "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


log = structlog.get_logger()

MACHINES = ("oauth.token", "oauth.revoke", "oauth.userinfo", "oauth.described")


def answer(reason: str, status: int, error: str, description: str) -> Response:
    """An error for a person or a machine. `reason`: of the page; `error` and `description`: of the JSON."""
    return refuse(status, error, description) if request.endpoint in MACHINES else pages.problem(reason)


def handle(oauth_pages: Blueprint) -> None:
    def untrusted(error: Untrusted) -> Response:
        return pages.problem(error.reason)

    def forged(_error: CSRFError) -> Response:
        return pages.problem("form")

    def unavailable(_error: StoreUnavailable) -> Response:
        log.warning("the store can't be reached", reason="store")
        response = answer("store", 503, "temporarily_unavailable", "Try again in a moment.")
        response.headers["Retry-After"] = "5"
        return response

    def too_large(_error: RequestEntityTooLarge) -> Response:
        return answer("size", 413, "invalid_request", "The body is too large.")

    def method(error: MethodNotAllowed) -> Response:
        response = answer("method", 405, "invalid_request", "That method is not for this address.")
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
        return response

    def other(error: HTTPException) -> Any:
        if error.code and error.code < 500:
            response = answer("request", error.code, "invalid_request", "The request can't be read.")
            response.status_code = error.code
            return response
        return answer("fault", 500, "server_error", "Something went wrong here.")

    for kind, handler in (
        (Untrusted, untrusted),
        (CSRFError, forged),
        (StoreUnavailable, unavailable),
        (RequestEntityTooLarge, too_large),
        (MethodNotAllowed, method),
        (HTTPException, other),
        (500, other),
    ):
        oauth_pages.register_error_handler(kind, handler)


CALLBACK = "/oauth/callback"  # a vendor's own page sends the browser here
MAX_BODY = 16 * 1024
MAX_FORM = 64 * 1024  # bytes; a consent form names every ticked camera
ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READ = ("GET", "HEAD")
_METHODS = {
    "oauth.authorize": (*READ, "POST"),
    "oauth.privacy": (*READ, "POST"),
    "oauth.came_back": ("GET",),  # it takes a state, which works once
    "oauth.token": ("POST",),
    "oauth.revoke": ("POST",),
}


@dataclass(frozen=True)
class OAuthSettings:
    """`issuer`: showcam's public address, without a trailing slash. The first cookie key signs, all verify."""

    issuer: str
    cookie_keys: list[bytes]
    secure_cookies: bool = True
    refusal_s: float = REFUSAL_S  # least duration of a refusal whose cause must not show
    agreed_s: float = REQUEST_S  # how long a second "Agree" waits for the link of the first
    kept_days: int = 30  # from the end of a household's last link to the household's deletion
    practice: tuple[str, str] | None = None  # the demo's user name and password, which its page fills in


def bind(
    app: Flask,
    store: Store,
    sign_in: SignIn,
    owner: Owner,
    settings: OAuthSettings,
    end_link: Callable[[Link], None],
    delete: Callable[[str], object],
) -> None:
    """Configures the app for the pages (cookies, CSRF protection of all its forms) and registers them.

    The pages extend look/base.html, a template that the app must have.

    `end_link`: ends a link with its live pictures; without it they end when the gate next runs. `delete`: removes a
    household by id, and signs this household out at EZVIZ.
    """
    app.config.update(
        SECRET_KEY=settings.cookie_keys[0],
        SECRET_KEY_FALLBACKS=settings.cookie_keys[1:],
        SESSION_COOKIE_NAME="__Host-showcam-form" if settings.secure_cookies else "showcam-form",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # the strict check needs a Referer, which Referrer-Policy keeps browsers from sending
        WTF_CSRF_SSL_STRICT=False,
        **{pages.VENDOR: sign_in.vendor},
    )
    _hush_authlib()
    app.before_request_funcs.setdefault(None, []).insert(0, _limit)
    csrf = app.extensions.get("csrf") or CSRFProtect(app)
    server = Server(store, settings.issuer, end_link)
    visits = Visits(store, settings.secure_cookies)
    known = KnownBrowser(settings.cookie_keys, settings.secure_cookies)
    back = f"{settings.issuer}{CALLBACK}"
    states = States(settings.cookie_keys)
    signing_in = SigningIn(sign_in, visits, known, settings.refusal_s, settings.practice, states=states, back=back)
    agreement = Agreement(store, owner, server, visits, signing_in, settings.agreed_s)
    linking = Linking(store, server, visits, signing_in, agreement)
    privacy = pages.Privacy(store, visits, delete, settings.kept_days)
    oauth_pages = Blueprint("oauth", __name__, template_folder="templates")

    def token() -> Response:
        refusal = machines.bad_form() or machines.bad_grant_type()
        answer: Response = refusal or server.create_token_response()
        return answer

    def revoke() -> Response:
        answer: Response = machines.bad_form() or server.create_endpoint_response("revocation")
        return answer

    def userinfo() -> Response:
        return machines.userinfo(store)

    def described() -> Response:
        response = jsonify(metadata(settings.issuer, LANGUAGES))
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    def after(response: Response) -> Response:
        return apply(response, g.get("form_action", "'self'"), settings.secure_cookies)

    # every method is routed here, so that a 405 carries our headers too
    for path, view in (
        ("/oauth/authorize", linking.authorize),
        (f"{CALLBACK}/<kind>", signing_in.came_back),
        ("/oauth/token", token),
        ("/oauth/revoke", revoke),
        ("/oauth/userinfo", userinfo),
        ("/oauth/privacy", privacy.privacy),
        ("/.well-known/oauth-authorization-server", described),
    ):
        oauth_pages.add_url_rule(path, view_func=view, methods=ALL_METHODS, provide_automatic_options=False)
    oauth_pages.before_request(_check_request)
    oauth_pages.after_request(after)
    handle(oauth_pages)
    app.register_blueprint(oauth_pages)
    for endpoint in MACHINES:
        csrf.exempt(app.view_functions[endpoint])


def _hush_authlib() -> None:
    """Raises Authlib's log level to INFO: at DEBUG the library logs every token that it issues."""
    library = logging.getLogger("authlib")
    library.setLevel(max(library.level, logging.INFO))


def _limit() -> None:
    """Limits body and method, before the CSRF check reads the form."""
    if request.blueprint != "oauth":
        return
    request.max_content_length = MAX_FORM if request.endpoint == "oauth.authorize" else MAX_BODY
    methods = _METHODS.get(request.endpoint or "", READ)
    if request.method not in methods:
        raise MethodNotAllowed(valid_methods=methods)


def _check_request() -> Response | None:
    try:
        request.args  # noqa: B018 - access decodes the query
    except UnicodeDecodeError:
        return answer("request", 400, "invalid_request", "The query is not UTF-8.")
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return answer("form", 400, "invalid_request", "A page of another site may not send this.")
    return None
