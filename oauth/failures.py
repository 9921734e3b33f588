"""Error handlers: a page for people, JSON of RFC 6749 for machines."""

from typing import Any

import structlog
from flask import Blueprint, Response, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from oauth import pages
from oauth.authorize_request import Untrusted
from oauth.machines import refuse
from store.ports import StoreUnavailable

log = structlog.get_logger()

MACHINES = ("oauth.token", "oauth.revoke", "oauth.userinfo", "oauth.described")


def answer(reason: str, status: int, error: str, description: str) -> Response:
    """`reason`: of the page; `error` and `description`: of the JSON."""
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
