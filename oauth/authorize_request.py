"""The authorize request, judged before Authlib sees it: what can't be trusted is never redirected anywhere."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from werkzeug.datastructures import MultiDict

from oauth import clients
from oauth.clients import Registered
from store.ports import Store
from store.records import Assistant

MAX_QUERY = 16 * 1024  # Alexa's state alone may be long
# Where an assistant sends the browser on after its callback. Chromium holds every further hop of a form's redirect to
# form-action, too: with the callback's origin alone the page stays while the code is already minted.
_ONWARD: dict[Assistant, tuple[str, ...]] = {
    "alexa": (
        *(f"https://*.amazon.{land}" for land in ("com", "ca", "com.mx", "com.br", "co.uk", "de", "fr", "it", "es")),
        *(f"https://*.amazon.{land}" for land in ("nl", "se", "pl", "in", "co.jp", "com.au")),
    ),
    "google": ("https://*.google.com", "https://*.googleusercontent.com"),
}


class Untrusted(Exception):
    """Answered with our own page, without a Location (RFC 6749 section 4.1.2.1). `reason` is for log and page."""

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
        """Where our forms may lead: here, and back to the assistant."""
        parts = urlsplit(self.redirect_uri)
        onward = _ONWARD[self.assistant] if parts.scheme == "https" else ()
        return " ".join(("'self'", f"{parts.scheme}://{parts.netloc}", *onward))


def read(store: Store, args: MultiDict[str, str]) -> AuthorizeRequest:
    """Raises Untrusted: unknown client, foreign redirect, any parameter twice (RFC 6749 section 3.1)."""
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
    """The address that leads back to the client; always says who answered (RFC 9207) and returns the state."""
    if state is not None:
        params["state"] = state
    params["iss"] = issuer
    joint = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{joint}{urlencode(params, quote_via=quote, safe='')}"
