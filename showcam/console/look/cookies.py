"""The cookies of the console. A browser in the house sends them by http, a browser from outside only by https."""

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSessionInterface

from showcam.accounts.console_sessions import COOKIE_S, KEPT_S
from showcam.net.addresses import BASE

HOME = "/home"
LANGUAGE = "showcam-language"


def is_home(path: str) -> bool:
    """Tells whether a path is the console's, however the path is spelled: the router may still take it."""
    plain = "/" + path.lstrip("/")
    return plain == HOME or plain.startswith(f"{HOME}/")


def base() -> str | None:
    """Returns the path below which the owner's proxy shows the console, "" for none; None without that proxy."""
    found: str | None = request.environ.get(BASE)
    return found


class FormCookie(SecureCookieSessionInterface):
    """Flask's cookie of the forms. The cookie of linking has Secure if public_url is https, which http can't use."""

    def get_cookie_name(self, app: Flask) -> str:
        return "showcam-home-form" if base() is not None or _plain_http() else super().get_cookie_name(app)

    def get_cookie_path(self, app: Flask) -> str:
        return base() or super().get_cookie_path(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        if base() is not None:
            return request.is_secure
        return not _plain_http() and super().get_cookie_secure(app)


def read(received: Request) -> str:
    """Returns the text of the session's cookie, or "" if there is no cookie."""
    text = received.cookies.get(_name(received), "")
    return text if len(text) <= 100 else ""


def keep(received: Request, response: Response, text: str) -> None:
    _set(response, _name(received), text, KEPT_S, _path(received))


def drop(received: Request, response: Response) -> None:
    response.delete_cookie(
        _name(received), path=_path(received), secure=received.is_secure, httponly=True, samesite="Lax"
    )


def keep_language(response: Response, language: str) -> None:
    """Keeps which language this browser chose; the front page and help read it too."""
    _set(response, LANGUAGE, language, COOKIE_S, base() or "/")


def _set(response: Response, name: str, text: str, max_age: int, path: str) -> None:
    response.set_cookie(name, text, max_age=max_age, path=path, secure=request.is_secure, httponly=True, samesite="Lax")


def _path(received: Request) -> str:
    """Limits an http cookie to /home: it goes to every port of the machine, and so to its other services.

    "__Host-" wants "/". Behind the owner's proxy a cookie goes to the console only, as other pages are there too.
    """
    if (below := base()) is not None:
        return f"{below}{HOME}"
    return "/" if received.is_secure else HOME


def _name(received: Request) -> str:
    return "__Host-showcam-home" if received.is_secure and base() is None else "showcam-home"


def _plain_http() -> bool:
    return is_home(request.path) and not request.is_secure
