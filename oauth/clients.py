"""A client in Authlib's form, how it authenticates at the token endpoints, and its authorization request.

The request is validated before Authlib gets it: the browser never follows the redirect of an untrusted request.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError
from werkzeug.datastructures import MultiDict

from showcam.accounts.clients import Refusals, check_secret, redirect_allowed
from showcam.store.ports import Store
from showcam.store.records import Assistant, Client

SCOPE = "cameras"
AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class Registered(ClientMixin):  # type: ignore[misc]
    """A confidential client: authorization code and refresh only, with a registered redirect address."""

    def __init__(self, row: Client) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return self.row.id

    def get_default_redirect_uri(self) -> None:
        return None  # every request must name its redirect address

    def get_allowed_scope(self, scope: str | None) -> str | None:
        return SCOPE if set((scope or SCOPE).split()) == {SCOPE} else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_allowed(self.row, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return check_secret(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in AUTH_METHODS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


def find(store: Store, client_id: str | None) -> Registered | None:
    row = store.client(client_id) if client_id else None
    return Registered(row) if row else None


def authenticate(store: Store, request: Any) -> Registered:
    """Returns the client that HTTP Basic, else the form, proves (RFC 6749 section 2.3.1).

    Raises the same InvalidClientError for every cause.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        client_id, secret = _basic(header)
    else:
        client_id, secret = request.form.get("client_id"), request.form.get("client_secret")
    client = find(store, client_id)
    if client is not None and secret and not client.check_client_secret(secret):
        Refusals(store).note("client", client.row.id)  # for the doctor
    if not check_secret(client.row if client else None, secret or "") or client is None:
        raise InvalidClientError(status_code=401, description="Client authentication failed.")
    return client


def _basic(header: str) -> tuple[str | None, str | None]:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        pair = base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        return None, None
    client_id, _, secret = pair.partition(":")
    return unquote(client_id), unquote(secret)


MAX_QUERY = 16 * 1024  # bytes; only Alexa's state may be long
# Chromium applies form-action to every redirect after a form, so it must allow the hosts below: an assistant's callback
# redirects the browser to them. With only the callback's origin the browser would stay on the page although the code is
# already issued.
_ONWARD: dict[Assistant, tuple[str, ...]] = {
    "alexa": (
        *(
            f"https://*.amazon.{domain}"
            for domain in ("com", "ca", "com.mx", "com.br", "co.uk", "de", "fr", "it", "es")
        ),
        *(f"https://*.amazon.{domain}" for domain in ("nl", "se", "pl", "in", "co.jp", "com.au")),
    ),
    "google": ("https://*.google.com", "https://*.googleusercontent.com"),
}


class Untrusted(Exception):
    """Answered with a page of ours and no redirect (RFC 6749 section 4.1.2.1). `reason`: a key of wording.PROBLEMS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class AuthorizeRequest:
    client: Registered
    redirect_uri: str
    state: str | None
    response_type: str | None

    @property
    def assistant(self) -> Assistant:
        return self.client.row.assistant

    @property
    def form_action(self) -> str:
        """The form-action of our pages: showcam itself and the assistant."""
        callback = urlsplit(self.redirect_uri)
        onward = _ONWARD[self.assistant] if callback.scheme == "https" else ()
        return " ".join(("'self'", f"{callback.scheme}://{callback.netloc}", *onward))


def read(store: Store, args: MultiDict[str, str]) -> AuthorizeRequest:
    """Raises Untrusted for an unknown client, a foreign redirect, or a repeated parameter (RFC 6749 section 3.1)."""
    if any(len(values) > 1 for values in args.listvalues()):
        raise Untrusted("repeated")
    client = find(store, args.get("client_id"))
    if client is None:
        raise Untrusted("client")
    redirect_uri = args.get("redirect_uri", "")
    if not client.check_redirect_uri(redirect_uri):
        raise Untrusted("redirect")
    return AuthorizeRequest(client, redirect_uri, args.get("state"), args.get("response_type"))


def back(redirect_uri: str, issuer: str, state: str | None, **params: str) -> str:
    """The redirect to the client, with the issuer (RFC 9207) and the state."""
    if state is not None:
        params["state"] = state
    params["iss"] = issuer
    joint = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{joint}{urlencode(params, quote_via=quote, safe='')}"
