"""Registers assistants as OAuth clients, and counts the requests that were refused.

Redirect URIs are exact. A client's secret is shown once, and checked in constant time.
"""

import contextlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlsplit

from msgspec.structs import replace

from showcam.accounts.attempts import WINDOW_S
from showcam.store.ports import Store, StoreUnavailable, Throttle
from showcam.store.records import HOUR_S, Assistant, Client, Link, token_hash

TRIAL = "doctor-trial-"  # the ids of clients that exist only during one examination by the doctor begin with this
TRIAL_S = HOUR_S  # an examination takes less time: an older client was left behind
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:([1-9][0-9]{0,4})/callback")
type Refused = Literal["forwarder", "skill", "client"]


def register(
    store: Store,
    client_id: str,
    assistant: Assistant,
    redirect_uris: tuple[str, ...],
    *,
    require_pkce: bool = False,
    loopback_redirect: bool = False,
    secret: str | None = None,
) -> str:
    """Adds or replaces the client. Answers its secret, which is not stored. Raises ValueError with a readable text."""
    if not _ID.fullmatch(client_id):
        raise ValueError("a client id is 1 to 64 letters, digits, dots, hyphens or underscores")
    if client_id.startswith(TRIAL):
        raise ValueError(f"ids that begin with {TRIAL} are the doctor's own")
    if not redirect_uris and not loopback_redirect:
        raise ValueError("a client needs at least one redirect URI; the assistant's console shows it")
    for uri in redirect_uris:
        _check_redirect(uri)
    text = _new_secret() if secret is None else secret
    if not text:
        raise ValueError("a client secret can't be empty")
    store.put_client(
        Client(
            id=client_id,
            assistant=assistant,
            secret_hash=token_hash(text),
            redirect_uris=tuple(redirect_uris),
            created=time.time(),
            require_pkce=require_pkce,
            loopback_redirect=loopback_redirect,
        )
    )
    return text


def registered(store: Store, assistant: Assistant) -> Client | None:
    """The first client of the assistant, if it has any."""
    own = (client for client in store.clients() if client.assistant == assistant and not client.id.startswith(TRIAL))
    return next(own, None)


def readdress(store: Store, client: Client, redirect_uris: tuple[str, ...]) -> None:
    """Gives a client other redirect URIs; the client keeps its secret. Raises ValueError."""
    for uri in redirect_uris:
        _check_redirect(uri)
    store.put_client(replace(client, redirect_uris=redirect_uris))


def renew_secret(store: Store, client: Client) -> str:
    """Gives the client a new secret; a demand for PKCE stays. Answers the secret, which is not stored."""
    text = _new_secret()
    store.put_client(replace(client, secret_hash=token_hash(text)))
    return text


def refuse(store: Store, end: Callable[[Link], object], client: Client) -> None:
    """Removes the client, and ends its links in all households.

    The client is locked first, so that nobody links meanwhile, and removed last: a refusal that was cut off can be
    repeated. Each household is read, and that takes hours for a million. `end` ends a link with its video.
    """
    store.put_client(replace(client, secret_hash=token_hash(_new_secret()), redirect_uris=(), loopback_redirect=False))
    for account in store.accounts():
        for link in store.links(account.id):
            if link.client == client.id:
                end(link)
    store.drop_client(client.id)


@contextlib.contextmanager
def on_trial(store: Store, assistant: Assistant, redirect_uri: str) -> Iterator[tuple[str, str]]:
    """Id and secret of a client that exists for the block. Clients left behind by earlier trials are removed."""
    now = time.time()
    for client in store.clients():
        if client.id.startswith(TRIAL) and client.created < now - TRIAL_S:
            store.drop_client(client.id)
    client_id, secret = f"{TRIAL}{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    store.put_client(Client(client_id, assistant, token_hash(secret), (redirect_uri,), now))
    try:
        yield client_id, secret
    finally:
        store.drop_client(client_id)


def check_secret(client: Client | None, secret: str) -> bool:
    """Whether the secret is the client's, in constant time; False for an unknown client (None)."""
    try:
        given = token_hash(secret)
    except UnicodeEncodeError:
        given = ""
    wanted = client.secret_hash if client else token_hash("")
    return hmac.compare_digest(given, wanted) and client is not None


def redirect_allowed(client: Client, uri: str) -> bool:
    """Whether the URI is registered, compared exactly (RFC 6749, 3.1.2.3; RFC 9700, 2.1), never by prefix."""
    if uri in client.redirect_uris:
        return True
    port = _LOOPBACK.fullmatch(uri) if client.loopback_redirect else None
    return port is not None and int(port[1]) <= 65535


def _new_secret() -> str:
    # letters and digits only: a person pastes the secret into a console, and a double click selects all of it
    return secrets.token_hex(32)


def _check_redirect(uri: str) -> None:
    try:
        address = urlsplit(uri)
        host = address.hostname
    except ValueError:
        raise ValueError(f"{uri!r} is no URI") from None
    if address.scheme != "https" or not host or "@" in address.netloc or "#" in uri or not uri.isascii():
        raise ValueError(
            f"{uri!r} can't be a redirect URI: it is https, with a host, without user, fragment or umlauts"
        )
    if any(not char.isprintable() or char == " " for char in uri):
        raise ValueError(f"{uri!r} can't be a redirect URI: it holds spaces or control characters")


class Refusals:
    """Counts requests of an assistant that were refused in the last 30 minutes, so that the doctor can name the cause.

    Strangers can cause the refusal of a client whose id they know, so a count is a hint and no proof."""

    def __init__(self, store: Throttle, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def note(self, what: Refused, client_id: str = "") -> None:
        """Counts a refused request. "client": its client secret differs from the registered secret."""
        with contextlib.suppress(StoreUnavailable):  # the request is refused even if this count fails
            self._store.hit(_refused(what, client_id), WINDOW_S, self._clock())

    def lately(self, what: Refused, client_id: str = "") -> int:
        """How often this was refused within the last 15 to 30 minutes."""
        key, now = _refused(what, client_id), self._clock()
        return sum(self._store.hits(key, WINDOW_S, at) for at in (now, now - WINDOW_S))


def _refused(what: Refused, client_id: str) -> str:
    return f"refused/{what}/{client_id}" if client_id else f"refused/{what}"
