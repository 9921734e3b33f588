"""Checks and answers for machines that Authlib lacks: of forms and grant types, and the userinfo endpoint."""

from typing import TypedDict

from flask import Response, jsonify, request

from showcam.accounts.links import TokenInvalid, authenticate, link_of
from showcam.store.ports import Store
from showcam.store.records import Link

GRANT_TYPES = ("authorization_code", "refresh_token")


class Refused(TypedDict):
    """An error response by RFC 6749 section 5.2."""

    error: str
    error_description: str


class UserInfo(TypedDict):
    sub: str


def refuse(status: int, error: str, description: str) -> Response:
    response = jsonify(Refused(error=error, error_description=description))
    response.status_code = status
    return response


def bad_form() -> Response | None:
    if request.mimetype != "application/x-www-form-urlencoded":
        return refuse(400, "invalid_request", "The body must be application/x-www-form-urlencoded.")
    if any(len(values) > 1 for values in request.form.listvalues()):
        return refuse(400, "invalid_request", "A parameter is given twice.")
    return None


def bad_grant_type() -> Response | None:
    grant_type = request.form.get("grant_type")
    if not grant_type:
        return refuse(400, "invalid_request", "The grant_type is missing.")
    if grant_type not in GRANT_TYPES:
        return refuse(400, "unsupported_grant_type", "Only authorization_code and refresh_token are supported.")
    return None


def userinfo(store: Store) -> Response:
    """The link's id for the assistant, nothing about the person. Takes the bearer only from the header (RFC 6750)."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        response = refuse(401, "invalid_request", "An access token is wanted in the Authorization header.")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    link = _bearer(store, text.strip())
    if link is None:
        response = refuse(401, "invalid_token", "The access token is not, or no longer, good.")
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    return jsonify(UserInfo(sub=link.agent_user))


def _bearer(store: Store, text: str) -> Link | None:
    link_id = link_of(text)
    link = store.link(link_id) if link_id else None
    try:
        return authenticate(store, text, link.assistant) if link else None
    except TokenInvalid:
        return None
