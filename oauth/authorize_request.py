"""The authorization request, validated before Authlib gets it: an untrusted one is never redirected."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from werkzeug.datastructures import MultiDict

from oauth import clients
from oauth.clients import Registered
from store.ports import Store
from store.records import Assistant

MAX_QUERY = 16 * 1024  # bytes; Alexa's state alone may be long
# Where an assistant's callback redirects the browser. Chromium applies form-action to every redirect after a form: with
# the callback's origin alone the browser would stay on the page although the code is already issued.
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
    client = clients.find(store, args.get("client_id"))
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
